"""Module 04: the losses as layers under PyTorch's names: each keeps its options and calls its function.

Public parts: `MSELoss`, `L1Loss`, `HuberLoss`, `SmoothL1Loss`, `BCELoss`, `BCEWithLogitsLoss`, `CrossEntropyLoss`,
`NLLLoss`, `KLDivLoss`, and their base `Loss`.
"""

from tinytorch.layer_base import Buffer, Layer
from tinytorch.loss_checks import KL_REDUCTIONS, REDUCTIONS, check_reduction
from tinytorch.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from tinytorch.tensor import Operand, Tensor


class Loss(Layer):
    """The base of the losses as layers, which have no parameters: they keep a reduction."""

    def __init__(self, reduction: str = "mean") -> None:
        check_reduction(type(self).__name__, reduction, KL_REDUCTIONS if isinstance(self, KLDivLoss) else REDUCTIONS)
        self.reduction = reduction

    def extra_repr(self) -> str:
        """Show the reduction unless it is the mean."""
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class MSELoss(Loss):
    """`mse_loss` as a layer."""

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return mse_loss(input, target)."""
        return mse_loss(input, target, self.reduction)


class L1Loss(Loss):
    """`l1_loss` as a layer."""

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return l1_loss(input, target)."""
        return l1_loss(input, target, self.reduction)


class HuberLoss(Loss):
    """`huber_loss` as a layer."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return huber_loss(input, target)."""
        return huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(Loss):
    """`smooth_l1_loss` as a layer."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return smooth_l1_loss(input, target)."""
        return smooth_l1_loss(input, target, self.reduction, self.beta)


class BCELoss(Loss):
    """`binary_cross_entropy` as a layer; its weight is a buffer."""

    def __init__(self, weight: Operand | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = _buffer(weight)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return binary_cross_entropy(input, target)."""
        return binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """`binary_cross_entropy_with_logits` as a layer; its weights are buffers."""

    def __init__(
        self, weight: Operand | None = None, reduction: str = "mean", pos_weight: Operand | None = None
    ) -> None:
        super().__init__(reduction)
        self.weight = _buffer(weight)
        self.pos_weight = _buffer(pos_weight)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return binary_cross_entropy_with_logits(input, target)."""
        return binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class CrossEntropyLoss(Loss):
    """`cross_entropy` as a layer; its weight is a buffer."""

    def __init__(
        self,
        weight: Operand | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.weight = _buffer(weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return cross_entropy(input, target): (N, C), (N,) -> a single number."""
        return cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(Loss):
    """`nll_loss` as a layer; its weight is a buffer."""

    def __init__(self, weight: Operand | None = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = _buffer(weight)
        self.ignore_index = ignore_index

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return nll_loss(input, target)."""
        return nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class KLDivLoss(Loss):
    """`kl_div` as a layer."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return kl_div(input, target)."""
        return kl_div(input, target, self.reduction, self.log_target)


def _buffer(weight: Operand | None) -> Buffer | None:
    return None if weight is None else Buffer(weight)
