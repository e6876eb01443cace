"""`tito status`: where each exercise stands, and what comes next."""

import itertools
from collections.abc import Sequence

from tito.answer import Json, document, note, say
from tito.progress import Standing, finished, following, place, standings

STATES = {"unbuilt": "not built", "open": "not built", "broken": "can't be read", "aside": "set aside"}
VERDICTS = {"passed": "[green]right[/green]", "failed": "[red]wrong[/red]", "changed": "changed since", "unknown": ""}


def status(as_json: Json = False) -> None:
    """Show every exercise with its state, its last verdict and its points, and the command for the next one.

    Example: tito status, or tito status --json for programs.
    """
    yours, found, damage = standings()
    if damage:
        note(f"{damage}; no verdict is known until tests run again: tito test")
    coming = following(found)
    if as_json:
        document({"yours": yours, "modules": _modules(found), "next": coming.exercise.id if coming else None})
        return
    say(yours)
    for _, group in itertools.groupby(found, key=lambda s: s.module.number):
        _show_module(list(group))
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
    return {"id": e.id, "function": e.function, "state": s.state, "verdict": s.verdict, "points": e.points}


def _show_module(group: Sequence[Standing]) -> None:
    module = group[0].module
    won, all_points = (sum(s.exercise.points for s in group if s.done or every) for every in (False, True))
    points = f"{all_points} points" if group[0].state == "aside" else f"{won} of {all_points} points"
    say(f"\n[bold]{module.number} {module.title}[/bold]   {points}")
    for s in group:
        state = STATES.get(s.state, s.state)
        verdict = VERDICTS[s.verdict] if s.state == "built" else ""
        line = f"  {s.exercise.id}  {s.exercise.function:<28} {s.exercise.points:>3}  {state:<13}  {verdict}"
        say(line.rstrip())


def _show_next(coming: Standing) -> None:
    e = coming.exercise
    say(f"[bold]next[/bold]  {_what(coming)} {e}")
    say(f"      {place(coming)}")
    commands = [f"tito reset {e.id}"] if coming.state == "missing" else []
    say("      " + "      ".join([*commands, f"tito test {e.id}", f"tito hint {e.id}"]))


def _what(coming: Standing) -> str:
    if coming.state == "built":
        return "correct" if coming.verdict == "failed" else "test"
    return {"missing": "bring back", "broken": "mend the file of"}.get(coming.state, "build")
