"""Optimizers under PyTorch's names: `from tinytorch import optim`, then `optim.Adam`, `optim.lr_scheduler.StepLR`."""

import sys

from tinytorch import optimizer_base as optimizer
from tinytorch import schedulers as lr_scheduler
from tinytorch.optimizer_base import Optimizer
from tinytorch.optimizers import SGD, Adam, AdamW, RMSprop

sys.modules[f"{__name__}.lr_scheduler"] = lr_scheduler  # for `from tinytorch.optim.lr_scheduler import StepLR`
sys.modules[f"{__name__}.optimizer"] = optimizer  # for `from tinytorch.optim.optimizer import Optimizer`

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler", "optimizer"]
