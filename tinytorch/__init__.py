"""TinyTorch: an ML framework in NumPy, small enough to read and to build yourself."""

from tinytorch import _workspace

_workspace.install()  # before any module is imported: it decides whose code each of them is

from tinytorch.autograd import backward, no_grad  # noqa: E402
from tinytorch.setup import parameter_count  # noqa: E402
from tinytorch.tensor import Tensor, add, as_tensor, matmul, multiply, negative, reshape, sum, transpose  # noqa: E402

__all__ = [
    "Tensor",
    "add",
    "as_tensor",
    "backward",
    "matmul",
    "multiply",
    "negative",
    "no_grad",
    "parameter_count",
    "reshape",
    "sum",
    "transpose",
]
