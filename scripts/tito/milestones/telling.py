"""What all milestones say: whose code runs, how much of it was the learner's, and what comes next.

Public parts: `say_whose`, `count_calls`, `contribution`, `what_next`, `percent`.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from rich.console import Console

from tito.milestones import blame
from tito.progress import Standing, finished, following, standings

Calls = Mapping[str, int]  # how often each of the learner's exercises was called: {"01.1 Tensor.__add__": 12}


def say_whose(console: Console, yours: str, own: Sequence[Standing]) -> None:
    """Say whose code runs, and what of it is not known to be right."""
    console.print("\n".join(filter(None, [yours, blame.doubts(own)])), markup=False)


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


def what_next(reached: bool, goal: str) -> list[str]:
    """Return the lines on what to do next; `goal` says what should be: "The network should be right in 97 %"."""
    own = blame.built()
    if not reached and own:
        return [f"{goal} and isn't.", *blame.suspects(own)]
    if doubts := blame.doubts(own):
        return [doubts]
    found = standings()[1]
    coming = following(found)
    return [f"next  {coming.exercise}: tito status says where it stands" if coming else finished(found)]


def percent(share: float) -> str:
    """Return a share as people read it: "97.8 %"."""
    return f"{100 * share:.1f} %"
