"""Module 08: data, from a file to shuffled batches.

Public parts: `DataLoader` and its `Pass`, `load_digits`, `shifted`; `TensorDataset`, `Subset`, `random_split` and what
else is a dataset are in `tinytorch/datasets.py`.

What is random comes from a seed or a `np.random.Generator`: the same seed gives the same batches in the same order.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tinytorch.checks import at_least_one
from tinytorch.datasets import Dataset as Dataset  # "as": whoever imports dataloader finds them here
from tinytorch.datasets import Samples, Seed, batch_of
from tinytorch.datasets import Subset as Subset
from tinytorch.datasets import TensorDataset as TensorDataset
from tinytorch.datasets import default_collate as default_collate
from tinytorch.datasets import random_split as random_split
from tinytorch.tensor import Array, Tensor

DIGITS = Path(__file__).parent / "digits.npz"
DIGITS_MOST = 16  # the brightest value of a pixel in that file

Augment = Callable[[Array, "np.random.Generator"], Array]
Collate = Callable[[list[Any]], Any]


class DataLoader:
    """The batches of a dataset: each pass yields every sample once.

    dataset: anything with `__len__` and `__getitem__`: a TensorDataset, a list, an array, a class of yours. Or an
        iterable without a length, which is asked for its samples anew in each pass, in its own order.
    shuffle: draw a new order for each pass. drop_last: leave out a last batch that is smaller.
    collate_fn: makes a batch of a list of samples; without it `default_collate`: tuples of tensors from tuples.
    augment: changes a batch's first array, (batch_size, ...), before it becomes a tensor: `augment(array, generator)`.
    seed, generator: where order and augmentation come from, two names of one option: an int, a Generator, or None for
        others in every run.
    num_workers: 0; batches are made in this process, when they are asked for.

    Raises ValueError for an empty dataset and options out of range; TypeError for what is no dataset.

    >>> data = TensorDataset(Tensor([0.0, 1.0, 2.0, 3.0, 4.0]))
    >>> [x.tolist() for (x,) in DataLoader(data, batch_size=2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """

    def __init__(
        self,
        dataset: Samples | Iterable[Any],
        batch_size: int = 1,
        shuffle: bool | None = False,
        *,
        drop_last: bool = False,
        collate_fn: Collate | None = None,
        augment: Augment | None = None,
        seed: Seed = None,
        generator: Seed = None,
        num_workers: int = 0,
    ) -> None:
        _check_dataset(dataset, bool(shuffle))
        if num_workers != 0:
            raise ValueError(f"DataLoader wanted num_workers=0, it makes batches in this process, got {num_workers}")
        if seed is not None and generator is not None:
            raise ValueError("DataLoader wanted a seed or a generator, which are one option, got both; leave one out")
        self.dataset: Any = dataset
        self.batch_size = at_least_one("batch_size", batch_size)
        self.shuffle = bool(shuffle)
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self.augment = augment
        self.generator = np.random.default_rng(seed if generator is None else generator)

    def __len__(self) -> int:
        """Return the number of batches. Raises TypeError if the dataset has no length."""
        if not _has_length(self.dataset):
            raise TypeError(f"a DataLoader of a {type(self.dataset).__name__} has no length, for that has none")
        return (len(self.dataset) + (0 if self.drop_last else self.batch_size - 1)) // self.batch_size

    def __iter__(self) -> "Pass":
        return Pass(self, self.generator.permutation(len(self.dataset)) if self.shuffle else None, 0)

    def batch(self, indices: Array) -> Any:
        """Return the samples of these indices as one batch, augmented."""
        if self.collate_fn is None:
            return self._augmented(batch_of(self.dataset, indices))
        return self.collated([self.dataset[int(index)] for index in indices])

    def collated(self, samples: list[Any]) -> Any:
        """Return these samples as one batch, augmented."""
        return self._augmented((self.collate_fn or default_collate)(samples))

    def resume(self, state: Mapping[str, Any]) -> "Pass":
        """Return the rest of the pass that gave this `state_dict()`, in the same order.

        What augments the rest depends on the generator, which the state doesn't hold.
        Raises ValueError if the state is of other data.
        """
        order, done = state.get("order"), state.get("done")
        samples = len(self.dataset) if _has_length(self.dataset) else None
        if (order is not None) != self.shuffle or (
            order is not None and not np.array_equal(np.sort(order), np.arange(samples or 0))
        ):
            of = "no order" if order is None else f"an order of {len(order)} samples"
            raise ValueError(f"the pass to go on with has {of}, got {samples} samples with shuffle={self.shuffle}")
        if not isinstance(done, int) or not 0 <= done <= (done if samples is None else len(self)):
            raise ValueError(f"the pass to go on with has had {done} batches, got data with {len(self)}")
        return Pass(self, order, done)

    def _augmented(self, batch: Any) -> Any:
        if self.augment is None:
            return batch
        if isinstance(batch, Tensor):
            return Tensor(self.augment(batch.data, self.generator))
        if not isinstance(batch, tuple | list) or not isinstance(batch[0], Tensor):
            raise TypeError(f"augment wanted batches that begin with a Tensor, got {type(batch).__name__}")
        return (Tensor(self.augment(batch[0].data, self.generator)), *batch[1:])


class Pass:
    """One pass over a DataLoader's batches. `state_dict` says where it stands; `DataLoader.resume` goes on there."""

    def __init__(self, loader: DataLoader, order: Array | None, done: int) -> None:
        self.loader = loader
        self.order = order
        self.done = done
        self.samples: Iterator[Any] | None = None  # of a dataset without a length
        if not _has_length(loader.dataset):
            self.samples = iter(loader.dataset)
            seen = done * loader.batch_size
            if len(list(itertools.islice(self.samples, seen))) < seen:
                raise ValueError(f"the pass to go on with has had {done} batches, got data with fewer")

    def __iter__(self) -> "Pass":
        return self

    def __next__(self) -> Any:
        batch = self._indexed() if self.samples is None else self._collected(self.samples)
        self.done += 1
        return batch

    def state_dict(self) -> dict[str, Any]:
        """Return the order of the samples, None where it is theirs, and how many batches are done."""
        return {"order": None if self.order is None else self.order.copy(), "done": self.done}

    def _indexed(self) -> Any:
        if self.done >= len(self.loader):
            raise StopIteration
        start, stop = self.done * self.loader.batch_size, (self.done + 1) * self.loader.batch_size
        if self.order is None:
            return self.loader.batch(np.arange(start, min(stop, len(self.loader.dataset))))
        return self.loader.batch(self.order[start:stop])

    def _collected(self, samples: Iterator[Any]) -> Any:
        found = list(itertools.islice(samples, self.loader.batch_size))
        if not found or (self.loader.drop_last and len(found) < self.loader.batch_size):
            raise StopIteration
        return self.loader.collated(found)


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


def _has_length(dataset: object) -> bool:
    return hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")


def _check_dataset(dataset: Any, shuffle: bool) -> None:
    """Raise for what gives no samples, or not in every pass."""
    name = type(dataset).__name__
    if isinstance(dataset, Mapping | str) or not (_has_length(dataset) or hasattr(dataset, "__iter__")):
        raise TypeError(f"DataLoader wanted an object with __len__ and __getitem__, got a {name}; try TensorDataset")
    if isinstance(dataset, Iterator):
        raise TypeError(f"DataLoader wanted samples for every pass, got a {name}, which ends after one; try list(...)")
    if _has_length(dataset) and not len(dataset):
        raise ValueError(f"DataLoader wanted a dataset with samples, got a {name} of length 0; was it read?")
    if shuffle and not _has_length(dataset):
        raise ValueError(f"DataLoader wanted a length to shuffle, got a {name} without one; try list(...)")
