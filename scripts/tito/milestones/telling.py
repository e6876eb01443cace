"""What all milestones say: whose code runs, how much of it was the learner's, and what comes next.

Public parts: `say_whose`, `count_calls`, `contribution`, `show_rows`, `show_lines`, `what_next`, `percent`.
"""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from rich.console import Console
from rich.text import Text

from tito.milestones import blame
from tito.progress import Standing, finished, following, standings

WIDEST = 88  # columns: longer lines are hard to read

Calls = Mapping[str, int]  # how often each of the learner's exercises was called: {"01.1 Tensor.__add__": 12}


def say_whose(console: Console, yours: str, own: Sequence[Standing]) -> None:
    """Say whose code runs, and what of it is not known to be right."""
    show_lines(console, list(filter(None, [yours, blame.doubts(own)])))


def count_calls(work: Callable[[], object], own: Sequence[Standing]) -> dict[str, int]:
    """Do the work once; return how often it called each function that the learner has built, in the course's order."""
    places = {(str(s.module.file), s.exercise.function): str(s.exercise) for s in own}
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and (called := places.get((code.co_filename, code.co_qualname))):
            found[called] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return {name: found[name] for name in places.values() if found[name]}


def contribution(calls: Calls, work: str) -> str:
    """Return the sentence on what the learner's code did of the work, such as "one training step"."""
    if not calls:
        return f"nothing in {work} called a function of yours: the reference did all of it"
    each = ", ".join(f"{name.partition(' ')[2]} {count:,}" for name, count in calls.items())
    return f"calls in {work}: {each}"


def show_rows(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print what was found: a label and a text with markup each, between two empty lines."""
    width = max(len(name) for name, _ in rows)
    console.print()
    for name, text in rows:
        _show(console, f"  {name:<{width}} ", Text.from_markup(text))
    console.print()


def show_lines(console: Console, lines: Sequence[str]) -> None:
    """Print lines without markup; what one begins with, such as "note  ", has nothing below it."""
    for line in lines:
        label = re.match(r"(?: *\w+)?  +", line)
        before = label[0] if label else ""
        _show(console, before, Text(line[len(before) :]))


def _show(console: Console, before: str, text: Text) -> None:
    """Print a text behind what stands before it; in a terminal broken at blanks, so that paths stay whole."""
    width = max(min(console.width, WIDEST) - len(before), 20)
    first, *others = _broken(text, width) if console.is_terminal else [text]
    console.print(Text(before) + first, *(Text(" " * len(before)) + line for line in others), sep="\n")


def _broken(text: Text, width: int) -> list[Text]:
    """Return a text's lines; Rich's own wrap would break paths."""
    lines, start = [], 0
    for line in textwrap.wrap(text.plain, width, break_long_words=False, break_on_hyphens=False) or [""]:
        start = text.plain.index(line, start)
        lines.append(text[start : start + len(line)])
        start += len(line)
    return lines


def what_next(reached: bool, goal: str) -> list[str]:
    """Return the lines on what to do next; `goal` says what should be: "The network should be right in 97 %"."""
    own = blame.built()
    if not reached and own:
        return [f"{goal} and isn't.", *blame.suspects(own)]
    if doubted := blame.doubted(own):  # which ones was said at the beginning
        return [f"next  tito test {' '.join(s.exercise.id for s in doubted)}: what ran here is not known to be right"]
    found = standings()[1]
    coming = following(found)
    return [f"next  {coming.exercise}: tito status says where to type" if coming else finished(found)]


def percent(share: float) -> str:
    """Return a share as people read it: "97.8 %"."""
    return f"{100 * share:.1f} %"
