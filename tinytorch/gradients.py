"""Module 05: the gradient rules of modules 02 and 03's operations, which no exercise asks for.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
They stand here because modules 02 to 04 come before gradients; those of the losses are in
`tinytorch/loss_gradients.py`. From module 09 on, an operation and its rule stand together.

At kinks they agree with PyTorch: relu has gradient 0 at 0, leaky_relu its slope. Most work in one array of their own,
since each pass over a large one costs as much as the arithmetic.
"""

import math

import numpy as np

from tinytorch.activations import (
    GELU_CUBIC,
    GELU_SCALE,
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logistic,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    sums_along,
    tanh,
)
from tinytorch.autograd import Gradients, vjp
from tinytorch.layers import dropout
from tinytorch.tensor import Array


@vjp(relu)
def relu_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Let the gradient pass where the input was positive, or NaN."""
    return (_where(out != 0, g),)


@vjp(leaky_relu)
def leaky_relu_vjp(g: Array, out: Array, x: Array, *, negative_slope: float) -> Gradients:
    """Let the gradient pass where the input was positive, and the slope times it elsewhere."""
    if abs(negative_slope) > 1:
        return (np.where(x > 0, g, g * negative_slope),)
    grad = np.asarray((x > 0) * x.dtype.type(1 - negative_slope))  # faster; exact only for the usual slopes
    grad += negative_slope
    grad *= g
    return (grad,)


@vjp(elu)
def elu_vjp(g: Array, out: Array, x: Array, *, alpha: float) -> Gradients:
    """Return g where the input was positive, and g * alpha * exp(x) elsewhere."""
    slopes = np.asarray(np.exp(x.clip(-np.inf, 0)))  # 1 where x is positive
    if alpha != 1:
        slopes *= alpha
        slopes += (x > 0) * x.dtype.type(1 - alpha)
    slopes *= g
    return (slopes,)


@vjp(hardtanh)
def hardtanh_vjp(g: Array, out: Array, x: Array, *, min_val: float, max_val: float) -> Gradients:
    """Let the gradient pass between the limits, and where the input is NaN."""
    return (_where(~((out == min_val) | (out == max_val)), g),)


@vjp(sigmoid)
def sigmoid_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * s * (1 - s)."""
    grad = np.asarray(1 - out)
    grad *= out
    grad *= g
    return (grad,)


@vjp(tanh)
def tanh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * (1 - tanh²)."""
    grad = np.asarray(out * out)
    np.subtract(1, grad, out=grad)
    grad *= g
    return (grad,)


@vjp(gelu)
def gelu_vjp(g: Array, out: Array, x: Array, *, cdf: Array, approximate: str) -> Gradients:
    """Return g * (Phi(x) + x * phi(x)), phi being the derivative of Phi or of its approximation."""
    with np.errstate(all="ignore"):
        grad = np.asarray(x * x)
        if approximate == "none":
            grad *= -0.5
            np.exp(grad, out=grad)
            grad *= 1 / math.sqrt(2 * math.pi)
        else:
            grad *= 6 * GELU_SCALE * GELU_CUBIC
            grad += 2 * GELU_SCALE
            grad *= cdf
            grad *= 1 - cdf
        grad *= x
        grad += cdf
        grad *= g
    return (grad,)


@vjp(silu)
def silu_vjp(g: Array, out: Array, x: Array, *, gate: Array) -> Gradients:
    """Return g * (s + x * s * (1 - s)), with s = sigmoid(x)."""
    with np.errstate(invalid="ignore"):
        grad = np.asarray(1 - gate)
        grad *= out
        grad += gate
        grad *= g
    return (grad,)


@vjp(softplus)
def softplus_vjp(g: Array, out: Array, x: Array, *, beta: float, threshold: float) -> Gradients:
    """Return g * sigmoid(beta * x), and g above the threshold."""
    with np.errstate(over="ignore"):
        scaled = beta * x if beta != 1 else x
    grad = logistic(scaled)
    far = scaled > threshold
    if far.any():
        grad[far] = 1
    grad *= g
    return (grad,)


@vjp(softmax)
def softmax_vjp(g: Array, out: Array, x: Array, *, axis: int) -> Gradients:
    """Return p * (g - sum of g * p). Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), section 6.2.2.3."""
    with np.errstate(all="ignore"):
        if axis in (-1, x.ndim - 1) and x.ndim:
            grad = np.asarray(g - np.vecdot(g, out)[..., None])
        else:
            grad = np.asarray(g - (g * out).sum(axis, keepdims=True))
        grad *= out
    return (grad,)


@vjp(log_softmax)
def log_softmax_vjp(g: Array, out: Array, x: Array, *, axis: int) -> Gradients:
    """Return g - p * sum of g."""
    with np.errstate(all="ignore"):
        grad = np.asarray(np.exp(out))
        grad *= sums_along(g, axis)
        np.subtract(g, grad, out=grad)
    return (grad,)


@vjp(dropout)
def dropout_vjp(g: Array, out: Array, x: Array, *, kept: Array, scale: float) -> Gradients:
    """Drop and enlarge the gradients of the same elements."""
    with np.errstate(invalid="ignore", over="ignore"):
        return (g * kept * scale,)


def _where(mask: Array, g: Array) -> Array:
    """Return g where the mask holds and 0 elsewhere: a product, which takes a fifth of np.where's time.

    Infinity times 0 would be NaN; sqrt(relu(x)) has such a gradient.
    """
    try:
        with np.errstate(invalid="raise"):
            kept = mask.astype(g.dtype)  # in place: a product with bools converts them block by block
            kept *= g
            return np.asarray(kept)
    except FloatingPointError:
        return np.where(mask, g, 0)
