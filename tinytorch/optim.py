"""Optimizers under PyTorch's names: `from tinytorch import optim`, then `optim.Adam`."""

from tinytorch.optimizers import SGD, Adam, Optimizer

__all__ = ["SGD", "Adam", "Optimizer"]
