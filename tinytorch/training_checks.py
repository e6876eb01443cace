"""Module 07: what a Trainer is given, looked at before it is used: model, optimizer, loss, metrics, scheduler.

Public parts: `check_parts`, `check_scheduler`. Each raises an error that says what was wanted.
"""

from collections.abc import Mapping
from typing import Any

from tinytorch.layers import Layer
from tinytorch.loss_weights import check_loss
from tinytorch.optimizer_base import Optimizer
from tinytorch.schedulers import LRScheduler, ReduceLROnPlateau


def check_parts(model: Any, optimizer: Any, loss: Any, metrics: Any) -> None:
    """Raise TypeError for what is no such part, ValueError for an optimizer that changes nothing of the model."""
    if not isinstance(model, Layer):
        raise TypeError(f"Trainer wanted a Layer as the model, got {type(model).__name__}; derive it of Layer")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"Trainer wanted an optimizer such as SGD(...), got {type(optimizer).__name__}")
    if not callable(loss):
        raise TypeError(f"Trainer wanted a loss, (outputs, targets) -> a number, got {type(loss).__name__}")
    if metrics is not None and not isinstance(metrics, Mapping):
        kind = type(metrics).__name__
        raise TypeError(f'Trainer wanted metrics as a dict by name, got {kind}; try {{"accuracy": accuracy}}')
    check_loss(loss)
    learned = {id(p) for part in (model, loss) if isinstance(part, Layer) for p in part.parameters()}
    if learned.isdisjoint(map(id, optimizer.parameters)):
        raise ValueError(
            "the optimizer changes no parameter of this model; was the model made anew after it? Make the optimizer "
            "of model.parameters()"
        )


def check_scheduler(scheduler: Any, every: str, optimizer: Optimizer) -> None:
    """Raise TypeError for what is no scheduler; ValueError for one of another optimizer, or for what it can't go by."""
    if scheduler is not None and not isinstance(scheduler, LRScheduler | ReduceLROnPlateau):
        raise TypeError(f"Trainer wanted a scheduler such as StepLR, got {type(scheduler).__name__}")
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError("the scheduler changes another optimizer than the Trainer's; make it of the same one")
    if every not in ("epoch", "step"):
        raise ValueError(f"scheduler_every wanted 'epoch' or 'step', got {every!r}")
    if isinstance(scheduler, ReduceLROnPlateau) and every == "step":
        raise ValueError("ReduceLROnPlateau goes by the validation loss; wanted scheduler_every='epoch', got 'step'")
