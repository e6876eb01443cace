"""Module 01: products and reductions that PyTorch's scripts call besides those of `tensor.py` and `reductions.py`.

Public parts: `dot`, `mv`, `mm`, `bmm`, `outer`; `norm`, `logsumexp`, `amax`, `amin`, `count_nonzero`, `bincount`.

The products are `@` with a check of the number of axes. `norm` and `logsumexp` have rules, in `torch_gradients.py`,
since those of their parts would be NaN or overflow.
"""

import math

import numpy as np

from tinytorch.arrays import total, whole
from tinytorch.elementwise import abs, ne
from tinytorch.reductions import max, min
from tinytorch.tensor import Axis, Operand, Tensor, as_tensor, from_numpy, record
from tinytorch.torch_keywords import torch_keywords


def dot(a: Operand, b: Operand) -> Tensor:
    """Return the sum of the products of two vectors' elements: (n,), (n,) -> ()."""
    return _product("dot", a, b, 1, 1)


def mv(a: Operand, b: Operand) -> Tensor:
    """Return a matrix times a vector: (n, k), (k,) -> (n,)."""
    return _product("mv", a, b, 2, 1)


def mm(a: Operand, b: Operand) -> Tensor:
    """Return the product of two matrices: (n, k), (k, m) -> (n, m)."""
    return _product("mm", a, b, 2, 2)


def bmm(a: Operand, b: Operand) -> Tensor:
    """Return the products of two stacks of matrices, of one length: (B, n, k), (B, k, m) -> (B, n, m)."""
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == b.ndim == 3 and len(a) != len(b):
        raise ValueError(f"bmm wanted stacks of one length, got {a.shape} and {b.shape}; @ stretches a length of 1")
    return _product("bmm", a, b, 3, 3)


def outer(a: Operand, b: Operand) -> Tensor:
    """Return every product of an element of a and one of b: (n,), (m,) -> (n, m)."""
    a, b = as_tensor(a), as_tensor(b)
    if (a.ndim, b.ndim) != (1, 1):
        raise ValueError(f"outer wanted vectors (n,) and (m,), got {a.shape} and {b.shape}")
    return a.reshape(-1, 1) * b


@torch_keywords
def norm(x: Operand, p: float | str = 2, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return (sum of |x| ** p) ** (1 / p); without axis, of all elements. The gradient is 0 where the norm is 0.

    p: a positive number; infinity for the largest |x|, 0 for the number of elements that aren't 0, which has no
    gradient; "fro" is 2.
    Raises TypeError for integers, ValueError for another p.

    >>> norm(Tensor([3.0, 4.0])), norm(Tensor([3.0, -4.0]), 1), norm(Tensor([3.0, 4.0]), math.inf)
    (Tensor(5.), Tensor(7.), Tensor(4.))
    """
    x = as_tensor(x)
    if x.dtype.kind != "f":
        raise TypeError(f"norm wanted floats, got {x.dtype}; try .astype(np.float32)")
    power = 2 if p == "fro" else p
    if not isinstance(power, int | float) or not power >= 0:
        raise ValueError(f'norm wanted p as a number of 0 or more, infinity or "fro", got {p!r}')
    if power == math.inf:
        return max(abs(x), axis, keepdims)
    if power == 0:
        return from_numpy(count_nonzero(x, axis, keepdims).data.astype(x.dtype))
    return _powers(x, power, axis, keepdims)


def _powers(x: Tensor, p: float, axis: Axis, keepdims: bool) -> Tensor:
    with np.errstate(all="ignore"):
        if p == 2:
            length = np.sqrt(total(x.data * x.data, axis, keepdims))
        else:
            length = total(np.abs(x.data) ** p, axis, keepdims) ** (1 / p)
    return record(norm, length, x, p=p, axis=axis, keepdims=keepdims)


@torch_keywords
def logsumexp(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return log(sum of exp(x)), of all elements without axis; no exponential overflows. Integers become float32.

    >>> logsumexp(Tensor([1000.0, 1000.0]), dim=0)
    Tensor(1000.69312)
    """
    x = as_tensor(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float32)
    largest = np.max(x.data, axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0)
    with np.errstate(all="ignore"):
        logs = np.log(total(np.exp(x.data - largest), axis, keepdims=True)) + largest
    result = logs if keepdims else logs.squeeze(axis) if x.ndim and axis is not None else logs.reshape(())
    return record(logsumexp, result.astype(x.dtype, copy=False), x, axis=axis, keepdims=keepdims)


@torch_keywords
def amax(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest elements, as `max` with `axis`: those that are equal share the gradient."""
    return max(x, axis, keepdims)


@torch_keywords
def amin(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest elements, as `min` with `axis`: those that are equal share the gradient."""
    return min(x, axis, keepdims)


@torch_keywords
def count_nonzero(x: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return how many elements aren't 0, int64."""
    return ne(x, 0).sum(axis, keepdims)


def bincount(x: Operand, minlength: int = 0) -> Tensor:
    """Return how often each of 0, 1, 2, ... up to the largest stands in a vector of integers, int64.

    minlength: how many numbers are counted at least. Raises ValueError for numbers below 0, or another shape.

    >>> bincount(Tensor([0, 2, 2]))
    Tensor([1, 0, 2], dtype=int64)
    """
    x = as_tensor(x)
    if x.ndim != 1 or x.dtype.kind not in "iu" or (x.data < 0).any():
        raise ValueError(f"bincount wanted a vector of integers of 0 or more, got {x.dtype} of shape {x.shape}")
    return from_numpy(np.bincount(x.data, minlength=whole(minlength, "bincount's minlength")))


def _product(name: str, a: Operand, b: Operand, left: int, right: int) -> Tensor:
    a, b = as_tensor(a), as_tensor(b)
    if (a.ndim, b.ndim) != (left, right):
        raise ValueError(f"{name} wanted {left} and {right} axes, got {a.shape} and {b.shape}; @ takes any number")
    return a @ b
