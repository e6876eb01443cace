"""The gradient rules of modules 02 to 04's operations, which no exercise asks for.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
They stand here because modules 02 to 04 come before gradients. From module 09 on, an operation and its rule stand
together.

At kinks they agree with PyTorch: relu and l1_loss have gradient 0 at 0, leaky_relu its slope.
"""

import math

import numpy as np

from tinytorch.activations import (
    GELU_CUBIC,
    GELU_SCALE,
    gelu,
    leaky_relu,
    log_softmax,
    logistic,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softplus_of,
    tanh,
)
from tinytorch.autograd import Gradients, vjp
from tinytorch.layers import dropout
from tinytorch.loss_checks import Labels, rows_back, rows_of_classes
from tinytorch.losses import (
    LOG_FLOOR,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    soft_cross_entropy,
)
from tinytorch.tensor import Array

Needs = tuple[bool, bool]
BOTH = (True, True)

SMALLEST_VARIANCE = 1e-12  # PyTorch's lower limit of p * (1 - p), which binary_cross_entropy's gradient is divided by


@vjp(relu)
def relu_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Let the gradient pass where the input was positive, or NaN."""
    return (g * (out != 0),)


@vjp(leaky_relu)
def leaky_relu_vjp(g: Array, out: Array, x: Array, *, negative_slope: float) -> Gradients:
    """Let the gradient pass where the input was positive, and the slope times it elsewhere."""
    slopes = np.array([negative_slope, 1], x.dtype)
    return (g * slopes.take(x > 0),)


@vjp(sigmoid)
def sigmoid_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * s * (1 - s)."""
    return (g * out * (1 - out),)


@vjp(tanh)
def tanh_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * (1 - tanh²)."""
    return (g * (1 - out * out),)


@vjp(gelu)
def gelu_vjp(g: Array, out: Array, x: Array, *, cdf: Array, approximate: str) -> Gradients:
    """Return g * (Phi(x) + x * phi(x)), phi being the derivative of Phi or of its approximation."""
    if approximate == "none":
        density = np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    else:
        density = cdf * (1 - cdf) * (2 * GELU_SCALE + 6 * GELU_SCALE * GELU_CUBIC * x * x)
    return (g * (cdf + x * density),)


@vjp(silu)
def silu_vjp(g: Array, out: Array, x: Array, *, gate: Array) -> Gradients:
    """Return g * (s + x * s * (1 - s)), with s = sigmoid(x)."""
    return (g * (gate + out * (1 - gate)),)


@vjp(softplus)
def softplus_vjp(g: Array, out: Array, x: Array, *, beta: float, threshold: float) -> Gradients:
    """Return g * sigmoid(beta * x), and g above the threshold."""
    scaled = beta * x
    return (g * np.maximum(logistic(scaled), scaled > threshold),)


@vjp(softmax)
def softmax_vjp(g: Array, out: Array, x: Array, *, axis: int) -> Gradients:
    """Return p * (g - sum of g * p). Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), section 6.2.2.3."""
    weighed = g * out
    return (weighed - out * weighed.sum(axis, keepdims=True),)


@vjp(log_softmax)
def log_softmax_vjp(g: Array, out: Array, x: Array, *, axis: int) -> Gradients:
    """Return g - p * sum of g."""
    return (g - np.exp(out) * g.sum(axis, keepdims=True),)


@vjp(dropout)
def dropout_vjp(g: Array, out: Array, x: Array, *, kept: Array, scale: float) -> Gradients:
    """Drop and enlarge the gradients of the same elements."""
    return (g * kept * scale,)


@vjp(mse_loss)
def mse_loss_vjp(g: Array, out: Array, input: Array, target: Array, *, reduction: str) -> Gradients:
    """Return g * 2 * (input - target), and minus that."""
    grad = (2 * _each(g, input, reduction)) * (input - target)
    return grad, -grad


@vjp(l1_loss)
def l1_loss_vjp(g: Array, out: Array, input: Array, target: Array, *, reduction: str) -> Gradients:
    """Return g with the sign of the difference, and minus that."""
    grad = _each(g, input, reduction) * np.sign(input - target)
    return grad, -grad


@vjp(huber_loss)
def huber_loss_vjp(g: Array, out: Array, input: Array, target: Array, *, reduction: str, delta: float) -> Gradients:
    """Return g times the difference, cut at ±delta, and minus that."""
    grad = _each(g, input, reduction) * np.clip(input - target, -delta, delta)
    return grad, -grad


@vjp(binary_cross_entropy)
def binary_cross_entropy_vjp(
    g: Array, out: Array, input: Array, target: Array, *, scale: Array, reduction: str, needs: Needs = BOTH
) -> Gradients:
    """Return g * (p - t) / (p * (1 - p)), and g * (log(1 - p) - log(p)) for the target, with PyTorch's limits."""
    each = _each(g, input, reduction) * scale
    grad = each * (input - target) / np.maximum(input * (1 - input), SMALLEST_VARIANCE) if needs[0] else None
    if not needs[1]:
        return grad, None
    with np.errstate(divide="ignore"):  # log(0) is -inf, and cut
        log_odds = np.maximum(np.log1p(-input), LOG_FLOOR) - np.maximum(np.log(input), LOG_FLOOR)
    return grad, each * log_odds


@vjp(binary_cross_entropy_with_logits)
def binary_cross_entropy_with_logits_vjp(
    g: Array,
    out: Array,
    input: Array,
    target: Array,
    *,
    scale: Array,
    positive: Array,
    reduction: str,
    needs: Needs = BOTH,
) -> Gradients:
    """Return g * (sigmoid(x) - t) where nothing is weighed, and -g * x for the target."""
    each = _each(g, input, reduction) * scale
    by_input = by_target = None
    if needs[0]:
        by_input = each * ((1 - target) - (1 + (positive - 1) * target) * logistic(-input))
    if needs[1]:
        by_target = each * ((positive - 1) * softplus_of(-input) - input)
    return by_input, by_target


@vjp(cross_entropy)
def cross_entropy_vjp(g: Array, out: Array, logits: Array, *, labels: Labels, probabilities: Array) -> Gradients:
    """Return softmax - one_hot(targets), scaled by each sample's share in the loss and by the loss's gradient.

    probabilities: (M, C), softmax(logits) as rows.
    Source: Bishop, "Pattern Recognition and Machine Learning" (2006), eq. 4.109.
    """
    each = g.reshape(-1) * labels.shares  # (M,)
    grad = probabilities * each[:, None]
    grad[np.arange(len(grad)), labels.classes] -= each
    return (rows_back(grad, logits.shape),)


@vjp(soft_cross_entropy)
def soft_cross_entropy_vjp(
    g: Array, out: Array, logits: Array, targets: Array, *, probabilities: Array, reduction: str, needs: Needs = BOTH
) -> Gradients:
    """Return g * (softmax * sum of targets - targets), and -g * log softmax for the targets."""
    each = g.reshape(-1, 1) / (len(probabilities) if reduction == "mean" else 1)  # (M, 1) or (1, 1)
    by_logits = by_targets = None
    if needs[0]:
        wanted = rows_of_classes(targets)
        by_logits = rows_back(each * (probabilities * wanted.sum(axis=1, keepdims=True) - wanted), logits.shape)
    if needs[1]:
        rows = rows_of_classes(logits)
        shifted = rows - rows.max(axis=1, keepdims=True)
        log_totals = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        by_targets = rows_back(each * (log_totals - shifted), logits.shape)
    return by_logits, by_targets


@vjp(nll_loss)
def nll_loss_vjp(g: Array, out: Array, log_probabilities: Array, *, labels: Labels) -> Gradients:
    """Return minus each sample's share, times g, at its target, and 0 elsewhere."""
    grad = np.zeros_like(rows_of_classes(log_probabilities), order="C")
    grad[np.arange(len(grad)), labels.classes] = -g.reshape(-1) * labels.shares
    return (rows_back(grad, log_probabilities.shape),)


@vjp(kl_div)
def kl_div_vjp(
    g: Array,
    out: Array,
    input: Array,
    target: Array,
    *,
    reduction: str,
    log_target: bool,
    needs: Needs = BOTH,
) -> Gradients:
    """Return -g * target, and g * (log(target) + 1 - input) for the target; with logarithms, both times exp(target)."""
    each = g / len(input) if reduction == "batchmean" else _each(g, input, reduction)
    if log_target:
        share = each * np.exp(target)
        return -share, share * (target - input + 1) if needs[1] else None
    by_target = None
    if needs[1]:
        with np.errstate(divide="ignore"):  # a target of 0 has the gradient -inf
            by_target = each * (np.log(target) + 1 - input)
    return -each * target, by_target


def _each(g: Array, x: Array, reduction: str) -> Array:
    """Return the gradient of each element's loss: of one shape with g, which a mean shares out."""
    return g / x.dtype.type(x.size) if reduction == "mean" else g
