"""Module 01: new tensors by PyTorch's names.

Public parts: `TensorModule`, for the call `tinytorch.tensor(data)`; `from_numpy`, `empty`, `full_like`, `rand_like`,
`randn_like`, `randint`, `randperm`, `multinomial`; `Generator`, and `manual_seed`, which says what to do in its place.
The others stand in `creation.py`.

generator and seed are two names of one argument: an int, a Generator (which moves on), or None for other numbers in
every run. There is no global state, and the numbers are NumPy's, so PyTorch draws others from the same seed.
"""

from types import ModuleType
from typing import NoReturn

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.arrays import flat_ints, whole
from tinytorch.creation import Seed, full, generator_of, rand, randn, zeros
from tinytorch.tensor import Array, ArrayLike, Operand, Shape, Tensor, as_tensor
from tinytorch.tensor import from_numpy as sharing
from tinytorch.torch_keywords import torch_keywords


def from_numpy(array: Array) -> Tensor:
    """Return a Tensor that shares its memory with an array of numbers: writing into one writes into the other.

    Raises TypeError for what is no array of numbers.

    >>> a = np.zeros(2); x = from_numpy(a); a[0] = 1; x
    Tensor([1., 0.], dtype=float64)
    """
    if not isinstance(array, np.ndarray | np.generic) or array.dtype.kind not in "biuf":
        what = f"an array of {array.dtype}" if isinstance(array, np.ndarray | np.generic) else f"{array!r:.60}"
        raise TypeError(f"from_numpy wanted an array of numbers, got {what}; tensor(data) takes lists")
    return sharing(array)


class Generator(np.random.Generator):
    """NumPy's random generator with PyTorch's `manual_seed`.

    >>> randint(0, 10, (3,), generator=Generator().manual_seed(0))
    Tensor([8, 6, 5], dtype=int64)
    """

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(np.random.PCG64())

    def manual_seed(self, seed: int) -> "Generator":
        """Begin anew, with the numbers that this seed gives; return self."""
        self.bit_generator.state = np.random.PCG64(seed).state
        return self


def manual_seed(seed: int) -> NoReturn:
    """Raise NotImplementedError that says where seeds go: there is no global generator to seed."""
    raise NotImplementedError(
        f"manual_seed wanted a global random generator, and there is none: every run would depend on what was drawn "
        f"before; give the seed to what draws, rand(3, seed={seed}) or nn.Linear(4, 2, seed={seed}), or make one "
        f"generator, g = Generator().manual_seed({seed}), and give generator=g"
    )


class TensorModule(ModuleType):
    """The class of the module `tinytorch.tensor`: PyTorch's scripts call `tensor(data)`, a function there."""

    @torch_keywords
    def __call__(self, data: ArrayLike | Tensor, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
        """Return `Tensor(data)`: a new tensor of numbers, nested lists or an array, which is copied."""
        return Tensor(data, dtype, requires_grad)


@torch_keywords
def empty(*shape: int | Shape, dtype: DTypeLike = np.float32, requires_grad: bool = False) -> Tensor:
    """Return zeros: memory as it was found would differ from run to run."""
    return zeros(*shape, dtype=dtype, requires_grad=requires_grad)


@torch_keywords
def full_like(x: Operand, value: Operand, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of x's shape in which every element is `value`, of x's dtype unless another is given."""
    x = as_tensor(x)
    return full(x.shape, as_tensor(value).item(), x.dtype if dtype is None else dtype, requires_grad)


@torch_keywords
def rand_like(x: Operand, seed: Seed = None, *, generator: Seed = None, requires_grad: bool = False) -> Tensor:
    """Return numbers drawn uniformly from [0, 1), in x's shape and float dtype."""
    x = as_tensor(x)
    return rand(*x.shape, seed=seed, generator=generator, dtype=x.dtype, requires_grad=requires_grad)


@torch_keywords
def randn_like(x: Operand, seed: Seed = None, *, generator: Seed = None, requires_grad: bool = False) -> Tensor:
    """Return numbers drawn from the normal distribution of mean 0 and variance 1, in x's shape and float dtype."""
    x = as_tensor(x)
    return randn(*x.shape, seed=seed, generator=generator, dtype=x.dtype, requires_grad=requires_grad)


@torch_keywords
def randint(
    low: int,
    high: int | Shape,
    size: Shape | None = None,
    *,
    seed: Seed = None,
    generator: Seed = None,
    dtype: DTypeLike = np.int64,
) -> Tensor:
    """Return integers drawn uniformly from low to high - 1; `randint(high, size)` draws from 0 on.

    Raises TypeError without a size, ValueError unless low is below high.

    >>> randint(5, 7, (2, 3), seed=0)
    Tensor([[6, 6, 6],
            [5, 5, 5]], dtype=int64)
    """
    if size is None:
        low, high, size = 0, low, high  # type: ignore[assignment]
    if not isinstance(size, tuple | list) or not isinstance(high, int | np.integer):
        raise TypeError(f"randint wanted (low, high, size) or (high, size), the size a tuple, got size={size!r}")
    if low >= high:
        raise ValueError(f"randint wanted low below high, got {low} and {high}")
    drawn = generator_of(seed, generator).integers(low, high, flat_ints((tuple(size),), "randint"))
    return sharing(drawn.astype(dtype, copy=False))


@torch_keywords
def randperm(n: int, *, seed: Seed = None, generator: Seed = None) -> Tensor:
    """Return the numbers from 0 to n - 1 in random order, int64.

    >>> randperm(4, seed=0)
    Tensor([2, 0, 1, 3], dtype=int64)
    """
    if whole(n, "randperm") < 0:
        raise ValueError(f"randperm wanted a number of 0 or more, got {n}")
    return sharing(generator_of(seed, generator).permutation(n))


def multinomial(
    x: Operand, num_samples: int, replacement: bool = False, *, seed: Seed = None, generator: Seed = None
) -> Tensor:
    """Return places drawn with the probabilities x, int64: (n,) -> (num_samples,), or (m, n) -> (m, num_samples).

    x: weights of 0 or more, a row for itself; their sum needn't be 1. replacement: whether a place may be drawn again.
    Raises ValueError for other weights, and for more places than there are without replacement.

    >>> multinomial(Tensor([0.0, 1.0, 3.0]), 4, replacement=True, seed=0)
    Tensor([2, 2, 1, 1], dtype=int64)
    """
    weights = as_tensor(x).data.astype(np.float64)
    if weights.ndim not in (1, 2) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"multinomial wanted finite weights of 0 or more, (n,) or (m, n), got shape {weights.shape}")
    most = np.count_nonzero(weights, -1).min(initial=weights.shape[-1])
    if num_samples < 0 or not most or (num_samples > most and not replacement):
        raise ValueError(f"multinomial wanted to draw {num_samples} of {most} places whose weight isn't 0")
    random = generator_of(seed, generator)
    if replacement:
        bounds = weights.cumsum(-1)[..., None, :]
        drawn = random.random((*weights.shape[:-1], num_samples, 1)) * bounds[..., -1:]
        return sharing((drawn >= bounds).sum(-1))
    with np.errstate(divide="ignore"):  # Efraimidis, Spirakis (2006): the first arrivals of processes with these rates
        arrivals = random.exponential(size=weights.shape) / weights
    return sharing(np.argsort(arrivals, -1)[..., :num_samples])
