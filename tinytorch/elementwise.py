"""Module 01: operations that work element by element, with NumPy's broadcasting.

Public parts: `subtract`, `negative`, `divide`, `floor_divide`, `remainder`, `power`, `exp`, `log`, `sqrt`, `abs`,
`sign`, `sin`, `cos`, `maximum`, `minimum`, `where`, `clip`, `astype`, `copy`; comparisons (`eq ne lt le gt ge`,
`allclose`) and logic, whose results are bools without a gradient. `add` and `multiply` stand in `tensor.py`, `tanh`
with the activations of module 02. `floats`, `bools` and `divisible` are what other files ask of their operands.

Where a function of integers isn't one of integers (`/`, `exp`, ...), they become float32 first, as in PyTorch. What
mathematics doesn't allow is inf or NaN, without a warning: 1 / 0, log(0), sqrt(-1). The sign of NaN is NaN, and so is
the gradient of abs there (PyTorch: 0). Of two dtypes the wider one is the result's, also where one operand has no axes
(NumPy; in PyTorch the dtype of a tensor with axes wins). A Python number takes the tensor's dtype.
"""

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.arrays import dtype_of
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, check_broadcast, from_numpy, record


def subtract(a: Operand, b: Operand) -> Tensor:
    """Return a - b."""
    a, b = _pair("-", a, b)
    try:
        difference = a.data - b.data
    except TypeError:
        raise TypeError("bools can't be subtracted; try .astype(np.int64), or a != b") from None
    return record(subtract, difference, a, b)


def negative(x: Operand) -> Tensor:
    """Return -x."""
    x = as_tensor(x)
    try:
        opposite = -x.data
    except TypeError:
        raise TypeError("bools have no sign; try .astype(np.int64), or ~x") from None
    return record(negative, opposite, x)


def divide(a: Operand, b: Operand) -> Tensor:
    """Return a / b; integers give float32."""
    a, b = _pair("/", a, b)
    with np.errstate(all="ignore"):
        return record(divide, a.data / b.data, a, b)


def floor_divide(a: Operand, b: Operand) -> Tensor:
    """Return a / b rounded down; its gradient is 0. Raises ZeroDivisionError for an integer divided by 0.

    >>> Tensor([7, -7]) // 2
    Tensor([ 3, -4], dtype=int64)
    """
    a, b = divisible("//", a, b)
    with np.errstate(all="ignore"):
        return record(floor_divide, a.data // b.data, a, b)


def remainder(a: Operand, b: Operand) -> Tensor:
    """Return what `a - (a // b) * b` leaves, with b's sign. Raises ZeroDivisionError for an integer divided by 0.

    >>> Tensor([7, -7]) % 3
    Tensor([1, 2], dtype=int64)
    """
    a, b = divisible("%", a, b)
    with np.errstate(all="ignore"):
        return record(remainder, a.data % b.data, a, b)


def power(base: Operand, exponent: Operand) -> Tensor:
    """Return base ** exponent; NaN for a negative base with a fraction as its exponent.

    Raises ValueError for integers with a negative exponent. At -0.0 the gradient of x ** 0.5 is inf (PyTorch: -inf).

    >>> Tensor([1.0, 2.0, 3.0]) ** 2
    Tensor([1., 4., 9.])
    """
    base, exponent = _pair("**", base, exponent)
    try:
        with np.errstate(all="ignore"):
            return record(power, raised(base.data, exponent.data), base, exponent)
    except ValueError:
        raise ValueError("integers can't be raised to negative powers; try .astype(np.float32)") from None


def raised(base: Array, exponent: Array) -> Array:
    """Return base ** exponent as an array; small whole exponents as products, which are much faster."""
    if exponent.ndim == 0 and base.dtype == exponent.dtype:
        if exponent == 2:
            return base * base
        if exponent == 3:
            return base * base * base
    result: Array = base**exponent
    return result


def exp(x: Operand) -> Tensor:
    """Return e to the power of each element; inf where that is too large."""
    x = floats(x)
    with np.errstate(all="ignore"):
        return record(exp, np.exp(x.data), x)


def log(x: Operand) -> Tensor:
    """Return each element's natural logarithm; -inf for 0, NaN below."""
    x = floats(x)
    with np.errstate(all="ignore"):
        return record(log, np.log(x.data), x)


def sqrt(x: Operand) -> Tensor:
    """Return each element's square root; NaN below 0. At 0 the gradient is inf."""
    x = floats(x)
    with np.errstate(all="ignore"):
        return record(sqrt, np.sqrt(x.data), x)


def abs(x: Operand) -> Tensor:
    """Return each element without its sign; at 0 the gradient is 0."""
    x = as_tensor(x)
    return record(abs, np.abs(x.data), x)


def sign(x: Operand) -> Tensor:
    """Return -1, 0 or 1 for each element; the gradient is 0. Raises TypeError for bools."""
    x = as_tensor(x)
    if x.data.dtype.kind == "b":
        raise TypeError("sign wanted numbers, got bools; try .astype(np.int64)")
    return record(sign, np.sign(x.data), x)


def sin(x: Operand) -> Tensor:
    """Return each element's sine, in radians."""
    x = floats(x)
    with np.errstate(invalid="ignore"):  # the sine of infinity
        return record(sin, np.sin(x.data), x)


def cos(x: Operand) -> Tensor:
    """Return each element's cosine, in radians."""
    x = floats(x)
    with np.errstate(invalid="ignore"):
        return record(cos, np.cos(x.data), x)


def maximum(a: Operand, b: Operand) -> Tensor:
    """Return the larger of both, NaN if one is; where they are equal, each gets half the gradient."""
    a, b = _pair("maximum", a, b)
    return record(maximum, np.maximum(a.data, b.data), a, b)


def minimum(a: Operand, b: Operand) -> Tensor:
    """Return the smaller of both, NaN if one is; where they are equal, each gets half the gradient."""
    a, b = _pair("minimum", a, b)
    return record(minimum, np.minimum(a.data, b.data), a, b)


def where(condition: Operand, a: Operand, b: Operand) -> Tensor:
    """Return a's elements where the condition holds, and b's elsewhere; all three broadcast.

    Raises TypeError unless the condition is of bools.

    >>> where(Tensor([True, False]), 1.0, Tensor([5.0, 6.0]))
    Tensor([1., 6.])
    """
    condition = as_tensor(condition)
    if condition.dtype != np.bool:
        raise TypeError(f"where wanted a condition of bools, got {condition.dtype}; try condition != 0")
    a = as_tensor(a, b)
    b = as_tensor(b, a)
    try:
        chosen = np.where(condition.data, a.data, b.data)
    except ValueError:
        raise ValueError(f"where cannot broadcast {condition.shape} (condition), {a.shape} and {b.shape}") from None
    return record(where, chosen, a, b, condition=condition.data.copy())


def clip(x: Operand, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Return the elements, those below min or above max moved there; None is no limit.

    The gradient passes where an element lies between the limits or on one; elsewhere a limit that requires grad gets
    it. If min is above max, all become max.
    Raises ValueError without a limit.

    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1)
    Tensor([-1. ,  0.5,  1. ])
    """
    if min is None and max is None:
        raise ValueError("clip wanted a limit or two, got min=None and max=None")
    x = as_tensor(x)
    if any(isinstance(limit, Tensor) and limit.requires_grad for limit in (min, max)):
        raised = x if min is None else where(lt(x, min), min, x)
        return raised if max is None else where(gt(raised, max), max, raised)
    limits = [None if limit is None else as_tensor(limit, x) for limit in (min, max)]
    for limit in limits:
        if limit is not None:
            check_broadcast("clip", x, limit)
    low, high = (None if limit is None else limit.data.copy() for limit in limits)
    return record(clip, np.clip(x.data, low, high), x, low=low, high=high)


def astype(x: Operand, dtype: DTypeLike) -> Tensor:
    """Return a copy in another dtype. The gradient comes back in x's own; integers and bools get none.

    Raises TypeError for what isn't a dtype of numbers.
    """
    x = as_tensor(x)
    with np.errstate(over="ignore", invalid="ignore"):
        array = x.data.astype(dtype_of(dtype))
    return record(astype, array, x) if x.data.dtype.kind == array.dtype.kind == "f" else from_numpy(array)


def copy(x: Operand) -> Tensor:
    """Return a tensor with an array of its own; the gradient passes (PyTorch's `clone`)."""
    x = as_tensor(x)
    return record(copy, x.data.copy(), x)


def eq(a: Operand, b: Operand) -> Tensor:
    """Return where a == b; NaN equals nothing."""
    a, b = _compared("==", a, b)
    return from_numpy(a.data == b.data)


def ne(a: Operand, b: Operand) -> Tensor:
    """Return where a != b."""
    a, b = _compared("!=", a, b)
    return from_numpy(a.data != b.data)


def lt(a: Operand, b: Operand) -> Tensor:
    """Return where a < b."""
    a, b = _compared("<", a, b)
    return from_numpy(a.data < b.data)


def le(a: Operand, b: Operand) -> Tensor:
    """Return where a <= b."""
    a, b = _compared("<=", a, b)
    return from_numpy(a.data <= b.data)


def gt(a: Operand, b: Operand) -> Tensor:
    """Return where a > b."""
    a, b = _compared(">", a, b)
    return from_numpy(a.data > b.data)


def ge(a: Operand, b: Operand) -> Tensor:
    """Return where a >= b."""
    a, b = _compared(">=", a, b)
    return from_numpy(a.data >= b.data)


def logical_not(x: Operand) -> Tensor:
    """Return where x is false; TypeError unless it is of bools."""
    x = as_tensor(x)
    if x.data.dtype.kind != "b":
        raise TypeError(f"~ wanted bools, got {x.dtype}; try ~(x > 0), or x == 0")
    return from_numpy(~x.data)


def logical_and(a: Operand, b: Operand) -> Tensor:
    """Return where both are true; TypeError unless they are of bools."""
    a, b = _pair("&", a, b)
    return from_numpy(bools("&", a).data & bools("&", b).data)


def logical_or(a: Operand, b: Operand) -> Tensor:
    """Return where one or both are true; TypeError unless they are of bools."""
    a, b = _pair("|", a, b)
    return from_numpy(bools("|", a).data | bools("|", b).data)


def allclose(a: Operand, b: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether |a - b| <= atol + rtol * |b| everywhere; equal_nan: whether NaN is as good as NaN."""
    a, b = _pair("allclose", a, b)
    return bool(np.allclose(a.data, b.data, rtol, atol, equal_nan))


def _pair(symbol: str, a: Operand, b: Operand) -> tuple[Tensor, Tensor]:
    """Return both as Tensors whose shapes broadcast; a number takes the other's dtype."""
    a = as_tensor(a, b)
    b = as_tensor(b, a)
    check_broadcast(symbol, a, b)
    return a, b


def _compared(symbol: str, a: Operand, b: Operand) -> tuple[Tensor, Tensor]:
    """Return both as `_pair`; an int that the other's dtype can't hold as int64, which is compared all the same."""
    try:
        return _pair(symbol, a, b)
    except OverflowError:
        return _pair(symbol, as_tensor(a), as_tensor(b))


def divisible(symbol: str, a: Operand, b: Operand) -> tuple[Tensor, Tensor]:
    """Return both as Tensors whose shapes broadcast; TypeError for bools, ZeroDivisionError for an integer by 0."""
    a, b = _pair(symbol, a, b)
    if a.data.dtype.kind == b.data.dtype.kind == "b":
        raise TypeError(f"{symbol} wanted numbers, got bools; try .astype(np.int64)")
    if a.data.dtype.kind != "f" and b.data.dtype.kind != "f" and not b.data.all():
        raise ZeroDivisionError(f"integers {symbol} 0: only floats have an answer; try .astype(np.float32)")
    return a, b


def floats(x: Operand) -> Tensor:
    """Return x in floats: integers and bools become float32."""
    x = as_tensor(x)
    return x if x.data.dtype.kind == "f" else from_numpy(x.data.astype(np.float32))


def bools(symbol: str, x: Tensor) -> Tensor:
    """Return x; TypeError unless it is of bools."""
    if x.data.dtype.kind != "b":
        raise TypeError(f"{symbol} wanted bools, got {x.dtype}; try (x > 0) {symbol} (x < 1), with the parentheses")
    return x
