"""Module 05: the gradient rules of module 04's losses, which no exercise asks for.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
At its kink l1_loss has gradient 0, as in PyTorch.
"""

import numpy as np

from tinytorch.activations import logistic, softplus_of
from tinytorch.autograd import Gradients, vjp
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


@vjp(mse_loss)
def mse_loss_vjp(
    g: Array, out: Array, input: Array, target: Array, *, reduction: str, needs: Needs = BOTH
) -> Gradients:
    """Return g * 2 * (input - target), and minus that."""
    with np.errstate(all="ignore"):
        grad = np.asarray(input - target)
        grad *= 2 * _each(g, input, reduction)
    return grad, -grad if needs[1] else None


@vjp(l1_loss)
def l1_loss_vjp(g: Array, out: Array, input: Array, target: Array, *, reduction: str, needs: Needs = BOTH) -> Gradients:
    """Return g with the sign of the difference, and minus that."""
    with np.errstate(all="ignore"):
        grad = np.asarray(np.sign(input - target))
        grad *= _each(g, input, reduction)
    return grad, -grad if needs[1] else None


@vjp(huber_loss)
def huber_loss_vjp(
    g: Array, out: Array, input: Array, target: Array, *, reduction: str, delta: float, needs: Needs = BOTH
) -> Gradients:
    """Return g times the difference, cut at ±delta, and minus that."""
    with np.errstate(all="ignore"):
        grad = np.asarray(input - target)
        grad = np.asarray(grad.clip(-delta, delta, out=grad))
        grad *= _each(g, input, reduction)
    return grad, -grad if needs[1] else None


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
    positive: Array | None,
    reduction: str,
    needs: Needs = BOTH,
) -> Gradients:
    """Return g * (sigmoid(x) - t) where nothing is weighed, and -g * x for the target."""
    each = _each(g, input, reduction) * scale
    by_input = by_target = None
    with np.errstate(all="ignore"):
        if needs[0]:
            by_input = logistic(input)
            if positive is not None:  # s - t becomes s - t + (p - 1) * t * (s - 1)
                by_input += (positive - 1) * target * (by_input - 1)
            by_input -= target
            by_input *= each
        if needs[1]:
            by_target = each * (-input if positive is None else (positive - 1) * softplus_of(-input) - input)
    return by_input, by_target


@vjp(cross_entropy)
def cross_entropy_vjp(g: Array, out: Array, input: Array, *, labels: Labels, powers: Array, totals: Array) -> Gradients:
    """Return softmax - one_hot(target), scaled by each sample's share in the loss and by the loss's gradient.

    powers: (M, C), softmax(input) as rows but for a division by their sums, totals: (M,).
    Source: Bishop, "Pattern Recognition and Machine Learning" (2006), eq. 4.109.
    """
    each = g.reshape(-1) * labels.shares  # (M,)
    with np.errstate(all="ignore"):
        grad = powers * (each / totals)[:, None]
    grad[np.arange(len(grad)), labels.classes] -= each
    grad[~labels.counted] = 0  # also where what is ignored is infinite
    return (rows_back(grad, input.shape),)


@vjp(soft_cross_entropy)
def soft_cross_entropy_vjp(
    g: Array, out: Array, input: Array, target: Array, *, probabilities: Array, reduction: str, needs: Needs = BOTH
) -> Gradients:
    """Return g * (softmax * sum of target - target), and -g * log softmax for the target."""
    each = g.reshape(-1, 1) / (len(probabilities) if reduction == "mean" else 1)  # (M, 1) or (1, 1)
    by_input = by_target = None
    with np.errstate(all="ignore"):
        if needs[0]:
            wanted = rows_of_classes(target)
            grad = np.asarray(probabilities * wanted.sum(axis=1, keepdims=True))
            grad -= wanted
            grad *= each
            by_input = rows_back(grad, input.shape)
        if needs[1]:
            rows = rows_of_classes(input)
            shifted = rows - rows.max(axis=1, keepdims=True)
            log_totals = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            by_target = rows_back(each * (log_totals - shifted), input.shape)
    return by_input, by_target


@vjp(nll_loss)
def nll_loss_vjp(g: Array, out: Array, input: Array, *, labels: Labels) -> Gradients:
    """Return minus each sample's share, times g, at its target, and 0 elsewhere."""
    grad = np.zeros_like(rows_of_classes(input), order="C")
    grad[np.arange(len(grad)), labels.classes] = -g.reshape(-1) * labels.shares
    return (rows_back(grad, input.shape),)


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
    with np.errstate(all="ignore"):  # a target of 0 has the gradient -inf
        if log_target:
            share = each * np.exp(target)
            return -share, share * (target - input + 1) if needs[1] else None
        by_target = each * (np.log(target) + 1 - input) if needs[1] else None
        return -each * target, by_target


def _each(g: Array, x: Array, reduction: str) -> Array:
    """Return the gradient of each element's loss: of one shape with g, which a mean shares out."""
    return g / x.dtype.type(x.size) if reduction == "mean" else g
