"""Module 01: what tensors ask about plain arrays, dtypes and shapes.

Public parts: `array_of`, `dtype_of`, `promoted`, `dtype_of_number`; `total`, `running_total`, `count_along`; and what
arguments are: `flat_ints`, `whole`, `axis_of`, `axes_of`.
"""

import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import DTypeLike, NDArray

ROWS = 512  # how many numbers are summed one after another: rounding errors grow with it
LARGE = 2**15  # elements; smaller arrays are summed as they are
FLOAT32, FLOAT64, INT64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)
SUMMED_IN = {"e": FLOAT32, **dict.fromkeys("BHILQ", INT64)}  # where NumPy's own choice, by its letters, isn't PyTorch's
NUMBERS = "?bBhHiIlLqQefd"  # NumPy's letters for bools, integers and floats of up to 64 bits


def array_of(data: Any, dtype: DTypeLike | None) -> NDArray[Any]:
    """Return a new array of numbers, nested lists or an array; without a dtype, Python's floats become float32.

    Arrays and tensors keep their dtype, also in a list; the result is an array of NumPy's own class and byte order.
    Raises TypeError for what isn't numbers in a regular shape, and for a masked array.
    """
    if isinstance(data, np.ndarray) and hasattr(data, "mask"):
        raise TypeError("a tensor can't hide elements as a masked array does; try .filled(0), or where(mask, 0.0, x)")
    wanted = None if dtype is None else dtype_of(dtype)
    try:
        array = np.array(data, copy=None if wanted else True)
        if array.dtype.char not in NUMBERS:
            raise TypeError(f"a tensor needs numbers, got {type(data).__name__} ({data!r:.80}) of dtype {array.dtype}")
        if wanted:  # text and None would pass here: NumPy makes numbers of them
            return np.array(data, dtype=wanted)
    except ValueError as error:
        raise TypeError(f"a tensor needs numbers in a regular shape, got {data!r:.80}: {error}") from None
    if array.dtype == FLOAT64 and not _has_dtype(data):
        return array.astype(FLOAT32)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def dtype_of(dtype: DTypeLike) -> np.dtype[Any]:
    """Return a dtype of numbers, in the machine's byte order; TypeError for what is none.

    >>> dtype_of("float64")
    dtype('float64')
    """
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        raise TypeError(f"wanted a dtype of numbers such as np.float32, got {dtype!r:.60}") from None
    if found.char not in NUMBERS:
        raise TypeError(f"wanted a dtype of numbers such as np.float32, got {found}")
    return found.newbyteorder("=")


def _has_dtype(data: Any) -> bool:
    """Return whether data, or the first thing in its lists, is an array and not a number of Python's."""
    if isinstance(data, np.generic):
        return True
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return hasattr(data, "dtype") and not isinstance(data, float)


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

    Integers and bools are added in int64, float16 in float32.
    Along an axis other than the last, NumPy adds one row after another, and each time rounds: after a million rows
    float32 has three digits left. Sums of blocks, and then of their sums, keep six, and take no longer.
    """
    wider = SUMMED_IN.get(array.dtype.char)
    if wider is FLOAT32:
        return total(array.astype(FLOAT32), axis, keepdims).astype(array.dtype)
    if axis is None or array.size < LARGE or array.dtype.kind != "f":
        return np.add.reduce(array, axis=axis, dtype=wider, keepdims=keepdims)  # type: ignore[call-overload]
    axes = normalize_axis_tuple(axis, array.ndim)
    for i in sorted(axes):
        array = _sum_along(array, i)
    return array if keepdims else array.squeeze(axes)


def running_total(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return the sums of the elements up to each, along an axis; floats are added up in float64."""
    if array.dtype.kind != "f":
        return array.cumsum(axis, INT64)
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


def flat_ints(lengths: tuple[int | tuple[int, ...], ...], name: str = "") -> tuple[int, ...]:
    """Take `f(2, 3)` and `f((2, 3))` alike. With the function's name, raise TypeError for what isn't whole numbers."""
    flat: tuple[Any, ...] = lengths
    if len(lengths) == 1 and isinstance(lengths[0], list | tuple):
        flat = tuple(lengths[0])
    return tuple([whole(length, name) for length in flat]) if name else flat


def whole(value: Any, what: str) -> int:
    """Return a whole number as Python's; TypeError that says what was wanted."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} wanted a whole number, got {value!r:.60}") from None


def axis_of(axis: Any, count: int, name: str) -> int:
    """Return an axis counted from 0, of `count` axes; TypeError or ValueError (NumPy's AxisError) for what is none."""
    number = whole(axis, f"{name}: an axis")
    if not -count <= number < count:
        raise AxisError(number, count, name)
    return number % count


def axes_of(axes: Any, count: int, name: str) -> tuple[int, ...]:
    """Return several axes as `axis_of` does; ValueError for one that is named twice."""
    found = tuple([axis_of(axis, count, name) for axis in (axes if isinstance(axes, tuple | list) else (axes,))])
    if len(set(found)) < len(found):
        raise ValueError(f"{name} wanted each axis once, got {axes!r:.60}")
    return found
