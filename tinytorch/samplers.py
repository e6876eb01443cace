"""Module 08: samplers, which decide the order of a pass over a dataset, under PyTorch's names.

Public parts: `Sampler`, `SequentialSampler`, `RandomSampler`, `SubsetRandomSampler`, `WeightedRandomSampler`,
`BatchSampler`.

A sampler is asked for its indices anew in each pass. Any iterable of integers is one, a list too; these are for what
is wanted most. What is random comes from `generator`: an int, a `np.random.Generator`, or None for another order in
every run.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np

from tinytorch.checks import at_least_one
from tinytorch.datasets import Seed, indices_of
from tinytorch.tensor import Array, Operand, as_tensor


class Sampler:
    """The base of samplers under PyTorch's name. A subclass defines `__iter__`, and `__len__` where it knows it."""

    def __iter__(self) -> Iterator[Any]:
        """Return the indices of a pass. Raises NotImplementedError until a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no __iter__(): define the indices of a pass, in order")


class SequentialSampler(Sampler):
    """All samples, in the dataset's own order.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __len__(self) -> int:
        return len(self.data_source)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))


class RandomSampler(Sampler):
    """All samples in a new order each pass, or `num_samples` of them; more than there are begin again.

    replacement: draw each by itself, so that one may come twice.
    Raises ValueError for num_samples below 1, or without samples.

    >>> sorted(RandomSampler("abc", generator=0))
    [0, 1, 2]
    """

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None, generator: Seed = None
    ) -> None:
        if not len(data_source):
            raise ValueError("RandomSampler wanted samples to draw from, got none; was the dataset read?")
        self.data_source = data_source
        self.replacement = replacement
        self.wanted = None if num_samples is None else at_least_one("num_samples", num_samples)
        self.generator = np.random.default_rng(generator)

    def __len__(self) -> int:
        return self.wanted or len(self.data_source)

    def __iter__(self) -> Iterator[int]:
        samples, wanted = len(self.data_source), len(self)
        if self.replacement:
            return iter(self.generator.integers(samples, size=wanted).tolist())
        orders = [self.generator.permutation(samples) for _ in range(0, wanted, samples)]
        return iter(np.concatenate(orders)[:wanted].tolist())


class SubsetRandomSampler(Sampler):
    """These samples, in a new order each pass.

    >>> sorted(SubsetRandomSampler([7, 2, 4], generator=0))
    [2, 4, 7]
    """

    def __init__(self, indices: Sequence[int] | Array, generator: Seed = None) -> None:
        self.indices = indices_of("SubsetRandomSampler", indices)
        self.generator = np.random.default_rng(generator)

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self.generator.permutation(self.indices).tolist())


class WeightedRandomSampler(Sampler):
    """`num_samples` draws, each sample as likely as its weight says: weights (N,) from 0 on, of any sum.

    replacement: False draws each sample once at most. To balance classes, weigh a sample by 1 / the count of its class.
    Raises ValueError for weights that are negative, not finite or all 0, for num_samples below 1, and without
    replacement for more of them than weights above 0.

    >>> list(WeightedRandomSampler([0.0, 2.0], 3, generator=0))
    [1, 1, 1]
    """

    def __init__(self, weights: Operand, num_samples: int, replacement: bool = True, generator: Seed = None) -> None:
        found = as_tensor(weights).data.astype(np.float64)
        if found.ndim != 1 or not np.isfinite(found).all() or not (found >= 0).all() or not found.any():
            raise ValueError(f"wanted weights (N,) from 0 on, and not all of them 0, got {weights!r:.80}")
        self.num_samples = at_least_one("num_samples", num_samples)
        self.replacement = replacement
        if not replacement and num_samples > np.count_nonzero(found):
            raise ValueError(
                f"wanted num_samples up to {np.count_nonzero(found)}, the weights above 0, to draw each sample once, "
                f"got {num_samples}; try replacement=True"
            )
        self.weights = found / found.sum()
        self.generator = np.random.default_rng(generator)

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        drawn = self.generator.choice(len(self.weights), self.num_samples, self.replacement, self.weights)
        return iter(drawn.tolist())


class BatchSampler(Sampler):
    """A sampler's indices as lists of `batch_size`; drop_last leaves out a last one that is shorter.

    >>> list(BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        self.sampler = sampler
        self.batch_size = at_least_one("batch_size", batch_size)
        self.drop_last = drop_last

    def __len__(self) -> int:
        return batches_in(len_of(self.sampler), self.batch_size, self.drop_last)

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch


def batches_in(samples: int, batch_size: int, drop_last: bool) -> int:
    """Return how many batches the samples make."""
    return samples // batch_size if drop_last else -(-samples // batch_size)


def len_of(sampler: Iterable[Any]) -> int:
    """Return a sampler's length, or raise TypeError that says what has none."""
    if not isinstance(sampler, Sized):
        raise TypeError(f"a {type(sampler).__name__} has no length, so nor has what it gives; define its __len__")
    return len(sampler)
