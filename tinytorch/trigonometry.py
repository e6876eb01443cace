"""Module 01: tangent, hyperbolic functions, and the inverse ones, element by element.

Public parts: `tan`, `asin`, `acos`, `atan`, `sinh`, `cosh`, `asinh`, `acosh`, `atanh`. `sin` and `cos` stand in
`elementwise.py`, `tanh` in `activations.py`; the rules in `torch_gradients.py`.

Angles are in radians; integers become float32. Where a function isn't defined, the result is NaN, without a warning.
"""

import numpy as np

from tinytorch.elementwise import floats
from tinytorch.tensor import Operand, Tensor, record


def tan(x: Operand) -> Tensor:
    """Return each element's tangent."""
    x = floats(x)
    with np.errstate(invalid="ignore"):  # the tangent of infinity
        return record(tan, np.tan(x.data), x)


def asin(x: Operand) -> Tensor:
    """Return the angle from -pi/2 to pi/2 whose sine each element is; NaN outside [-1, 1]."""
    x = floats(x)
    with np.errstate(invalid="ignore"):
        return record(asin, np.arcsin(x.data), x)


def acos(x: Operand) -> Tensor:
    """Return the angle from 0 to pi whose cosine each element is; NaN outside [-1, 1]."""
    x = floats(x)
    with np.errstate(invalid="ignore"):
        return record(acos, np.arccos(x.data), x)


def atan(x: Operand) -> Tensor:
    """Return the angle from -pi/2 to pi/2 whose tangent each element is."""
    x = floats(x)
    return record(atan, np.arctan(x.data), x)


def sinh(x: Operand) -> Tensor:
    """Return each element's hyperbolic sine, (exp(x) - exp(-x)) / 2."""
    x = floats(x)
    with np.errstate(over="ignore"):
        return record(sinh, np.sinh(x.data), x)


def cosh(x: Operand) -> Tensor:
    """Return each element's hyperbolic cosine, (exp(x) + exp(-x)) / 2."""
    x = floats(x)
    with np.errstate(over="ignore"):
        return record(cosh, np.cosh(x.data), x)


def asinh(x: Operand) -> Tensor:
    """Return the number whose hyperbolic sine each element is."""
    x = floats(x)
    return record(asinh, np.arcsinh(x.data), x)


def acosh(x: Operand) -> Tensor:
    """Return the number of 0 or more whose hyperbolic cosine each element is; NaN below 1."""
    x = floats(x)
    with np.errstate(invalid="ignore"):
        return record(acosh, np.arccosh(x.data), x)


def atanh(x: Operand) -> Tensor:
    """Return the number whose hyperbolic tangent each element is; infinite at -1 and 1, NaN outside."""
    x = floats(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(atanh, np.arctanh(x.data), x)
