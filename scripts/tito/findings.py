"""What a check found, and how a report of findings reads.

Public parts: `Finding`, `ok`, `note`, `problem`, `text`, `print_anything`. Standard library alone.
"""

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Literal, NamedTuple

State = Literal["ok", "note", "problem"]

COLOURS = {"ok": "32", "note": "33", "problem": "31"}  # ANSI
WIDEST = 100  # columns
BEFORE = 22  # columns in front of what is said


class Finding(NamedTuple):
    """One line of a report."""

    name: str
    state: State  # "problem" only for what stops the course
    says: str
    do: str = ""


def ok(name: str, says: str) -> Finding:
    """Return what is as it should be."""
    return Finding(name, "ok", says)


def note(name: str, says: str, do: str = "") -> Finding:
    """Return what is good to know: the course goes on."""
    return Finding(name, "note", says, do)


def problem(name: str, says: str, do: str) -> Finding:
    """Return what stops the course, and what to do about it."""
    return Finding(name, "problem", says, do)


def print_anything() -> None:
    """Let no letter stop the output where the terminal's encoding lacks it: it is printed as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def text(findings: Sequence[Finding]) -> str:
    """Return the report as people read it, no wider than the terminal."""
    width = min(shutil.get_terminal_size((80, 24)).columns, WIDEST) - BEFORE
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    lines = []
    for finding in findings:
        state = f"{finding.state:<7}"
        if coloured:
            state = f"\033[{COLOURS[finding.state]}m{state}\033[0m"
        first, *more = _wrapped(finding.says, width)
        do = _wrapped(finding.do, width - 3) if finding.do else []
        lines.append(f"{state}  {finding.name:<11}  {first}")
        lines += [" " * BEFORE + line for line in more]
        lines += [" " * BEFORE + ("   " if i else "-> ") + line for i, line in enumerate(do)]
    return "\n".join([*lines, "", _conclusion(findings)])


def _wrapped(says: str, width: int) -> list[str]:
    return textwrap.wrap(says, max(width, 20), break_long_words=False, break_on_hyphens=False) or [""]


def _conclusion(findings: Sequence[Finding]) -> str:
    problems, notes = (sum(f.state == state for f in findings) for state in ("problem", "note"))
    if problems:
        return f"{_count(problems, 'problem')} to solve first."
    return f"{_count(notes, 'note')}, no problem: the course can go on." if notes else "All is well."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
