"""Module 07: how much the loss of each batch counts where several batches are to be as one.

Public parts: `shares_of`, `weight_of`, `is_sum`, `single_loss`, `check_loss`, `ignored_class`.

A mean over all targets is the sum of the batches' means, each times its share of what a mean divides by. That is the
number of elements for `mse_loss`; for `cross_entropy` the targets that aren't ignored, each with its class's weight.
So the losses of `tinytorch.losses` are exact in any division into batches: as functions, as partials of them with
keywords (`functools.partial(cross_entropy, ignore_index=0)`), and as layers. Any other loss counts by its samples,
which is exact if it is a mean over samples; or by what its method `counted(targets)` returns.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinytorch import loss_layers, losses
from tinytorch.tensor import Array, Tensor, as_tensor

Loss = Callable[[Tensor, Tensor], Tensor]  # (outputs, targets) -> a number

OF_LAYERS: Mapping[type, Loss] = {
    loss_layers.MSELoss: losses.mse_loss,
    loss_layers.L1Loss: losses.l1_loss,
    loss_layers.HuberLoss: losses.huber_loss,
    loss_layers.SmoothL1Loss: losses.smooth_l1_loss,
    loss_layers.BCELoss: losses.binary_cross_entropy,
    loss_layers.BCEWithLogitsLoss: losses.binary_cross_entropy_with_logits,
    loss_layers.CrossEntropyLoss: losses.cross_entropy,
    loss_layers.NLLLoss: losses.nll_loss,
    loss_layers.KLDivLoss: losses.kl_div,
}
OF_CLASSES: tuple[Loss, ...] = (losses.cross_entropy, losses.nll_loss)
BY_ROWS: tuple[Loss, ...] = (losses.soft_cross_entropy,)  # a sample is a row of classes
IGNORED = -100  # the default of ignore_index


class Known(NamedTuple):
    """A loss of this library and its options."""

    function: Loss
    options: Mapping[str, Any]


def check_loss(loss: Loss) -> None:
    """Raise ValueError for a loss that is known to give a number for each sample."""
    known = _known(loss)
    if known and known.options.get("reduction") == "none":
        raise ValueError("training wanted a loss that is one number, got reduction='none'; take 'mean' or 'sum'")


def single_loss(loss: Loss, outputs: Any, targets: Tensor) -> Tensor:
    """Return the loss; TypeError if it is no Tensor, ValueError if it isn't one number."""
    value = loss(outputs, targets)
    if not isinstance(value, Tensor):
        raise TypeError(
            f"training wanted a loss that returns a Tensor, got {type(value).__name__}; compute it with Tensors, "
            f"so that it has a gradient"
        )
    if value.size != 1:
        raise ValueError(
            f"training wanted a loss that is one number, got the shape {value.shape}; take its mean, or a "
            f"reduction of 'mean'"
        )
    return value


def weight_of(loss: Loss, targets: Tensor) -> float:
    """Return what the mean over these targets divides by; for a reduction of "sum" the same, for the mean to report."""
    counted = getattr(loss, "counted", None)
    if counted is not None:
        return float(counted(targets))
    known = _known(loss)
    if known is None or known.options.get("reduction") == "batchmean":
        return float(len(targets))
    if known.function in BY_ROWS or (known.function in OF_CLASSES and targets.dtype.kind == "f"):
        return float(targets.size / max(1, targets.shape[min(targets.ndim - 1, 1)] if targets.ndim else 1))
    if known.function in OF_CLASSES and targets.dtype.kind in "iu":
        return _weight_of_classes(known.options, targets.data)
    return float(targets.size)


def shares_of(loss: Loss, weights: Sequence[float]) -> list[float]:
    """Return what each batch's loss is multiplied by so that their sum is the loss of all as one batch."""
    total = sum(weights)
    if is_sum(loss) or not total:
        return [1.0] * len(weights)  # of no weight at all the loss itself says what is wrong
    return [weight / total for weight in weights]


def is_sum(loss: Loss) -> bool:
    """Return whether the loss is known to be a sum rather than a mean."""
    known = _known(loss)
    return known is not None and known.options.get("reduction") == "sum"


def ignored_class(loss: Loss) -> int | None:
    """Return the target that the loss leaves out, if there is one."""
    known = _known(loss)
    return int(known.options.get("ignore_index", IGNORED)) if known and known.function in OF_CLASSES else None


def _known(loss: Loss) -> Known | None:
    if type(loss) in OF_LAYERS:  # a subclass may compute something else
        return Known(OF_LAYERS[type(loss)], vars(loss))
    if isinstance(loss, functools.partial):
        inner = _known(loss.func)
        return Known(inner.function, {**inner.options, **loss.keywords}) if inner and not loss.args else None
    if loss in OF_LAYERS.values() or loss in BY_ROWS:
        return Known(loss, {})
    return None


def _weight_of_classes(options: Mapping[str, Any], targets: Array) -> float:
    """Return how many targets aren't ignored, or the sum of the weights of their classes."""
    found = targets[targets != options.get("ignore_index", IGNORED)]
    if options.get("weight") is None:
        return float(found.size)
    weights = as_tensor(options["weight"]).data.reshape(-1)
    found = found[(found >= 0) & (found < len(weights))]  # what is out of range the loss refuses
    return float(weights[found].sum(dtype=np.float64))
