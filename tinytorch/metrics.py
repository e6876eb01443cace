"""Module 07: metrics, which say how good a classifier's answers are, in terms that a person cares about.

Public parts: `accuracy`, `top_k_accuracy`, `confusion_matrix`, `precision`, `recall`, `f1_score`.

All take the outputs first and the right classes second. outputs: the scores (N, C), of which the largest is the answer
(the first of equal ones), or the answers themselves, (N,) integers. targets: (N,) integers from 0 on; a class that is
to be ignored has to be left out before. The definitions are scikit-learn's. Arrays by class have all classes, 0 to
C - 1 or to the largest one seen; means over classes leave out those that are neither an answer nor a target, as its
default does: otherwise the best possible answers to data without some class would not be rated 1.
"""

import math
from typing import Literal, overload

import numpy as np

from tinytorch.tensor import Array, Operand, as_tensor

Average = Literal["macro", "micro", "weighted"]


def accuracy(outputs: Operand, targets: Operand) -> float:
    """Return the share of right answers, from 0 to 1.

    Raises ValueError for other shapes, no samples, scores that are nan or a target without a score; TypeError for
    targets that aren't integers.

    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    answers, right = _answers("accuracy", outputs, targets)
    return float(np.mean(answers == right))


def top_k_accuracy(outputs: Operand, targets: Operand, k: int = 5) -> float:
    """Return the share of samples whose right class is among the k largest scores, from 0 to 1.

    outputs: scores (N, C). Of equal scores the higher class counts as the larger, as in scikit-learn.
    Raises as `accuracy`, and ValueError for a k that isn't from 1 to C or for a target out of range.

    >>> top_k_accuracy(np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]]), np.array([2, 2]), k=2)
    0.5
    """
    scores = as_tensor(outputs).data
    if scores.ndim != 2:
        raise ValueError(f"top_k_accuracy wanted scores (N, C), got {scores.shape}; answers alone have no order")
    _, right = _answers("top_k_accuracy", outputs, targets)
    classes = scores.shape[1]
    if not isinstance(k, int | np.integer) or not 1 <= k <= classes:
        raise ValueError(f"top_k_accuracy wanted a k from 1 to {classes}, the number of classes, got {k}")
    own = scores[np.arange(len(right)), right].reshape(-1, 1)  # (N, 1)
    later = np.arange(classes) > right.reshape(-1, 1)  # (N, C)
    before = (scores > own) | ((scores == own) & later)
    return float(np.mean(before.sum(axis=1) < k))


def confusion_matrix(outputs: Operand, targets: Operand, classes: int | None = None) -> Array:
    """Return how often each class (row) got each answer (column), as (C, C) integers.

    classes: C; without it the number of scores, or the largest class seen and one more.
    Raises as `accuracy`, and ValueError for a class out of range or a number of classes below 1.

    >>> confusion_matrix(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 2]))
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    answers, right = _answers("confusion_matrix", outputs, targets)
    if classes is None:
        scores = as_tensor(outputs)
        classes = scores.shape[1] if scores.ndim == 2 else int(max(answers.max(), right.max())) + 1
    if not isinstance(classes, int | np.integer) or classes < 1:
        raise ValueError(f"confusion_matrix wanted a number of classes from 1 on, got {classes!r}")
    _check_range("confusion_matrix", right, classes)
    _check_range("confusion_matrix", answers, classes)
    counts = np.bincount(right * classes + answers, minlength=classes * classes)
    return counts.reshape(classes, classes)


@overload
def precision(outputs: Operand, targets: Operand, average: Average = "macro", zero_division: float = 0.0) -> float: ...
@overload
def precision(outputs: Operand, targets: Operand, average: None, zero_division: float = 0.0) -> Array: ...
def precision(
    outputs: Operand, targets: Operand, average: Average | None = "macro", zero_division: float = 0.0
) -> float | Array:
    """Return how many of the answers "this class" are right: TP / (TP + FP).

    average: "macro", the mean over the classes that occur; "weighted", over the samples by their right class; "micro",
    of all answers together (then it is the accuracy); None, an array (C,). zero_division: the value for a class that
    was never an answer; with nan a mean leaves it out.
    Raises as `accuracy`, and ValueError for another average.

    >>> precision(np.array([0, 0, 1]), np.array([0, 1, 1]), average=None)
    array([0.5, 1. ])
    """
    return _rate("precision", outputs, targets, average, zero_division)


@overload
def recall(outputs: Operand, targets: Operand, average: Average = "macro", zero_division: float = 0.0) -> float: ...
@overload
def recall(outputs: Operand, targets: Operand, average: None, zero_division: float = 0.0) -> Array: ...
def recall(
    outputs: Operand, targets: Operand, average: Average | None = "macro", zero_division: float = 0.0
) -> float | Array:
    """Return how many samples of this class got the right answer: TP / (TP + FN).

    average, zero_division and errors as in `precision`; zero_division is for a class without samples.

    >>> recall(np.array([0, 0, 1]), np.array([0, 1, 1]), average=None)
    array([1. , 0.5])
    """
    return _rate("recall", outputs, targets, average, zero_division)


@overload
def f1_score(outputs: Operand, targets: Operand, average: Average = "macro", zero_division: float = 0.0) -> float: ...
@overload
def f1_score(outputs: Operand, targets: Operand, average: None, zero_division: float = 0.0) -> Array: ...
def f1_score(
    outputs: Operand, targets: Operand, average: Average | None = "macro", zero_division: float = 0.0
) -> float | Array:
    """Return the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    average, zero_division and errors as in `precision`; zero_division is for a class with neither samples nor answers.
    Source: van Rijsbergen, "Information retrieval" (1979), chapter 7, with beta = 1.

    >>> f1_score(np.array([0, 0, 1]), np.array([0, 1, 1]), average=None)
    array([0.66666667, 0.66666667])
    """
    return _rate("f1_score", outputs, targets, average, zero_division)


def _rate(
    name: str, outputs: Operand, targets: Operand, average: Average | None, zero_division: float
) -> float | Array:
    """Return one of the rates that are a class's right answers over something."""
    if average not in ("macro", "micro", "weighted", None):
        raise ValueError(f"{name} wanted the average 'macro', 'micro', 'weighted' or None, got {average!r}")
    matrix = confusion_matrix(outputs, targets)
    right, answered, samples = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)  # (C,) each
    if average == "micro":
        right, answered, samples = (count.sum(keepdims=True) for count in (right, answered, samples))
    whole = {"precision": answered, "recall": samples, "f1_score": (answered + samples) / 2}[name]
    rates: Array = np.where(whole > 0, right / np.maximum(whole, 0.5), zero_division)  # 0.5: the least that isn't 0
    if average is None:
        return rates
    weights = np.where(np.isnan(rates), 0, samples if average == "weighted" else answered + samples > 0)
    return float(np.nansum(rates * weights) / weights.sum()) if weights.any() else math.nan


def _answers(name: str, outputs: Operand, targets: Operand) -> tuple[Array, Array]:
    """Return the answers (N,) and the targets (N,) as arrays, or say what is wrong with them."""
    given, right = as_tensor(outputs).data, as_tensor(targets).data
    if given.ndim not in (1, 2) or right.shape != given.shape[:1] or not given.size:
        raise ValueError(
            f"{name} wanted outputs (N, C) or (N,) and targets (N,) of the same N from 1 on, got {given.shape} and "
            f"{right.shape}"
        )
    if right.dtype.kind not in "iu" or (given.ndim == 1 and given.dtype.kind not in "iu"):
        found = right.dtype if right.dtype.kind not in "iu" else given.dtype
        raise TypeError(f"{name} wanted classes as integers, got {found}; try .astype(np.int64)")
    right = right.astype(np.intp)  # small dtypes would overflow where classes are multiplied
    if given.ndim == 1:
        return given.astype(np.intp), right
    if np.isnan(given).any():
        raise ValueError(f"{name} got scores that are nan: no answer is the largest; has the training diverged?")
    if given.shape[1] < 2:
        raise ValueError(
            f"{name} wanted scores of 2 classes or more, got {given.shape}; try (scores > 0.5).astype(int)"
        )
    _check_range(name, right, given.shape[1])
    return given.argmax(axis=1), right


def _check_range(name: str, found: Array, classes: int) -> None:
    if found.min() < 0 or found.max() >= classes:
        raise ValueError(
            f"{name} wanted classes from 0 to {classes - 1}, got {found.min()} to {found.max()}; do they start at 0?"
        )
