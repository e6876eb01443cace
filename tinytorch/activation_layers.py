"""Module 02: the activations as layers under PyTorch's names: each keeps its options and calls its function.

Public parts: `ReLU`, `LeakyReLU`, `ELU`, `Hardtanh`, `ReLU6`, `Sigmoid`, `LogSigmoid`, `Tanh`, `GELU`, `SiLU`,
`Softplus`, `Softmax`, `LogSoftmax`; `PReLU`, which alone has a parameter, `SELU`, `CELU`, `Mish`, `Hardsigmoid`,
`Hardswish`, `Softsign`. inplace is accepted and without effect, as in `tinytorch/activations.py`.
"""

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.activations import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tinytorch.checks import at_least_one, number
from tinytorch.composed_activations import celu, hardsigmoid, hardswish, mish, prelu, selu, softsign
from tinytorch.layer_base import Layer, Parameter
from tinytorch.tensor import Tensor


class ReLU(Layer):
    """`relu` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(x): any shape -> the same shape."""
        return relu(x)


class LeakyReLU(Layer):
    """`leaky_relu` as a layer."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Return leaky_relu(x): any shape -> the same shape."""
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """Show the slope."""
        return f"negative_slope={self.negative_slope}"


class ELU(Layer):
    """`elu` as a layer."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Return elu(x): any shape -> the same shape."""
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        """Show alpha."""
        return f"alpha={self.alpha}"


class Hardtanh(Layer):
    """`hardtanh` as a layer."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, x: Tensor) -> Tensor:
        """Return hardtanh(x): any shape -> the same shape."""
        return hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        """Show the limits."""
        return f"min_val={self.min_val}, max_val={self.max_val}"


class ReLU6(Layer):
    """`relu6` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return relu6(x): any shape -> the same shape."""
        return relu6(x)


class LogSigmoid(Layer):
    """`logsigmoid` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logsigmoid(x): any shape -> the same shape."""
        return logsigmoid(x)


class Sigmoid(Layer):
    """`sigmoid` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        """Return sigmoid(x): any shape -> the same shape."""
        return sigmoid(x)


class Tanh(Layer):
    """`tanh` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        """Return tanh(x): any shape -> the same shape."""
        return tanh(x)


class GELU(Layer):
    """`gelu` as a layer."""

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Return gelu(x): any shape -> the same shape."""
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """Show the approximation."""
        return f"approximate={self.approximate!r}"


class SiLU(Layer):
    """`silu` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return silu(x): any shape -> the same shape."""
        return silu(x)


class Softplus(Layer):
    """`softplus` as a layer."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        """Return softplus(x): any shape -> the same shape."""
        return softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Show both numbers."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Layer):
    """`softmax` as a layer. dim is PyTorch's name for axis."""

    def __init__(self, axis: int | None = -1, *, dim: int | None = None) -> None:
        self.axis = _axis(axis, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return softmax(x) along the axis: any shape -> the same shape."""
        return softmax(x, self.axis)

    def extra_repr(self) -> str:
        """Show the axis."""
        return f"axis={self.axis}"


class LogSoftmax(Layer):
    """`log_softmax` as a layer. dim is PyTorch's name for axis."""

    def __init__(self, axis: int | None = -1, *, dim: int | None = None) -> None:
        self.axis = _axis(axis, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return log_softmax(x) along the axis: any shape -> the same shape."""
        return log_softmax(x, self.axis)

    def extra_repr(self) -> str:
        """Show the axis."""
        return f"axis={self.axis}"


class PReLU(Layer):
    """`prelu` as a layer, with a slope below 0 that is learned.

    weight: (num_parameters,), one for all or one for each place along axis 1; each starts as init.
    Raises ValueError for fewer than one.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike | None = None) -> None:
        count = at_least_one("PReLU's num_parameters", num_parameters)
        self.weight = Parameter(np.full(count, number(init, "PReLU's init")), dtype=dtype or np.float32)

    def forward(self, x: Tensor) -> Tensor:
        """Return prelu(x, weight): any shape -> the same shape."""
        return prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Show how many slopes there are."""
        return f"num_parameters={self.weight.size}"


class CELU(Layer):
    """`celu` as a layer."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Return celu(x): any shape -> the same shape."""
        return celu(x, self.alpha)

    def extra_repr(self) -> str:
        """Show alpha."""
        return f"alpha={self.alpha}"


class SELU(Layer):
    """`selu` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return selu(x): any shape -> the same shape."""
        return selu(x)


class Mish(Layer):
    """`mish` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return mish(x): any shape -> the same shape."""
        return mish(x)


class Hardsigmoid(Layer):
    """`hardsigmoid` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return hardsigmoid(x): any shape -> the same shape."""
        return hardsigmoid(x)


class Hardswish(Layer):
    """`hardswish` as a layer."""

    def __init__(self, inplace: bool = False) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Return hardswish(x): any shape -> the same shape."""
        return hardswish(x)


class Softsign(Layer):
    """`softsign` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        """Return softsign(x): any shape -> the same shape."""
        return softsign(x)


def _axis(axis: int | None, dim: int | None) -> int:
    """Return the axis that was named by either name, or the last."""
    chosen = axis if dim is None else dim
    return -1 if chosen is None else chosen
