"""Measure how much memory each part of the course takes at its highest: `python3 scripts/memory_peaks.py`.

Runs each module's tests, each milestone and each profiler on the reference, one after the other, each as a process of
its own, and prints peak and seconds. The peak is what the system counted for the largest single process of the part.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from setup_state import ROOT, activated
from workspace_setup import leave, ready_python

MEGABYTE = 1_000_000
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, KiB on Linux


def main() -> int:
    """Print a table; the exit code says whether all parts ran to a good end."""
    python = ready_python()
    failed = False
    print("| part | peak | time |\n| --- | --- | --- |")
    for name, arguments in parts():
        code, peak, seconds = measured(python, arguments)
        failed |= code != 0
        print(f"| {name} | {peak / MEGABYTE:.0f} MB | {seconds:.0f} s |{'' if code == 0 else ' failed'}", flush=True)
    return 1 if failed else 0


def parts() -> Iterator[tuple[str, list[str]]]:
    """Yield names and what runs as `python -m`."""
    for tests in sorted((ROOT / "tests").glob("test_[0-9]*.py")):
        yield f"tests of {tests.stem[5:7]}", ["pytest", "-q", str(tests.relative_to(ROOT))]
    for name in ("perceptron", "xor", "digits"):
        yield f"milestone {name}", ["tito", "milestone", name]
    for name in ("py-spy", "memray", "scalene"):
        yield f"profile 05 with {name}", ["tito", "profile", "05", "--with", name]


def measured(python: Path, arguments: Sequence[str]) -> tuple[int, int, float]:
    """Run a module on the reference; return its exit code, its peak in bytes and its seconds."""
    began = time.monotonic()
    variables = activated(python) | {"TINYTORCH": "reference"}
    process = subprocess.Popen([python, "-m", *arguments], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), used.ru_maxrss * UNIT, time.monotonic() - began


if __name__ == "__main__":
    leave(main)
