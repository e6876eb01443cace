"""A picture of two profiles: for each function a bar before and a bar after.

Public parts: `draw`. It writes a PNG without a display.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure  # not pyplot: no window, no global state, and quicker to import

from tito import quantities
from tito.quantities import Kind

if TYPE_CHECKING:
    from tito.against import Change

GREY, BLUE = "#9a9a9a", "#1f5fa8"  # before, after
BAR = 0.38  # how high a bar is; a function's two stand in a row of height 1


def draw(path: Path, title: str, changes: "Sequence[Change]", kind: Kind, labels: tuple[str, str]) -> None:
    """Draw the changes from top to bottom and write the picture, whole or not at all."""
    figure = Figure(figsize=(9, 1.6 + 0.62 * len(changes)), dpi=130, layout="constrained")
    axes = figure.subplots()
    rows = range(len(changes))
    for shift, color, label, amounts in (
        (-BAR / 2, GREY, labels[0], [change.before for change in changes]),
        (BAR / 2, BLUE, labels[1], [change.after for change in changes]),
    ):
        bars = axes.barh([row + shift for row in rows], amounts, height=BAR, color=color, label=label)
        axes.bar_label(bars, [quantities.shown(a, kind) if a else "" for a in amounts], padding=4, fontsize=8)
    axes.set_yticks(list(rows), [change.name for change in changes])
    axes.invert_yaxis()
    axes.set_title(title)
    axes.set_xlabel("bytes at the peak" if kind is Kind.BYTES else "time")
    axes.xaxis.set_major_formatter(lambda value, _: quantities.shown(value, kind) if value > 0 else "0")
    axes.margins(x=0.14, y=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".png", dir=path.parent)
    os.close(handle)
    try:
        figure.savefig(name)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
