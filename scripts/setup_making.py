"""Make `.venv` from the lock, mend it, or make it anew: `make_environment`; `install_project` is its last step.

What pip and venv print goes to a log in `runs/`; the person sees a line a step.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import find_python
from setup_problems import NoPackage, SetupError, Unreachable, check_space, explain_no_venv, explain_output
from setup_state import (
    LOCK,
    OPTIONAL,
    ROOT,
    VENV,
    VENV_PYTHON,
    activated,
    is_ready,
    new_stamp,
    packages_in_venv,
    python_version,
    read_stamp,
    say,
    undisturbed,
    write_stamp,
)

LOG = ROOT / "runs" / "setup.log"
# Said by environment so that pip's configuration files can't say otherwise. Index, certificates, proxy and time-outs
# stay as they are configured.
PIP_SETTINGS = {
    "PIP_USER": "0",
    "PIP_REQUIRE_HASHES": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
PIP_RETRIES = "2"  # pip's own five take minutes where the network swallows packets
NO_VENV_SAID = re.compile(r"ensurepip|No module named '?venv")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait while another of these commands makes the environment."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is setting up the environment: waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # a folder over the network without locks: then it is up to the person
        yield


def make_environment() -> None:
    """Make .venv, or bring the one there up to the lock; where it can't be mended, make it anew."""
    with one_at_a_time():
        if is_ready():  # by now: another command made it
            return
        began = time.monotonic()
        LOG.write_text("", "utf-8")
        remove_unusable()
        if VENV.exists():
            say("Bringing .venv up to requirements.lock.")
        else:
            version = python_version(Path(sys.executable))
            size = "" if os.environ.get("PIP_NO_INDEX") else ", about 100 MB to download"
            say(f"Setting up the environment in .venv (Python {version}); once{size}.")
            create_venv()
        fill_venv()
        say(f"  ready after {time.monotonic() - began:.0f} s")


def remove_unusable() -> None:
    """Remove a .venv that can't be mended."""
    reason = why_unusable()
    if not reason:
        return
    say(f"Making .venv anew: {reason}.")
    if VENV.is_symlink():
        VENV.unlink()
    else:
        shutil.rmtree(VENV)


def fill_venv() -> None:
    """Install all of it, with a stamp that tells the next run how far this one came."""
    before = read_stamp()
    write_stamp(new_stamp("unfinished"))
    try:
        install()
    except Unreachable:
        write_stamp(before)  # pip had not begun to unpack: what is there can be used the next time
        raise
    write_stamp(new_stamp("done") | {"packages": packages_in_venv()})


def why_unusable() -> str:
    """Say why the .venv that lies there can't be mended; "" where it can, or where there is none."""
    if not VENV.is_symlink() and not VENV.exists():
        return ""
    stamp = read_stamp()
    version = python_version(VENV_PYTHON)
    if stamp.get("folder", str(ROOT)) != str(ROOT):
        return f"it was made in another folder, {stamp['folder']}"
    if stamp.get("state") == "unfinished":
        return "an earlier set-up was interrupted"
    if not version:
        return "its Python does not run any more"
    if stamp.get("python", version) != version:
        return f"its Python was {stamp['python']} and is {version} now"
    if tuple(map(int, version.split("."))) < find_python.OLDEST:
        return f"its Python, {version}, is too old"
    if run_logged([VENV_PYTHON, "-I", "-m", "pip", "--version"], activated(VENV_PYTHON))[0]:
        return "it has no pip"
    return ""


def create_venv() -> None:
    """Make an empty .venv with pip: by Python's own venv, else by virtualenv or uv, where one of them is there."""
    check_space(ROOT)
    VENV.mkdir()
    write_stamp({"state": "unfinished", "folder": str(ROOT)})
    environment = undisturbed()
    output = ""
    for command in ways_to_create():
        code, text = run_logged(command, environment)
        output += text
        if code == 0:
            write_stamp(new_stamp("begun"))
            return
    shutil.rmtree(VENV)
    raise explain_no_venv() if NO_VENV_SAID.search(output) else explain_output(output, LOG, ROOT)


def ways_to_create() -> Iterator[list[str]]:
    """Yield the commands that can make .venv, the best first."""
    yield [sys.executable, "-I", "-m", "venv", str(VENV)]
    if shutil.which("virtualenv"):
        yield ["virtualenv", "--python", sys.executable, str(VENV)]
    if shutil.which("uv"):
        yield ["uv", "venv", "--seed", "--allow-existing", "--python", sys.executable, str(VENV)]


def install() -> None:
    """Install the lock and then this project into .venv; what is optional may fail and is named."""
    required, optional = split_lock(LOCK.read_text("utf-8"))
    pip(VENV_PYTHON, "--require-hashes", "--no-deps", "-r", as_file("required", "".join(required.values())))
    say("  installed the packages of requirements.lock")
    for name, pin in optional.items():
        try:
            pip(VENV_PYTHON, "--require-hashes", "--no-deps", "-r", as_file(name, pin))
        except SetupError as problem:
            if isinstance(problem, Unreachable) and not isinstance(problem, NoPackage):
                raise
            say(
                f"  without {name} ({OPTIONAL[name]}): it has no wheel for this machine and did not build here; with"
                " g++, make and Python's headers (Debian: python3-dev) installed, delete .venv and run this again"
            )
    install_project(VENV_PYTHON)


def install_project(python: Path) -> None:
    """Install this project itself, editable; relative paths serve in any locale and need no non-ASCII letters."""
    pip(python, "--no-deps", "--no-build-isolation", "-e", ".")
    # Bytecode beforehand: the first start is quick, and so is every one where PYTHONDONTWRITEBYTECODE is set.
    run_logged([str(python), "-m", "compileall", "-q", "tinytorch", "scripts/tito"], activated(python))
    for file in python.parent.parent.glob("lib/python3*/site-packages/_tinytorch.pth"):
        # Python 3.11 and 3.12 read this file in the locale's encoding and die of an umlaut under LC_ALL=C. An
        # environment outside of this folder keeps absolute paths: through links to it, relative ones lead elsewhere.
        if not file.resolve().is_relative_to(ROOT):
            continue
        folders = [os.path.relpath(folder, file.parent) for folder in file.read_text("utf-8").splitlines()]
        file.write_text("\n".join(folders) + "\n", "utf-8")


def split_lock(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Split the lock into what is required and what is optional: name to the lines that pin it."""
    required: dict[str, str] = {}
    optional: dict[str, str] = {}
    for pin in re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]:
        name = re.split(r"[=\s]", pin, maxsplit=1)[0]
        pins = optional if name in OPTIONAL else required
        pins[name] = pins.get(name, "") + pin
    return required, optional


def as_file(name: str, pins: str) -> str:
    """Write pins where pip can read them and return the path."""
    path = VENV / f"{name}.txt"
    path.write_text(pins, "utf-8")
    return str(path)


def pip(python: Path, *arguments: str) -> None:
    """Run `pip install` in an environment; raise what its output means if it fails."""
    command = [str(python), "-I", "-m", "pip", "install", "--progress-bar", "off", *arguments]
    environment = {"PIP_RETRIES": PIP_RETRIES} | activated(python) | PIP_SETTINGS
    code, output = run_logged(command, environment)
    if code:
        raise explain_output(output, LOG, ROOT)


def run_logged(command: Sequence[str | Path], environment: dict[str, str]) -> tuple[int, str]:
    """Run a command with its output in the log, the package that pip is at shown on a terminal: (code, output)."""
    lines = [f"$ {' '.join(map(str, command))}\n"]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log, started(command, environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            log.write(line)
            show(line)
    show("")
    return process.returncode, "".join(lines)


def started(command: Sequence[str | Path], environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a command in the top folder that reads nothing and has all of its output in one pipe."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def show(line: str) -> None:
    """Show on a terminal, in one line that is written over, what pip is doing."""
    if not sys.stderr.isatty():
        return
    doing = re.match(r"(Collecting|Building|Installing) (\S+ packages|\S+)|WARNING: Retrying|$", line)
    if doing:
        say(f"\r\033[K  {doing[0]}\r" if line else "\r\033[K", end="")
