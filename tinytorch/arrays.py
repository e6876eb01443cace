"""Module 01: what tensors ask about plain arrays, dtypes and shapes.

Public parts: `array_of`, `promoted`, `dtype_of_number`, `total`, `running_total`, `count_along`, `flat_ints`.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import DTypeLike, NDArray

ROWS = 512  # how many numbers are summed one after another: rounding errors grow with it
LARGE = 2**15  # elements; smaller arrays are summed as they are
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
NUMBERS = "?bBhHiIlLqQefd"  # NumPy's letters for bools, integers and floats of up to 64 bits


def array_of(data: Any, dtype: DTypeLike | None) -> NDArray[Any]:
    """Return a new array of numbers, nested lists or an array; without a dtype, Python's floats become float32.

    Raises TypeError for what isn't numbers in a regular shape.
    """
    try:
        array = np.array(data, dtype=dtype)
    except ValueError as error:
        raise TypeError(f"a tensor needs numbers in a regular shape, got {data!r:.80}: {error}") from None
    if array.dtype.char not in NUMBERS:
        raise TypeError(f"a tensor needs numbers, got {type(data).__name__} ({data!r:.80}) of dtype {array.dtype}")
    if dtype is None and array.dtype == np.float64 and not isinstance(data, np.ndarray | np.generic):
        return array.astype(np.float32)
    return array


def promoted(dtypes: Iterable[np.dtype[Any]], result: NDArray[Any]) -> NDArray[Any]:
    """Return a float64 result of operands of these dtypes; in float32 where it is float64 for integers' sake alone."""
    dtypes = list(dtypes)
    if FLOAT64 in dtypes or all(dtype.kind == "f" for dtype in dtypes):
        return result
    return result.astype(FLOAT32)


def dtype_of_number(value: bool | int | float, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that a Python number takes beside elements of `dtype`: theirs, where it can hold the number.

    A float beside integers or bools is float32, an int beside bools is int64.
    """
    if dtype.kind == "f":
        return dtype
    if isinstance(value, float):
        return FLOAT32
    return np.dtype(np.int64) if dtype.kind == "b" and not isinstance(value, bool) else dtype


def total(array: NDArray[Any], axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """Return the sum along an axis: an int, a tuple of ints, or None for all.

    Along an axis other than the last, NumPy adds one row after another, and each time rounds: after a million rows
    float32 has three digits left. Sums of blocks, and then of their sums, keep six, and take no longer.
    """
    if axis is None or array.size < LARGE or array.dtype.kind != "f":
        return np.add.reduce(array, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]
    axes = normalize_axis_tuple(axis, array.ndim)
    for i in sorted(axes):
        array = _sum_along(array, i)
    return array if keepdims else array.squeeze(axes)


def running_total(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return the sums of the elements up to each, along an axis; floats are added up in float64."""
    if array.dtype.kind != "f":
        return array.cumsum(axis)
    return array.cumsum(axis, FLOAT64).astype(array.dtype, copy=False)


def _sum_along(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return the sum along one axis, which stays with length 1."""
    length = array.shape[axis]
    if length < 2 * ROWS or array.strides[axis] == array.itemsize:  # NumPy itself sums neighbours in blocks
        return np.add.reduce(array, axis=axis, keepdims=True)
    before = (slice(None),) * axis
    whole = length - length % ROWS
    blocks = array[(*before, slice(whole))].reshape(*array.shape[:axis], -1, ROWS, *array.shape[axis + 1 :])
    sums = _sum_along(np.add.reduce(blocks, axis=axis + 1), axis)
    return sums + np.add.reduce(array[(*before, slice(whole, None))], axis=axis, keepdims=True)


def count_along(shape: tuple[int, ...], axis: int | tuple[int, ...] | None) -> int:
    """Return how many elements a reduction along `axis` makes one of: an int, a tuple of ints, or None for all axes.

    Raises ValueError (NumPy's AxisError) for an axis that isn't there.

    >>> count_along((2, 3, 5), axis=(0, -1))
    10
    """
    shape = shape or (1,)  # 0 and -1 are axes of a tensor without one
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    return math.prod([shape[i] for i in axes])


def flat_ints(lengths: tuple[int | tuple[int, ...], ...]) -> tuple[int, ...]:
    """Take `f(2, 3)` and `f((2, 3))` alike."""
    if len(lengths) == 1 and isinstance(lengths[0], list | tuple):
        return tuple(lengths[0])
    return lengths  # type: ignore[return-value]  # all ints here
