"""`tito overview`: the modules, what each unlocks, and how far you are, as one page that works offline.

Public parts: `overview`, `mermaid`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tito import anatomy, course
from tito.anatomy import Chapter, statements
from tito.answer import Json, document, say
from tito.course import ROOT, RUNS
from tito.memory import shown, write_whole
from tito.progress import Standing, following, standings

TEMPLATE = Path(__file__).with_name("overview.html")
PAGE = RUNS / "overview.html"
HERE = "DATA_OF_THE_COURSE"  # where the template takes the data


def overview(
    as_mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print the diagram of the guide of 00 instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Draw the modules, what each unlocks, and your progress: one page, runs/overview.html, that needs no network.

    Example: tito overview
    """
    found = anatomy.chapters()
    if as_mermaid:
        typer.echo(mermaid(found))
        return
    yours, own, _ = standings()
    data = _data(found, yours, own)
    if as_json:
        document(data)
        return
    write_whole(PAGE, _page(data).encode())
    _show(data)


def mermaid(found: Sequence[Chapter]) -> str:
    """Return the graph of modules as a Mermaid diagram: an arrow leads to what a module unlocks."""
    nodes = [f'  m{c.number}["{c.number} {c.title}"]{"" if c.module else ":::given"}' for c in found]
    arrows = [f"  m{number} --> m{c.number}" for c in found for number in c.needs]
    return "\n".join(["flowchart LR", *nodes, *arrows, "  classDef given stroke-dasharray: 4 3"])


def _data(found: Sequence[Chapter], yours: str, own: Sequence[Standing]) -> dict[str, object]:
    """Return all that the page shows, as JSON's kinds."""
    opened = anatomy.unlocks(found)
    rows = [_row(c, opened[c.number], [s for s in own if s.module.number == c.number]) for c in found]
    coming = following(own)
    return {
        "yours": yours,
        "next": coming.exercise.id if coming else None,
        "modules": rows,
        "totals": {
            "modules": len(rows),
            "exercises": len(own),
            "done": sum(s.done for s in own),
            "tests": sum(c.tests for c in found),
            "lines": sum(c.lines for c in found),
        },
    }


def _row(c: Chapter, opened: Sequence[str], own: Sequence[Standing]) -> dict[str, object]:
    return {
        "number": c.number,
        "title": c.title,
        "summary": c.module.summary if c.module else "In the reference already; its exercises come in a later release.",
        "minutes": c.module.minutes if c.module else None,
        "guide": f"../{(c.module.folder / 'README.md').relative_to(ROOT).as_posix()}" if c.module else None,
        "needs": c.needs,
        "unlocks": opened,
        "files": [path.name for path in c.files],
        "lines": c.lines,
        "yours": _typed(c.module),
        "tests": c.tests,
        "exercises": [
            {
                "id": s.exercise.id,
                "function": s.exercise.function,
                "state": s.state,
                "verdict": s.verdict,
                "done": s.done,
            }
            for s in own
        ],
    }


def _typed(module: course.Module | None) -> int:
    """Return how many lines of code a learner's file has; 0 where there is none, or none that can be read."""
    import ast

    if module is None:
        return 0
    try:
        source = module.file.read_text(encoding="utf-8")
        return statements(ast.parse(source), source)
    except (OSError, SyntaxError, ValueError):
        return 0


def _page(data: dict[str, object]) -> str:
    inside = json.dumps(data).replace("<", "\\u003c")  # nothing in it may end the script that holds it
    return TEMPLATE.read_text(encoding="utf-8").replace(HERE, inside)


def _show(data: dict[str, object]) -> None:
    totals = data["totals"]
    assert isinstance(totals, dict)
    say(f"{data['yours']}")
    say(
        f"{totals['modules']} modules, {totals['done']} of {totals['exercises']} exercises done, "
        f"{totals['tests']} tests, {totals['lines']:,} lines of reference"
    )
    say(f"Open {shown(PAGE)} in a browser: it needs no network.")
