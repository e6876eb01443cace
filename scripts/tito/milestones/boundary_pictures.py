"""Pictures of what parts four points in the plane: the perceptron's lines, and XOR's surfaces.

Public parts: `draw_lines`, `draw_surfaces`. Both write a PNG without a display.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # not pyplot: no window, no global state, and quicker to import
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

BLUE, ORANGE, GREY = "#1f5fa8", "#d9730d", "#6b6b6b"
LOW, HIGH = -0.5, 1.5  # of both axes

Point = tuple[float, float]
Line = tuple[float, float, float]  # w1, w2, b of w1 * x1 + w2 * x2 + b = 0


def draw_lines(
    path: Path, points: Sequence[Point], wanted: Sequence[float], lines: Sequence[Line], mistakes: Sequence[int]
) -> None:
    """Draw the line after each pass, the last one strong, and the mistakes in each pass."""
    figure = Figure(figsize=(10, 4.6), dpi=130, layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, line in enumerate(lines, start=1):
        last = number == len(lines)
        label = f"after pass {number}, the last" if last else "after earlier passes" if number == 1 else None
        _draw_line(left, line, color=BLUE if last else GREY, width=2.4 if last else 1.0, label=label)
    _draw_points(left, points, wanted)
    left.set_title("x1 AND x2: on which side is each point?")
    left.legend(loc="upper left", frameon=True)
    numbers = range(1, len(mistakes) + 1)
    right.bar(numbers, mistakes, color=ORANGE, width=0.6)
    right.plot(numbers, mistakes, color=ORANGE, marker="o")  # a pass without a mistake has no bar
    right.set_title("Mistakes in each pass over the four points")
    right.set_xlabel("pass")
    right.set_ylabel("mistakes")
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    right.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def draw_surfaces(
    path: Path,
    points: Sequence[Point],
    wanted: Sequence[float],
    grid: NDArray[np.float64],
    surfaces: Mapping[str, NDArray[np.float64]],
    losses: Sequence[Sequence[float]],
) -> None:
    """Draw each network's probability of 1 over the plane, and all losses over the steps.

    grid: the places along both axes; surfaces: by title, (len(grid), len(grid)), the second input by rows.
    """
    figure = Figure(figsize=(13, 4.2), dpi=130, layout="constrained")
    *places, right = figure.subplots(1, len(surfaces) + 1)
    for axes, (title, surface) in zip(places, surfaces.items(), strict=True):
        filled = axes.contourf(grid, grid, surface, levels=np.linspace(0, 1, 11), cmap="PuOr", alpha=0.8)
        if surface.min() < 0.5 < surface.max():
            axes.contour(grid, grid, surface, levels=[0.5], colors="black", linewidths=1.6)
        _draw_points(axes, points, wanted)
        axes.set_title(title)
    figure.colorbar(filled, ax=places, label="probability of 1; black: 1/2", shrink=0.9)
    for name, color, curve in zip(surfaces, (GREY, BLUE), losses, strict=True):
        right.plot(range(1, len(curve) + 1), curve, color=color, label=name.partition(":")[0])
    right.axhline(np.log(2), color=GREY, linestyle="--", linewidth=1, label="ln 2: to know nothing")
    right.set_title("Binary cross-entropy")
    right.set_xlabel("step")
    right.set_ylabel("loss")
    right.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False)
    figure.savefig(path)


def _draw_points(axes: Axes, points: Sequence[Point], wanted: Sequence[float]) -> None:
    for value, color, marker in ((0, ORANGE, "o"), (1, BLUE, "s")):
        chosen = [p for p, w in zip(points, wanted, strict=True) if w == value]
        xs, ys = zip(*chosen, strict=True)
        axes.scatter(xs, ys, s=130, color=color, marker=marker, edgecolor="white", linewidth=1.5, zorder=3)
        for x, y in chosen:
            axes.annotate(str(value), (x, y), xytext=(9, 7), textcoords="offset points", weight="bold", zorder=4)
    axes.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH), xlabel="x1", ylabel="x2", aspect="equal")


def _draw_line(axes: Axes, line: Line, color: str, width: float, label: str | None) -> None:
    """Draw w1 * x1 + w2 * x2 + b = 0; weights of 0 give no line."""
    w1, w2, b = line
    if w1 == w2 == 0:
        return
    foot = -b / (w1**2 + w2**2)  # the point of the line that is nearest to the origin is foot * (w1, w2)
    x, y = foot * w1, foot * w2
    axes.axline((x, y), (x - w2, y + w1), color=color, linewidth=width, label=label, zorder=2)
