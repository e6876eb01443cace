"""Module 05: the gradient rules of operations that module 01 has for PyTorch's scripts.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
They stand here because module 01 comes before gradients.
"""

import math

import numpy as np

from tinytorch import torch_algebra, torch_elementwise, torch_shapes
from tinytorch.autograd import Gradients, vjp
from tinytorch.indexing import index_arrays
from tinytorch.tensor import Array, Axis
from tinytorch.tensor_gradients import kept


@vjp(torch_elementwise.log1p)
def log1p_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / (1 + x)."""
    with np.errstate(all="ignore"):
        return (g / (1 + x),)


@vjp(torch_elementwise.expm1)
def expm1_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * exp(x)."""
    with np.errstate(all="ignore"):
        return (g * (out + 1),)


@vjp(torch_elementwise.erf)
def erf_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * 2 / sqrt(pi) * exp(-x²)."""
    with np.errstate(over="ignore"):
        return (g * (np.exp(-x * x) * (2 / math.sqrt(math.pi))),)


@vjp(torch_elementwise.floor)
@vjp(torch_elementwise.ceil)
@vjp(torch_elementwise.trunc)
@vjp(torch_elementwise.round)
def rounding_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return zeros: between its steps a rounded number is constant."""
    return (np.zeros_like(g),)


@vjp(torch_algebra.norm)
def norm_vjp(g: Array, out: Array, x: Array, *, p: float, axis: Axis, keepdims: bool) -> Gradients:
    """Return g * sign(x) * (|x| / norm) ** (p - 1), 0 where the norm or x is 0."""
    g, out = kept(g, axis, keepdims), kept(out, axis, keepdims)
    with np.errstate(all="ignore"):
        if p == 2:
            return (g * np.where(out == 0, 0, x / out),)
        share = np.sign(x) * (np.abs(x) / out) ** (p - 1)
        return (g * np.where((out == 0) | (x == 0), 0, share),)


@vjp(torch_algebra.logsumexp)
def logsumexp_vjp(g: Array, out: Array, x: Array, *, axis: Axis, keepdims: bool) -> Gradients:
    """Return g * softmax(x)."""
    with np.errstate(all="ignore"):
        return (kept(g, axis, keepdims) * np.exp(x - kept(out, axis, keepdims)),)


@vjp(torch_shapes.scatter)
def scatter_vjp(
    g: Array, out: Array, x: Array, src: Array, *, axis: int, index: Array, inside: tuple[slice, ...]
) -> Gradients:
    """Give x the gradient where nothing was put, and src that of the places where its elements went."""
    places = index_arrays(index, axis)
    by_x = np.array(g)
    by_x[places] = 0
    if not src.ndim:
        return by_x, np.asarray(g[places].sum())
    by_src = np.zeros(src.shape, g.dtype)
    by_src[inside] = g[places]
    return by_x, by_src
