"""The judged tests of a module as plain functions, to run them outside of pytest: for diagnosis and for the course's
own proofs.

Public parts: `cases`, `outcome`, `names_for`, `likely`, `cause`, `runs`, `lacking`.
"""

import functools
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable
from types import FrameType, FunctionType
from typing import Any

from tito import course, mistakes
from tito.check import Check, Mismatch, recorded
from tito.course import Exercise, Module

Case = Callable[..., None]
_UNBUILT = re.compile(r"NotImplementedError: (\d\d\.\d+) ")


@functools.cache
def cases(module: Module) -> dict[str, tuple[Case, ...]]:
    """Return the judged tests of a module by the exercise (or whole module) they judge, in the order of the file."""
    if not module.tests.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"tito_cases_{module.name}", module.tests)
    if spec is None or spec.loader is None:
        raise ImportError(f"{module.tests} can't be imported")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    found: dict[str, list[Case]] = {}
    for name, value in vars(loaded).items():
        if name.startswith("test_") and (judged := exercise_of(value)):
            found.setdefault(judged, []).append(value)
    return {judged: tuple(functions) for judged, functions in found.items()}


def exercise_of(function: Any) -> str:
    """Return what the marker `exercise` of a test function says, or ""."""
    for mark in getattr(function, "pytestmark", []):
        if mark.name == "exercise":
            return str(mark.args[0])
    return ""


def names_for(module: Module) -> dict[str, Any]:
    """Return what a check's call may use: the public names of tinytorch and everything of the judged module."""
    import numpy as np

    import tinytorch

    own = vars(importlib.import_module(f"tinytorch.{module.name}"))
    return {**vars(tinytorch), **own, "np": np, "recorded": recorded}


def outcome(case: Case, module: Module) -> Mismatch | None:
    """Run a judged test; return its mismatch, or None where it passes."""
    try:
        case(Check(names_for(module)))
    except Mismatch as mismatch:
        return mismatch
    return None


def likely(case: Case, module: Module, exercise: Exercise, mismatch: Mismatch) -> mistakes.Mistake | None:
    """Return the one known mistake that explains a failed test, or None where none or several do.

    A mistake explains it if it gives the same result in this test. Where several do, or where the result has many
    causes (an error, a missing one, true or false alone), all tests of the exercise decide. A call without end has one.
    """
    known = [m for m in mistakes.corpus(module)[0] if m.exercise == exercise.id]
    function = mistakes.target(module, exercise.function)
    matching = [m for m in known if _same(_with(m, function, [case], module), [mismatch])]
    kinds = {array.dtype.kind for array in mismatch.outcome.arrays}
    many_causes = mismatch.outcome.error not in ("", "RecursionError") or ("b" in kinds and "f" not in kinds)
    if len(matching) > 1 or (matching and many_causes):
        every = cases(module)[exercise.id]
        found = [outcome(one, module) for one in every]
        matching = [m for m in matching if _same(_with(m, function, every, module), found)]
    return matching[0] if len(matching) == 1 else None


def _with(
    mistake: mistakes.Mistake, function: FunctionType, some: Iterable[Case], module: Module
) -> list[Mismatch | None]:
    """Return what tests give with a mistake in place."""
    with mistakes.swapped(function, mistake.first):
        return [outcome(case, module) for case in some]


def _same(theirs: list[Mismatch | None], ours: list[Mismatch | None]) -> bool:
    """Return whether two rows of outcomes agree: both right, or the same wrong result of the same call."""
    return all(
        a is b if a is None or b is None else a.called == b.called and a.outcome.same(b.outcome)
        for a, b in zip(theirs, ours, strict=True)
    )


def cause(case: Case, module: Module, exercise: Exercise) -> Exercise | None:
    """Return the exercise on which a failed test stands, and which the learner has built and is wrong for itself.

    That is the first one before this in the course, or else a later one of this module: `as_tensor` below
    `Tensor.__add__`. What the test doesn't run is never named.
    """
    from tinytorch import _workspace

    for owner in course.modules():
        states = _workspace.exercise_states(owner.name)
        for other in owner.exercises:
            within = _place(other) < _place(exercise) or owner == module
            if other == exercise or not within or states[other.id] != "built" or not runs(case, module, other):
                continue
            if _wrong_without(exercise, owner, other):
                return other
    return None


def _wrong_without(exercise: Exercise, module: Module, other: Exercise) -> bool:
    """Return whether `other`, of this module, fails a test of its own in which `exercise` doesn't run."""
    for case in cases(module).get(other.id, ()):
        found = outcome(case, module)
        if found and not lacking(found) and not runs(case, module, exercise):
            return True
    return False


def lacking(mismatch: Mismatch) -> Exercise | None:
    """Return the exercise whose stub a failed test ran into: neither the learner nor the reference has its body."""
    found = _UNBUILT.match(mismatch.outcome.error)
    return next((e for m in course.modules() for e in m.exercises if found and e.id == found[1]), None)


def _place(exercise: Exercise) -> tuple[int, ...]:
    """Return where an exercise stands in the course: 05.10 comes behind 05.9."""
    return tuple(map(int, exercise.id.split(".")))


def runs(case: Case, module: Module, exercise: Exercise) -> bool:
    """Return whether a judged test executes an exercise's function, also indirectly."""
    wanted = mistakes.target(course.owner(exercise), exercise.function).__code__
    seen = False

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal seen
        seen = seen or (event == "call" and frame.f_code is wanted)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        outcome(case, module)
    finally:
        sys.setprofile(before)
    return seen
