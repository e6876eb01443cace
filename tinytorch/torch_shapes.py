"""Module 01: rearranging that PyTorch's scripts call besides that of `shapes.py` and `indexing.py`.

Public parts: `cat`, `hstack`, `vstack`, `chunk`, `unbind`, `tile`, `repeat`, `repeat_interleave`, `meshgrid`, `flip`,
`roll`, `movedim`, `broadcast_to`; `tril`, `triu`, `diag`; `numel`, `is_tensor`.

All are made of operations that have their rules.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from tinytorch.arrays import axes_of, axis_of, flat_ints, whole
from tinytorch.elementwise import where
from tinytorch.indexing import getitem
from tinytorch.shapes import expand, pad, split, swapaxes
from tinytorch.tensor import Axis, Operand, Shape, Tensor, as_tensor, concatenate, from_numpy, transpose
from tinytorch.torch_keywords import torch_keywords


@torch_keywords
def cat(tensors: Iterable[Operand] | Tensor, axis: int = 0) -> Tensor:
    """Return `concatenate(tensors, axis)`: tensors joined along an axis that they have.

    All have as many axes (PyTorch lets an empty vector stand beside matrices).
    """
    if isinstance(tensors, Tensor):
        raise ValueError(f"cat wanted a list of tensors, got one of shape {tensors.shape}; try cat([a, b])")
    if not isinstance(tensors, Iterable):
        raise TypeError(f"cat wanted a list of tensors, got {tensors!r:.60}")
    return concatenate(list(tensors), axis)


def hstack(tensors: Sequence[Operand]) -> Tensor:
    """Return vectors joined end to end, other tensors side by side, along axis 1."""
    parts = [x if x.ndim else x.reshape(1) for x in map(as_tensor, tensors)]
    return cat(parts, 0 if parts and parts[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Operand]) -> Tensor:
    """Return tensors joined one below the other, along axis 0; vectors are rows."""
    return cat([x if x.ndim > 1 else x.reshape(1, -1) for x in map(as_tensor, tensors)])


@torch_keywords
def chunk(x: Operand, chunks: int, axis: int = 0) -> tuple[Tensor, ...]:
    """Return views of so many pieces along an axis, of one length but for the last; fewer where they don't fit.

    >>> [len(piece) for piece in chunk(Tensor([1.0, 2.0, 3.0, 4.0, 5.0]), 3)]
    [2, 2, 1]
    """
    x = as_tensor(x)
    if whole(chunks, "chunk") < 1:
        raise ValueError(f"chunk wanted 1 piece or more, got {chunks}")
    length = x.shape[axis_of(axis, x.ndim, "chunk")]
    return split(x, max(1, math.ceil(length / chunks)), axis) if length else (getitem(x, ...),) * chunks


@torch_keywords
def unbind(x: Operand, axis: int = 0) -> tuple[Tensor, ...]:
    """Return views of all slices along an axis, which they lack."""
    x = as_tensor(x)
    axis = axis_of(axis, x.ndim, "unbind")
    before = (slice(None),) * axis
    return tuple([getitem(x, (*before, i)) for i in range(x.shape[axis])])


def repeat(x: Operand, *repeats: int | Shape) -> Tensor:
    """Return x several times along each axis; new axes stand on the left. This is PyTorch's `x.repeat`.

    Raises ValueError for fewer numbers than axes, or a negative one.

    >>> repeat(Tensor([1.0, 2.0]), 2, 2)
    Tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]])
    """
    x = as_tensor(x)
    times = flat_ints(repeats, "repeat")
    if len(times) < x.ndim or min(times, default=0) < 0:
        raise ValueError(f"repeat wanted a number of 0 or more for each axis of {x.shape}, got {times}; try tile")
    shape = (1,) * (len(times) - x.ndim) + x.shape
    pairs = list(zip(times, shape, strict=True))
    apart = x.reshape(tuple([length for pair in shape for length in (1, pair)]))
    stretched = expand(apart, tuple([length for pair in pairs for length in pair]))
    return stretched.reshape(tuple([count * length for count, length in pairs]))


def tile(x: Operand, *repeats: int | Shape) -> Tensor:
    """Return x several times along its last axes; with numbers for more axes than it has, as `repeat`."""
    x = as_tensor(x)
    times = flat_ints(repeats, "tile")
    return repeat(x, (1,) * (x.ndim - len(times)) + tuple(times))


@torch_keywords
def repeat_interleave(x: Operand, repeats: int | Operand, axis: int | None = None) -> Tensor:
    """Return each slice along an axis several times in a row; without an axis, each element, in one row.

    repeats: a number, or one for each slice.

    >>> repeat_interleave(Tensor([1.0, 2.0]), 2)
    Tensor([1., 1., 2., 2.])
    """
    x = as_tensor(x)
    if axis is None:
        return repeat_interleave(x.reshape(-1), repeats, 0)
    axis = axis_of(axis, x.ndim, "repeat_interleave")
    times = as_tensor(repeats).data
    if times.dtype.kind not in "iu" or times.shape not in ((), (1,), x.shape[axis : axis + 1]) or (times < 0).any():
        raise ValueError(
            f"repeat_interleave wanted a whole number of 0 or more, or {x.shape[axis]} of them, got {repeats!r:.60}"
        )
    return getitem(x, (*(slice(None),) * axis, np.repeat(np.arange(x.shape[axis]), times)))


def meshgrid(*tensors: Operand | Sequence[Operand], indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return for each vector a view in which it varies along its own axis, all of the shape of all lengths.

    indexing: "ij", or "xy" for the first two axes swapped, as pictures have them.

    >>> [grid.tolist() for grid in meshgrid(Tensor([1, 2]), Tensor([5, 6, 7]))]
    [[[1, 1, 1], [2, 2, 2]], [[5, 6, 7], [5, 6, 7]]]
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    vectors = [as_tensor(x).reshape(-1) for x in given]  # type: ignore[arg-type]
    if indexing not in ("ij", "xy"):
        raise ValueError(f'meshgrid wanted indexing="ij" or "xy", got {indexing!r:.60}')
    shape = tuple([len(x) for x in vectors])
    grids = [expand(x.reshape((-1,) + (1,) * (len(shape) - 1 - i)), shape) for i, x in enumerate(vectors)]
    return tuple([swapaxes(grid, 0, 1) for grid in grids] if indexing == "xy" and len(shape) > 1 else grids)


def flip(x: Operand, *axes: int | Shape, dims: int | Shape | None = None) -> Tensor:
    """Return a view with the order of the elements reversed along these axes, one or more: `flip(x, 0, 1)`, or a tuple.

    dims: PyTorch's name of the tuple.

    >>> flip(Tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    Tensor([[2., 1.],
            [4., 3.]])
    """
    x = as_tensor(x)
    turned = axes_of(flat_ints(axes if dims is None else (dims,), "flip"), x.ndim, "flip")
    return getitem(x, tuple([slice(None, None, -1 if i in turned else 1) for i in range(x.ndim)]))


def roll(x: Operand, shifts: int | Shape, dims: Axis = None) -> Tensor:
    """Return the elements moved on by `shifts` along `dims`; those that leave at the end come in at the start.

    dims: None rolls through all elements in their order. Raises ValueError unless there is a shift for each axis.

    >>> roll(Tensor([1.0, 2.0, 3.0, 4.0]), 1)
    Tensor([4., 1., 2., 3.])
    """
    x = as_tensor(x)
    if dims is None:
        return roll(x.reshape(-1), shifts, 0).reshape(x.shape)
    steps, axes = flat_ints((shifts,), "roll"), flat_ints((dims,), "roll")
    if len(steps) != len(axes):
        raise ValueError(f"roll wanted a shift for each axis, got shifts={shifts} and dims={dims}")
    for step, axis in zip(steps, [axis_of(axis, x.ndim, "roll") for axis in axes], strict=True):
        before = (slice(None),) * axis
        cut = -step % max(x.shape[axis], 1)
        x = concatenate([getitem(x, (*before, slice(cut, None))), getitem(x, (*before, slice(cut)))], axis)
    return x


def movedim(x: Operand, source: int | Shape, destination: int | Shape) -> Tensor:
    """Return a view with the axes `source` at the places `destination`; the others keep their order."""
    x = as_tensor(x)
    return transpose(x, _moved(x.ndim, source, destination))


def _moved(count: int, source: int | Shape, destination: int | Shape) -> list[int]:
    sources = axes_of(source, count, "movedim")
    places = axes_of(destination, count, "movedim")
    if len(sources) != len(places):
        raise ValueError(f"movedim wanted a place for each axis, got {source} and {destination}")
    order = [axis for axis in range(count) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return order


def broadcast_to(x: Operand, shape: Shape) -> Tensor:
    """Return `expand(x, shape)`: a read-only view with axes of length 1 stretched."""
    return expand(x, shape)


def tril(x: Operand, diagonal: int = 0) -> Tensor:
    """Return matrices (..., n, m) with 0 above a diagonal: the main one, or so many above it.

    >>> tril(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 0.],
            [3., 4.]])
    """
    x, diagonal = _matrices("tril", x), whole(diagonal, "tril's diagonal")
    return where(from_numpy(np.tri(x.shape[-2], x.shape[-1], diagonal, np.bool)), x, _zero(x))


def triu(x: Operand, diagonal: int = 0) -> Tensor:
    """Return matrices (..., n, m) with 0 below a diagonal: the main one, or so many above it."""
    x, diagonal = _matrices("triu", x), whole(diagonal, "triu's diagonal")
    return where(from_numpy(np.tri(x.shape[-2], x.shape[-1], diagonal - 1, np.bool)), _zero(x), x)


def diag(x: Operand, diagonal: int = 0) -> Tensor:
    """Return the matrix that has x on a diagonal and 0 elsewhere; of a matrix, its diagonal.

    diagonal: 0 for the main one, k for the k-th above it, -k for the k-th below.

    >>> diag(Tensor([1.0, 2.0])), diag(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    (Tensor([[1., 0.],
            [0., 2.]]), Tensor([1., 4.]))
    """
    x, diagonal = as_tensor(x), whole(diagonal, "diag's diagonal")
    above, below = max(diagonal, 0), max(-diagonal, 0)
    if x.ndim == 2:
        places = np.arange(max(0, min(x.shape[0] - below, x.shape[1] - above)))
        return getitem(x, (places + below, places + above))
    if x.ndim != 1:
        raise ValueError(f"diag wanted a vector (n,) or a matrix (n, m), got {x.shape}")
    n = len(x) + above + below
    columns = expand(pad(x, (above, below)), n, n)  # each element in all of its column
    return where(from_numpy(np.eye(n, k=diagonal, dtype=np.bool)), columns, _zero(x))


def numel(x: Operand) -> int:
    """Return the number of elements."""
    return as_tensor(x).data.size


def is_tensor(value: object) -> bool:
    """Return whether a value is a Tensor."""
    return isinstance(value, Tensor)


def _matrices(name: str, x: Operand) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise ValueError(f"{name} wanted matrices (..., n, m), got {x.shape}")
    return x


def _zero(x: Tensor) -> Tensor:
    return from_numpy(np.zeros((), x.dtype))
