"""What stands in the way of setting up the environment, said in words: what is missing and how to get it."""

import errno
import re
import shutil
import sys
from pathlib import Path

MEGABYTE = 1_000_000
NEEDED_MEGABYTES = 700  # 450 unpacked, 100 of wheels, 100 in pip's cache


class SetupError(Exception):
    """What stands in the way, and what to do about it, in the words that the person reads."""


class Unreachable(SetupError):
    """The packages could not be fetched; nothing has been changed."""


class NoPackage(Unreachable):
    """The index answered, but has no file of a package for this Python and machine."""


TOO_FULL = """The disk is full: the environment needs about {needed} MB, and {folder} has {free} MB free.
Free some space (pip's own cache: `python3 -m pip cache purge`) and run the same command again."""
NOT_WRITABLE = """{folder} can't be written to.
Copy the course into a folder of your own (cp -r), or make this one yours (sudo chown -R "$USER" on it), and run the
same command again."""
NO_VENV = """This Python ({python}) comes without what makes environments (venv, ensurepip). To get it:
  Debian, Ubuntu:   sudo apt-get install python{version}-venv
  anywhere else:    a Python of your own (uv python install 3.13, pyenv, conda), or virtualenv or uv on the PATH
Then run the same command again."""
NO_NETWORK = """The packages can't be downloaded: the package index did not answer.
Check the network (behind a proxy: HTTPS_PROXY; with a mirror of your own: PIP_INDEX_URL) and run the same command
again; what has been downloaded so far is kept. What pip said: {log}"""
NO_TRUST = """The packages can't be downloaded: the certificate of the package index was not accepted.
Where a company's proxy reads along, tell pip its authority (PIP_CERT=/path/to/authorities.pem) and run the same
command again; a wrong clock on this machine has the same effect. What pip said: {log}"""
OTHER_FILE = """A downloaded package is not the one that requirements.lock names, so nothing was installed.
A mirror or proxy may have changed it, or a download was cut: `python3 -m pip cache purge`, then the same command
again. What pip said: {log}"""
NO_PACKAGE = """The package index has no file of {name} for this Python ({python}) and machine.
The course is tested with Python 3.11 to 3.13 on Linux (glibc) and macOS; with a mirror of your own (PIP_INDEX_URL),
the mirror may lack it. What pip said: {log}"""
OTHERWISE = """Setting up the environment failed. What was said last:
{tail}
All of it: {log}"""

# The first pattern that is found names the problem.
PROBLEMS: tuple[tuple[str, str, type[SetupError]], ...] = (
    (r"No space left on device|Errno 28\b|Disk quota exceeded", TOO_FULL, SetupError),
    (r"DO NOT MATCH THE HASHES", OTHER_FILE, SetupError),
    (r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", NO_TRUST, Unreachable),
    (
        r"(?i)name resolution|name or service not known|nodename nor servname|NewConnectionError|ConnectTimeout"
        r"|Max retries exceeded|Read timed out|network is unreachable|connection refused|ProxyError"
        r"|connection broken|remote end closed|connection reset",
        NO_NETWORK,
        Unreachable,
    ),
    (r"No matching distribution found for (?P<name>\S+)", NO_PACKAGE, NoPackage),
    (r"Read-only file system|Permission denied", NOT_WRITABLE, SetupError),
)


def explain_output(output: str, log: Path, folder: Path) -> SetupError:
    """Return what the output of pip or venv that failed means."""
    for pattern, text, kind in PROBLEMS:
        found = re.search(pattern, output)
        if found:
            name = found.groupdict().get("name", "")
            return kind(text.format(**facts(folder), log=log, name=name))
    tail = "\n".join(f"  {line}" for line in output.splitlines()[-8:])
    return SetupError(OTHERWISE.format(tail=tail, log=log))


def explain_os_error(error: OSError, folder: Path) -> SetupError:
    """Return what an error of the file system means here."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SetupError(TOO_FULL.format(**facts(folder)))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SetupError(NOT_WRITABLE.format(**facts(folder)))
    return SetupError(f"Setting up the environment failed: {error}")


def explain_no_venv() -> SetupError:
    """Return how to get what makes environments."""
    return SetupError(NO_VENV.format(**facts(Path.cwd())))


def check_space(folder: Path) -> None:
    """Raise where the disk is too full for the environment."""
    if shutil.disk_usage(folder).free < NEEDED_MEGABYTES * MEGABYTE:
        raise SetupError(TOO_FULL.format(**facts(folder)))


def facts(folder: Path) -> dict[str, object]:
    """Return what the texts above name."""
    return {
        "folder": folder,
        "free": shutil.disk_usage(folder).free // MEGABYTE,
        "needed": NEEDED_MEGABYTES,
        "python": sys.executable,
        "version": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
