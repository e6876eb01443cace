"""TinyTorch: an ML framework in NumPy, small enough to read and to build yourself."""

from tinytorch import _workspace

_workspace.install()  # before any module is imported: it decides whose code each of them is

from tinytorch import gradients, nn, optim  # noqa: E402, F401  # gradients: its rules register themselves
from tinytorch.activations import ReLU, relu  # noqa: E402
from tinytorch.autograd import backward, no_grad  # noqa: E402
from tinytorch.clipping import clip_grad_norm_, clip_grad_value_  # noqa: E402
from tinytorch.dataloader import DataLoader, TensorDataset, load_digits, shifted  # noqa: E402
from tinytorch.layers import Dense, Flatten, Layer, Linear, Sequential  # noqa: E402
from tinytorch.losses import CrossEntropyLoss, cross_entropy  # noqa: E402
from tinytorch.optimizer_base import Optimizer  # noqa: E402
from tinytorch.optimizers import SGD, Adam, AdamW, RMSprop  # noqa: E402
from tinytorch.setup import parameter_count  # noqa: E402
from tinytorch.tensor import Tensor, add, as_tensor, matmul, multiply, negative, reshape, sum, transpose  # noqa: E402
from tinytorch.training import Callback, Trainer, accuracy, evaluate  # noqa: E402

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Callback",
    "CrossEntropyLoss",
    "DataLoader",
    "Dense",
    "Flatten",
    "Layer",
    "Linear",
    "Optimizer",
    "RMSprop",
    "ReLU",
    "Sequential",
    "Tensor",
    "TensorDataset",
    "Trainer",
    "accuracy",
    "add",
    "as_tensor",
    "backward",
    "clip_grad_norm_",
    "clip_grad_value_",
    "cross_entropy",
    "evaluate",
    "load_digits",
    "matmul",
    "multiply",
    "negative",
    "nn",
    "no_grad",
    "optim",
    "parameter_count",
    "relu",
    "reshape",
    "shifted",
    "sum",
    "transpose",
]
