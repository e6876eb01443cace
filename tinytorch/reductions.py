"""Module 01: operations that make one number of many, along one axis, several, or all.

Public parts: `max`, `min`, `argmax`, `argmin`, `prod`, `cumsum`, `std`, `all`, `any`. `sum`, `mean` and `var` stand in
`tensor.py`.

axis: an int, a tuple of ints, or None for all axes; keepdims: whether the reduced axes stay with length 1.
An axis that isn't there raises ValueError (NumPy's AxisError).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.lib.array_utils import normalize_axis_index

from tinytorch.arrays import count_along, running_total
from tinytorch.tensor import Axis, Operand, Tensor, as_tensor, from_numpy, record, var


def max(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest elements, NaN if one is NaN; ValueError if there are none.

    Where several are the largest, they share the gradient evenly (PyTorch's `amax`). `argmax` says where they stand.
    """
    x = as_tensor(x)
    return record(max, _extreme("max", np.max, x, axis, keepdims), x, axis=axis, keepdims=keepdims)


def min(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest elements, NaN if one is NaN; ValueError if there are none. Ties as in `max`."""
    x = as_tensor(x)
    return record(min, _extreme("min", np.min, x, axis, keepdims), x, axis=axis, keepdims=keepdims)


def argmax(x: Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest elements stand (int64), the first of equal ones; without axis, in the flat order.

    Raises ValueError if there are none.
    """
    return from_numpy(_extreme("argmax", np.argmax, as_tensor(x), axis, keepdims))


def argmin(x: Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest elements stand (int64), the first of equal ones; as `argmax`."""
    return from_numpy(_extreme("argmin", np.argmin, as_tensor(x), axis, keepdims))


def prod(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the product of the elements; 1 if there are none. Its gradient is right where some are 0."""
    x = as_tensor(x)
    with np.errstate(over="ignore", invalid="ignore"):
        return record(prod, x.data.prod(axis=axis, keepdims=keepdims), x, axis=axis, keepdims=keepdims)


def cumsum(x: Operand, axis: int) -> Tensor:
    """Return running totals along an axis, in x's shape.

    >>> cumsum(Tensor([1.0, 2.0, 3.0]), 0)
    Tensor([1., 3., 6.])
    """
    x = as_tensor(x)
    axis = normalize_axis_index(axis, x.ndim, "cumsum")
    with np.errstate(over="ignore", invalid="ignore"):
        return record(cumsum, running_total(x.data, axis), x, axis=axis)


def std(x: Operand, axis: Axis = None, keepdims: bool = False, correction: int = 1) -> Tensor:
    """Return the standard deviation, the root of `var`; where it is 0, the gradient is 0.

    correction and what is raised: as `var`.
    """
    x = as_tensor(x)
    if x.dtype.kind != "f":
        raise TypeError(f"std wanted floats, got {x.dtype}; try .astype(np.float32)")
    if count_along(x.shape, axis) <= correction:
        raise ValueError(f"std wanted more than {correction} elements each, got shape {x.shape}, axis {axis}")
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.sqrt(var(from_numpy(x.data), axis, keepdims, correction).data)
    return record(std, deviation, x, axis=axis, keepdims=keepdims, correction=correction)


def all(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return whether all elements are true, or not 0; true if there are none."""
    return from_numpy(np.all(as_tensor(x).data, axis=axis, keepdims=keepdims))


def any(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return whether an element is true, or not 0."""
    return from_numpy(np.any(as_tensor(x).data, axis=axis, keepdims=keepdims))


def _extreme(name: str, f: Callable[..., Any], x: Tensor, axis: Axis, keepdims: bool) -> Any:
    if name.startswith("arg") and not (axis is None or isinstance(axis, int)):
        raise TypeError(f"{name} wanted one axis or None, got {axis!r}")
    try:
        return f(x.data, axis=axis, keepdims=keepdims)
    except AxisError:
        raise
    except ValueError:
        raise ValueError(f"{name} of no elements: shape {x.shape}, axis {axis}") from None
