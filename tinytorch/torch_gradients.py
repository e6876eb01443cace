"""Module 05: the gradient rules of operations that module 01 has for PyTorch's scripts.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
They stand here because module 01 comes before gradients.
"""

import math

import numpy as np

from tinytorch import reductions, torch_algebra, torch_elementwise, torch_indexing, trigonometry
from tinytorch.autograd import Gradients, vjp
from tinytorch.indexing import index_arrays
from tinytorch.tensor import Array, Axis
from tinytorch.tensor_gradients import BOTH, Needs, kept


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


@vjp(trigonometry.tan)
def tan_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * (1 + tan(x)²)."""
    return (g * (1 + out * out),)


@vjp(trigonometry.asin)
def asin_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / sqrt(1 - x²)."""
    with np.errstate(all="ignore"):
        return (g / np.sqrt(1 - x * x),)


@vjp(trigonometry.acos)
def acos_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return -g / sqrt(1 - x²)."""
    with np.errstate(all="ignore"):
        return (-g / np.sqrt(1 - x * x),)


@vjp(trigonometry.atan)
def atan_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / (1 + x²)."""
    with np.errstate(over="ignore"):
        return (g / (1 + x * x),)


@vjp(trigonometry.sinh)
def sinh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * cosh(x)."""
    with np.errstate(all="ignore"):
        return (g * np.cosh(x),)


@vjp(trigonometry.cosh)
def cosh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * sinh(x)."""
    with np.errstate(all="ignore"):
        return (g * np.sinh(x),)


@vjp(trigonometry.asinh)
def asinh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / sqrt(1 + x²)."""
    with np.errstate(over="ignore"):
        return (g / np.sqrt(1 + x * x),)


@vjp(trigonometry.acosh)
def acosh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / sqrt(x² - 1)."""
    with np.errstate(all="ignore"):
        return (g / np.sqrt(x * x - 1),)


@vjp(trigonometry.atanh)
def atanh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / (1 - x²)."""
    with np.errstate(all="ignore"):
        return (g / (1 - x * x),)


@vjp(torch_elementwise.fmod)
def fmod_vjp(g: Array, out: Array, a: Array, b: Array, *, needs: Needs = BOTH) -> Gradients:
    """Return the gradients of a - trunc(a / b) * b."""
    with np.errstate(all="ignore"):
        return g, -g * np.trunc(a / b) if needs[1] else None


@vjp(reductions.cumprod)
def cumprod_vjp(g: Array, out: Array, x: Array, *, axis: int) -> Gradients:
    """Return the product of all before each element times s[k] = g[k] + x[k + 1] * s[k + 1].

    There is no division, so zeros do no harm.
    """
    out, x = np.moveaxis(out, axis, 0), np.moveaxis(x, axis, 0)
    slopes = np.moveaxis(g, axis, 0).copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for k in reversed(range(len(slopes) - 1)):
            slopes[k] += x[k + 1] * slopes[k + 1]
        slopes[1:] *= out[:-1]
    return (np.moveaxis(slopes, 0, axis),)


@vjp(torch_indexing.scatter)
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


@vjp(torch_indexing.scatter_add)
def scatter_add_vjp(
    g: Array, out: Array, x: Array, src: Array, *, axis: int, index: Array, inside: tuple[slice, ...]
) -> Gradients:
    """Give x the whole gradient, and src that of the places to which its elements were added."""
    by_src = np.zeros(src.shape, g.dtype)
    by_src[inside] = g[index_arrays(index, axis)]
    return g, by_src
