"""Module 06: a learning rate that falls when a measure stops becoming better.

Public parts: `ReduceLROnPlateau`.
"""

import math
from collections.abc import Sequence
from typing import Literal

from tinytorch.optimizer_base import Optimizer, at_least_zero
from tinytorch.scheduler_base import Scheduler, one_a_group


class ReduceLROnPlateau(Scheduler):
    """The rate times `factor` once a measure has not become better for more than `patience` steps.

    mode: whether better means lower ("min") or higher ("max"). threshold: how much better counts, as a share of the
    best ("rel") or by itself ("abs"). cooldown: steps after a reduction that don't count. min_lr: where it ends, a
    rate or one a group. eps: smaller reductions are left out.

    Raises ValueError for options out of range, and for a measure that is not a number.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer)
        if not 0 <= factor < 1:
            raise ValueError(f"ReduceLROnPlateau wanted a factor in [0, 1), got {factor}")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau wanted mode 'min' or 'max' and threshold_mode 'rel' or 'abs', got {mode!r} and "
                f"{threshold_mode!r}"
            )
        self.mode = mode
        self.factor = factor
        self.patience = int(at_least_zero("patience", patience))
        self.threshold = at_least_zero("threshold", threshold)
        self.threshold_mode = threshold_mode
        self.cooldown = int(at_least_zero("cooldown", cooldown))
        self.min_lrs = one_a_group("min_lr", min_lr, optimizer)
        self.eps = at_least_zero("eps", eps)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """Look at the measure, and lower the rates if it has been no better for too long."""
        value = float(metrics)
        if math.isnan(value):
            raise ValueError("ReduceLROnPlateau wanted a number to go by, got nan; has the training diverged?")
        self._check_groups(len(self.min_lrs))
        self.last_epoch += 1
        self.num_bad_epochs += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * value < sign * self.best * (1 - sign * self.threshold)
        return sign * value < sign * self.best - self.threshold

    def _reduce(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            rate = max(group["lr"] * self.factor, least)
            if group["lr"] - rate > self.eps:
                group["lr"] = rate
