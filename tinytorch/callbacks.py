"""Module 07: callbacks for every training.

Public parts: `EarlyStopping`, `SaveCheckpoint`. Progress displays and plots are not the library's: it never prints.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tinytorch.checkpoints import save_checkpoint
from tinytorch.checks import at_least_one
from tinytorch.optimizer_base import at_least_zero
from tinytorch.tensor import Tensor
from tinytorch.training import Callback, Epoch, Trainer


class EarlyStopping(Callback):
    """Stops a training that has not become better for `patience` epochs in a row, and brings the best weights back.

    monitor: "loss", or the name of a metric; of the validation. mode: whether better is lower ("min") or higher
    ("max"); without it "min" for the loss and "max" for a metric. min_delta: how much better counts.
    restore_best: at the end of `fit`, but not after an error, the model gets the weights of its best epoch, which stand
    in `weights`; the optimizer's state stays.
    best: the best value so far; best_epoch: its number.

    Raises ValueError for options out of range, and in `fit` without validation or without that metric.
    Source: Prechelt, "Early stopping - but when?" (1998), section 2.
    """

    def __init__(
        self,
        patience: int = 10,
        monitor: str = "loss",
        mode: Literal["min", "max"] | None = None,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        if mode not in ("min", "max", None):
            raise ValueError(f"EarlyStopping wanted mode 'min' or 'max', got {mode!r}")
        self.patience = at_least_one("patience", patience)
        self.monitor = monitor
        self.mode = mode or ("min" if monitor == "loss" else "max")
        self.min_delta = at_least_zero("min_delta", min_delta)
        self.restore_best = restore_best
        self.best = math.inf if self.mode == "min" else -math.inf
        self.best_epoch = 0
        self.weights: dict[str, Tensor] | None = None

    def before_fit(self, trainer: Trainer) -> None:
        """Begin anew, unless a checkpoint lets the training go on."""
        if trainer.validation is None:
            raise ValueError("EarlyStopping goes by the validation, got none; give fit() a validation set")
        if trainer.progress.epoch == 1 and not trainer.progress.batches:
            self.best, self.best_epoch, self.weights = math.inf if self.mode == "min" else -math.inf, 0, None

    def after_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        """Compare with the best epoch so far."""
        value = self._value(epoch)
        sign = 1 if self.mode == "min" else -1
        if sign * value < sign * self.best - self.min_delta:
            self.best, self.best_epoch = value, epoch.number
            self.weights = trainer.model.state_dict() if self.restore_best else None
        elif epoch.number - self.best_epoch >= self.patience:
            trainer.stop = True

    def after_fit(self, trainer: Trainer, history: Sequence[Epoch]) -> None:
        """Bring the best weights back."""
        if self.weights is not None:
            trainer.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, its epoch and its weights."""
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self.weights}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from there. Raises ValueError for another callback's state."""
        if set(state_dict) != {"best", "best_epoch", "weights"}:
            raise ValueError(f"EarlyStopping wanted a state with best, best_epoch and weights, got {[*state_dict]}")
        self.best = float(state_dict["best"])
        self.best_epoch = int(state_dict["best_epoch"])
        self.weights = state_dict["weights"] and dict(state_dict["weights"])

    def _value(self, epoch: Epoch) -> float:
        assert epoch.validation is not None  # `before_fit` asked for it
        if self.monitor == "loss":
            return epoch.validation.loss
        if self.monitor not in epoch.validation.metrics:
            found = sorted(epoch.validation.metrics)
            raise ValueError(f"EarlyStopping wanted the metric {self.monitor!r}, got {found}; give it to the Trainer")
        value = epoch.validation.metrics[self.monitor]
        if math.isnan(value):
            raise ValueError(f"EarlyStopping wanted a number to go by, got {self.monitor}=nan in epoch {epoch.number}")
        return value


class SaveCheckpoint(Callback):
    """Saves the training to one file, over and over: `load_checkpoint` lets it go on from there.

    path: the file, by custom with the ending .safetensors. every_epochs: after how many epochs. every_steps: after how
    many steps besides, for long epochs; None for none.

    Raises ValueError for counts below 1, what `save_checkpoint` raises, and FloatingPointError in place of saving
    parameters that are no longer finite numbers: the file before them stays. All of that comes at rest, so the training
    can still be saved elsewhere and go on.
    """

    def __init__(self, path: str | Path, every_epochs: int = 1, every_steps: int | None = None) -> None:
        self.path = Path(path)
        self.every_epochs = at_least_one("every_epochs", every_epochs)
        self.every_steps = None if every_steps is None else at_least_one("every_steps", every_steps)

    def at_rest(self, trainer: Trainer) -> None:
        """Save where it is time to."""
        if not trainer.progress.batches:
            due = (trainer.progress.epoch - 1) % self.every_epochs == 0
        else:
            due = self.every_steps is not None and trainer.steps % self.every_steps == 0
        if due:
            self._check_finite(trainer)
            save_checkpoint(self.path, trainer)

    def _check_finite(self, trainer: Trainer) -> None:
        for name, p in trainer.model.named_parameters():
            if not np.isfinite(p.data).all():
                raise FloatingPointError(
                    f"{name} is no longer all finite numbers after step {trainer.steps}, so {self.path} was left as it "
                    f"is; go on from there with a smaller learning rate or clip_norm"
                )
