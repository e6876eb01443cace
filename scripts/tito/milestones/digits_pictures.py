"""The digits milestone's pictures.

Public parts: `draw_curves`, `draw_predictions`. Both write a PNG without a display.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # not pyplot: no window, no global state, and quicker to import
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from tinytorch.training import Epoch

BLUE, ORANGE, RED, GREY = "#1f5fa8", "#d9730d", "#c0262d", "#6b6b6b"
ROWS, COLUMNS = 5, 10  # of predictions
CELL_WIDTH, CELL_HEIGHT = 10, 13  # pixels of the collage for an image of 8 by 8: margins, and a line of text above


def draw_curves(path: Path, fixed: Sequence[Epoch], writers: Sequence[Epoch], goal: float) -> None:
    """Draw loss and accuracy over the epochs, for the fixed test split and the one by writers."""
    figure = Figure(figsize=(10, 4.2), dpi=130, layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [epoch.number for epoch in fixed]
    left.plot(epochs, [e.loss for e in fixed], color=GREY, label="training images, some of them shifted")
    left.plot(epochs, [e.validation.loss for e in fixed if e.validation], color=BLUE, label="unseen images")
    left.plot(epochs, [e.validation.loss for e in writers if e.validation], color=ORANGE, label="unseen writers")
    left.set_yscale("log")
    _finish(left, "Cross-entropy loss", "loss (logarithmic)", "upper right")
    for history, color, name in ((fixed, BLUE, "unseen images"), (writers, ORANGE, "unseen writers")):
        shares = [100 * e.validation.accuracy for e in history if e.validation]
        right.plot(epochs, shares, color=color, label=f"{name}: {shares[-1]:.1f} % at the end")
    right.axhline(100 * goal, color=GREY, linestyle="--", linewidth=1, label=f"goal: {100 * goal:.0f} %")
    right.set_ylim(top=100.5)
    _finish(right, "Right answers", "share (%)", "lower right")
    figure.savefig(path)


def draw_predictions(
    path: Path, images: NDArray[np.float32], labels: NDArray[np.int64], answers: NDArray[np.int64]
) -> None:
    """Draw test images with what the network says, wrong answers first.

    images: (N, 8, 8) from 0 to 1; labels, answers: (N,).
    """
    wrong = answers != labels
    order = np.argsort(~wrong, kind="stable")[: ROWS * COLUMNS]
    rows = -(-len(order) // COLUMNS)
    figure = Figure(figsize=(10, 0.62 + 1.25 * rows), dpi=130, layout="constrained")
    axes = figure.subplots()
    axes.imshow(_collage(images[order], rows), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    for place, index in enumerate(order):
        _label(axes, place, int(answers[index]), int(labels[index]))
    axes.set_axis_off()
    count = int(wrong.sum())
    first = "wrong ones first, in red: its answer, and what it is" if count else "some of them"
    axes.set_title(f"{len(labels) - count} of {len(labels)} unseen images read right; {first}", fontsize=13, pad=10)
    figure.savefig(path, bbox_inches="tight", pad_inches=0.15)


def _finish(axes: Axes, title: str, y_label: str, legend_place: Literal["upper right", "lower right"]) -> None:
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.set_ylabel(y_label)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc=legend_place, frameon=False)


def _collage(images: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """Return one picture of all images, in rows of COLUMNS, with room for a label above each."""
    collage = np.zeros((rows * CELL_HEIGHT, COLUMNS * CELL_WIDTH), dtype=np.float32)
    for place, image in enumerate(images):
        top, left = _corner(place)
        collage[top : top + 8, left : left + 8] = image
    return collage


def _corner(place: int) -> tuple[int, int]:
    """Return the row and column of an image's upper left pixel in the collage."""
    row, column = divmod(place, COLUMNS)
    return row * CELL_HEIGHT + 4, column * CELL_WIDTH + 1


def _label(axes: Axes, place: int, answer: int, truth: int) -> None:
    """Write the answer above its image; mark a wrong one by colour, frame and the right answer."""
    top, left = _corner(place)
    wrong = answer != truth
    text = f"{answer}, is {truth}" if wrong else f"{answer}"
    color = RED if wrong else GREY
    axes.text(
        left + 3.5,
        top - 1.2,
        text,
        color=color,
        ha="center",
        va="bottom",
        fontsize=10.5,
        weight="bold" if wrong else "normal",
    )
    axes.add_patch(Rectangle((left - 0.5, top - 0.5), 8, 8, fill=False, edgecolor=color, linewidth=2 if wrong else 0.5))
