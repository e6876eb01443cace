"""`tito profile NN --against last`: what a change of the code did to its profile, as a table and a picture.

Public parts: `compare`, `Change`, `show`.

Lines move when a file is edited, so functions are compared, by file and full name. Of py-spy and scalene the time of a
repetition is compared, of memray the bytes at its peak, of `--with time` the whole and its parts.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tito import quantities
from tito.answer import say
from tito.course import ROOT, Module
from tito.memory import shown
from tito.profile_kept import Result
from tito.quantities import Kind

SHOWN_FROM = 0.02  # the share, before or after, below which a function is left out: a few samples of a profile
ROWS = 12


class Change(NamedTuple):
    """What one function took, before and after; 0 where it wasn't seen."""

    name: str
    before: float
    after: float

    @property
    def ratio(self) -> float | None:
        """After by before; None where there was nothing before."""
        return self.after / self.before if self.before else None


def compare(before: Result, after: Result) -> list[Change]:
    """Return the whole first, then each function, the one that changed most before all others."""
    old, new = _amounts(before), _amounts(after)
    whole = Change("all", *(_whole(result) for result in (before, after)))
    changes = [Change(name, old.get(name, 0.0), new.get(name, 0.0)) for name in {**old, **new}]
    seen = [c for c in changes if c.before >= SHOWN_FROM * whole.before or c.after >= SHOWN_FROM * whole.after]
    return [whole, *sorted(seen, key=lambda c: abs(c.after - c.before), reverse=True)]


def show(module: Module, before: Result, after: Result, changes: list[Change]) -> Path | None:
    """Print the table, draw the picture, and return where it lies (None without matplotlib)."""
    from rich.console import Console
    from rich.table import Table

    kind = _kind(after)
    table = Table(box=None, pad_edge=False)
    table.add_column("function" if after["unit"] != "seconds" else "part", overflow="fold")
    for name in ("before", "share", "after", "share", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    whole = changes[0]
    for change in changes[: ROWS + 1]:
        table.add_row(*_cells(change, whole, kind), style="bold" if change is whole else "")
    say(f"{module.number} {module.name}, {after['with']}: {_when(before)} and now, one repetition\n")
    Console().print(table, highlight=False, markup=False)
    say()
    if before.get("digest") == after.get("digest"):
        say("Your file is the same as then: what differs is what differs from run to run.")
    picture = _draw(module, before, after, changes)
    if picture is None:
        say("There is no picture: matplotlib is not installed here.")
    return picture


def _draw(module: Module, before: Result, after: Result, changes: list[Change]) -> Path | None:
    try:
        from tito.against_picture import draw  # matplotlib takes its time
    except ImportError:
        return None
    numbers = [Path(result["kept"]).stem.rpartition("-")[2] for result in (after, before)]
    path = (ROOT / str(after["kept"])).with_name(f"{module.folder.name}-{numbers[0]}-against-{numbers[1]}.png")
    title = f"{module.number} {module.name}, {after['with']}: one repetition"
    draw(path, title, changes[: ROWS + 1], _kind(after), (f"before ({_when(before)})", "after"))
    say(f"The picture: {shown(path)}")
    return path


def _cells(change: Change, whole: Change, kind: Kind) -> list[str]:
    amounts = [
        text
        for amount, all_ in ((change.before, whole.before), (change.after, whole.after))
        for text in ((quantities.shown(amount, kind), f"{amount / all_:.0%}") if amount else ("-", ""))
    ]
    if change.ratio is None:
        return [change.name, *amounts, "new"]
    return [change.name, *amounts, f"{change.ratio - 1:+.0%}" if change.after else "gone"]


def _amounts(result: Result) -> dict[str, float]:
    """Return what each function took of a repetition, in seconds or bytes; of a timing, each part."""
    if result["unit"] == "seconds":
        return dict(result["parts"])
    found: Counter[str] = Counter()
    for line in result["lines"]:
        found[f"{Path(line['file']).name}: {line['function']}"] += line["amount"]
    each = _whole(result) / result["total"] if result["total"] else 0.0
    return {name: amount * each for name, amount in found.items()}


def _whole(result: Result) -> float:
    """Return what a repetition took in all."""
    if result["unit"] == "seconds":
        return float(result["median"])
    return float(result["total"] if result["unit"] == "bytes" else result["seconds"] / result["repeats"])


def _kind(result: Result) -> Kind:
    return Kind.BYTES if result["unit"] == "bytes" else Kind.SECONDS


def _when(result: Result) -> str:
    return str(result.get("date", "earlier"))[:16].replace("T", " ")
