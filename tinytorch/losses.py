"""Module 04: losses, one number that says how wrong a network is.

Public parts: `mse_loss`, `l1_loss`, `huber_loss`, `smooth_l1_loss`, `binary_cross_entropy`,
`binary_cross_entropy_with_logits`, `cross_entropy`, `soft_cross_entropy`, `nll_loss` and `kl_div`. Each is a layer too,
`MSELoss` and so on, in `tinytorch/loss_layers.py`; their gradient rules stand in `tinytorch/gradients.py`.

reduction, wherever it stands: "mean" (over all that counts), "sum", or "none" for a loss an element or a sample.
Targets are Tensors, arrays or lists; they take the dtype of what they are compared with. A mean of nothing, and what
can't be compared, raises ValueError with what was wanted and what came.
"""

import numpy as np

from tinytorch.activations import softplus_of
from tinytorch.loss_checks import (
    KL_REDUCTIONS,
    Labels,
    check_probabilities,
    check_reduction,
    floats,
    label_rows,
    paired,
    reduced,
    rows_back,
    rows_of_classes,
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
    difference = input.data - target.data
    return record(mse_loss, reduced("mse_loss", difference * difference, reduction), input, target, reduction=reduction)


def l1_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return the absolute differences |input - target|, reduced; the gradient is 0 where both are equal.

    input, target: floats of one shape.

    >>> l1_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()
    1.0
    """
    input, target = paired("l1_loss", input, target)
    difference = np.abs(input.data - target.data)
    return record(l1_loss, reduced("l1_loss", difference, reduction), input, target, reduction=reduction)


def huber_loss(input: Operand, target: Operand, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Return d² / 2 for differences d up to delta and delta * (|d| - delta / 2) beyond, reduced.

    input, target: floats of one shape. Raises ValueError unless delta is positive.
    Source: Huber, "Robust estimation of a location parameter" (1964), section 3.

    >>> huber_loss(Tensor([0.0, 0.0]), Tensor([1.0, 4.0]), reduction="none")
    Tensor([0.5, 3.5])
    """
    input, target = paired("huber_loss", input, target)
    if not delta > 0:
        raise ValueError(f"huber_loss wanted a positive delta, got {delta}")
    distance = np.abs(input.data - target.data)
    inner = np.minimum(distance, delta)
    each = inner * (distance - 0.5 * inner)
    value = reduced("huber_loss", each, reduction)
    return record(huber_loss, value, input, target, reduction=reduction, delta=delta)


def smooth_l1_loss(input: Operand, target: Operand, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return d² / (2 * beta) for differences d up to beta and |d| - beta / 2 beyond: `huber_loss` divided by beta.

    input, target: floats of one shape. beta = 0 is `l1_loss`; ValueError if it is negative.
    Source: Girshick, "Fast R-CNN" (2015), eq. 3.
    """
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, delta=beta) * (1 / beta)


def binary_cross_entropy(
    input: Operand, target: Operand, weight: Operand | None = None, reduction: str = "mean"
) -> Tensor:
    """Return -(target * log(input) + (1 - target) * log(1 - input)), reduced.

    input, target: probabilities from 0 to 1, of one shape. weight: what each is multiplied by, broadcasting.
    Logarithms are cut at -100, as in PyTorch: input 0 for target 1 costs 100. After a sigmoid, take
    `binary_cross_entropy_with_logits` on what goes into it: it is exact.
    Raises ValueError with the value for one outside [0, 1].
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
    Raises ValueError with the value for a target outside [0, 1].

    >>> binary_cross_entropy_with_logits(Tensor([0.0, 1000.0]), Tensor([1.0, 0.0]), reduction="none")
    Tensor([6.931472e-01, 1.000000e+03])
    """
    input, target = paired("binary_cross_entropy_with_logits", input, target)
    check_probabilities("binary_cross_entropy_with_logits", "a target", target.data, "classes are 0 and 1")
    scale = weight_array("binary_cross_entropy_with_logits", weight, input)
    positive = weight_array("binary_cross_entropy_with_logits", pos_weight, input)
    x, t = input.data, target.data
    minus_log_yes = softplus_of(-x)  # -log(sigmoid(x)); x more is -log(1 - sigmoid(x))
    each = (1 - t) * x + (1 + (positive - 1) * t) * minus_log_yes
    value = reduced("binary_cross_entropy_with_logits", each * scale, reduction)
    return record(
        binary_cross_entropy_with_logits, value, input, target, scale=scale, positive=positive, reduction=reduction
    )


def cross_entropy(
    logits: Operand,
    targets: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return -log softmax(logits)[target] of each sample, reduced; the mean is a 0-d tensor.

    logits: (N, C), (N, C, d1, ...) or (C,) floats, any real scores; targets: (N,), (N, d1, ...) or () integers from 0
    to C - 1, the right class of each sample; or floats of the logits' shape, the probability of each class.
    weight: (C,), what each class's loss is multiplied by; the mean over integer targets is divided by their weights.
    ignore_index: a target that does not count. label_smoothing: the share, from 0 to 1, spread over all classes.
    Softmax and logarithm are one step, log sum exp(z - max z) - (z[target] - max z): no exponential overflows, and no
    logarithm gets 0.
    Raises ValueError for other shapes, a mean of no samples, or a target out of range; TypeError for other dtypes.
    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), eq. 6.30; smoothing: Szegedy, Vanhoucke, Ioffe,
    Shlens, Wojna, "Rethinking the inception architecture for computer vision" (2016), section 7.

    >>> cross_entropy(Tensor([[0.0, 0.0], [1000.0, 0.0]]), Tensor([1, 0])).item()  # (log 2 + 0) / 2
    0.34657359...
    """
    logits, targets = floats("cross_entropy", logits), as_tensor(targets)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy wanted a label_smoothing from 0 to 1, got {label_smoothing}")
    if label_smoothing or (targets.dtype.kind == "f" and targets.shape == logits.shape):
        soft = _soft_targets(logits, targets, weight, ignore_index, reduction, label_smoothing)
        return soft_cross_entropy(logits, soft, "none" if reduction == "none" else "sum")
    labels = label_rows("cross_entropy", logits, targets, weight, ignore_index, reduction)
    shifted = _at_most_0(rows_of_classes(logits.data))  # (M, C), M = N * d1 * ...
    own = shifted[np.arange(len(shifted)), labels.classes]  # (M,)
    probabilities, log_totals = _softmax_in_place(shifted)
    loss = _weighed(log_totals - own, labels, targets.shape, reduction)
    return record(cross_entropy, loss, logits, labels=labels, probabilities=probabilities)


def soft_cross_entropy(logits: Operand, targets: Operand, reduction: str = "mean") -> Tensor:
    """Return the sum over the classes of -target * log softmax(logits) of each sample, reduced.

    logits: floats as in `cross_entropy`; targets: floats of the same shape, how much each class counts: probabilities.
    Raises ValueError for other shapes, or a mean of no samples.

    >>> soft_cross_entropy(Tensor([[0.0, 0.0]]), Tensor([[0.25, 0.75]])).item()  # log 2
    0.69314718...
    """
    logits, targets = paired("soft_cross_entropy", logits, targets)
    if not logits.ndim or not logits.shape[min(logits.ndim - 1, 1)]:
        raise ValueError(f"soft_cross_entropy wanted logits (N, C) with classes, got {logits.shape}")
    shifted = _at_most_0(rows_of_classes(logits.data))  # (M, C)
    wanted = rows_of_classes(targets.data)
    own = (wanted * shifted).sum(axis=1)  # (M,)
    probabilities, log_totals = _softmax_in_place(shifted)
    losses = log_totals * wanted.sum(axis=1) - own
    samples = logits.shape[:1] * (logits.ndim > 1) + logits.shape[2:]
    loss = reduced("soft_cross_entropy", losses.reshape(samples), reduction)
    return record(soft_cross_entropy, loss, logits, targets, probabilities=probabilities, reduction=reduction)


def nll_loss(
    log_probabilities: Operand,
    targets: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return -log_probabilities[target] of each sample, reduced: `cross_entropy` after `log_softmax`.

    log_probabilities: (N, C), (N, C, d1, ...) or (C,) floats; targets: integers; all else as in `cross_entropy`.

    >>> nll_loss(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), Tensor([1, 0])).item()  # (2 + 3) / 2
    2.5
    """
    log_probabilities, targets = floats("nll_loss", log_probabilities), as_tensor(targets)
    labels = label_rows("nll_loss", log_probabilities, targets, weight, ignore_index, reduction)
    rows = rows_of_classes(log_probabilities.data)
    loss = _weighed(-rows[np.arange(len(rows)), labels.classes], labels, targets.shape, reduction)
    return record(nll_loss, loss, log_probabilities, labels=labels)


def kl_div(input: Operand, target: Operand, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return target * (log(target) - input), reduced: how much is lost by taking exp(input) for target.

    input: log-probabilities; target: probabilities of the same shape, or their logarithms with log_target; 0 costs 0.
    reduction: "mean" divides by the number of elements, as in PyTorch; the divergence itself is "batchmean", divided by
    the length of the first axis.
    Raises ValueError for a target outside [0, 1] unless log_target.
    Source: Kullback and Leibler, "On information and sufficiency" (1951), eq. 2.4.

    >>> kl_div(Tensor([[0.0, 0.0]]), Tensor([[1.0, 0.0]]), reduction="batchmean").item()
    0.0
    """
    input, target = paired("kl_div", input, target)
    check_reduction("kl_div", reduction, KL_REDUCTIONS)
    if log_target:
        each = np.exp(target.data) * (target.data - input.data)
    else:
        check_probabilities("kl_div", "a target", target.data, "log_target=True takes logarithms")
        each = target.data * (np.log(np.where(target.data > 0, target.data, 1)) - input.data)
    if reduction == "batchmean":
        if not input.ndim or not len(each):
            raise ValueError(f"kl_div wanted a sample or more along axis 0 for batchmean, got the shape {input.shape}")
        value = each.sum() / len(each)
    else:
        value = reduced("kl_div", each, reduction)
    return record(kl_div, value, input, target, reduction=reduction, log_target=log_target)


def _at_most_0(rows: Array) -> Array:
    """Return the rows minus their maxima: the same softmax, and no exponential is above 1."""
    shifted: Array = rows - rows.max(axis=1, keepdims=True)
    return shifted


def _softmax_in_place(shifted: Array) -> tuple[Array, Array]:
    """Turn rows of at most 0 into probabilities; return them, and the logarithms of the sums of exponentials, (M,)."""
    probabilities = np.exp(shifted, out=shifted)
    totals = probabilities.sum(axis=1)  # from 1 to C
    probabilities /= totals[:, None]
    return probabilities, np.log(totals)


def _weighed(losses: Array, labels: Labels, shape: Shape, reduction: str) -> Array:
    """Return the samples' losses times their shares, in the targets' shape or summed; the ignored ones are 0."""
    losses[~labels.counted] = 0  # whatever came out there, also infinity
    losses *= labels.shares
    total: Array = losses.reshape(shape) if reduction == "none" else losses.sum()
    return total


def _soft_targets(
    logits: Tensor, targets: Tensor, weight: Operand | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Return how much each class of each sample counts in cross_entropy's result: weighed, smoothed, averaged."""
    check_reduction("cross_entropy", reduction)
    axis = min(logits.ndim - 1, 1)
    if targets.shape != logits.shape or targets.dtype.kind != "f":
        return _smoothed_labels(logits, targets, weight, ignore_index, reduction, smoothing)
    check_probabilities("cross_entropy", "a target", targets.data, "integers are the number of the right class")
    classes = logits.shape[axis]
    samples = logits.size // max(classes, 1)
    if not samples and (reduction == "mean" or not classes):
        raise ValueError(f"cross_entropy of no samples or no classes: logits {logits.shape}; is the batch empty?")
    weights = np.broadcast_to(weight_array("cross_entropy", weight, logits, (classes,)), classes)
    weights = weights.reshape(-1, *[1] * (logits.ndim - 1 - axis)) / (samples if reduction == "mean" else 1)
    return (targets * (1 - smoothing) + smoothing / classes) * Tensor(weights, logits.dtype)


def _smoothed_labels(
    logits: Tensor, targets: Tensor, weight: Operand | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Return what `_soft_targets` does for integers: most for the right class, and the rest for all of them alike."""
    labels = label_rows("cross_entropy", logits, targets, weight, ignore_index, reduction)
    classes = logits.shape[min(logits.ndim - 1, 1)]
    weights = np.broadcast_to(weight_array("cross_entropy", weight, logits, (classes,)), classes)
    rows = np.outer(labels.counted / labels.total, weights * (smoothing / classes))  # (M, C)
    rows[np.arange(len(rows)), labels.classes] += (1 - smoothing) * labels.shares
    return Tensor(rows_back(rows, logits.shape), logits.dtype)
