"""Optimizers under PyTorch's names: `from tinytorch import optim`, then `optim.Adam`, `optim.lr_scheduler.StepLR`."""

from tinytorch import schedulers as lr_scheduler
from tinytorch.optimizer_base import Optimizer
from tinytorch.optimizers import SGD, Adam, AdamW, RMSprop

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
