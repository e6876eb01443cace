"""`tito status`: where each exercise stands, and what comes next."""

import itertools
import textwrap
from collections.abc import Sequence

from tito import quiz, record
from tito.answer import Json, document, note, say
from tito.course import MILESTONE
from tito.progress import Ability, Standing, abilities, finished, following, place, standings

STATES = {
    "unbuilt": "not built",
    "open": "not built",
    "broken": "can't be read",
    "aside": "set aside",
    "read": "read, not built",
}
WIDEST = 88  # columns: longer lines are hard to read
BEFORE = 11  # columns in front of a capability
VERDICTS = {"passed": "[green]right[/green]", "failed": "[red]wrong[/red]", "changed": "changed since", "unknown": ""}


def status(as_json: Json = False) -> None:
    """Show every exercise with its state, its last verdict and its points, what you can do, and what comes next.

    A capability is there once its proof is: exercises whose tests passed on your code as it is now, and milestones that
    ran through on what you built. What was read, not built, proves nothing.

    Example: tito status, or tito status --json for programs.
    """
    yours, found, damage = standings()
    if damage:
        note(f"{damage}; no verdict is known until tests run again: tito test")
    coming, can = following(found), abilities(found)
    if as_json:
        following_id = coming.exercise.id if coming else None
        modules = _modules(found)
        document({"yours": yours, "modules": modules, "capabilities": _capabilities(can), "next": following_id})
        return
    say(yours)
    widths = max(len(s.exercise.id) for s in found), max(len(s.exercise.function) for s in found)
    for _, group in itertools.groupby(found, key=lambda s: s.module.number):
        _show_module(list(group), widths)
    _show_abilities(can)
    say()
    if coming:
        _show_next(coming)
    else:
        say(finished(found))


def _modules(found: Sequence[Standing]) -> list[dict[str, object]]:
    return [
        {"number": number, "name": name, "exercises": [_row(s) for s in group]}
        for (number, name), group in itertools.groupby(found, key=lambda s: (s.module.number, s.module.name))
    ]


def _row(s: Standing) -> dict[str, object]:
    e = s.exercise
    reference = "read" if s.state == "read" else "seen" if s.seen else None
    row = {"id": e.id, "function": e.function, "state": s.state, "verdict": s.verdict, "points": e.points}
    return row | {"reference": reference}


def _capabilities(can: Sequence[Ability]) -> list[dict[str, object]]:
    return [
        {
            "module": a.module.number,
            "can": a.capability.can,
            "proof": list(a.capability.proof),
            "there": not a.missing,
            "missing": list(a.missing),
        }
        for a in can
    ]


def _show_module(group: Sequence[Standing], widths: tuple[int, int]) -> None:
    module = group[0].module
    won, all_points = (sum(s.exercise.points for s in group if s.done or every) for every in (False, True))
    points = f"{all_points} points" if group[0].state == "aside" else f"{won} of {all_points} points"
    asked = quiz.summary(module)
    say(f"\n[bold]{module.number} {module.title}[/bold]   {points}{f'   quiz: {asked}' if asked else ''}")
    for s in group:
        state = STATES.get(s.state, s.state)
        verdict = VERDICTS[s.verdict] if s.state == "built" else ""
        said = ", ".join(filter(None, [verdict, "reference read" if s.seen else ""]))
        name = f"{s.exercise.id:<{widths[0]}}  {s.exercise.function:<{widths[1]}}"
        line = f"  {name} {s.exercise.points:>3}  {state:<13}  {said}"
        say(line.rstrip())


def _show_abilities(can: Sequence[Ability]) -> None:
    """Show what the learner can do with its proof, and what not yet with what it still needs."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    width = min(console.width, WIDEST)
    if can:
        console.print("\n[bold]What you can do[/bold]")
    for a in can:
        label, why = (
            ("not yet", f"needs {', '.join(map(_need, a.missing))}")
            if a.missing
            else ("yes", ", ".join(a.capability.proof))
        )
        before = " " * BEFORE
        lines = textwrap.wrap(f"{a.capability.can} ({why})", width, initial_indent=before, subsequent_indent=before)
        text = Text(f"  {label:<{BEFORE - 2}}" + "\n".join(lines)[BEFORE:])
        text.stylize("dim" if a.missing else "green", 2, 2 + len(label))
        console.print(text)


def _need(proof: str) -> str:
    """Return what is to be done for a proof; a milestone that passed on other code is to be run once more."""
    passed = proof.startswith(MILESTONE) and record.milestone_passed(proof.removeprefix(MILESTONE))
    return f"{proof} again, on the code as it is now" if passed else proof


def _show_next(coming: Standing) -> None:
    e = coming.exercise
    say(f"[bold]next[/bold]  {_what(coming)} {e}")
    say(f"      {place(coming)}")
    commands = [f"tito reset {e.id}"] if coming.state in ("missing", "read") else []
    say("      " + "      ".join([*commands, f"tito test {e.id}", f"tito hint {e.id}"]))


def _what(coming: Standing) -> str:
    if coming.state == "read":
        return "type your own"
    if coming.state == "built":
        return "correct" if coming.verdict == "failed" else "test"
    return {"missing": "bring back", "broken": "mend the file of"}.get(coming.state, "build")
