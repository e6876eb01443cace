"""Module 08: data, from a file to shuffled batches.

Public parts: `TensorDataset`, `DataLoader` and its `Pass`, `load_digits`, `shifted`.

What is random comes from a seed or a `np.random.Generator`: the same seed gives the same batches in the same order.
"""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tinytorch.tensor import Array, Operand, Tensor, as_tensor

DIGITS = Path(__file__).parent / "digits.npz"
DIGITS_MOST = 16  # the brightest value of a pixel in that file

Augment = Callable[[Array, "np.random.Generator"], Array]


class TensorDataset:
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
            raise ValueError(f"TensorDataset wanted tensors with the same first length, got {shapes}")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: "int | slice | Array") -> tuple[Tensor, ...]:
        """Return a sample, or the samples of a slice or an array of indices; always copies."""
        return tuple(Tensor(x.data[index]) for x in self.tensors)


class DataLoader:
    """The batches of a dataset: each pass yields every sample once, as a tuple of tensors with batch_size rows.

    shuffle: draw a new order for each pass. drop_last: leave out a last batch that is smaller.
    augment: changes a batch's first array, (batch_size, ...), before it becomes a tensor: `augment(array, generator)`.
    seed: where order and augmentation come from: an int, a Generator, or None for others in every run.

    Raises ValueError for a batch_size below 1; TypeError for what isn't a TensorDataset.

    >>> data = TensorDataset(Tensor([0.0, 1.0, 2.0, 3.0, 4.0]))
    >>> [x.tolist() for (x,) in DataLoader(data, batch_size=2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """

    def __init__(
        self,
        dataset: TensorDataset,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        augment: Augment | None = None,
        seed: "int | np.random.Generator | None" = None,
    ) -> None:
        if not isinstance(dataset, TensorDataset):
            raise TypeError(f"DataLoader wanted a TensorDataset, got {type(dataset).__name__}; try TensorDataset(x, y)")
        if batch_size < 1:
            raise ValueError(f"DataLoader wanted a batch_size from 1 on, got {batch_size}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.augment = augment
        self.generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        """Return the number of batches."""
        return (len(self.dataset) + (0 if self.drop_last else self.batch_size - 1)) // self.batch_size

    def __iter__(self) -> "Pass":
        return Pass(self, self.generator.permutation(len(self.dataset)) if self.shuffle else None, 0)

    def batch(self, indices: Array) -> tuple[Tensor, ...]:
        """Return the samples of these indices as one batch, augmented."""
        found = self.dataset[indices]
        if self.augment is None:
            return found
        return (Tensor(self.augment(found[0].data, self.generator)), *found[1:])

    def resume(self, state: Mapping[str, Any]) -> "Pass":
        """Return the rest of the pass that gave this `state_dict()`, in the same order.

        What augments the rest depends on the generator, which the state doesn't hold.
        Raises ValueError if the state is of other data.
        """
        order, done = state.get("order"), state.get("done")
        samples = len(self.dataset)
        if (order is not None) != self.shuffle or (
            order is not None and not np.array_equal(np.sort(order), np.arange(samples))
        ):
            of = "no order" if order is None else f"an order of {len(order)} samples"
            raise ValueError(f"the pass to go on with has {of}, got {samples} samples with shuffle={self.shuffle}")
        if not isinstance(done, int) or not 0 <= done <= len(self):
            raise ValueError(f"the pass to go on with has had {done} batches, got data with {len(self)}")
        return Pass(self, order, done)


class Pass:
    """One pass over a DataLoader's batches. `state_dict` says where it stands; `DataLoader.resume` goes on there."""

    def __init__(self, loader: DataLoader, order: Array | None, done: int) -> None:
        self.loader = loader
        self.order = order
        self.done = done

    def __iter__(self) -> "Pass":
        return self

    def __next__(self) -> tuple[Tensor, ...]:
        if self.done >= len(self.loader):
            raise StopIteration
        start, stop = self.done * self.loader.batch_size, (self.done + 1) * self.loader.batch_size
        if self.order is None:
            indices = np.arange(start, min(stop, len(self.loader.dataset)))
        else:
            indices = self.order[start:stop]
        batch = self.loader.batch(indices)
        self.done += 1
        return batch

    def state_dict(self) -> dict[str, Any]:
        """Return the order of the samples, None where it is theirs, and how many batches are done."""
        return {"order": None if self.order is None else self.order.copy(), "done": self.done}


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
