"""Module 02: activations, the bends between linear layers.

Public parts: `relu`, `leaky_relu`, `elu`, `hardtanh`, `relu6`, `sigmoid`, `logsigmoid`, `tanh`, `gelu`, `silu`,
`softplus`, `softmax` and `log_softmax` as operations. Each is a layer too, `ReLU` and so on, in
`tinytorch/activation_layers.py`; their gradient rules stand in `tinytorch/gradients.py`. On arrays: `logistic`,
`softplus_of`, `sums_along`. For other files' checks: `floats`.

x in what follows is the first argument, `input` by PyTorch's name.
inplace, wherever it stands: accepted, as in PyTorch, and without effect. The result is always a new tensor, since a
rule may need the input as it was; so use what comes back.
What is infinite or NaN in PyTorch is so here, without a warning.
"""

import math

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.arrays import whole
from tinytorch.checks import number
from tinytorch.elementwise import astype
from tinytorch.normal import normal_cdf
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, record

GELU_SCALE = math.sqrt(2 / math.pi)  # of the approximation by tanh
GELU_CUBIC = 0.044715


def relu(input: Operand, inplace: bool = False) -> Tensor:
    """Return x where it is positive and 0 elsewhere, in x's shape and dtype; NaN stays NaN. Raises TypeError for bools.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010), section 2.

    >>> relu(Tensor([-2.0, 0.0, 3.0]))
    Tensor([0., 0., 3.])
    """
    x = as_tensor(input)
    if x.data.dtype.kind == "b":
        raise TypeError("relu wanted numbers, got bool; try dtype=np.float32")
    # clip with two limits takes a third of np.maximum's time on a large array, and has no infinity for integers
    return record(relu, x.data.clip(0, np.inf) if x.data.dtype.kind == "f" else np.maximum(x.data, 0), x)


def leaky_relu(input: Operand, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return x where it is positive and negative_slope * x elsewhere, in x's shape and dtype.

    Raises TypeError for integers.
    Source: Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013), eq. 2.

    >>> leaky_relu(Tensor([-2.0, 0.0, 3.0]), 0.5)
    Tensor([-1.,  0.,  3.])
    """
    x, negative_slope = floats("leaky_relu", input), number(negative_slope, "leaky_relu's negative_slope")
    farther = np.maximum if negative_slope <= 1 else np.minimum
    with np.errstate(all="ignore"):
        leaked = np.asarray(x.data * negative_slope)
        farther(x.data, leaked, out=leaked)
    if not negative_slope:
        leaked = np.where(x.data > 0, x.data, leaked)  # infinity times 0 is NaN, which a maximum keeps
    return record(leaky_relu, leaked, x, negative_slope=negative_slope)


def elu(input: Operand, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where it is positive and alpha * (exp(x) - 1) elsewhere, in x's shape and dtype.

    Raises TypeError for integers.
    Source: Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential linear units
    (ELUs)" (2016), eq. 15.

    >>> elu(Tensor([-1e4, 0.0, 3.0]))
    Tensor([-1.,  0.,  3.])
    """
    x, alpha = floats("elu", input), number(alpha, "elu's alpha")
    bent = np.asarray(np.expm1(x.data.clip(-np.inf, 0)))
    bent *= alpha
    bent += x.data.clip(0, np.inf)
    return record(elu, bent, x, alpha=alpha)


def hardtanh(input: Operand, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x, where it is below min_val or above max_val that; the gradient is 0 there and on the limits.

    Raises TypeError for integers, ValueError if min_val is above max_val.

    >>> hardtanh(Tensor([-2.0, 0.5, 2.0]))
    Tensor([-1. ,  0.5,  1. ])
    """
    x = floats("hardtanh", input)
    min_val, max_val = number(min_val, "hardtanh's min_val"), number(max_val, "hardtanh's max_val")
    if not min_val <= max_val:
        raise ValueError(f"hardtanh wanted min_val <= max_val, got {min_val} and {max_val}")
    return record(hardtanh, x.data.clip(min_val, max_val), x, min_val=min_val, max_val=max_val)


def relu6(input: Operand, inplace: bool = False) -> Tensor:
    """Return `relu` cut at 6. Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10" (2010).

    >>> relu6(Tensor([-2.0, 3.0, 9.0]))
    Tensor([0., 3., 6.])
    """
    return hardtanh(floats("relu6", input), 0.0, 6.0)


def sigmoid(input: Operand) -> Tensor:
    """Return 1 / (1 + exp(-x)), from 0 to 1, in x's shape and dtype; exactly 0 and 1 far out, without a warning.

    Integers give float32.

    >>> sigmoid(Tensor([-1e4, 0.0, 1e4]))
    Tensor([0. , 0.5, 1. ])
    """
    x = _of_numbers(input)
    return record(sigmoid, logistic(x.data), x)


def logsigmoid(input: Operand) -> Tensor:
    """Return log(sigmoid(x)) in one step: no logarithm gets 0. Raises TypeError for integers.

    >>> logsigmoid(Tensor([-1e4, 0.0, 1e4]))
    Tensor([-1.000000e+04, -6.931472e-01, -0.000000e+00])
    """
    return -softplus(-floats("logsigmoid", input), threshold=math.inf)


def tanh(input: Operand) -> Tensor:
    """Return the hyperbolic tangent, from -1 to 1, in x's shape and dtype; integers give float32.

    >>> tanh(Tensor([-1e4, 0.0, 1e4]))
    Tensor([-1.,  0.,  1.])
    """
    x = _of_numbers(input)
    return record(tanh, np.tanh(x.data), x)


def gelu(input: Operand, approximate: str = "none") -> Tensor:
    """Return x * Phi(x), Phi(x) being the probability that a standard normal number is below x.

    approximate: "none", or "tanh" for x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x³))) / 2, as GPT-2 has it.
    Raises TypeError for integers, ValueError for another approximation.
    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.

    >>> gelu(Tensor([-1e4, 0.0, 1.0], dtype=np.float64))
    Tensor([-0.        ,  0.        ,  0.84134475], dtype=float64)
    """
    x = floats("gelu", input)
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu wanted approximate="none" or "tanh", got {approximate!r}')
    with np.errstate(all="ignore"):
        cdf = normal_cdf(x.data) if approximate == "none" else _nearly_normal_cdf(x.data)
        return record(gelu, x.data * cdf, x, cdf=cdf, approximate=approximate)


def silu(input: Operand, inplace: bool = False) -> Tensor:
    """Return x * sigmoid(x), also called swish, in x's shape and dtype. Raises TypeError for integers.

    Source: Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning" (2018), eq. 10.

    >>> silu(Tensor([-1e4, 0.0, 1.0]))
    Tensor([-0.       ,  0.       ,  0.7310586])
    """
    x = floats("silu", input)
    gate = logistic(x.data)
    with np.errstate(invalid="ignore"):  # of -infinity it is NaN, as in PyTorch
        return record(silu, x.data * gate, x, gate=gate)


def softplus(input: Operand, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return log(1 + exp(beta * x)) / beta, a smooth relu, in x's shape and dtype.

    threshold: where beta * x is above it, the result is x itself, as in PyTorch; at 20 both differ by 2e-9.
    Raises TypeError for integers, ValueError unless beta is positive.
    Source: Dugas, Bengio, Belisle, Nadeau, Garcia, "Incorporating second-order functional knowledge for better option
    pricing" (2001), section 3.

    >>> softplus(Tensor([-1e4, 0.0, 1e4]))
    Tensor([0.000000e+00, 6.931472e-01, 1.000000e+04])
    """
    x = floats("softplus", input)
    beta, threshold = number(beta, "softplus's beta"), number(threshold, "softplus's threshold")
    if not beta > 0:
        raise ValueError(f"softplus wanted a positive beta, got {beta}")
    with np.errstate(over="ignore"):
        scaled = x.data * beta if beta != 1 else x.data
    smooth = softplus_of(scaled)
    smooth = smooth / beta if beta != 1 else smooth
    far = scaled > threshold
    return record(softplus, np.where(far, x.data, smooth) if far.any() else smooth, x, beta=beta, threshold=threshold)


def softmax(input: Operand, axis: int | None = -1, *, dim: int | None = None, dtype: DTypeLike | None = None) -> Tensor:
    """Return exp(x) / sum of exp(x) along `axis`: probabilities, positive and 1 in sum, in x's shape and dtype.

    dim: PyTorch's name for axis; without one, or with None, it is the last (PyTorch takes axis 0 of three, and warns).
    dtype: what x is turned into first.
    An element of -inf gets 0; where all of them are, the result is NaN.
    Raises TypeError for integers, ValueError for an axis that isn't there.
    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), section 4.1, on the subtracted maximum.

    >>> softmax(Tensor([[0.0, 0.0], [1e4, -1e4]]))
    Tensor([[0.5, 0.5],
            [1. , 0. ]])
    """
    x, axis = _scores("softmax", input, axis if dim is None else dim, dtype)
    with np.errstate(all="ignore"):
        powers = _at_most_0(x.data, axis)
        np.exp(powers, out=powers)
        powers /= sums_along(powers, axis)
    return record(softmax, powers, x, axis=axis)


def log_softmax(
    input: Operand, axis: int | None = -1, *, dim: int | None = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Return log(softmax(x)) along `axis` in one step: no logarithm gets 0.

    dim, dtype and what is raised: as `softmax`.

    >>> log_softmax(Tensor([[0.0, 0.0], [1e4, -1e4]]))
    Tensor([[-6.931472e-01, -6.931472e-01],
            [ 0.000000e+00, -2.000000e+04]])
    """
    x, axis = _scores("log_softmax", input, axis if dim is None else dim, dtype)
    with np.errstate(all="ignore"):
        shifted = _at_most_0(x.data, axis)
        shifted -= np.log(sums_along(np.exp(shifted), axis))
    return record(log_softmax, shifted, x, axis=axis)


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) of an array."""
    result: Array = np.asarray(np.negative(x))
    with np.errstate(over="ignore"):  # exp(-x) may become inf, and 1 / inf is the right limit, 0
        np.exp(result, out=result)
    result += 1
    return np.divide(1, result, out=result)


def softplus_of(x: Array) -> Array:
    """Return log(1 + exp(x)) of an array: x, or 0, and what is left, in which no exponential is above 1."""
    result: Array = np.asarray(np.abs(x))
    np.negative(result, out=result)
    np.exp(result, out=result)
    np.log1p(result, out=result)
    result += x.clip(0, np.inf)
    return result


def sums_along(x: Array, axis: int) -> Array:
    """Return the sums of an array along an axis, which stays with length 1.

    Along the last axis a product with ones takes a third of the time of NumPy's sum.
    """
    if not x.ndim or axis not in (-1, x.ndim - 1):
        return np.asarray(x.sum(axis, keepdims=True))
    return np.asarray(x @ np.ones(x.shape[-1], x.dtype))[..., None]


def _nearly_normal_cdf(x: Array) -> Array:
    """Return Phi(x) as the approximation by tanh has it."""
    result: Array = np.asarray(x * x)
    result *= GELU_CUBIC
    result += 1
    result *= x
    result *= GELU_SCALE
    np.tanh(result, out=result)
    result += 1
    result *= 0.5
    return result


def _at_most_0(x: Array, axis: int) -> Array:
    """Return x - max(x): the same softmax, and no exponential is above 1."""
    return np.asarray(x - x.max(axis, keepdims=True, initial=-np.inf))


def floats(name: str, x: Operand) -> Tensor:
    """Return x as a Tensor. Raises TypeError in the name of an operation unless it holds floats."""
    x = as_tensor(x)
    if x.data.dtype.kind != "f":
        raise TypeError(f"{name} wanted floats, got {x.dtype}; try dtype=np.float32")
    return x


def _of_numbers(x: Operand) -> Tensor:
    """Return a Tensor of floats: integers become float32."""
    x = as_tensor(x)
    return x if x.data.dtype.kind == "f" else astype(x, np.float32)


def _scores(name: str, x: Operand, axis: int | None, dtype: DTypeLike | None) -> tuple[Tensor, int]:
    """Return what a softmax is taken of, and along which axis. Raises ValueError for one that isn't there."""
    x = floats(name, x if dtype is None else astype(as_tensor(x), dtype))
    axis = -1 if axis is None else whole(axis, f"{name}'s axis")
    axes = max(x.ndim, 1)  # a 0-d tensor counts as one element along axis 0, as in PyTorch
    if not -axes <= axis < axes:
        raise ValueError(f"{name} wanted an axis from {-axes} to {axes - 1} for the shape {x.shape}, got {axis}")
    return x, axis
