"""Module 02: activations that are made of others, and so need no gradient rules.

Public parts: `prelu`, `selu`, `celu`, `mish`, `hardsigmoid`, `hardswish` and `softsign`. Each is a layer too, `PReLU`
and so on, in `tinytorch/activation_layers.py`.

All take floats of any shape and return that shape and dtype; TypeError for integers. inplace is accepted and without
effect, as in `tinytorch/activations.py`, which also says what x is.
"""

import numpy as np

from tinytorch.activations import elu, floats, hardtanh, softplus, tanh
from tinytorch.checks import number
from tinytorch.elementwise import abs, clip, where
from tinytorch.tensor import Operand, Tensor, as_tensor

SELU_ALPHA = 1.6732632423543772  # the source's solution for a mean of 0 and a variance of 1
SELU_SCALE = 1.0507009873554805


def prelu(input: Operand, weight: Operand) -> Tensor:
    """Return x where it is positive and weight * x elsewhere; the weight may learn.

    weight: a single number, or (C,), one for each place along axis 1. Raises ValueError for other shapes.
    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015), eq. 1.

    >>> prelu(Tensor([[-2.0, -2.0], [0.0, 3.0]]), Tensor([0.5, 0.25]))
    Tensor([[-1. , -0.5],
            [ 0. ,  3. ]])
    """
    x, weight = floats("prelu", input), as_tensor(weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ValueError(f"prelu wanted a weight (1,) or ({channels},) for the shape {x.shape}, got {weight.shape}")
    weight = weight.reshape(()) if weight.size == 1 else weight.reshape(-1, *[1] * (x.ndim - 2))
    return where(x > 0, x, weight * clip(x, max=0))  # clipped, so that infinity times no gradient isn't NaN


def selu(input: Operand, inplace: bool = False) -> Tensor:
    """Return 1.0507 * elu(x, 1.6733), which brings means to 0 and variances to 1 from layer to layer.

    Source: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-normalizing neural networks" (2017), eq. 2.
    """
    return elu(floats("selu", input), SELU_ALPHA) * SELU_SCALE


def celu(input: Operand, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where it is positive and alpha * (exp(x / alpha) - 1) elsewhere, which bends without a kink.

    Raises ValueError for an alpha of 0. Source: Barron, "Continuously differentiable exponential linear units" (2017).
    """
    alpha = number(alpha, "celu's alpha")
    if not alpha:
        raise ValueError(f"celu wanted an alpha other than 0, got {alpha}")
    return elu(floats("celu", input) * (1 / alpha)) * alpha


def mish(input: Operand, inplace: bool = False) -> Tensor:
    """Return x * tanh(softplus(x)).

    Source: Misra, "Mish: a self regularized non-monotonic activation function" (2019), eq. 1.
    """
    x = floats("mish", input)
    with np.errstate(invalid="ignore"):  # of -infinity it is NaN, as in PyTorch
        return x * tanh(softplus(x))


def hardsigmoid(input: Operand, inplace: bool = False) -> Tensor:
    """Return x / 6 + 1/2, cut at 0 and 1: a sigmoid of straight lines. The gradient is 0 on the limits and beyond.

    Source: Howard et al., "Searching for MobileNetV3" (2019), section 5.2.
    """
    return hardtanh(floats("hardsigmoid", input) + 3, 0.0, 6.0) * (1 / 6)


def hardswish(input: Operand, inplace: bool = False) -> Tensor:
    """Return x * hardsigmoid(x). Source: as `hardsigmoid`."""
    x = floats("hardswish", input)
    with np.errstate(invalid="ignore"):  # as in `mish`
        return x * hardsigmoid(x)


def softsign(input: Operand) -> Tensor:
    """Return x / (1 + |x|), from -1 to 1.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).
    """
    x = floats("softsign", input)
    return x / (1 + abs(x))
