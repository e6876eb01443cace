"""Module 07: evaluation, how good a model is on data that it doesn't learn from.

Public parts: `evaluate`, its result `Score`, and `pair_of`, which says what a batch is.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinytorch.autograd import no_grad
from tinytorch.layers import Layer
from tinytorch.loss_weights import Loss, check_loss, ignored_class, is_sum, single_loss, weight_of
from tinytorch.losses import cross_entropy
from tinytorch.metrics import accuracy
from tinytorch.tensor import Array, Tensor, as_tensor

Batch = tuple[Tensor, ...]  # (inputs, targets)
Batches = Iterable[Batch]  # the same again in every pass: a DataLoader or a list
Metrics = Mapping[str, Callable[[Array, Array], float]]  # by name: (outputs, targets) of all samples -> a number
Seen = list[tuple[Array, Array]]  # (outputs, targets) of each batch


class Score(NamedTuple):
    """How good a model is on some data."""

    loss: float  # the mean, as of one batch of all samples
    metrics: dict[str, float]  # by name

    @property
    def accuracy(self) -> float:
        """The share of right answers, from 0 to 1; AttributeError where it wasn't asked for."""
        if "accuracy" not in self.metrics:
            raise AttributeError(f"this score has no accuracy, only {sorted(self.metrics)}; give it among the metrics")
        return self.metrics["accuracy"]


def evaluate(model: Layer, batches: Batches, loss: Loss = cross_entropy, metrics: Metrics | None = None) -> Score:
    """Return the loss of all batches as one, and the metrics; nothing is recorded for gradients.

    loss: (outputs, targets) -> a number; how much each batch counts, says `tinytorch.loss_weights`.
    metrics: by name, (outputs, targets) -> a number; they get all samples at once, for F1 is no mean over batches.
        Without any, the accuracy where outputs (N, C) meet targets (N,) of integers, without those that the loss
        ignores. {} for none.
    The model is in evaluation mode meanwhile (`eval`). Afterwards, also after an error, each of its layers has the mode
    that it had before.
    Raises ValueError if there are no batches, or a loss that isn't one number; FloatingPointError if the loss is nan.
    """
    check_loss(loss)
    training = [(layer, layer.training) for layer in model.modules()]
    try:
        model.eval()
        with no_grad():
            mean, seen = _run(model, batches, loss, keep=metrics is None or bool(metrics))
    finally:
        for layer, mode in training:
            layer.training = mode
    if math.isnan(mean):
        raise FloatingPointError("the loss is nan on the data to evaluate; is the learning rate too large?")
    return Score(mean, _default(loss, seen) if metrics is None else _measured(metrics, seen))


def pair_of(batch: Any) -> tuple[Tensor, Tensor]:
    """Return a batch's inputs and targets as Tensors. Raises ValueError for what isn't a pair of samples."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        count = f" of {len(batch)} tensors" if isinstance(batch, tuple | list) else ""
        raise ValueError(
            f"a batch wanted to be (inputs, targets), got a {type(batch).__name__}{count}; change the dataset, or the "
            f"DataLoader's collate_fn"
        )
    inputs, targets = (as_tensor(part) for part in batch)
    if not inputs.ndim or not targets.ndim:
        raise ValueError(f"a batch wanted samples along axis 0, got {inputs.shape} and {targets.shape}; add that axis")
    return inputs, targets


def _run(model: Layer, batches: Batches, loss: Loss, keep: bool) -> tuple[float, Seen]:
    """Return the mean loss, and the outputs and targets if they are to be kept."""
    total, weights, samples = 0.0, 0.0, 0
    seen: Seen = []
    for batch in batches:
        inputs, targets = pair_of(batch)
        outputs, weight = model(inputs), weight_of(loss, targets)
        if weight:
            value = float(single_loss(loss, outputs, targets).item())
            total += value if is_sum(loss) else value * weight
        weights += weight
        samples += len(inputs)
        if keep:
            seen.append((outputs.data, targets.data))
    if not samples:
        raise ValueError("evaluate got no batches: is the dataset empty, or are they a generator that ended?")
    if not weights:
        raise ValueError("evaluate wanted a target or more that counts, got none: the loss ignores all of them")
    return total / weights, seen


def _default(loss: Loss, seen: Seen) -> dict[str, float]:
    """Return the accuracy where outputs and targets are a classifier's."""
    outputs, targets = seen[0]
    if outputs.ndim != 2 or outputs.shape[1] < 2 or targets.ndim != 1 or targets.dtype.kind not in "iu":
        return {}
    ignored = ignored_class(loss)
    if ignored is not None:
        seen = [(output[target != ignored], target[target != ignored]) for output, target in seen]
    return _measured({"accuracy": accuracy}, seen)


def _measured(metrics: Metrics, seen: Seen) -> dict[str, float]:
    """Return the metrics of all batches together, by name."""
    if not metrics:
        return {}
    outputs, targets = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    found: dict[str, float] = {}
    for name, metric in metrics.items():
        value = metric(outputs, targets)
        if np.size(value) != 1 or not isinstance(value, float | int | np.number | np.ndarray | Tensor):
            raise TypeError(f"the metric {name!r} wanted to return a number, got {value!r:.80}")
        found[name] = float(value)
    return found
