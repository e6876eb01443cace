"""What `image.py try` runs inside the image: everything that a learner does there, on a copy of the course, offline.

    python scripts/image_trial.py [--quick] [--emulated] [options of pytest]

Ends with a line a step. Under emulation py-spy is left out, as the emulator lets no process look into another, and
tests may take ten times as long.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from setup_state import ROOT

SLOW_TEST = "300"  # seconds; pyproject.toml's limit is for real processors
ATTACH = "tests/workspace/test_editor_files.py::test_attach_meets_a_program_that_waits"
# Not `tito solve`: what that puts in counts as read, not built.
TYPE_IN = """
from pathlib import Path
from tito.stubs import put_back
mine, reference = Path("modules/00_setup/setup.py"), Path("tinytorch/setup.py")
mine.write_bytes(put_back(mine.read_bytes(), reference.read_text("utf-8"), "parameter_count"))
"""


@dataclass(frozen=True)
class Step:
    """A command and the exit code that it should end with."""

    name: str
    command: list[str]
    code: int = 0


def steps(quick: bool, emulated: bool, options: list[str]) -> Iterator[Step]:
    """Yield what is tried, in a newcomer's order."""
    tito, script = [sys.executable, "-m", "tito"], [sys.executable, "scripts/check.py"]
    yield Step("doctor", [*tito, "doctor"])
    yield Step("milestone digits", [*tito, "milestone", "digits"])
    yield Step("00 is red", [*tito, "test", "00"], code=1)
    yield Step("00 is typed in", [sys.executable, "-c", TYPE_IN])
    yield Step("00 is green", [*tito, "test", "00"])
    yield Step("memray", [*tito, "profile", "01", "--with", "memray"])
    yield Step("scalene", [*tito, "profile", "01", "--with", "scalene"])
    if not emulated:
        yield Step("py-spy", [*tito, "profile", "01", "--with", "py-spy"])
    yield Step("debugger attaches", [*script, "-q", ATTACH])
    if not quick:
        yield Step("suite", [*script, *options])


def main() -> int:
    """Run all steps, whichever fails, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave the suite out")
    parser.add_argument("--emulated", action="store_true", help="this is not the machine's own architecture")
    asked, options = parser.parse_known_args()
    prepare()
    if asked.emulated:
        os.environ["PYTEST_TIMEOUT"] = SLOW_TEST
    results = [(step, *run(step)) for step in steps(asked.quick, asked.emulated, options)]
    print(f"\n{os.uname().machine}, user {os.getuid()}:")
    for step, passed, seconds in results:
        print(f"  {step.name:20} {'passed' if passed else 'FAILED'} after {seconds:.0f} s")
    if asked.emulated:
        print("  py-spy               not tried: the emulator has no ptrace")
    return 0 if all(passed for _, passed, _ in results) else 1


def prepare() -> None:
    """Install the course into the image's environment, as the container's creation does, and give it a history."""
    subprocess.run([sys.executable, "scripts/workspace_setup.py"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    nobody = ["-c", "user.name=trial", "-c", "user.email=trial@localhost"]
    for command in (["init", "--quiet"], ["add", "--all"], [*nobody, "commit", "--quiet", "--message", "course"]):
        subprocess.run(["git", *command], cwd=ROOT, check=True)


def run(step: Step) -> tuple[bool, float]:
    """Run a step; return whether it ended as it should, and its seconds."""
    print(f"\n==> {step.name}: {shlex.join(step.command[1:])}", flush=True)
    began = time.monotonic()
    code = subprocess.run(step.command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    if code != step.code:
        print(f"==> {step.name}: ended with {code}, not {step.code}", flush=True)
    return code == step.code, time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
