"""Module 01: elementwise operations that PyTorch's scripts call besides those of `elementwise.py`.

Public parts: `div`, `fmod`, `square`, `reciprocal`, `rsqrt`, `log1p`, `expm1`, `log2`, `log10`, `erf`, `floor`, `ceil`,
`trunc`, `round`; `isnan`, `isinf`, `isfinite`, `equal`, `isclose`, `logical_xor`; `masked_fill`; and other names of
operations: `clamp`, `pow`, `mul`, `sub`, `neg`, `absolute`.

The rules of `fmod`, `log1p`, `expm1`, `erf` and the roundings stand in `torch_gradients.py`; all else is made of
operations that have theirs.
"""

import math
from collections.abc import Callable

import numpy as np

from tinytorch.arrays import whole
from tinytorch.elementwise import (
    abs,
    bools,
    clip,
    divide,
    divisible,
    floats,
    floor_divide,
    log,
    ne,
    negative,
    power,
    sqrt,
    subtract,
    where,
)
from tinytorch.normal import erf as erf_of
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, from_numpy, multiply, record

absolute = abs
clamp = clip
mul = multiply
neg = negative
pow = power
sub = subtract


def div(a: Operand, b: Operand, rounding_mode: str | None = None) -> Tensor:
    """Return a / b; rounded down with rounding_mode "floor", as `//`, and towards 0 with "trunc".

    Rounded quotients of integers are integers, as in `//`. Raises ValueError for another rounding_mode.

    >>> div(Tensor([7, -7]), 2, rounding_mode="trunc")
    Tensor([ 3, -3], dtype=int64)
    """
    if rounding_mode is None:
        return divide(a, b)
    if rounding_mode == "floor":
        return floor_divide(a, b)
    if rounding_mode != "trunc":
        raise ValueError(f'div wanted rounding_mode="floor", "trunc" or None, got {rounding_mode!r:.60}')
    a, b = divisible("div", a, b)
    if a.dtype.kind == "f" or b.dtype.kind == "f":
        return trunc(divide(a, b))
    return floor_divide(a - fmod(a, b), b)


def fmod(a: Operand, b: Operand) -> Tensor:
    """Return what a / b, rounded towards 0, leaves, with a's sign; `remainder` has b's.

    Raises ZeroDivisionError for an integer by 0.

    >>> fmod(Tensor([7, -7]), 3)
    Tensor([ 1, -1], dtype=int64)
    """
    a, b = divisible("fmod", a, b)
    with np.errstate(all="ignore"):
        return record(fmod, np.fmod(a.data, b.data), a, b)


def square(x: Operand) -> Tensor:
    """Return x * x."""
    return power(x, 2)


def reciprocal(x: Operand) -> Tensor:
    """Return 1 / x; inf for 0."""
    return divide(1, x)


def rsqrt(x: Operand) -> Tensor:
    """Return 1 / sqrt(x); inf for 0, NaN below."""
    return divide(1, sqrt(x))


def log1p(x: Operand) -> Tensor:
    """Return log(1 + x), exact also where x is tiny; -inf for -1, NaN below."""
    x = floats(x)
    with np.errstate(all="ignore"):
        return record(log1p, np.log1p(x.data), x)


def expm1(x: Operand) -> Tensor:
    """Return exp(x) - 1, exact also where x is tiny."""
    x = floats(x)
    with np.errstate(all="ignore"):
        return record(expm1, np.expm1(x.data), x)


def log2(x: Operand) -> Tensor:
    """Return each element's logarithm to the base 2."""
    return log(x) / math.log(2)


def log10(x: Operand) -> Tensor:
    """Return each element's logarithm to the base 10."""
    return log(x) / math.log(10)


def erf(x: Operand) -> Tensor:
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x."""
    x = floats(x)
    return record(erf, erf_of(x.data), x)


def floor(x: Operand) -> Tensor:
    """Return the largest whole number that is not above each element; the gradient is 0."""
    x = _numbers("floor", x)
    return record(floor, _of_floats(np.floor, x), x)


def ceil(x: Operand) -> Tensor:
    """Return the smallest whole number that is not below each element; the gradient is 0."""
    x = _numbers("ceil", x)
    return record(ceil, _of_floats(np.ceil, x), x)


def trunc(x: Operand) -> Tensor:
    """Return each element without what stands behind its point; the gradient is 0."""
    x = _numbers("trunc", x)
    return record(trunc, _of_floats(np.trunc, x), x)


def round(x: Operand, decimals: int = 0) -> Tensor:
    """Return the nearest number with so many decimals, of two equally near ones the even one; the gradient is 0.

    >>> round(Tensor([0.5, 1.5, 2.6]))
    Tensor([0., 2., 3.])
    """
    x, decimals = _numbers("round", x), whole(decimals, "round's decimals")
    return record(round, _of_floats(lambda array: np.round(array, decimals), x), x)


def isnan(x: Operand) -> Tensor:
    """Return where elements are NaN."""
    return from_numpy(np.isnan(as_tensor(x).data))


def isinf(x: Operand) -> Tensor:
    """Return where elements are infinite, of either sign."""
    return from_numpy(np.isinf(as_tensor(x).data))


def isfinite(x: Operand) -> Tensor:
    """Return where elements are neither infinite nor NaN."""
    return from_numpy(np.isfinite(as_tensor(x).data))


def equal(a: Operand, b: Operand) -> bool:
    """Return whether both have one shape and equal elements; NaN equals nothing."""
    return np.array_equal(as_tensor(a).data, as_tensor(b).data)


def isclose(a: Operand, b: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return where |a - b| <= atol + rtol * |b|; equal_nan: whether NaN is as good as NaN."""
    return from_numpy(np.isclose(as_tensor(a, b).data, as_tensor(b, a).data, rtol, atol, equal_nan))


def logical_xor(a: Operand, b: Operand) -> Tensor:
    """Return where one of two is true and the other is not; TypeError unless they are of bools."""
    return ne(bools("^", as_tensor(a)), bools("^", as_tensor(b)))


def masked_fill(x: Operand, mask: Operand, value: Operand) -> Tensor:
    """Return x with `value` where the mask holds, in x's dtype; the gradient passes where x stayed.

    mask: bools that broadcast against x; value: a number, or a tensor without axes.
    Raises TypeError for another mask, ValueError for a value with axes or one that x's dtype can't hold.

    >>> masked_fill(Tensor([1.0, 2.0]), Tensor([False, True]), -math.inf)
    Tensor([  1., -inf])
    """
    x = as_tensor(x)
    number = as_tensor(value, x)
    if number.ndim or not np.can_cast(number.dtype, x.dtype, "same_kind"):
        raise ValueError(
            f"masked_fill wanted one number that {x.dtype} can hold, got {value!r:.60}; try where(mask, value, x)"
        )
    return where(mask, number.astype(x.dtype), x)


def _numbers(name: str, x: Operand) -> Tensor:
    x = as_tensor(x)
    if x.dtype.kind == "b":
        raise TypeError(f"{name} wanted numbers, got bools; try .astype(np.int64)")
    return x


def _of_floats(function: Callable[[Array], Array], x: Tensor) -> Array:
    """Return a rounding of floats; integers are round already."""
    with np.errstate(over="ignore", invalid="ignore"):
        return function(x.data) if x.dtype.kind == "f" else x.data.copy()
