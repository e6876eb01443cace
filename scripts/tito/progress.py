"""How far the learner is: the state and the last verdict of each exercise, and which one comes next.

Public parts: `Standing`, `standings`, `following`, `finished`, `place`; `Ability`, `abilities`.
"""

import ast
import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tito import course, fingerprints, record
from tito.course import MILESTONE, Capability, Exercise, Module
from tito.limit import import_course
from tito.memory import read_json, shown

Verdict = Literal["passed", "failed", "unknown"]

# Written by the pytest plugin: {"01.1": {"digest": ..., "outcome": "passed" or "failed"}}. The digest is that of the
# exercise; an earlier version of the course wrote the whole file's, which holds too while nothing in the file changes.
VERDICTS = "verdicts.json"


@dataclass(frozen=True)
class Standing:
    """Where one exercise stands."""

    module: Module
    exercise: Exercise
    state: str  # see tinytorch._workspace.exercise_states; "read" where that is "built" with the reference's body
    outcome: Verdict  # the last one
    changed: bool  # it, or what it calls in its file, was edited since; see fingerprints.py
    seen: bool = False  # the reference was read, and the body is another

    @property
    def verdict(self) -> str:
        """The last verdict in one word: "passed", "failed", "changed" (edited since it was judged) or "unknown"."""
        return "changed" if self.changed else self.outcome

    @property
    def done(self) -> bool:
        """Whether it is built and was right when last judged."""
        return self.state == "built" and self.outcome == "passed"


@dataclass(frozen=True)
class Ability:
    """Whether a capability is there."""

    module: Module
    capability: Capability
    missing: tuple[str, ...]  # what of its proof isn't there: exercises and milestones


def standings() -> tuple[str, list[Standing], str]:
    """Return the line that says what runs, where each exercise stands, and "" or why no verdict is known."""
    with contextlib.redirect_stdout(sys.stderr):  # a learner's file may print while it is imported
        import_course()
    from tinytorch import _workspace

    known, damage = read_json(VERDICTS)
    marks = record.marks()
    found = []
    for module in course.modules():
        states = _workspace.exercise_states(module.name)
        digests, file = fingerprints.of_exercises(module), fingerprints.of_file(module)
        for e in module.exercises:
            state, mark = str(states.get(e.id, "missing")), marks.get(e.id)
            state = "read" if state == "built" and mark == "read" else state
            found.append(
                Standing(
                    module, e, state, *_judged(known.get(e.id), (digests.get(e.id, ""), file)), seen=mark == "seen"
                )
            )
    return record.yours(), found, damage


def abilities(found: Sequence[Standing]) -> list[Ability]:
    """Return every capability with what it lacks.

    An exercise proves it if its tests passed on its code as it is now; a milestone, if it ran through with
    all exercises of the capability's module built by the learner.
    """
    proven = {s.exercise.id for s in found if s.done and not s.changed}
    result = []
    for module in course.modules():
        own = [e.id for e in module.exercises]
        for capability in module.capabilities:
            there = proven | {f"{MILESTONE}{m}" for m in capability.milestones if record.milestone_holds(m, own)}
            result.append(Ability(module, capability, tuple(p for p in capability.proof if p not in there)))
    return result


def following(found: Sequence[Standing]) -> Standing | None:
    """Return what comes next: the first exercise that isn't done; without one, the first that changed since, and at
    last the first that was read and not built.
    """
    own = [s for s in found if s.state != "aside"]
    undone = (s for s in own if not s.done and s.state != "read")
    changed = (s for s in own if s.changed and s.state != "read")
    read = (s for s in own if s.state == "read")
    return next(undone, None) or next(changed, None) or next(read, None)


def finished(found: Sequence[Standing]) -> str:
    """Return the sentence for where nothing comes next."""
    aside = list(dict.fromkeys(s.module.number for s in found if s.state == "aside"))
    if not aside:
        return "All is built and right."
    if os.environ.get("TINYTORCH"):
        return "All is set aside, as the variable TINYTORCH is set: unset TINYTORCH takes yours again."
    rest = "All that isn't is built and right" if any(s.state != "aside" for s in found) else "That is all there is"
    return f"{', '.join(aside)}: set aside. {rest}; tito use mine {aside[0]} takes yours again."


def place(standing: Standing) -> str:
    """Return where to type: the learner's file and the function's line, or what makes the file unusable."""
    from tinytorch import _splice, _workspace

    path = standing.module.file
    if failure := _workspace.failures.get(standing.module.name):
        return str(failure)
    try:
        node = _splice.functions(ast.parse(path.read_bytes())).get(standing.exercise.function)
    except (OSError, SyntaxError, ValueError):
        node = None
    return f"{shown(path)}:{node.lineno}" if node else shown(path)


def _judged(entry: Any, now: tuple[str, str]) -> tuple[Verdict, bool]:
    if not isinstance(entry, dict) or entry.get("outcome") not in ("passed", "failed"):
        return "unknown", False
    return entry["outcome"], entry.get("digest") not in now
