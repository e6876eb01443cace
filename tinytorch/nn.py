"""Layers and losses under PyTorch's names: `from tinytorch import nn`, then `nn.Linear`, `nn.Module`."""

from tinytorch import layers
from tinytorch.activations import ReLU
from tinytorch.layers import Flatten, Linear, Sequential
from tinytorch.losses import CrossEntropyLoss

Module = layers.Layer

__all__ = ["CrossEntropyLoss", "Flatten", "Linear", "Module", "ReLU", "Sequential"]
