"""Find a Python that is new enough, or say how to get one.

Read by whatever Python the reader happens to have: no syntax newer than 2.7, ASCII only, nothing but the standard
library. `switch_if_unfit()` is the one public function.
"""
# ruff: noqa: UP010, UP032 (f-strings and the like are what an old Python can't read)

from __future__ import print_function

import os
import platform
import subprocess
import sys

OLDEST = (3, 11)
TESTED = ((3, 13), (3, 12), (3, 11))
MACHINES = ("x86_64", "amd64", "aarch64", "arm64")

CONTAINER = "or open the folder in the dev container (README), which brings its own Python"
HOW_TO_GET = {
    "Linux": """  Debian 12, Ubuntu 24.04 and newer:  sudo apt-get install python3 python3-venv
  Fedora:                             sudo dnf install python3.13
  anywhere else:                      uv python install 3.13   (or pyenv, conda)""",
    "Darwin": """  Homebrew:   brew install python@3.13
  otherwise:  the macOS installer from python.org""",
}
ON_WINDOWS = """The course's tools do not run on Windows itself. Two ways that work there:
  the dev container:  Docker Desktop and VS Code, then "Reopen in Container" (README)
  WSL:                wsl --install   in PowerShell; then clone the course inside WSL and run this command there"""


def switch_if_unfit():  # type: () -> None
    """Return where this Python fits; else run the same command with a fitting one from PATH, or exit and say why."""
    problem = unfit_machine()
    if problem:
        sys.exit(problem)
    if sys.version_info[:2] in TESTED:
        return
    fitting = find_on_path()
    if fitting:
        if sys.version_info < OLDEST:
            print("Python {} is too old: using {}".format(platform.python_version(), fitting), file=sys.stderr)
            sys.stderr.flush()
        os.environ.pop("PYTHONHOME", None)  # it would be the other Python's
        os.execv(fitting, [fitting] + sys.argv)  # noqa: RUF005 (an old Python reads no [*a, *b])
    if sys.version_info < OLDEST:
        sys.exit(too_old())


def unfit_machine():  # type: () -> str
    """Say what is wrong with this machine for the course; "" where nothing is."""
    if os.name == "nt" or sys.platform == "cygwin":
        return ON_WINDOWS
    if sys.maxsize <= 2**32:
        return "This Python ({}) is a 32-bit program; the course's packages need a 64-bit one,\n{}.".format(
            sys.executable, CONTAINER
        )
    if platform.system() not in HOW_TO_GET or platform.machine().lower() not in MACHINES:
        return "The course's packages are made for Linux and macOS on x86_64 and 64-bit Arm; this is {} on {}.".format(
            platform.system(), platform.machine()
        )
    return ""


def find_on_path():  # type: () -> str
    """Return the path of a Python of a tested version that really runs, the newest first; "" where there is none."""
    for version in TESTED:
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
            candidate = os.path.join(folder, "python{}.{}".format(*version))  # noqa: PTH118 (no pathlib in 2.7)
            if os.access(candidate, os.X_OK) and version_of(candidate) == version:
                return candidate
    return ""


def version_of(python):  # type: (str) -> tuple[int, ...]
    """Ask an interpreter for its version; () where it does not run (a shim of a version manager, say)."""
    command = [python, "-I", "-c", "import sys; print('%d %d' % sys.version_info[:2])"]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError:
        return ()
    output = process.communicate()[0]
    return tuple(int(part) for part in output.split()) if process.returncode == 0 else ()


def too_old():  # type: () -> str
    """Say what was found, what is needed and how to get it."""
    return "This needs Python 3.11 or newer; {} is {}, and none of {} is on the PATH.\nTo get one:\n{}\n{}.".format(
        sys.executable,
        platform.python_version(),
        ", ".join("python{}.{}".format(*version) for version in TESTED),
        HOW_TO_GET[platform.system()],
        CONTAINER,
    )
