"""Module 08: data, from a file to shuffled batches.

Public parts: `DataLoader` and its `Pass`, `load_digits`, `shifted`; `TensorDataset`, `Subset`, `random_split` and what
else is a dataset are in `tinytorch/datasets.py`, and what decides the order of samples in `tinytorch/samplers.py`.

What is random comes from a seed or a `np.random.Generator`: the same seed gives the same batches in the same order.
"""

import copy
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tinytorch.checks import at_least_one
from tinytorch.datasets import ConcatDataset as ConcatDataset  # "as": whoever imports dataloader finds them here
from tinytorch.datasets import Dataset as Dataset
from tinytorch.datasets import IterableDataset as IterableDataset
from tinytorch.datasets import Samples, Seed, batch_of, has_samples, indices_of, samples_of
from tinytorch.datasets import Subset as Subset
from tinytorch.datasets import TensorDataset as TensorDataset
from tinytorch.datasets import default_collate as default_collate
from tinytorch.datasets import random_split as random_split
from tinytorch.samplers import BatchSampler as BatchSampler
from tinytorch.samplers import RandomSampler as RandomSampler
from tinytorch.samplers import Sampler as Sampler
from tinytorch.samplers import SequentialSampler as SequentialSampler
from tinytorch.samplers import SubsetRandomSampler as SubsetRandomSampler
from tinytorch.samplers import WeightedRandomSampler as WeightedRandomSampler
from tinytorch.samplers import batches_in, len_of
from tinytorch.tensor import Array, Tensor

DIGITS = Path(__file__).parent / "digits.npz"
DIGITS_MOST = 16  # the brightest value of a pixel in that file

HOW = {"num_workers", "persistent_workers", "prefetch_factor", "multiprocessing_context", "worker_init_fn", "timeout"}
HOW |= {"pin_memory", "pin_memory_device", "in_order"}

Augment = Callable[[Array, "np.random.Generator"], Array]
Collate = Callable[[list[Any]], Any]
Order = Array | list[Array] | None  # the indices of a pass, or those of each of its batches


class DataLoader:
    """The batches of a dataset: each pass yields every sample once.

    dataset: anything with `__len__` and `__getitem__`: a TensorDataset, a list, an array, a class of yours. Or an
        iterable without a length, which is asked for its samples anew in each pass, in its own order.
    shuffle: draw a new order for each pass. drop_last: leave out a last batch that is smaller.
    sampler: the indices of a pass in their order instead, asked for when a pass begins: see `tinytorch.samplers`.
    batch_sampler: lists of indices, one a batch, in place of batch_size, shuffle, sampler and drop_last.
    collate_fn: makes a batch of a list of samples; without it `default_collate`: tuples of tensors from tuples.
    augment: changes a batch's first array, (batch_size, ...), before it becomes a tensor: `augment(array, generator)`.
    seed, generator: where order and augmentation come from, two names of one option: an int, a Generator, or None for
        others in every run.
    how: PyTorch's num_workers, pin_memory and others that say how batches are made; they do nothing here. The batches
        are the same: they are made in this process, when they are asked for.

    Raises ValueError for an empty dataset, options out of range and ones that exclude each other; TypeError for what is
    no dataset and for an option misspelt.

    >>> data = TensorDataset(Tensor([0.0, 1.0, 2.0, 3.0, 4.0]))
    >>> [x.tolist() for (x,) in DataLoader(data, batch_size=2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """

    def __init__(
        self,
        dataset: Samples | Iterable[Any],
        batch_size: int = 1,
        shuffle: bool | None = False,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Iterable[int]] | None = None,
        *,
        drop_last: bool = False,
        collate_fn: Collate | None = None,
        augment: Augment | None = None,
        seed: Seed = None,
        generator: Seed = None,
        **how: Any,
    ) -> None:
        _check_dataset(dataset, bool(shuffle) or sampler is not None or batch_sampler is not None)
        for key in sorted(how.keys() - HOW):
            raise TypeError(f"DataLoader has no option {key!r}; is it misspelt?")
        if seed is not None and generator is not None:
            raise ValueError("DataLoader wanted a seed or a generator, which are one option, got both; leave one out")
        if sampler is not None and shuffle:
            raise ValueError("DataLoader wanted shuffle or a sampler, which both decide the order, got both")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError("a batch_sampler decides on batch_size, shuffle, sampler and drop_last; leave those out")
        self.dataset: Any = dataset
        self.batch_size = at_least_one("batch_size", batch_size)
        self.shuffle = bool(shuffle)
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self.augment = augment
        self.generator = np.random.default_rng(seed if generator is None else generator)
        self.sampler = self._default_sampler() if sampler is None else sampler
        self.batch_sampler = batch_sampler

    def __len__(self) -> int:
        """Return the number of batches. Raises TypeError if the dataset, or the sampler, has no length."""
        if self.batch_sampler is not None:
            return len_of(self.batch_sampler)
        return batches_in(
            len_of(self.dataset if self.sampler is None else self.sampler), self.batch_size, self.drop_last
        )

    def __iter__(self) -> "Pass":
        return Pass(self, self._order(), 0)

    def batch(self, indices: Array) -> Any:
        """Return the samples of these indices as one batch, augmented."""
        if self.collate_fn is None:
            return self._augmented(batch_of(self.dataset, indices))
        return self.collated(samples_of(self.dataset, indices))

    def collated(self, samples: list[Any]) -> Any:
        """Return these samples as one batch, augmented."""
        return self._augmented((self.collate_fn or default_collate)(samples))

    def resume(self, state: Mapping[str, Any]) -> "Pass":
        """Return the rest of the pass that gave this `state_dict()`, in the same order.

        What augments the rest depends on the generator, which the state doesn't hold.
        Raises ValueError if the state is of other data.
        """
        order, done = state.get("order"), state.get("done")
        if not self._fits(order):
            of = "no order" if order is None else f"an order of {len(order)} samples"
            samples = len(self.dataset) if isinstance(self.dataset, Sized) else "unknown"
            raise ValueError(f"the pass to go on with has {of}, got {samples} samples with shuffle={self.shuffle}")
        if not isinstance(done, int) or done < 0:
            raise ValueError(f"the pass to go on with wanted a number of batches done, got {done!r:.80}")
        return Pass(self, self._order() if order is None else order, done)

    def _default_sampler(self) -> Iterable[int] | None:
        """Return what the order is without a sampler; None for a dataset that has its own."""
        if not has_samples(self.dataset):
            return None
        return (
            RandomSampler(self.dataset, generator=self.generator) if self.shuffle else SequentialSampler(self.dataset)
        )

    def _order(self) -> Order:
        """Return the indices of a new pass, one array a batch if there is a batch_sampler; None without indices."""
        if self.batch_sampler is not None:
            return [indices_of("a batch_sampler's batch", batch) for batch in self.batch_sampler]
        return None if self.sampler is None else indices_of("a sampler", self.sampler)

    def _fits(self, order: Any) -> bool:
        """Return whether this can be the order of a pass over these data."""
        if self.sampler is None or (self.batch_sampler is None and isinstance(self.sampler, SequentialSampler)):
            return order is None
        batches = order if self.batch_sampler is not None and isinstance(order, list) else [order]
        if not all(isinstance(part, np.ndarray) and part.dtype.kind == "i" and part.ndim == 1 for part in batches):
            return False
        samples = len(self.dataset)
        if self.shuffle:
            return np.array_equal(np.sort(order), np.arange(samples))
        return all(-samples <= part.min(initial=0) <= part.max(initial=0) < samples for part in batches)

    def _augmented(self, batch: Any) -> Any:
        if self.augment is None:
            return batch
        if isinstance(batch, Tensor):
            return Tensor(self.augment(batch.data, self.generator))
        if not isinstance(batch, tuple | list) or not isinstance(batch[0], Tensor):
            raise TypeError(f"augment wanted batches that begin with a Tensor, got {type(batch).__name__}")
        return (Tensor(self.augment(batch[0].data, self.generator)), *batch[1:])


class Pass:
    """One pass over a DataLoader's batches. `state_dict` says where it stands; `DataLoader.resume` goes on there.

    What it yields is fixed when it begins: samples that a dataset gets meanwhile are left out, and ones that it loses
    are an IndexError.
    """

    def __init__(self, loader: DataLoader, order: Order, done: int) -> None:
        self.loader = loader
        self.order = order
        self.done = done
        self.parts = _parts(loader, order)
        found = sum(1 for _ in itertools.islice(self.parts, done))
        if found < done:
            raise ValueError(f"the pass to go on with has had {done} batches, got data with {found}")

    def __iter__(self) -> "Pass":
        return self

    def __next__(self) -> Any:
        part = next(self.parts)
        self.done += 1
        return self.loader.collated(part) if self.order is None else self.loader.batch(part)

    def state_dict(self) -> dict[str, Any]:
        """Return the order of the samples, None where it is theirs, and how many batches are done."""
        theirs = self.loader.batch_sampler is None and isinstance(self.loader.sampler, SequentialSampler)
        return {"order": None if theirs else copy.deepcopy(self.order), "done": self.done}


def _parts(loader: DataLoader, order: Order) -> Iterator[Any]:
    """Yield what each batch is made of: an array of indices, or a list of samples where there are no indices."""
    if isinstance(order, list):
        yield from order
        return
    size = loader.batch_size
    if order is None:
        samples = iter(loader.dataset)
        parts: Iterator[Any] = iter(lambda: list(itertools.islice(samples, size)), [])
    else:
        parts = (order[start : start + size] for start in range(0, len(order), size))
    for part in parts:
        if len(part) == size or not loader.drop_last:
            yield part


def load_digits(split: Literal["fixed", "writers"] = "fixed") -> tuple[TensorDataset, TensorDataset]:
    """Return real handwritten digits as two datasets of (image, label), to train on (1,437) and to test on (360).

    Images are (8, 8) float32, ink from 0 to 1; labels are int64 from 0 to 9. The file is part of the package.
    split: "fixed" was drawn once and for all, each digit by its share. "writers" tests on the last 360 of the file,
        which goes writer by writer as far as can be seen: most of these handwritings were never seen in training. That
        is the harder question, and the one that a new user asks.

    Raises ValueError for another split.
    Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository (1998),
    https://doi.org/10.24432/C50P49, CC BY 4.0; the test part, 13 writers, as scikit-learn 1.9 carries it.
    """
    images, labels, test = _digits()
    if split == "writers":
        test = np.arange(len(labels) - len(test), len(labels))
    elif split != "fixed":
        raise ValueError(f"load_digits wanted the split 'fixed' or 'writers', got {split!r}")
    train = np.setdiff1d(np.arange(len(labels)), test)
    both = TensorDataset(images, labels)
    return TensorDataset(*both[train]), TensorDataset(*both[test])


def shifted(images: Array, generator: "np.random.Generator", most: int = 1, share: float = 0.5) -> Array:
    """Move some images by up to `most` pixels along both axes, at random; 0 comes in from the edge.

    images: (N, H, W); share: how likely an image moves. Returns a new array of the same shape and dtype.
    Raises ValueError for other shapes.

    >>> shifted(np.ones((1, 2, 2)), np.random.default_rng(0)).shape
    (1, 2, 2)
    """
    if images.ndim != 3:
        raise ValueError(f"shifted wanted images (N, H, W), got {images.shape}; reshape them")
    count, height, width = images.shape
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    moves = generator.random((count, 1, 1)) < share
    down, right = np.where(moves, generator.integers(0, 2 * most + 1, (2, count, 1, 1)), most)
    rows = down + np.arange(height).reshape(1, -1, 1)  # (N, H, 1)
    columns = right + np.arange(width)  # (N, 1, W)
    moved: Array = padded[np.arange(count).reshape(-1, 1, 1), rows, columns]
    return moved


@functools.cache
def _digits() -> tuple[Array, Array, Array]:
    """Return images (1797, 8, 8) float32, labels (1797,) int64, and the indices (360,) of the fixed test split."""
    with np.load(DIGITS) as arrays:
        images = arrays["images"].astype(np.float32) / DIGITS_MOST
        return images, arrays["labels"].astype(np.int64), arrays["test"].astype(np.int64)


def _check_dataset(dataset: Any, ordered: bool) -> None:
    """Raise for what gives no samples, or not in every pass, or not in the order that is wanted."""
    name = type(dataset).__name__
    if isinstance(dataset, Mapping | str) or not (has_samples(dataset) or hasattr(dataset, "__iter__")):
        raise TypeError(f"DataLoader wanted an object with __len__ and __getitem__, got a {name}; try TensorDataset")
    if isinstance(dataset, Iterator):
        raise TypeError(f"DataLoader wanted samples for every pass, got a {name}, which ends after one; try list(...)")
    if has_samples(dataset) and not len(dataset):
        raise ValueError(f"DataLoader wanted a dataset with samples, got a {name} of length 0; was it read?")
    if ordered and not has_samples(dataset):
        raise ValueError(
            f"DataLoader wanted a length to shuffle, or to take by a sampler, got a {name} without one; try list(...)"
        )
