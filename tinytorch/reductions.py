"""Module 01: operations that make one number of many, along one axis, several, or all.

Public parts: `max`, `min`, `argmax`, `argmin`, `prod`, `cumsum`, `cumprod`, `std`, `all`, `any`. `sum`, `mean` and
`var` stand in `tensor.py`.

axis: an int, a tuple of ints, or None for all axes; keepdims: whether the reduced axes stay with length 1. An empty
tuple reduces nothing, as in NumPy (in PyTorch all); 0 and -1 are axes of a tensor without one, as in PyTorch, but
not in a tuple. An axis that isn't there raises ValueError (NumPy's AxisError).
dim, keepdim: PyTorch's names of both. `max` and `min` with one of them answer as PyTorch does, with values and indices;
`max(x, 1)` and `max(x, axis=1)` as NumPy does, with values alone (PyTorch: both).
"""

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.exceptions import AxisError

from tinytorch.arrays import axis_of, count_along, running_total
from tinytorch.elementwise import astype, maximum, minimum
from tinytorch.tensor import Axis, Operand, Tensor, as_tensor, from_numpy, record, var
from tinytorch.torch_keywords import pair_by_dim, torch_keywords


@pair_by_dim("argmax")
def max(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest elements, NaN if one is NaN; ValueError if there are none.

    Where several are the largest, they share the gradient evenly (PyTorch's `amax`). `argmax` says where they stand.
    With `dim` in place of `axis`, return the pair (values, indices), where the first of equal ones gets the gradient.
    A tensor in the axis's place is compared elementwise: `max(a, b)` is `maximum(a, b)`, as in PyTorch.

    >>> max(Tensor([[1.0, 3.0], [4.0, 2.0]]), axis=1)
    Tensor([3., 4.])
    >>> max(Tensor([[1.0, 3.0], [4.0, 2.0]]), dim=1)
    Placed(values=Tensor([3., 4.]), indices=Tensor([1, 0], dtype=int64))
    """
    if isinstance(axis, Tensor):
        return maximum(x, axis)
    x = as_tensor(x)
    return record(max, _extreme("max", np.max, x, axis, keepdims), x, axis=axis, keepdims=keepdims)


@pair_by_dim("argmin")
def min(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest elements, NaN if one is NaN; ValueError if there are none. All else as in `max`."""
    if isinstance(axis, Tensor):
        return minimum(x, axis)
    x = as_tensor(x)
    return record(min, _extreme("min", np.min, x, axis, keepdims), x, axis=axis, keepdims=keepdims)


@torch_keywords
def argmax(x: Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest elements stand (int64), the first of equal ones; without axis, in the flat order.

    Raises ValueError if there are none.
    """
    return from_numpy(_extreme("argmax", np.argmax, as_tensor(x), axis, keepdims))


@torch_keywords
def argmin(x: Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest elements stand (int64), the first of equal ones; as `argmax`."""
    return from_numpy(_extreme("argmin", np.argmin, as_tensor(x), axis, keepdims))


@torch_keywords
def prod(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the product of the elements; 1 if there are none. Its gradient is right where some are 0."""
    x = as_tensor(x)
    dtype = None if x.dtype.kind == "f" else np.int64
    with np.errstate(over="ignore", invalid="ignore"):
        return record(prod, x.data.prod(axis=axis, dtype=dtype, keepdims=keepdims), x, axis=axis, keepdims=keepdims)


@torch_keywords
def cumsum(x: Operand, axis: int) -> Tensor:
    """Return running totals along an axis, in x's shape; of integers in int64.

    >>> cumsum(Tensor([1.0, 2.0, 3.0]), 0)
    Tensor([1., 3., 6.])
    """
    x = as_tensor(x)
    axis = axis_of(axis, builtins.max(x.ndim, 1), "cumsum")
    if not x.ndim:
        return astype(x, x.dtype if x.dtype.kind == "f" else np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        return record(cumsum, running_total(x.data, axis), x, axis=axis)


@torch_keywords
def cumprod(x: Operand, axis: int) -> Tensor:
    """Return running products along an axis, in x's shape; of integers in int64.

    Its gradient is right where some are 0.

    >>> cumprod(Tensor([2.0, 3.0, 4.0]), 0)
    Tensor([ 2.,  6., 24.])
    """
    x = as_tensor(x)
    axis = axis_of(axis, builtins.max(x.ndim, 1), "cumprod")
    dtype = x.dtype if x.dtype.kind == "f" else np.int64
    if not x.ndim:
        return astype(x, dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        return record(cumprod, x.data.cumprod(axis, dtype), x, axis=axis)


@torch_keywords
def std(x: Operand, axis: Axis = None, keepdims: bool = False, correction: int = 1) -> Tensor:
    """Return the standard deviation, the root of `var`; where it is 0, the gradient is 0.

    correction and what is raised: as `var`.
    """
    x = as_tensor(x)
    if x.dtype.kind != "f":
        raise TypeError(f"std wanted floats, got {x.dtype}; try .astype(np.float32)")
    if count_along(x.shape, axis) <= correction:
        raise ValueError(f"std wanted more than {correction} elements each, got shape {x.shape}, axis {axis}")
    data = x.data.astype(np.float32) if x.dtype == np.float16 else x.data  # float16 has no room for squares
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.sqrt(var(from_numpy(data), axis, keepdims, correction).data).astype(x.dtype, copy=False)
    return record(std, deviation, x, axis=axis, keepdims=keepdims, correction=correction)


@torch_keywords
def all(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return whether all elements are true, or not 0; true if there are none."""
    return from_numpy(np.all(as_tensor(x).data, axis=axis, keepdims=keepdims))


@torch_keywords
def any(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return whether an element is true, or not 0."""
    return from_numpy(np.any(as_tensor(x).data, axis=axis, keepdims=keepdims))


def _extreme(name: str, f: Callable[..., Any], x: Tensor, axis: Axis, keepdims: bool) -> Any:
    if name.startswith("arg") and not (axis is None or isinstance(axis, int)):
        raise TypeError(f"{name} wanted one axis or None, got {axis!r}; try .flatten() first")
    try:
        return f(x.data, axis=axis, keepdims=keepdims)
    except AxisError:
        raise
    except ValueError:
        if x.data.size:
            raise
        raise ValueError(f"{name} of no elements: shape {x.shape}, axis {axis}") from None
