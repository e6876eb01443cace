"""The learner's record in `.tito/`: which references were read, and which milestones ran through on their code.

Public parts: `read_reference`, `typed_anew`, `came_back`, `marks`, `yours`, `code`; `milestone_ran`, `milestone_holds`,
`milestone_passed`.

`read.json` holds for each exercise whose reference was read the body that was read. A function with that body is read,
not built, whatever its comments and spaces; with another body it is the learner's. A reset, or the undo of a solve,
starts it anew: what is typed then is the learner's also where it is the same.
`milestones.json` holds for each milestone {"digest": ..., "passed": ..., "exercises": [...]}: which exercises were
built when it last ran, and the digest of what was typed in them.
"""

import functools
import hashlib
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, TypedDict, TypeGuard

from tito import course
from tito.answer import note
from tito.course import Exercise, Module
from tito.limit import import_course
from tito.memory import lay_aside, read_json, write_json

READ = "read.json"
MILESTONES = "milestones.json"

Mark = Literal["read", "seen"]


class Code(TypedDict):
    """Which code of the learner's runs."""

    exercises: list[str]  # what is built
    digest: str  # of the bodies in them


def read_reference(exercise: Exercise) -> None:
    """Note that the learner has read an exercise's reference. Raises CannotDo if it can't be noted."""
    from tito import bodies

    node = bodies.find(bodies.reference(course.owner(exercise)), exercise.function)
    assert node is not None
    write_json(READ, {**_load(READ), exercise.id: {"body": bodies.code(node), "anew": False, "known": False}})


def typed_anew(target: Module | Exercise, known_to_be_read: bool = False) -> None:
    """Note that the reference's body is gone: what is typed from now on is the learner's. Raises CannotDo.

    known_to_be_read: whether it is still said that the reference was read.
    """
    known = _load(READ)
    entries = [e.id for e in _exercises(target) if _entry(known, e.id)]
    if entries:
        write_json(READ, known | {id: {**known[id], "anew": True, "known": known_to_be_read} for id in entries})


def came_back(target: Module | Exercise, read: Collection[str] | None) -> None:
    """Note that a reset was undone: what was read, not built, before it is so again. Raises CannotDo.

    read: the exercises that were so; None where that was not noted, then all that hold a body that was read.
    """
    known = _load(READ)
    changed = {
        e.id: {**entry, "anew": False}
        for e in _exercises(target)
        if (entry := _entry(known, e.id)) and (e.id in read if read is not None else _holds(e, entry["body"]))
    }
    if changed:
        write_json(READ, known | changed)


def marks() -> dict[str, Mark]:
    """Return for each exercise whose reference was read: "read" if that body stands in the learner's file, or "seen".

    An exercise that was reset since has no mark; one whose solve was undone is "seen".
    """
    known, damage = read_json(READ)
    if damage:
        _complain(damage)
    found: dict[str, Mark] = {}
    for exercise in (e for m in course.modules() for e in m.exercises):
        entry = _entry(known, exercise.id)
        if entry and not entry.get("anew"):
            found[exercise.id] = "read" if _holds(exercise, entry["body"]) else "seen"
        elif entry and entry.get("known"):
            found[exercise.id] = "seen"
    return found


def yours() -> str:
    """Return the line that says whose code runs; what was read is not counted as yours."""
    from tinytorch import _workspace

    return _workspace.yours([id for id, mark in marks().items() if mark == "read"])


def code(module: Module) -> Code:
    """Return what of the learner's runs in a module's work: of that module and those before it.

    That is nothing in reference mode, or where they are set aside.
    """
    built = [id for id in _built() if id.partition(".")[0] <= module.number]
    return Code(exercises=built, digest=_digest(built))


def milestone_ran(name: str, passed: bool) -> None:
    """Note how a milestone ended on the learner's code as it is now. Raises CannotDo if it can't be noted.

    A run on less of it, with a module set aside or on the reference, doesn't replace one that still holds.
    """
    if os.environ.get("TINYTORCH") == "reference":
        return
    built, before = _built(), _load(MILESTONES)
    earlier = before.get(name)
    if _stands(earlier) and set(built) < set(earlier["exercises"]):
        return
    write_json(MILESTONES, {**before, name: {"digest": _digest(built), "passed": passed, "exercises": built}})


def milestone_holds(name: str, needed: Iterable[str]) -> bool:
    """Return whether a milestone ran through with these exercises built by the learner, none of them changed since."""
    known, _ = read_json(MILESTONES)
    entry = known.get(name)
    still_built = set(needed) <= set(_built())
    return still_built and _stands(entry) and set(needed) <= set(entry["exercises"])


def milestone_passed(name: str) -> bool:
    """Return whether a milestone has passed here at any time, whatever has changed since."""
    known, _ = read_json(MILESTONES)
    entry = known.get(name)
    return isinstance(entry, dict) and entry.get("passed") is True


@functools.cache
def _complain(damage: str) -> None:
    """Say once that the record can't be read."""
    note(f"{damage}; which references were read is not known")


def _stands(entry: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether an entry is about a milestone that passed, on code that is still the same."""
    if not isinstance(entry, dict) or entry.get("passed") is not True or not isinstance(entry.get("exercises"), list):
        return False
    return bool(entry["exercises"]) and entry.get("digest") == _digest(entry["exercises"])


def _built() -> list[str]:
    """Return the exercises that the learner has built and that run."""
    import_course()
    from tinytorch import _workspace

    read = marks()
    states = [state for m in course.modules() for state in _workspace.exercise_states(m.name).items()]
    return sorted(id for id, state in states if state == "built" and read.get(id) != "read")


def _digest(exercises: Sequence[str]) -> str:
    from tito import bodies

    text = []
    for exercise in (e for m in course.modules() for e in m.exercises if e.id in exercises):
        try:
            node = bodies.find(bodies.mine(course.owner(exercise)), exercise.function)
        except bodies.Unreadable:
            node = None
        text.append(f"{exercise.id}\n{bodies.code(node) if node else ''}\n")
    return hashlib.sha256("".join(text).encode()).hexdigest()


def _holds(exercise: Exercise, body: str) -> bool:
    """Return whether the learner's function has this body."""
    from tito import bodies

    try:
        return bodies.same(bodies.find(bodies.mine(course.owner(exercise)), exercise.function), body)
    except bodies.Unreadable:
        return False


def _entry(known: dict[str, Any], id: str) -> dict[str, Any] | None:
    entry = known.get(id)
    return entry if isinstance(entry, dict) and isinstance(entry.get("body"), str) else None


def _exercises(target: Module | Exercise) -> tuple[Exercise, ...]:
    return target.exercises if isinstance(target, Module) else (target,)


def _load(name: str) -> dict[str, Any]:
    """Return what a file of the record holds; a damaged one is laid aside and begun anew."""
    content, damage = read_json(name)
    if damage:
        place = lay_aside(name)
        note(f"{damage}; " + (f"it lies in {place} now, and a new one is begun" if place else "a new one is begun"))
    return content
