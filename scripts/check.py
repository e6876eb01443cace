"""Run the whole test suite on the reference, whatever has been built in modules/ so far.

    python3 scripts/check.py [options and paths of pytest]

Takes 4 to 5 minutes on two cores, and less on more: without options and paths it uses all of them, up to eight. Needs
Python 3.11 or newer and, the first time, a network: it makes the environment where there is none. Works from any
folder; paths are taken from there. The exit code is pytest's.
"""

import os
import sys
import tempfile

import find_python

MOST_AT_ONCE = 8  # tests that run at the same time: each may start a Python of its own


def main():  # type: () -> int
    """Make the environment ready and run pytest in it on the reference."""
    from setup_state import say
    from workspace_setup import ready_python, run_module

    python = ready_python()
    arguments = [from_the_top(argument) for argument in sys.argv[1:]]
    if arguments:
        return run_module(python, ["pytest"] + arguments, TINYTORCH="reference")  # noqa: RUF005
    with tempfile.TemporaryDirectory(prefix="tinytorch-check-") as folder:
        report = os.path.join(folder, "report.xml")  # noqa: PTH118
        options = ["-q", "--junitxml=" + report]
        if cores() > 1:
            options += ["-n", str(min(cores(), MOST_AT_ONCE))]
        code = run_module(python, ["pytest"] + options, TINYTORCH="reference")  # noqa: RUF005
        if code == 0:
            say_left_out(report)
            say("The reference passes all its tests: this machine is fine.")
    return code


def cores():  # type: () -> int
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def say_left_out(report):  # type: (str) -> None
    """Say which tests were skipped and why."""
    from check_skips import left_out
    from setup_state import say

    found = left_out(report)
    if found:
        say("Skipped were tests that need what is not here; the course does not need it:")
    for count, kind in found:
        say("  %5d  %s" % (count, kind))  # noqa: UP031


def from_the_top(argument):  # type: (str) -> str
    """Make an argument that names a file here (FILE, FILE::TEST) good for pytest, which runs in the top folder."""
    path = argument.split("::")[0]
    return os.path.abspath(path) + argument[len(path) :] if os.path.exists(path) else argument  # noqa: PTH100, PTH110


if __name__ == "__main__":
    if "--help" in sys.argv or "-h" in sys.argv:
        print(__doc__)
        sys.exit(0)
    find_python.switch_if_unfit()
    from workspace_setup import leave  # written for a Python that fits, as all but this file and find_python

    leave(main)
