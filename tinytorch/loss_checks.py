"""Module 04: what the losses share, checks of inputs and targets, the reduction, and classes as rows.

Public parts: `floats`, `paired`, `reduced`, `check_reduction`, `check_probabilities`, `weight_array`,
`rows_of_classes`, `rows_back`, `label_rows`, `Labels`, `soft_targets`. Most take the loss's name for its errors.
"""

from typing import NamedTuple

import numpy as np

from tinytorch.arrays import whole
from tinytorch.tensor import Array, Operand, Shape, Tensor, as_tensor

REDUCTIONS = ("mean", "sum", "none")
KL_REDUCTIONS = (*REDUCTIONS, "batchmean")


class Labels(NamedTuple):
    """Integer targets, ready to be looked up: M = N * d1 * ... samples."""

    classes: Array  # (M,) integers from 0 to C - 1; an ignored target is 0
    shares: Array  # (M,), what each sample's loss is multiplied by before all are summed; 0 if it is ignored
    counted: Array  # (M,), whether it is not ignored
    total: float  # what a mean is divided by; 1 for other reductions


def floats(name: str, x: Operand) -> Tensor:
    """Return a Tensor; TypeError unless it holds floats."""
    x = as_tensor(x)
    if x.dtype.kind != "f":
        raise TypeError(f"{name} wanted logits of a float dtype, got {x.dtype}; try dtype=np.float32")
    return x


def paired(name: str, input: Operand, target: Operand) -> tuple[Tensor, Tensor]:
    """Return both as Tensors of one shape and dtype, the input's; TypeError unless the input holds floats."""
    input, target = as_tensor(input), as_tensor(target)
    if input.dtype.kind != "f":
        raise TypeError(f"{name} wanted an input of floats, got {input.dtype}; try dtype=np.float32")
    if input.shape != target.shape:
        raise ValueError(
            f"{name} wanted an input and a target of one shape, got {input.shape} and {target.shape}; reshape one: "
            f"broadcasting would compare every pair"
        )
    if target.dtype != input.dtype and not target.requires_grad:
        target = Tensor(target.data, input.dtype)
    return input, target


def check_reduction(name: str, reduction: str, allowed: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise ValueError for another reduction."""
    if not isinstance(reduction, str) or reduction not in allowed:
        raise ValueError(f"{name} wanted a reduction of {', '.join(allowed)}, got {reduction!r:.60}")


def reduced(name: str, each: Array, reduction: str) -> Array:
    """Return the mean or the sum of the losses, or themselves; ValueError for a mean of none."""
    check_reduction(name, reduction)
    if reduction == "none":
        return each
    if reduction == "mean" and not each.size:
        raise ValueError(f"{name} is the mean of no elements: the shape is {each.shape}; is the batch empty?")
    with np.errstate(all="ignore"):
        total: Array = each.mean() if reduction == "mean" else each.sum()
    return total


def check_probabilities(name: str, what: str, values: Array, advice: str) -> None:
    """Raise ValueError with the first value that is outside [0, 1], or NaN."""
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        place = tuple(map(int, np.argwhere(~((values >= 0) & (values <= 1)))[0]))
        raise ValueError(f"{name} wanted {what} from 0 to 1, got {values[place]} at {place}; {advice}")


def weight_array(name: str, weight: Operand | None, like: Tensor, shape: Shape | None = None) -> Array:
    """Return weights in the dtype of `like` (0-d, 1, for None) that broadcast to `shape`, which is its own without one.

    Raises ValueError for another shape, a negative weight, or one that requires grad, since it would get none.
    """
    if weight is None:
        return np.ones((), like.dtype)
    weight = as_tensor(weight)
    shape = like.shape if shape is None else shape
    if weight.requires_grad:
        raise ValueError(f"{name} gives its weights no gradient; give weight.detach()")
    if weight.size and not weight.data.min() >= 0:
        raise ValueError(f"{name} wanted weights of 0 or more, got {weight.data.min()}")
    try:
        fits = np.broadcast_shapes(weight.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} wanted weights that broadcast to {shape}, got {weight.shape}")
    return weight.data.astype(like.dtype)


def rows_of_classes(x: Array) -> Array:
    """Return x with a row of C classes a sample: (C,), (N, C) or (N, C, d1, ...) -> (M, C), M = N * d1 * ..."""
    if x.ndim == 1:
        return x[None]
    return x if x.ndim == 2 else np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def rows_back(rows: Array, shape: Shape) -> Array:
    """Return what `rows_of_classes` made in its former shape."""
    if len(shape) < 3:
        return rows.reshape(shape)
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def label_rows(
    name: str, scores: Tensor, targets: Tensor, weight: Operand | None, ignore_index: int, reduction: str
) -> Labels:
    """Check integer targets against scores and return them as `Labels`, with the weights of their classes.

    Raises ValueError for other shapes, a target out of range, or a mean of nothing; TypeError for other dtypes.
    """
    check_reduction(name, reduction)
    _check_classes(name, scores, targets, reduction)
    classes = scores.shape[1 if scores.ndim > 1 else 0]
    labels = targets.data.reshape(-1).astype(np.intp)  # a copy: the source may change before the gradient is asked for
    counted = labels != whole(ignore_index, f"{name}'s ignore_index")
    _check_range(name, labels, counted, classes)
    labels[~counted] = 0
    weights = weight_array(name, weight, scores, (classes,))
    shares = counted.astype(scores.dtype) if weight is None else np.broadcast_to(weights, classes)[labels] * counted
    total = float(shares.sum(dtype=np.float64)) if reduction == "mean" else 1.0
    if total == 0:
        raise ValueError(f"{name} is the mean of no targets: each is {ignore_index}, which is ignored, or weighs 0")
    return Labels(labels, shares / scores.dtype.type(total), counted, total)


def soft_targets(
    input: Tensor, target: Tensor, weight: Operand | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Return how much each class of each sample counts in cross_entropy's result: weighed, smoothed, averaged."""
    check_reduction("cross_entropy", reduction)
    axis = min(input.ndim - 1, 1)
    if target.shape != input.shape or target.dtype.kind != "f":
        return _smoothed_labels(input, target, weight, ignore_index, reduction, smoothing)
    check_probabilities("cross_entropy", "a target", target.data, "integers are the number of the right class")
    if whole(ignore_index, "cross_entropy's ignore_index") >= 0:
        raise ValueError(
            f"cross_entropy ignores classes, but targets are probabilities; got ignore_index={ignore_index}"
        )
    classes = input.shape[axis]
    samples = input.size // max(classes, 1)
    if not samples and (reduction == "mean" or not classes):
        raise ValueError(f"cross_entropy of no samples or no classes: logits {input.shape}; is the batch empty?")
    weights = np.broadcast_to(weight_array("cross_entropy", weight, input, (classes,)), classes)
    weights = weights.reshape(-1, *[1] * (input.ndim - 1 - axis)) / (samples if reduction == "mean" else 1)
    return (target * (1 - smoothing) + smoothing / classes) * Tensor(weights, input.dtype)


def _check_classes(name: str, scores: Tensor, targets: Tensor, reduction: str) -> None:
    """Raise for anything that has no classes to look up."""
    if scores.ndim > 1 and targets.shape == scores.shape and targets.dtype.kind in "iub":
        raise TypeError(
            f"{name} wanted the number of each right class, or probabilities as floats; got {targets.dtype} of shape "
            f"{targets.shape}, which is the logits'; if it is one-hot, give target.argmax(1), or floats"
        )
    if not scores.ndim or targets.shape != scores.shape[:1] * (scores.ndim > 1) + scores.shape[2:]:
        raise ValueError(
            f"{name} wanted logits (N, C) and targets (N,), got {scores.shape} and {targets.shape}; reshape the logits "
            f"to (-1, C) and the targets to (-1,), or move the classes to axis 1: (N, C, d1) and (N, d1)"
        )
    if targets.dtype.kind not in "iu":
        raise TypeError(
            f"{name} wanted integer targets, the number of each right class, got {targets.dtype}; probabilities of all "
            f"classes have the logits' shape"
        )
    if not scores.size and (reduction == "mean" or targets.size):
        raise ValueError(f"{name} of no samples or no classes: logits {scores.shape}; is the batch empty?")


def _check_range(name: str, labels: Array, counted: Array, classes: int) -> None:
    """Raise for a target that is no class: NumPy would count a negative one from the end."""
    wrong = counted & ((labels < 0) | (labels >= classes))
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{name} wanted targets from 0 to {classes - 1}, got {labels[row]} at row {row}; "
            f"do the labels start at 0, and are there really {classes} classes?"
        )


def _smoothed_labels(
    input: Tensor, target: Tensor, weight: Operand | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Return what `soft_targets` does for integers: most for the right class, and the rest for all of them alike."""
    labels = label_rows("cross_entropy", input, target, weight, ignore_index, reduction)
    classes = input.shape[min(input.ndim - 1, 1)]
    weights = np.broadcast_to(weight_array("cross_entropy", weight, input, (classes,)), classes)
    rows = np.outer(labels.counted / labels.total, weights * (smoothing / classes))  # (M, C)
    rows[np.arange(len(rows)), labels.classes] += (1 - smoothing) * labels.shares
    return Tensor(rows_back(rows, input.shape), input.dtype)
