"""`tito show`: an exercise's contract; with `--reference` also how the reference does it, beside yours."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tito import course, record
from tito.answer import Json, document, note, say
from tito.course import Exercise
from tito.memory import CannotDo, shown
from tito.progress import Standing, place, standings

if TYPE_CHECKING:
    from rich.text import Text

STATES = {
    "unbuilt": "not built",
    "open": "not built",
    "missing": "not in your file: tito reset {id} puts its stub back",
    "broken": "your file can't be used",
    "aside": "set aside: the reference runs",
    "read": "read, not built",
}
VERDICTS = {
    "passed": "built and right",
    "failed": "built, and wrong so far",
    "changed": "built, changed since its tests",
}
LONGEST_LINE = 120  # columns of code: no line of the course is longer
GAP = 3  # columns between yours and the reference


def show(
    exercise: Annotated[str, typer.Argument(metavar="NN.k", help="The exercise: 01.2, matmul_vjp, or FILE:LINE.")],
    reference: Annotated[bool, typer.Option("--reference", help="Show the reference's body too: the answer.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Show the answer without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Show an exercise: its contract, its points, where to type, and where it stands.

    With --reference also the answer, beside yours. If yours isn't built and right yet, it is marked as read, and you
    are asked first; where nobody can be asked, --yes says it.

    Example: tito show 05.3, or tito show 05.3 --reference
    """
    asked = course.exercise(exercise)
    _, found, damage = standings()
    if damage:
        note(damage)
    standing = next(s for s in found if s.exercise == asked)
    if reference and not standing.done and not yes and not as_json:
        _confirm(standing)
    facts = _facts(standing) | (_both(standing) if reference else {})
    if reference and not standing.done:
        record.read_reference(asked)
    if as_json:
        document(facts)
        return
    _show_head(standing)
    if reference:
        _show_both(facts["yours"], str(facts["reference"]))
        _show_mark(standing)
    else:
        _show_contract(str(facts["contract"]))
        say(f"\ntito test {asked.id}      tito hint {asked.id}      tito show {asked.id} --reference   (the answer)")


def _confirm(standing: Standing) -> None:
    """Say that the answer comes, and ask; raises CannotDo where nobody can answer."""
    e = standing.exercise
    warning = f"This shows the answer to {e}, and marks it as read"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CannotDo(f"{warning}: add --yes if you want that. A hint instead: tito hint {e.id}")
    if not typer.confirm(f"{warning}. A hint: tito hint {e.id}. Show the answer?"):
        raise typer.Exit(1)


def _facts(standing: Standing) -> dict[str, object]:
    from tito import bodies

    e = standing.exercise
    source = bodies.reference(standing.module)
    return {
        "exercise": e.id,
        "function": e.function,
        "points": e.points,
        "minutes": e.minutes,
        "difficulty": e.difficulty,
        "state": standing.state,
        "verdict": standing.verdict,
        "file": shown(standing.module.file),
        "contract": bodies.contract(source, e.function),
    }


def _both(standing: Standing) -> dict[str, object]:
    """Return the learner's body, None where it isn't built, and the reference's."""
    from tito import bodies

    function = standing.exercise.function
    mine = None
    if standing.state not in ("unbuilt", "open", "missing", "broken"):
        try:
            source = bodies.mine(standing.module)
            node = bodies.find(source, function)
            mine = bodies.body(source, function) if node and not bodies.holds_stub(standing.exercise, node) else None
        except bodies.Unreadable:  # set aside, where nothing has looked at the file so far
            mine = None
    return {"yours": mine, "reference": bodies.body(bodies.reference(standing.module), function)}


def _show_head(standing: Standing) -> None:
    e = standing.exercise
    points = f"{e.points} point{'' if e.points == 1 else 's'}"
    say(f"[bold]{e}[/bold]   {points}, about {e.minutes} minutes, difficulty {e.difficulty} of 5")
    say(f"  state    {_state(standing)}")
    say(f"  type in  {place(standing)}\n")


def _state(standing: Standing) -> str:
    e: Exercise = standing.exercise
    if standing.state == "built":
        text = VERDICTS.get(standing.verdict, f"built, not tested yet: tito test {e.id}")
    else:
        text = STATES[standing.state].format(id=e.id)
    return f"{text}; its reference was read" if standing.seen else text


def _show_contract(text: str) -> None:
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(_coloured(text))


def _show_both(yours: object, reference: str) -> None:
    """Print both bodies: side by side where the terminal is wide enough, else one after the other."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    if yours is None:
        console.print("[bold]the reference[/bold]   (yours is not built)\n")
        console.print(_coloured(reference))
        return
    mine = str(yours)
    if sum(max(map(len, text.splitlines()), default=0) for text in (mine, reference)) + GAP > console.width:
        for title, text in (("yours", mine), ("\nthe reference", reference)):
            console.print(f"[bold]{title}[/bold]\n")
            console.print(_coloured(text))
        return
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_row("[bold]yours[/bold]", "[bold]the reference[/bold]")
    table.add_row("", "")
    table.add_row(_coloured(mine), _coloured(reference))
    console.print(table, soft_wrap=False)


def _coloured(text: str) -> "Text":
    """Return Python in colours, as text: nothing is padded, so that it can be copied."""
    from rich.syntax import Syntax

    found = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(text)
    found.rstrip()
    found.no_wrap = True
    return found


def _show_mark(standing: Standing) -> None:
    e = standing.exercise
    if standing.done:
        say("\nYours is built and right, so reading the reference changes nothing.")
        return
    say(f"\n{e} is marked as read: with this body in your file it is read, not built.")
    say(f"After  tito reset {e.id}  counts what you type.")
