"""Module 01: new tensors.

Public parts: `zeros`, `ones`, `full`, `zeros_like`, `ones_like`, `arange`, `linspace`, `eye`, `rand`, `randn`;
`generator_of`.

A shape comes as numbers or as a tuple: `zeros(2, 3)`, `zeros((2, 3))`. Without a dtype, numbers are float32; `full` and
`arange` go by their arguments, int64 for ints.
seed: an int, a Generator (which moves on), or None for other numbers in every run; `generator` is PyTorch's name of it.
There is no global state.
"""

import math

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.arrays import flat_ints, whole
from tinytorch.tensor import Array, Operand, Scalar, Shape, Tensor, as_tensor, from_numpy
from tinytorch.torch_keywords import torch_keywords

Seed = int | np.random.Generator | None


@torch_keywords
def zeros(*shape: int | Shape, dtype: DTypeLike = np.float32, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros."""
    return _new(np.zeros(_lengths("zeros", shape), dtype), requires_grad)


@torch_keywords
def ones(*shape: int | Shape, dtype: DTypeLike = np.float32, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones."""
    return _new(np.ones(_lengths("ones", shape), dtype), requires_grad)


@torch_keywords
def full(shape: int | Shape, value: Operand, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor in which every element is `value`: a number, or a tensor or array of one element."""
    number = _number(value)
    with np.errstate(over="ignore"):
        return _new(
            np.full(_lengths("full", (shape,)), number, _dtype_for([number]) if dtype is None else dtype), requires_grad
        )


@torch_keywords
def zeros_like(x: Operand, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return zeros in x's shape, and its dtype unless another is given."""
    x = as_tensor(x)
    return zeros(x.shape, dtype=x.dtype if dtype is None else dtype, requires_grad=requires_grad)


@torch_keywords
def ones_like(x: Operand, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return ones in x's shape, and its dtype unless another is given."""
    x = as_tensor(x)
    return ones(x.shape, dtype=x.dtype if dtype is None else dtype, requires_grad=requires_grad)


@torch_keywords
def arange(
    start: Operand,
    stop: Operand | None = None,
    step: Operand = 1,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return the numbers from start, in steps, up to stop but without it; with one number, from 0 up to that.

    Raises ValueError for a step of 0, infinity and NaN.

    >>> arange(4), arange(1.0, 2.0, 0.25)
    (Tensor([0, 1, 2, 3], dtype=int64), Tensor([1.  , 1.25, 1.5 , 1.75]))
    """
    first, last = (0, start) if stop is None else (start, stop)
    first, last, distance = _number(first), _number(last), _number(step)
    if distance == 0 or not all([math.isfinite(number) for number in (first, last, distance)]):
        raise ValueError(f"arange wanted finite numbers and a step other than 0, got {first}, {last} and {distance}")
    numbers = np.arange(first, last, distance)
    return _new(numbers.astype(_dtype_for([first, last, distance]) if dtype is None else dtype), requires_grad)


@torch_keywords
def linspace(
    start: Operand, stop: Operand, steps: int, dtype: DTypeLike = np.float32, requires_grad: bool = False
) -> Tensor:
    """Return `steps` numbers at equal distances from start to stop, both included.

    >>> linspace(0, 1, 5)
    Tensor([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    (count,) = _lengths("linspace", (whole(steps, "linspace's steps"),))
    with np.errstate(over="ignore"):
        numbers = np.linspace(_number(start), _number(stop), count).astype(dtype)
    return _new(numbers, requires_grad)


@torch_keywords
def eye(rows: int, columns: int | None = None, dtype: DTypeLike = np.float32, requires_grad: bool = False) -> Tensor:
    """Return ones on the diagonal and zeros elsewhere: (rows, columns), square with one number."""
    _lengths("eye", (rows, rows if columns is None else columns))  # which checks both
    return _new(np.eye(rows, columns, dtype=dtype), requires_grad)


@torch_keywords
def rand(
    *shape: int | Shape,
    seed: Seed = None,
    generator: Seed = None,
    dtype: DTypeLike = np.float32,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers drawn uniformly from [0, 1); TypeError for a dtype that isn't of floats.

    >>> rand(2, seed=0)
    Tensor([0.8506242 , 0.63696164])
    """
    numbers = generator_of(seed, generator).random(_lengths("rand", shape), _drawn_in(dtype))
    return _new(numbers.astype(dtype, copy=False), requires_grad)


@torch_keywords
def randn(
    *shape: int | Shape,
    seed: Seed = None,
    generator: Seed = None,
    dtype: DTypeLike = np.float32,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers drawn from the normal distribution of mean 0 and variance 1; TypeError as in `rand`."""
    numbers = generator_of(seed, generator).standard_normal(_lengths("randn", shape), _drawn_in(dtype))
    return _new(numbers.astype(dtype, copy=False), requires_grad)


def generator_of(seed: Seed, generator: Seed = None) -> np.random.Generator:
    """Return the generator that an argument under one of its two names means; TypeError for both, or for another kind.

    Raises ValueError for a negative number.
    """
    if seed is not None and generator is not None:
        raise TypeError("wanted seed or generator, two names of one argument, got both")
    given = generator if seed is None else seed
    if given is not None and not isinstance(given, int | np.integer | np.random.Generator):
        raise TypeError(f"seed wanted an int, a Generator or None, got {given!r:.60}")
    if isinstance(given, int | np.integer) and given < 0:
        raise ValueError(f"seed wanted a number of 0 or more, got {given}")
    return np.random.default_rng(given)


def _lengths(name: str, shape: tuple[int | Shape, ...]) -> Shape:
    """Return a shape that was given as numbers or as a tuple; TypeError or ValueError for what is none."""
    lengths = flat_ints(shape, name)
    if min(lengths, default=0) < 0:
        raise ValueError(f"{name} wanted lengths of 0 or more, got {lengths}")
    return lengths


def _new(array: Array, requires_grad: bool) -> Tensor:
    """Return a Tensor of an array that nobody else has."""
    tensor = from_numpy(array)
    if array.dtype.kind not in "biuf" or requires_grad:
        return Tensor(array, requires_grad=requires_grad)  # which checks both
    return tensor


def _number(value: Operand) -> Scalar:
    """Return a number as Python's, and the only element of a tensor or an array; ValueError if it has several."""
    return (
        value if isinstance(value, bool | int | float) and not isinstance(value, np.generic) else Tensor(value).item()
    )


def _dtype_for(numbers: list[Scalar]) -> DTypeLike:
    """Return float32 if a number is a float, int64 for ints, bool for bools."""
    if any(isinstance(number, float) for number in numbers):
        return np.float32
    return np.bool if all(isinstance(number, bool) for number in numbers) else np.int64


def _drawn_in(dtype: DTypeLike) -> type[np.float32] | type[np.float64]:
    """Return the dtype to draw in: NumPy draws float32 and float64."""
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"random numbers wanted a float dtype, got {np.dtype(dtype)}; try np.float32")
    return np.float64 if np.dtype(dtype) == np.float64 else np.float32
