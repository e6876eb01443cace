"""Set up the course and run the main job: train a small network on real handwritten digits.

    python3 scripts/start.py [options of `tito milestone digits`]

Needs Python 3.11 or newer and, the first time, a network. It makes the environment from requirements.lock, has `tito
doctor` look it over and runs `tito milestone digits`. Works from any folder, and is quick the second time.
"""

import sys

import find_python


def main():  # type: () -> int
    """Make the environment ready, look it over, run the main job; the exit code is that of the first that failed."""
    from workspace_setup import ready_python, run_module, say_how_to_call_tito

    python = ready_python()
    code = run_module(python, ["tito", "doctor"])
    if code:
        return code
    code = run_module(python, ["tito", "milestone", "digits"] + sys.argv[1:])  # noqa: RUF005
    if code in (0, 1):  # neither interrupted nor wrongly called: what it printed ends with a command of tito
        say_how_to_call_tito(python)
    return code


if __name__ == "__main__":
    if "--help" in sys.argv or "-h" in sys.argv:
        print(__doc__)
        sys.exit(0)
    find_python.switch_if_unfit()
    from workspace_setup import leave  # written for a Python that fits, as all but this file and find_python

    leave(main)
