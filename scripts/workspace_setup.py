"""The environment that everything here runs in: found where it is ready, made or mended from the lock where it is not.

    python3 scripts/workspace_setup.py                    make it if needed; print its Python's path
    python3 scripts/workspace_setup.py -m ruff check      the same, then run a module in it, from the top folder

`start.py` and `check.py` use `ready_python`, `run_module` and `leave`. Standard library alone: no package is there yet.

The environment is `.venv` at the top, unless the dev container's (TINYTORCH_ENV names its prefix) or the one that
this Python belongs to already holds all of the lock. A stamp in `.venv` says what it was made from; where the stamp
fits, nothing is done.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import find_python
from setup_making import install_project, make_environment
from setup_problems import SetupError, explain_os_error
from setup_state import ROOT, VENV, VENV_PYTHON, activated, is_installed_here, is_ready, python_version, say

INTERRUPTED = 130  # the exit code of a command that Ctrl-C ended, by the shells' convention


def ready_python() -> Path:
    """Return the Python of an environment that holds all of the lock; make or mend that environment where needed."""
    try:
        elsewhere = ready_elsewhere()
        if elsewhere:
            return elsewhere
        if not is_ready():
            make_environment()
        return VENV_PYTHON
    except OSError as error:
        raise explain_os_error(error, ROOT) from error


def run_module(python: Path, arguments: Sequence[str], **variables: str) -> int:
    """Run `python -m arguments` from the top folder and return its exit code as a shell counts it."""
    process = subprocess.Popen([python, "-m", *arguments], cwd=ROOT, env=activated(python) | variables)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # it reaches the child too, which may have something left to say
            code = process.wait()
            return code if code >= 0 else 128 - code


def say_how_to_call_tito(python: Path) -> None:
    """Say what to type before `tito` where the terminal does not find this environment's."""
    found, bin_folder = shutil.which("tito"), python.parent
    if found and Path(found).parent.resolve() == bin_folder.resolve():
        return
    shown = bin_folder.relative_to(Path.cwd()) if bin_folder.is_relative_to(Path.cwd()) else bin_folder
    activate, long = shlex.quote(str(shown / "activate")), f"{shlex.quote(str(shown / python.name))} -m tito"
    first = f"first: source {activate}   (or " if (bin_folder / "activate").exists() else "("
    say(f"      in this terminal {first}write `{long}` for `tito`)")


def leave(work: Callable[[], int]) -> NoReturn:
    """Do the work and exit with its code; what stands in the way is said, not traced."""
    try:
        sys.exit(work())
    except SetupError as problem:
        say(f"\n{problem}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nInterrupted. Run the same command again: what was left half done is done anew.")
        sys.exit(INTERRUPTED)


def main() -> int:
    """Make the environment; then run the module given after -m, or print the environment's Python."""
    arguments = sys.argv[1:]
    python = ready_python()
    if arguments[:1] == ["-m"] and len(arguments) > 1:
        return run_module(python, arguments[1:])
    print(python)
    return 0


# ---- is there one already?


def ready_elsewhere() -> Path | None:
    """Return the Python of the container's environment, or of the running one, if all of the lock is in there."""
    named = os.environ.get("TINYTORCH_ENV")
    if named:
        python = Path(named) / "bin" / "python"
        lacking = lacking_in(python)
        if lacking == ["tinytorch"]:
            install_project(python)
            lacking = []
        if not lacking:
            return python
        say(f"{named} (TINYTORCH_ENV) does not hold {', '.join(lacking)}: using .venv. A rebuilt container has it all.")
    if Path(sys.prefix) != VENV and is_installed_here() and not lacking_in(Path(sys.executable)):
        return Path(sys.executable)
    return None


def lacking_in(python: Path) -> list[str]:
    """Name what an interpreter lacks of the lock and of this project."""
    if not python_version(python):
        return ["a Python that runs"]
    command = [str(python), str(ROOT / "scripts" / "lock.py"), "--lacking"]
    found = subprocess.run(command, env=activated(python), capture_output=True, text=True, check=False)
    return found.stdout.split() if found.returncode == 0 else ["the lock's packages"]


if __name__ == "__main__":
    find_python.switch_if_unfit()
    leave(main)
