"""Module 01: elements chosen by an index, and written by one.

Public parts: `getitem` and `setitem` (what `x[index]` and `x[index] = value` call), `gather`, with
`places_of` and `index_arrays` for what goes by the same index.

An index is NumPy's: ints, slices, `...`, None, bool masks, arrays or lists of ints, and tuples of them; Tensors of
integers or bools count as arrays. Ints and slices give a view, the rest a copy. Beside arrays an int counts as one,
also where that moves an axis to the front (`x[0, None, [0, 0]]`), which PyTorch does otherwise.
"""

from typing import Any

import numpy as np

from tinytorch.arrays import axis_of
from tinytorch.recording import note_write, recording
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, record
from tinytorch.torch_keywords import torch_keywords

Index = Any


def getitem(x: Operand, index: Index) -> Tensor:
    """Return x[index]; an element named twice gets both gradients. Raises IndexError for what isn't there.

    >>> x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> x[:, -1], x[x > 4], x[[1, 0, 1], 0]
    (Tensor([3., 6.]), Tensor([5., 6.]), Tensor([4., 1., 4.]))
    """
    x = as_tensor(x)
    index = _plain(index)
    try:
        part = x.data[index]
        if type(part) is not np.ndarray:  # a single element: NumPy copied it, and a view is wanted
            part = x.data[(*index, ...) if isinstance(index, tuple) else (index, ...)]
    except (IndexError, OverflowError) as error:
        raise IndexError(_misfit("read", x, index, error)) from None
    return record(getitem, part, x, index=index)


def setitem(x: Tensor, index: Index, value: Operand) -> None:
    """Write value, broadcast, into x[index], in place: views of the same memory change too. x keeps its dtype.

    Raises RuntimeError where a gradient would be lost: while recording, if x or value requires grad. `backward` refuses
    what was written into after it was computed with. Raises IndexError or ValueError where index or value don't fit.

    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x[:, 0] = 0
    >>> x
    Tensor([[0., 2.],
            [0., 4.]])
    """
    value = as_tensor(value, x)
    if recording.enabled and (x.requires_grad or value.requires_grad):
        which = "into a tensor that requires grad" if x.requires_grad else "a value that requires grad into a tensor"
        raise RuntimeError(f"writing {which} would lose gradients; try no_grad(), or build it by where or concatenate")
    index = _plain(index)
    try:
        x.data[index] = value.data
    except (IndexError, OverflowError) as error:
        raise IndexError(_misfit("write", x, index, error)) from None
    except ValueError as error:
        if not x.data.flags.writeable:
            advice = "one number of it stands for several, as after expand; try .copy()"
            raise ValueError(f"cannot write into a read-only view of shape {x.shape}: {advice}") from None
        raise ValueError(f"{_misfit('write', x, index, error)}; the value's shape is {value.shape}") from None
    note_write(x.data)


@torch_keywords
def gather(x: Operand, axis: int, index: Operand) -> Tensor:
    """Return the elements of x that `index` names along `axis`: out[i][j] = x[i][index[i][j]] for axis 1.

    index: integers, of as many axes as x, along the others no longer than x; the result has its shape.
    Raises TypeError for another dtype, ValueError for another shape, IndexError for what isn't there.

    >>> gather(Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1, Tensor([[2], [0]]))
    Tensor([[3.],
            [4.]])
    """
    x = as_tensor(x)
    axis, chosen = places_of("gather", x, axis, as_tensor(index))
    return record(gather, x.data[index_arrays(chosen, axis)], x, axis=axis, index=chosen)


def places_of(name: str, x: Tensor, axis: int, index: Tensor) -> tuple[int, Array]:
    """Return the axis, counted from 0, and a copy of the index; raise what `gather` raises for those that don't fit."""
    axis = axis_of(axis, max(x.ndim, 1), name)
    if index.dtype.kind not in "iu":
        raise TypeError(f"{name} wanted an index of integers, got {index.dtype}; try .astype(np.int64)")
    pairs = zip(index.shape, x.shape, strict=False)
    if index.ndim != x.ndim or any([i != axis and length > longest for i, (length, longest) in enumerate(pairs)]):
        raise ValueError(
            f"{name} wanted an index with the axes of {x.shape}, longer along axis {axis} at most; got {index.shape}"
        )
    chosen = index.data.copy()
    last = (x.shape or (1,))[axis] - 1
    if chosen.size and (chosen.min() < 0 or chosen.max() > last):
        raise IndexError(f"{name} wanted indices from 0 to {last}, got some from {chosen.min()} to {chosen.max()}")
    return axis, chosen


def index_arrays(index: Array, axis: int) -> tuple[Array, ...]:
    """Return an array of places for each axis, so that x[these] is what `gather` wants."""
    places = list(np.ix_(*[np.arange(length) for length in index.shape]))
    if places:
        places[axis] = index
    return tuple(places)


def _plain(index: Index) -> Index:
    """Return an index of NumPy's, and arrays as copies: the gradient needs them as they were."""
    kind = type(index)
    if kind is int or kind is slice:
        return index
    if kind is tuple:
        return tuple([_plain(part) for part in index])
    if isinstance(index, Tensor):
        return index.data.copy()
    if isinstance(index, list):
        try:
            array = np.array(index)
        except ValueError:
            raise IndexError(f"an index wanted lists of one length, got {index!r:.60}; try a tuple, x[i, j]") from None
        return array if array.size else array.astype(np.intp)
    return index.copy() if isinstance(index, np.ndarray) else index


def _misfit(verb: str, x: Tensor, index: Index, error: Exception) -> str:
    return f"cannot {verb} {index!r:.60} of a tensor of shape {x.shape}: {str(error).rstrip('.')}"
