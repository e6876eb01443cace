"""Run the whole test suite on the reference, whatever has been built in modules/ so far.

    python3 scripts/check.py [options and paths of pytest]

Takes 2 to 3 minutes. Needs Python 3.11 or newer and, the first time, a network: it makes the environment where there is
none. Works from any folder; paths are taken from there. The exit code is pytest's.
"""

import os
import sys

import find_python


def main():  # type: () -> int
    """Make the environment ready and run pytest in it on the reference."""
    from setup_state import say
    from workspace_setup import ready_python, run_module

    arguments = [from_the_top(argument) for argument in sys.argv[1:]]
    code = run_module(ready_python(), ["pytest"] + arguments, TINYTORCH="reference")  # noqa: RUF005
    if code == 0 and not arguments:
        say("The reference passes all its tests: this machine is fine.")
        say('Tests that are "skipped" need what is not here, such as PyTorch or a right to trace; the course does not.')
    return code


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
