"""Module 08: datasets, anything that has a length and gives sample i, and how samples become a batch.

Public parts: `Dataset`, `IterableDataset`, `TensorDataset`, `Subset`, `ConcatDataset`, `random_split`,
`default_collate`; for the DataLoader `batch_of`, `samples_of`, `indices_of`.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from tinytorch.tensor import Array, Operand, Tensor, as_tensor

Seed = int | np.random.Generator | None


class Samples(Protocol):
    """What a DataLoader takes: a list, an array, a Tensor, a Dataset or any other object with these two."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


class Dataset:
    """The base of datasets under PyTorch's name. A subclass defines `__len__` and `__getitem__`."""

    def __getitem__(self, index: Any) -> Any:
        """Return sample `index`. Raises NotImplementedError until a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(): define which sample an index gives")

    def __add__(self, other: Samples) -> "ConcatDataset":
        """Return the samples of both, one dataset after the other."""
        return ConcatDataset([self, other])  # type: ignore[list-item]  # one without a length is refused


class IterableDataset(Dataset):
    """The base of datasets that give their samples in their own order alone. A subclass defines `__iter__`."""

    def __iter__(self) -> Iterator[Any]:
        """Return the samples of a pass. Raises NotImplementedError until a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no __iter__(): define the samples of a pass, in order")


class TensorDataset(Dataset):
    """Tensors with the same first length: sample i is the i-th row of each.

    Raises ValueError for no tensors or different lengths.

    >>> data = TensorDataset(Tensor([[0.1], [0.2], [0.3]]), Tensor([0, 1, 0]))
    >>> len(data), data[1]
    (3, (Tensor([0.2]), Tensor(1, dtype=int64)))
    """

    def __init__(self, *tensors: Operand) -> None:
        self.tensors = tuple(as_tensor(x) for x in tensors)
        if not tensors or any(x.shape[:1] != self.tensors[0].shape[:1] or not x.ndim for x in self.tensors):
            shapes = ", ".join(str(x.shape) for x in self.tensors) or "nothing"
            raise ValueError(
                f"TensorDataset wanted tensors with the same first length, got {shapes}; give each sample a row in all"
            )

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: "int | slice | Array") -> tuple[Tensor, ...]:
        """Return a sample, or the samples of a slice or an array of indices; always copies."""
        return tuple(Tensor(x.data[index]) for x in self.tensors)


class Subset(Dataset):
    """Some samples of a dataset: sample i is the dataset's sample `indices[i]`.

    indices: integers from -len(dataset) to len(dataset) - 1, as of a list.
    Raises TypeError for indices that aren't integers, ValueError for one out of range.

    >>> list(Subset(["a", "b", "c"], [2, 0]))
    ['c', 'a']
    """

    def __init__(self, dataset: Samples, indices: Sequence[int] | Array) -> None:
        found, size = indices_of("Subset", indices), len(dataset)
        if found.size and not -size <= found.min() <= found.max() < size:
            raise ValueError(f"Subset wanted indices from 0 to {size - 1}, got {found.min()} to {found.max()}")
        self.dataset = dataset
        self.indices = found % max(size, 1)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: "int | slice | list[int] | Array") -> Any:
        """Return the sample, or those of a slice or a list where the dataset takes several indices at once.

        Raises IndexError for an index out of range.
        """
        found = self.indices[index]
        return self.dataset[found if isinstance(found, np.ndarray) else int(found)]


class ConcatDataset(Dataset):
    """Several datasets as one, each after the one before.

    Raises ValueError for no datasets, TypeError for one without a length.

    >>> both = ConcatDataset(["ab", "cde"])
    >>> len(both), both[2], both[-1]
    (5, 'c', 'e')
    """

    def __init__(self, datasets: Iterable[Samples]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset wanted datasets, got none")
        for part in self.datasets:
            if not has_samples(part):
                raise TypeError(f"ConcatDataset wanted datasets with a length, got a {type(part).__name__}")
        self.ends = np.cumsum([len(part) for part in self.datasets]).tolist()

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: int) -> Any:
        """Return the sample; a negative index counts from the end. Raises IndexError for one out of range."""
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"ConcatDataset has {len(self)} samples, got the index {index}")
        part = bisect_right(self.ends, place)
        return self.datasets[part][place - self.ends[part - 1] if part else place]


def random_split(dataset: Samples, lengths: Sequence[float], generator: Seed = None) -> list[Subset]:
    """Return the dataset in parts that have no sample in common, drawn at random.

    lengths: how many samples each part gets, in all len(dataset); or shares that sum to 1, where the samples that are
        left after rounding down go to the first parts, one each.
    generator: what decides: an int, a Generator, or None for another split in every run.
    Raises ValueError for lengths that don't sum up.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25], generator=0)]
    [8, 2]
    """
    sizes = _sizes(lengths, len(dataset))
    order = np.random.default_rng(generator).permutation(len(dataset))
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(sizes)[:-1])]


def default_collate(samples: Sequence[Any]) -> Any:
    """Return samples as one batch: tensors and arrays stacked, numbers as a Tensor, text as a list.

    Tuples, lists and dicts of these become tuples, lists and dicts of batches. As in every Tensor, Python's floats
    become float32 and arrays keep their dtype.
    Raises ValueError for shapes, lengths or keys that differ; TypeError for anything else.

    >>> default_collate([{"x": np.array([1, 2]), "y": 0}, {"x": np.array([3, 4]), "y": 1}])["x"].shape
    (2, 2)
    """
    first = samples[0]
    if isinstance(first, tuple | list):
        _check_alike([len(sample) for sample in samples if isinstance(sample, tuple | list)], samples, "length")
        parts = [default_collate(part) for part in zip(*samples, strict=True)]
        if isinstance(first, list):
            return parts
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)  # a named tuple keeps its names
    if isinstance(first, Mapping):
        _check_alike([sorted(map(str, sample)) for sample in samples if isinstance(sample, Mapping)], samples, "keys")
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, str):
        return list(samples)
    if not all(isinstance(x, Tensor | np.ndarray | np.generic | bool | int | float) for x in samples):
        kinds = sorted({type(sample).__name__ for sample in samples})
        raise TypeError(f"default_collate wanted tensors, arrays, numbers or text, got {kinds}; give a collate_fn")
    _check_alike([np.shape(x.data if isinstance(x, Tensor) else x) for x in samples], samples, "shape")
    if isinstance(first, Tensor | np.ndarray | np.generic):
        return Tensor(np.stack([x.data if isinstance(x, Tensor) else np.asarray(x) for x in samples]))
    return Tensor(list(samples))


def batch_of(dataset: Samples, indices: Array) -> Any:
    """Return the samples of these indices as one batch: rows of tensors at once, anything else one by one."""
    if isinstance(dataset, Subset) and type(dataset) is Subset:  # a subclass may do something else
        return batch_of(dataset.dataset, dataset.indices[indices])
    if isinstance(dataset, TensorDataset) and type(dataset) is TensorDataset:
        return dataset[indices]
    if isinstance(dataset, np.ndarray | Tensor):
        return Tensor((dataset.data if isinstance(dataset, Tensor) else dataset)[indices])
    return default_collate(samples_of(dataset, indices))


def samples_of(dataset: Samples, indices: Array) -> list[Any]:
    """Return the samples of these indices, one by one. What a dataset raises gets a note that names the sample."""
    found = []
    for index in indices:
        try:
            found.append(dataset[int(index)])
        except StopIteration as error:  # it would end the pass, as if there were no more samples
            raise RuntimeError(f"sample {index} of the {type(dataset).__name__} raised StopIteration") from error
        except Exception as error:
            error.add_note(f"while a DataLoader asked the {type(dataset).__name__} for sample {index}")
            raise
    return found


def has_samples(dataset: object) -> bool:
    """Return whether a dataset gives the sample of an index, and not just all in its own order."""
    return hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__") and not isinstance(dataset, IterableDataset)


def indices_of(name: str, indices: Iterable[int] | Array | Tensor) -> Array:
    """Return integers as an array. Raises TypeError, which names who wanted them, for anything else."""
    given = indices.data if isinstance(indices, Tensor) else indices
    found = np.asarray(given if isinstance(given, np.ndarray) else list(given))
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise TypeError(
            f"{name} wanted a list of integers, got {found.dtype} of shape {found.shape}; try np.flatnonzero(mask)"
        )
    return found.astype(np.intp)


def _sizes(lengths: Sequence[float], samples: int) -> list[int]:
    """Return whole numbers for lengths or shares."""
    total = sum(lengths)
    if not lengths or any(length < 0 for length in lengths):
        raise ValueError(f"random_split wanted lengths from 0 on, got {list(lengths)}")
    if all(float(length).is_integer() for length in lengths) and total == samples:
        return [int(length) for length in lengths]
    if not math.isclose(total, 1, abs_tol=1e-6):
        raise ValueError(
            f"random_split wanted lengths that sum to {samples}, the samples there are, or shares that sum to 1, got "
            f"{list(lengths)}, in all {total:g}"
        )
    sizes = [math.floor(samples * share) for share in lengths]
    for index in range(samples - sum(sizes)):
        sizes[index % len(sizes)] += 1
    return sizes


def _check_alike(found: list[Any], samples: Sequence[Any], what: str) -> None:
    """Raise unless what was found is one for each sample, and the same for all."""
    if len(found) < len(samples):
        kinds = sorted({type(sample).__name__ for sample in samples})
        raise TypeError(f"default_collate wanted samples of one kind, got {kinds}; give a collate_fn")
    for index, other in enumerate(found):
        if other != found[0]:
            raise ValueError(
                f"default_collate wanted samples of the same {what}, got {found[0]} in the first of the batch and "
                f"{other} at {index}; give a collate_fn that pads them, or batch_size=1"
            )
