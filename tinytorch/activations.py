"""Module 02: activations, the bends between linear layers.

Public parts: `relu`, `leaky_relu`, `sigmoid`, `tanh`, `gelu`, `silu`, `softplus`, `softmax` and `log_softmax` as
operations, and each as a layer under PyTorch's name (`ReLU`, ...). Their gradient rules stand in
`tinytorch/gradients.py`. On arrays: `logistic`, `softplus_of`.
"""

import math

import numpy as np

from tinytorch.layers import Layer
from tinytorch.normal import normal_cdf
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, record

GELU_SCALE = math.sqrt(2 / math.pi)  # of the approximation by tanh
GELU_CUBIC = 0.044715


def relu(x: Operand) -> Tensor:
    """Return x where it is positive and 0 elsewhere, in x's shape and dtype; NaN stays NaN.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010), section 2.

    >>> relu(Tensor([-2.0, 0.0, 3.0]))
    Tensor([0., 0., 3.])
    """
    x = as_tensor(x)
    return record(relu, np.maximum(x.data, 0), x)


def leaky_relu(x: Operand, negative_slope: float = 0.01) -> Tensor:
    """Return x where it is positive and negative_slope * x elsewhere, in x's shape and dtype.

    Raises TypeError for integers.
    Source: Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013), eq. 2.

    >>> leaky_relu(Tensor([-2.0, 0.0, 3.0]), 0.5)
    Tensor([-1.,  0.,  3.])
    """
    x = _floats("leaky_relu", x)
    farther = np.maximum if negative_slope <= 1 else np.minimum
    return record(leaky_relu, farther(x.data, x.data * negative_slope), x, negative_slope=negative_slope)


def sigmoid(x: Operand) -> Tensor:
    """Return 1 / (1 + exp(-x)), from 0 to 1, in x's shape and dtype; exactly 0 and 1 far out, without a warning.

    Raises TypeError for integers.

    >>> sigmoid(Tensor([-1e4, 0.0, 1e4]))
    Tensor([0. , 0.5, 1. ])
    """
    x = _floats("sigmoid", x)
    return record(sigmoid, logistic(x.data), x)


def tanh(x: Operand) -> Tensor:
    """Return the hyperbolic tangent, from -1 to 1, in x's shape and dtype. Raises TypeError for integers.

    >>> tanh(Tensor([-1e4, 0.0, 1e4]))
    Tensor([-1.,  0.,  1.])
    """
    x = _floats("tanh", x)
    return record(tanh, np.tanh(x.data), x)


def gelu(x: Operand, approximate: str = "none") -> Tensor:
    """Return x * Phi(x), Phi(x) being the probability that a standard normal number is below x.

    approximate: "none", or "tanh" for x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x³))) / 2, as GPT-2 has it.
    Raises TypeError for integers, ValueError for another approximation.
    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.

    >>> gelu(Tensor([-1e4, 0.0, 1.0], dtype=np.float64))
    Tensor([-0.        ,  0.        ,  0.84134475], dtype=float64)
    """
    x = _floats("gelu", x)
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu wanted approximate="none" or "tanh", got {approximate!r}')
    cdf = normal_cdf(x.data) if approximate == "none" else _nearly_normal_cdf(x.data)
    return record(gelu, x.data * cdf, x, cdf=cdf, approximate=approximate)


def silu(x: Operand) -> Tensor:
    """Return x * sigmoid(x), also called swish, in x's shape and dtype. Raises TypeError for integers.

    Source: Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning" (2018), eq. 10.

    >>> silu(Tensor([-1e4, 0.0, 1.0]))
    Tensor([-0.       ,  0.       ,  0.7310586])
    """
    x = _floats("silu", x)
    gate = logistic(x.data)
    return record(silu, x.data * gate, x, gate=gate)


def softplus(x: Operand, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return log(1 + exp(beta * x)) / beta, a smooth relu, in x's shape and dtype.

    threshold: where beta * x is above it, the result is x itself, as in PyTorch; at 20 both differ by 2e-9.
    Raises TypeError for integers, ValueError unless beta is positive.
    Source: Dugas, Bengio, Belisle, Nadeau, Garcia, "Incorporating second-order functional knowledge for better option
    pricing" (2001), section 3.

    >>> softplus(Tensor([-1e4, 0.0, 1e4]))
    Tensor([0.000000e+00, 6.931472e-01, 1.000000e+04])
    """
    x = _floats("softplus", x)
    if not beta > 0:
        raise ValueError(f"softplus wanted a positive beta, got {beta}")
    scaled = x.data * beta
    smooth = softplus_of(scaled) / beta
    return record(softplus, np.where(scaled > threshold, x.data, smooth), x, beta=beta, threshold=threshold)


def softmax(x: Operand, axis: int = -1, *, dim: int | None = None) -> Tensor:
    """Return exp(x) / sum of exp(x) along `axis`: probabilities, positive and 1 in sum, in x's shape and dtype.

    dim: PyTorch's name for axis. An element of -inf gets 0; where all of them are, the result is NaN, with a warning.
    Raises TypeError for integers, ValueError for an axis that isn't there or has no elements.
    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), section 4.1, on the subtracted maximum.

    >>> softmax(Tensor([[0.0, 0.0], [1e4, -1e4]]))
    Tensor([[0.5, 0.5],
            [1. , 0. ]])
    """
    x = _floats("softmax", x)
    axis = _axis_of("softmax", x, axis if dim is None else dim)
    powers = np.exp(_below_0(x.data, axis))
    powers /= powers.sum(axis, keepdims=True)
    return record(softmax, powers, x, axis=axis)


def log_softmax(x: Operand, axis: int = -1, *, dim: int | None = None) -> Tensor:
    """Return log(softmax(x)) along `axis` in one step: no logarithm gets 0.

    dim and what is raised: as `softmax`.

    >>> log_softmax(Tensor([[0.0, 0.0], [1e4, -1e4]]))
    Tensor([[-6.931472e-01, -6.931472e-01],
            [ 0.000000e+00, -2.000000e+04]])
    """
    x = _floats("log_softmax", x)
    axis = _axis_of("log_softmax", x, axis if dim is None else dim)
    shifted = _below_0(x.data, axis)
    return record(log_softmax, shifted - np.log(np.exp(shifted).sum(axis, keepdims=True)), x, axis=axis)


class ReLU(Layer):
    """`relu` as a layer; it has no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(x): any shape -> the same shape."""
        return relu(x)


class LeakyReLU(Layer):
    """`leaky_relu` as a layer; it has no parameters."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Return leaky_relu(x): any shape -> the same shape."""
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """Show the slope."""
        return f"negative_slope={self.negative_slope}"


class Sigmoid(Layer):
    """`sigmoid` as a layer; it has no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Return sigmoid(x): any shape -> the same shape."""
        return sigmoid(x)


class Tanh(Layer):
    """`tanh` as a layer; it has no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Return tanh(x): any shape -> the same shape."""
        return tanh(x)


class GELU(Layer):
    """`gelu` as a layer; it has no parameters."""

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Return gelu(x): any shape -> the same shape."""
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """Show the approximation."""
        return f"approximate={self.approximate!r}"


class SiLU(Layer):
    """`silu` as a layer; it has no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Return silu(x): any shape -> the same shape."""
        return silu(x)


class Softplus(Layer):
    """`softplus` as a layer; it has no parameters."""

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
    """`softmax` as a layer; it has no parameters. dim is PyTorch's name for axis."""

    def __init__(self, axis: int = -1, *, dim: int | None = None) -> None:
        self.axis = axis if dim is None else dim

    def forward(self, x: Tensor) -> Tensor:
        """Return softmax(x) along the axis: any shape -> the same shape."""
        return softmax(x, self.axis)

    def extra_repr(self) -> str:
        """Show the axis."""
        return f"axis={self.axis}"


class LogSoftmax(Layer):
    """`log_softmax` as a layer; it has no parameters. dim is PyTorch's name for axis."""

    def __init__(self, axis: int = -1, *, dim: int | None = None) -> None:
        self.axis = axis if dim is None else dim

    def forward(self, x: Tensor) -> Tensor:
        """Return log_softmax(x) along the axis: any shape -> the same shape."""
        return log_softmax(x, self.axis)

    def extra_repr(self) -> str:
        """Show the axis."""
        return f"axis={self.axis}"


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) of an array."""
    with np.errstate(over="ignore"):  # exp(-x) may become inf, and 1 / inf is the right limit, 0
        result: Array = 1 / (1 + np.exp(-x))
    return result


def softplus_of(x: Array) -> Array:
    """Return log(1 + exp(x)) of an array: x, or 0, and what is left, in which no exponential is above 1."""
    result: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return result


def _nearly_normal_cdf(x: Array) -> Array:
    """Return Phi(x) as the approximation by tanh has it."""
    cubic = GELU_SCALE * x * (1 + GELU_CUBIC * x * x)
    result: Array = 0.5 * (1 + np.tanh(cubic))
    return result


def _below_0(x: Array, axis: int) -> Array:
    """Return x - max(x): the same softmax, and no exponential is above 1."""
    shifted: Array = x - x.max(axis, keepdims=True)
    return shifted


def _floats(name: str, x: Operand) -> Tensor:
    x = as_tensor(x)
    if x.data.dtype.kind != "f":
        raise TypeError(f"{name} wanted floats, got {x.dtype}; try dtype=np.float32")
    return x


def _axis_of(name: str, x: Tensor, axis: int) -> int:
    axes = max(x.ndim, 1)  # a 0-d tensor counts as one element along axis 0, as in PyTorch
    if not -axes <= axis < axes:
        raise ValueError(f"{name} wanted an axis from {-axes} to {axes - 1} for the shape {x.shape}, got {axis}")
    if x.ndim and not x.shape[axis]:
        raise ValueError(f"{name} wanted an element or more along axis {axis}, got the shape {x.shape}")
    return axis
