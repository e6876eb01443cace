"""Checks of what the course runs on: Python, packages, whether they can be imported, profilers, the machine.

Public parts: `python`, `packages`, `imports`, `profilers`, `machine`; each yields findings. Standard library alone.
"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tito.checks_workspace import MEND, parse_error
from tito.course import ROOT
from tito.findings import Finding, note, ok, problem
from tito.memory import shown

OLDEST, NEWEST = (3, 11), (3, 13)  # the Pythons that the course is tested with
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)\s*(?:;\s*([^\\\n]+))?", re.MULTILINE)  # name, version, marker
NEEDED = ("numpy", "typer", "rich", "pytest", "pytest-timeout", "watchfiles")  # without these the course stops
PROFILERS = ("memray", "py-spy", "scalene")
COMPILERS = ("cc", "gcc", "clang", "c++", "g++")
RENEW = "python3 scripts/start.py brings the environment up to the lock"
SMALL_MEMORY = 2_000_000_000
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")

IMPORTED = ("numpy", "rich", "typer", "pytest", "watchfiles")  # tried for real
IMPORT_LIMIT = 10  # seconds
# Runs in a process of its own; the last line that it prints is the answer.
TRIAL = f"""
import faulthandler, json, sys
faulthandler.dump_traceback_later({IMPORT_LIMIT}, exit=True)
broken, found = {{}}, {{}}
def attempt(name):
    try:
        return __import__(name)
    except BaseException as error:
        broken[name] = type(error).__name__ + ": " + " ".join(str(error).split())
for name in sys.argv[1:]:
    attempt(name)
if attempt("tinytorch"):
    from tinytorch import _workspace
    found = {{"file": _workspace.__file__, "failures": [str(f) for f in _workspace.failures.values()]}}
print()
print(json.dumps({{"broken": broken, **found}}))
"""


def python() -> Iterator[Finding]:
    """Look at the interpreter."""
    version, here = sys.version_info[:2], f"{platform.python_version()} at {sys.executable}"
    tested = "the course is tested with {}.{} to {}.{}".format(*OLDEST, *NEWEST)
    if version < OLDEST:
        yield problem("Python", f"{here}; {tested}", "install a newer one and run python3 scripts/start.py with it")
    elif version > NEWEST:
        yield note("Python", f"{here}; {tested}")
    elif sys.prefix == sys.base_prefix:
        yield note("Python", f"{here}, in no environment of its own", "python3 scripts/start.py makes one in .venv")
    else:
        yield ok("Python", here)
    if sys.platform == "win32":
        yield note("system", "native Windows isn't tested", "use the dev container or WSL")


def packages() -> Iterator[Finding]:
    """Compare what is installed with the lock."""
    locked = _locked()
    if not locked:
        yield note(
            "packages", f"{shown(LOCK)} isn't there: versions can't be compared", "git checkout requirements.lock"
        )
    missing, others = [], []
    for name, versions in (locked or {name: set() for name in NEEDED}).items():
        installed = _version(name)
        if not installed:
            missing.append(name)
        elif versions and installed not in versions:
            others.append(f"{name} {installed} instead of {' or '.join(sorted(versions))}")
    if stopping := [name for name in missing if name in NEEDED]:
        yield problem("packages", f"not installed: {', '.join(stopping)}", RENEW)
    if lesser := [name for name in missing if name not in (*NEEDED, *PROFILERS)]:
        yield note("packages", f"not installed: {_some(lesser)}", RENEW)
    if others:
        yield note("packages", f"other versions than the lock's: {_some(others)}", RENEW)
    if locked and not missing and not others:
        yield ok("packages", f"all {len(locked)} of the lock, in its versions")


def imports() -> Iterator[Finding]:
    """Import the packages and the course (which imports the learner's files), and say whose tinytorch that gives."""
    command = [sys.executable, "-c", TRIAL, *IMPORTED]
    try:
        trial = subprocess.run(
            command,
            cwd=tempfile.gettempdir(),  # not the workspace, so that the installation decides
            capture_output=True,
            text=True,
            errors="replace",
            timeout=3 * IMPORT_LIMIT,
            check=False,
        )
        found = json.loads(trial.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        yield problem("imports", f"not done after {3 * IMPORT_LIMIT} s", RENEW)
    except (IndexError, ValueError):
        yield _stuck(trial.stderr, trial.returncode)
    else:
        for name, error in found["broken"].items():
            stops = name in ("tinytorch", *NEEDED) and name != "rich"  # the tests and the doctor work without Rich
            yield (problem if stops else note)("imports", f"{name} can't be imported: {error}", RENEW)
        for failure in found.get("failures", []):
            if not parse_error(ROOT / failure.partition(":")[0]):  # or else `your_files` says it
                yield note("your files", failure, MEND)
        if "file" in found:
            yield _origin(Path(found["file"]).resolve().parent)


def profilers() -> Iterator[Finding]:
    """Look whether the profilers are there and may do their work, and where not, whether one could be built."""
    present = [name for name in PROFILERS if _version(name)]
    if missing := [name for name in PROFILERS if name not in present]:
        compiler = next((c for c in COMPILERS if shutil.which(c)), "")
        has = (
            f"a compiler is there ({compiler})" if compiler else "no compiler is there for one without a ready package"
        )
        install = "" if compiler else "install a compiler (Debian: apt-get install g++ make python3-dev), then "
        yield note("profilers", f"not installed: {', '.join(missing)}; {has}", install + RENEW)
    if present:
        yield ok("profilers", ", ".join(f"{name} {_version(name)}" for name in present))
    if "py-spy" in present:
        error = _tracing_error()
        refused = f"may not trace its own child: {error}{_ptrace_scope()}"
        yield (
            note("py-spy", refused, _tracing_remedy()) if error else ok("py-spy", "may trace (tried on its own child)")
        )


def machine() -> Iterator[Finding]:
    """Look at cores, threads and memory, and whether this is a container."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _processor_quota()
    allowed = f", {quota:g} of them at a time" if quota and quota < cores else ""
    limits = [f"{name}={os.environ[name]}" for name in THREADS if os.environ.get(name)]
    threads = ", ".join(limits) or "NumPy may use them all"
    yield ok("processor", f"{platform.machine()}, {cores} cores{allowed}; {threads}")
    size = _memory_size()
    if 0 < size < SMALL_MEMORY:
        yield note("memory", f"{size / 1e9:.1f} GB: the larger milestones may not fit")
    elif size:
        yield ok("memory", f"{size / 1e9:.1f} GB")
    yield ok("container", _container() or "no")


def _locked() -> dict[str, set[str]]:
    """Return the lock's versions by package, from the lines that are for this Python and machine; {} without a lock."""
    wanted: dict[str, set[str]] = {}
    if LOCK.exists():
        for name, version, marker in PIN.findall(LOCK.read_text(encoding="utf-8")):
            if not marker or _holds(marker.strip()):
                wanted.setdefault(name.lower(), set()).add(version)
    return wanted


def _holds(marker: str) -> bool:
    try:
        from packaging.markers import Marker
    except Exception:  # broken or missing: then the line counts, and a version may be named that isn't for this machine
        return True
    return Marker(marker).evaluate()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name) or ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def _stuck(errors: str, code: int) -> Finding:
    """Name the place at which an import hung or ended Python."""
    letters = re.compile(
        r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})"
    )  # as faulthandler writes other than ASCII
    place = re.search(r'File "(.+)", line (\d+)', letters.sub(lambda m: chr(int(m[1] or m[2] or m[3], 16)), errors))
    where = f"{shown(Path(place[1]))}:{place[2]}" if place else "an unknown place"
    if "Timeout" in errors:
        says = f"importing does not end: after {IMPORT_LIMIT} s it was at {where}"
        return problem("imports", says, "a loop outside of any function? Correct it, or `tito reset` that module")
    said = (errors.strip().splitlines() or ["nothing was said"])[0]
    return problem("imports", f"importing ends Python with code {code}, at {where}: {said}", RENEW)


def _origin(package: Path) -> Finding:
    """Say whether `import tinytorch` gives this folder's, and whether that is what was installed."""
    installed = _installed_from()
    if package != ROOT / "tinytorch":
        return problem("install", f"`import tinytorch` gives {package}, not this folder's", RENEW)
    if installed is None:
        return note("install", "tinytorch is found by a path, it isn't installed", RENEW)
    if installed != ROOT:
        return note("install", f"this folder is found by a path; the environment was made for {installed}", RENEW)
    return ok("install", "editable, from this folder")


def _installed_from() -> Path | None:
    """Return the folder that the environment's tinytorch was installed from."""
    for found in importlib.metadata.distributions(name="tinytorch"):
        origin: dict[str, Any] = json.loads(found.read_text("direct_url.json") or "{}")
        if origin.get("url"):
            return Path(url2pathname(urlsplit(origin["url"]).path)).resolve()
    return None


def _tracing_error() -> str:
    """Let py-spy record a child of its own for a moment; return "" or what it said."""
    tool = shutil.which("py-spy", path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")]))
    if not tool:
        return "the command py-spy isn't there"
    busy = "import time; end = time.monotonic() + 0.3\nwhile time.monotonic() < end: pass"
    with tempfile.TemporaryDirectory() as place:
        stacks = Path(place, "stacks")
        command = [tool, "record", "-f", "raw", "-o", str(stacks), "--", sys.executable, "-S", "-c", busy]
        try:
            run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return type(error).__name__
        if stacks.exists() and stacks.stat().st_size:
            return ""
    return " ".join((run.stderr or run.stdout).split())[-160:] or f"it ended with code {run.returncode}"


def _ptrace_scope() -> str:
    try:
        return f" (kernel.yama.ptrace_scope is {Path('/proc/sys/kernel/yama/ptrace_scope').read_text().strip()})"
    except OSError:
        return ""


def _tracing_remedy() -> str:
    other = "`tito profile NN --with memray` and `--with time` need no such right"
    if _container():
        return f"start the container with --cap-add=SYS_PTRACE; {other}"
    return (
        f"macOS asks for sudo here; {other}"
        if sys.platform == "darwin"
        else f"sudo sysctl kernel.yama.ptrace_scope=1; {other}"
    )


def _container() -> str:
    """Return in which kind of container this runs, or ""."""
    if os.environ.get("CODESPACES"):
        return "GitHub Codespaces"
    if os.environ.get("REMOTE_CONTAINERS") or os.environ.get("DEVCONTAINER"):
        return "a dev container"
    if Path("/run/.containerenv").exists():
        return "a podman container"
    return "a Docker container" if Path("/.dockerenv").exists() else ""


def _processor_quota() -> float | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _memory_size() -> int:
    """Return how many bytes of memory may be used, 0 where that isn't known."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit = Path("/sys/fs/cgroup/memory.max")
        text = limit.read_text().strip() if limit.exists() else "max"
        return size if text == "max" else min(size, int(text))
    except (AttributeError, ValueError, OSError):
        return 0


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
