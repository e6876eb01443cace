"""`tito hint`: one more hint each time it is asked."""

import textwrap
from typing import Annotated, Any

import typer

from tito import course
from tito.answer import Json, document, note
from tito.course import Exercise
from tito.memory import CannotDo, lay_aside, read_json, shown, write_json

REMEMBERED = "hints.json"  # how many hints of each exercise were shown
WIDEST = 88  # columns: longer lines are hard to read
INDENT = "  "


def hint(
    exercise: Annotated[str, typer.Argument(metavar="NN.k", help="The exercise, such as 01.2.")],
    level: Annotated[int | None, typer.Option(min=1, max=3, help="Show this one alone: 3 almost tells.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show all hints.")] = False,
    as_json: Json = False,
) -> None:
    """Show one more hint for an exercise each time: a question, then what always holds, then nearly the code.

    Example: tito hint 01.2 shows the first hint, and the next one when you ask again.
    """
    if level and every:
        raise CannotDo("--level shows one hint and --all shows every one: choose")
    asked = course.exercise(exercise)
    count = len(asked.hints)
    levels = list(range(1, count + 1)) if every else [level or _next_level(asked)]
    if as_json:
        hints = [{"level": n, "text": asked.hints[n - 1]} for n in levels]
        document({"exercise": asked.id, "function": asked.function, "hints": hints, "of": count})
    else:
        _show(asked, levels)


def _next_level(asked: Exercise) -> int:
    """Return which hint comes next, and remember that it was shown; `--level` and `--all` change nothing here."""
    shown_so_far, damage = read_json(REMEMBERED)
    if damage:
        place = lay_aside(REMEMBERED)
        note(f"{damage}; " + (f"it lies in {place} now, and counting starts anew" if place else "counting starts anew"))
    following = min(_count(shown_so_far.get(asked.id)) + 1, len(asked.hints))
    try:
        write_json(REMEMBERED, {**shown_so_far, asked.id: following})
    except CannotDo as error:
        note(f"{error}. Which hint comes next can't be remembered; --level shows it")
    return following


def _count(remembered: Any) -> int:
    return max(remembered, 0) if isinstance(remembered, int) else 0


def _show(asked: Exercise, levels: list[int]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    width = min(console.width, WIDEST) - len(INDENT)
    count = len(asked.hints)
    which = f"hint {levels[0]} of {count}" if len(levels) == 1 else f"all {count} hints"
    console.print(f"[bold]{asked}[/bold]   {which}")
    for n in levels:
        number = f"{n}  " if len(levels) > 1 else ""
        lines = textwrap.fill(
            asked.hints[n - 1], width, initial_indent=INDENT + number, subsequent_indent=INDENT + " " * len(number)
        )
        text = Text(f"\n{lines}")
        text.highlight_regex(r"`[^`]+`", "cyan")
        console.print(text)
    console.print()
    if levels == [count]:
        console.print(f"That was the last one. The contract is the docstring:  {shown(course.owner(asked).file)}")
    elif len(levels) == 1:
        console.print(f"One more:  tito hint {asked.id}")
