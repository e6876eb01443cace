"""Module 04: losses, one number that says how wrong a network is.

Public parts: `mse_loss`, `l1_loss`, `huber_loss`, `smooth_l1_loss`, `binary_cross_entropy`,
`binary_cross_entropy_with_logits`, `cross_entropy`, `soft_cross_entropy`, `nll_loss` and `kl_div`. Each is a layer too,
`MSELoss` and so on, in `tinytorch/loss_layers.py`; their gradient rules stand in `tinytorch/loss_gradients.py`.

reduction, wherever it stands: "mean" (over all that counts), "sum", or "none" for a loss an element or a sample.
Targets are Tensors, arrays or lists; they take the dtype of what they are compared with. A mean of nothing, and what
can't be compared, raises ValueError with what was wanted and what came; PyTorch's mean of nothing is NaN. What is
infinite or NaN in PyTorch for infinite or NaN inputs is so here, without a warning.
"""

import numpy as np

from tinytorch.activations import softplus_of, sums_along
from tinytorch.checks import number
from tinytorch.loss_checks import (
    KL_REDUCTIONS,
    Labels,
    check_probabilities,
    check_reduction,
    floats,
    label_rows,
    paired,
    reduced,
    rows_of_classes,
    soft_targets,
    weight_array,
)
from tinytorch.tensor import Array, Operand, Shape, Tensor, as_tensor, record

LOG_FLOOR = -100.0  # PyTorch's lower limit of log(0) in binary_cross_entropy


def mse_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return the squared differences (input - target)², reduced.

    input, target: floats of one shape; there is no broadcasting, which would hide a (N, 1) against a (N,).

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()  # (0² + 2²) / 2
    2.0
    """
    input, target = paired("mse_loss", input, target)
    with np.errstate(all="ignore"):
        each = np.asarray(input.data - target.data)
        each *= each
    return record(mse_loss, reduced("mse_loss", each, reduction), input, target, reduction=reduction)


def l1_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return the absolute differences |input - target|, reduced; the gradient is 0 where both are equal.

    input, target: floats of one shape.

    >>> l1_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()
    1.0
    """
    input, target = paired("l1_loss", input, target)
    each = _distance(input, target)
    return record(l1_loss, reduced("l1_loss", each, reduction), input, target, reduction=reduction)


def huber_loss(input: Operand, target: Operand, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Return d² / 2 for differences d up to delta and delta * (|d| - delta / 2) beyond, reduced.

    input, target: floats of one shape. Raises ValueError unless delta is positive.
    Source: Huber, "Robust estimation of a location parameter" (1964), section 3.

    >>> huber_loss(Tensor([0.0, 0.0]), Tensor([1.0, 4.0]), reduction="none")
    Tensor([0.5, 3.5])
    """
    return _huber("huber_loss", input, target, reduction, "delta", delta)


def smooth_l1_loss(input: Operand, target: Operand, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return d² / (2 * beta) for differences d up to beta and |d| - beta / 2 beyond: `huber_loss` divided by beta.

    input, target: floats of one shape. beta = 0 is `l1_loss`; ValueError if it is negative.
    Source: Girshick, "Fast R-CNN" (2015), eq. 3.
    """
    if beta == 0:
        return l1_loss(input, target, reduction)
    return _huber("smooth_l1_loss", input, target, reduction, "beta", beta) * (1 / float(beta))


def binary_cross_entropy(
    input: Operand, target: Operand, weight: Operand | None = None, reduction: str = "mean"
) -> Tensor:
    """Return -(target * log(input) + (1 - target) * log(1 - input)), reduced.

    input, target: probabilities from 0 to 1, of one shape. weight: what each is multiplied by, broadcasting.
    Logarithms are cut at -100, as in PyTorch: input 0 for target 1 costs 100. They are in the target's gradient too,
    which is infinite there in PyTorch. After a sigmoid, take `binary_cross_entropy_with_logits` on what goes into it:
    it is exact.
    Raises ValueError with the value for one outside [0, 1], and for a negative weight.
    """
    input, target = paired("binary_cross_entropy", input, target)
    check_probabilities("binary_cross_entropy", "an input", input.data, "take sigmoid(input), or ..._with_logits?")
    check_probabilities("binary_cross_entropy", "a target", target.data, "classes are 0 and 1")
    with np.errstate(divide="ignore"):  # log(0) is -inf, and cut
        log_yes, log_no = np.log(input.data), np.log1p(-input.data)
    each = -(target.data * np.maximum(log_yes, LOG_FLOOR) + (1 - target.data) * np.maximum(log_no, LOG_FLOOR))
    scale = weight_array("binary_cross_entropy", weight, input)
    value = reduced("binary_cross_entropy", each * scale, reduction)
    return record(binary_cross_entropy, value, input, target, scale=scale, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    reduction: str = "mean",
    pos_weight: Operand | None = None,
) -> Tensor:
    """Return `binary_cross_entropy(sigmoid(input), target)` in one step, exact for every float input.

    input: logits, any real scores; target: from 0 to 1, of the same shape. weight: what each loss is multiplied by;
    pos_weight: what the part of target = 1 is multiplied by; both broadcast.
    Raises ValueError with the value for a target outside [0, 1], and for a negative weight.

    >>> binary_cross_entropy_with_logits(Tensor([0.0, 1000.0]), Tensor([1.0, 0.0]), reduction="none")
    Tensor([6.931472e-01, 1.000000e+03])
    """
    input, target = paired("binary_cross_entropy_with_logits", input, target)
    check_probabilities("binary_cross_entropy_with_logits", "a target", target.data, "classes are 0 and 1")
    scale = weight_array("binary_cross_entropy_with_logits", weight, input)
    positive = None if pos_weight is None else weight_array("binary_cross_entropy_with_logits", pos_weight, input)
    x, t = input.data, target.data
    each = softplus_of(-x)  # -log(sigmoid(x)); x more is -log(1 - sigmoid(x))
    with np.errstate(all="ignore"):
        if positive is not None:
            each *= 1 + (positive - 1) * t
        each += (1 - t) * x
        each *= scale
    value = reduced("binary_cross_entropy_with_logits", each, reduction)
    return record(
        binary_cross_entropy_with_logits, value, input, target, scale=scale, positive=positive, reduction=reduction
    )


def cross_entropy(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return -log softmax(input)[target] of each sample, reduced; the mean is a 0-d tensor.

    input: the logits, (N, C), (N, C, d1, ...) or (C,) floats, any real scores; target: (N,), (N, d1, ...) or ()
    integers from 0 to C - 1, the right class of each sample; or floats of the input's shape, the probability of each
    class, whose sum need not be 1.
    weight: (C,), what each class's loss is multiplied by; the mean over integers is divided by their weights.
    ignore_index: a target that does not count; its logits get the gradient 0, whatever they are.
    label_smoothing: the share, from 0 to 1, spread over all classes.
    Softmax and logarithm are one step, log sum exp(z - max z) - (z[target] - max z): no exponential overflows, and no
    logarithm gets 0.
    Raises ValueError for other shapes, a target out of range, a negative weight, probabilities with an ignore_index
    from 0 on, or a mean of no samples, also where all are ignored (NaN in PyTorch); TypeError for other dtypes.
    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), eq. 6.30; smoothing: Szegedy, Vanhoucke, Ioffe,
    Shlens, Wojna, "Rethinking the inception architecture for computer vision" (2016), section 7.

    >>> cross_entropy(Tensor([[0.0, 0.0], [1000.0, 0.0]]), Tensor([1, 0])).item()  # (log 2 + 0) / 2
    0.34657359...
    """
    input, target = floats("cross_entropy", input), as_tensor(target)
    label_smoothing = number(label_smoothing, "cross_entropy's label_smoothing")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy wanted a label_smoothing from 0 to 1, got {label_smoothing}")
    if label_smoothing or (target.dtype.kind == "f" and target.shape == input.shape):
        soft = soft_targets(input, target, weight, ignore_index, reduction, label_smoothing)
        return soft_cross_entropy(input, soft, "none" if reduction == "none" else "sum")
    labels = label_rows("cross_entropy", input, target, weight, ignore_index, reduction)
    with np.errstate(all="ignore"):
        shifted = _at_most_0(rows_of_classes(input.data))  # (M, C), M = N * d1 * ...
        own = shifted[np.arange(len(shifted)), labels.classes]  # (M,)
        powers = np.exp(shifted, out=shifted)
        totals = sums_along(powers, 1)[:, 0]  # (M,), from 1 to C
        loss = _weighed(np.log(totals) - own, labels, target.shape, reduction)
    return record(cross_entropy, loss, input, labels=labels, powers=powers, totals=totals)


def soft_cross_entropy(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return the sum over the classes of -target * log softmax(input) of each sample, reduced.

    input: floats as in `cross_entropy`; target: floats of the same shape, how much each class counts: probabilities.
    Raises ValueError for other shapes, or a mean of no samples.

    >>> soft_cross_entropy(Tensor([[0.0, 0.0]]), Tensor([[0.25, 0.75]])).item()  # log 2
    0.69314718...
    """
    input, target = paired("soft_cross_entropy", input, target)
    if not input.ndim or not input.shape[min(input.ndim - 1, 1)]:
        raise ValueError(f"soft_cross_entropy wanted logits (N, C) with classes, got {input.shape}")
    with np.errstate(all="ignore"):
        shifted = _at_most_0(rows_of_classes(input.data))  # (M, C)
        wanted = rows_of_classes(target.data)
        own = np.vecdot(wanted, shifted)  # (M,)
        probabilities = np.exp(shifted, out=shifted)
        totals = probabilities.sum(axis=1)  # from 1 to C
        probabilities /= totals[:, None]
        losses = np.log(totals) * wanted.sum(axis=1) - own
    samples = input.shape[:1] * (input.ndim > 1) + input.shape[2:]
    loss = reduced("soft_cross_entropy", losses.reshape(samples), reduction)
    return record(soft_cross_entropy, loss, input, target, probabilities=probabilities, reduction=reduction)


def nll_loss(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return -input[target] of each sample, reduced: `cross_entropy` after `log_softmax`.

    input: log-probabilities, (N, C), (N, C, d1, ...) or (C,) floats; target: integers; all else as in `cross_entropy`.

    >>> nll_loss(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), Tensor([1, 0])).item()  # (2 + 3) / 2
    2.5
    """
    input, target = floats("nll_loss", input), as_tensor(target)
    labels = label_rows("nll_loss", input, target, weight, ignore_index, reduction)
    rows = rows_of_classes(input.data)
    with np.errstate(all="ignore"):
        loss = _weighed(-rows[np.arange(len(rows)), labels.classes], labels, target.shape, reduction)
    return record(nll_loss, loss, input, labels=labels)


def kl_div(input: Operand, target: Operand, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return target * (log(target) - input), reduced: how much is lost by taking exp(input) for target.

    input: log-probabilities; target: probabilities of the same shape, or their logarithms with log_target; 0 costs 0,
    and its gradient by the target is the limit, -infinity (NaN in PyTorch).
    reduction: "mean" divides by the number of elements, as in PyTorch; the divergence itself is "batchmean", divided by
    the length of the first axis.
    Raises ValueError for a target outside [0, 1] unless log_target.
    Source: Kullback and Leibler, "On information and sufficiency" (1951), eq. 2.4.

    >>> kl_div(Tensor([[0.0, 0.0]]), Tensor([[1.0, 0.0]]), reduction="batchmean").item()
    0.0
    """
    input, target = paired("kl_div", input, target)
    check_reduction("kl_div", reduction, KL_REDUCTIONS)
    if not log_target:
        check_probabilities("kl_div", "a target", target.data, "log_target=True takes logarithms")
    with np.errstate(all="ignore"):
        if log_target:
            each = np.exp(target.data) * (target.data - input.data)
        else:
            each = target.data * (np.log(np.where(target.data > 0, target.data, 1)) - input.data)
    if reduction == "batchmean":
        if not input.ndim or not len(each):
            raise ValueError(f"kl_div wanted a sample or more along axis 0 for batchmean, got the shape {input.shape}")
        value = reduced("kl_div", each, "sum") / len(each)
    else:
        value = reduced("kl_div", each, reduction)
    return record(kl_div, value, input, target, reduction=reduction, log_target=log_target)


def _huber(name: str, input: Operand, target: Operand, reduction: str, option: str, delta: float) -> Tensor:
    """Return `huber_loss` under the name of the loss that was asked for, and of its option."""
    input, target = paired(name, input, target)
    delta = number(delta, f"{name}'s {option}")
    if not delta > 0:
        raise ValueError(f"{name} wanted a positive {option}, got {delta}")
    each = _distance(input, target)
    inner = each.clip(0, delta)
    with np.errstate(all="ignore"):
        each -= 0.5 * inner
        each *= inner
    return record(huber_loss, reduced(name, each, reduction), input, target, reduction=reduction, delta=delta)


def _distance(input: Tensor, target: Tensor) -> Array:
    """Return |input - target| in an array of its own."""
    with np.errstate(all="ignore"):
        difference = np.asarray(input.data - target.data)
    return np.asarray(np.abs(difference, out=difference))


def _at_most_0(rows: Array) -> Array:
    """Return the rows minus their maxima: the same softmax, and no exponential is above 1."""
    shifted: Array = rows - rows.max(axis=1, keepdims=True)
    return shifted


def _weighed(losses: Array, labels: Labels, shape: Shape, reduction: str) -> Array:
    """Return the samples' losses times their shares, in the targets' shape or summed; the ignored ones are 0."""
    losses[~labels.counted] = 0  # whatever came out there, also infinity
    losses *= labels.shares
    total: Array = losses.reshape(shape) if reduction == "none" else losses.sum()
    return total
