"""Module 01: operations that move elements about and change none.

Public parts: `permute`, `swapaxes`, `squeeze`, `unsqueeze`, `flatten`, `expand`, `stack`, `split`, `pad`;
`width_pairs` for those who pad. `reshape`, `transpose` and `concatenate` stand in `tensor.py`, and most of these are
made of the first two.

Where it can be, a result is a view: it shares its memory with the input, and a write into one is seen in the other.
"""

import math
import operator
from collections.abc import Sequence

import numpy as np

from tinytorch.arrays import axis_of, flat_ints
from tinytorch.indexing import getitem
from tinytorch.tensor import Axis, Operand, Scalar, Shape, Tensor, as_tensor, record, reshape, transpose
from tinytorch.torch_keywords import torch_keywords


def permute(x: Operand, *axes: int | Shape) -> Tensor:
    """Return a view with the axes in the given order: `permute(x, 2, 0, 1)`, or a tuple."""
    return transpose(x, flat_ints(axes, "permute"))


@torch_keywords
def swapaxes(x: Operand, axis1: int, axis2: int) -> Tensor:
    """Return a view with two axes swapped."""
    x = as_tensor(x)
    first = axis_of(axis1, x.ndim, "swapaxes")
    second = axis_of(axis2, x.ndim, "swapaxes")
    axes = list(range(x.ndim))
    axes[first], axes[second] = second, first
    return transpose(x, axes)


@torch_keywords
def squeeze(x: Operand, axis: Axis = None) -> Tensor:
    """Return a view without the axes of length 1; with `axis`, only without those named.

    A named axis of another length stays, as in PyTorch.

    >>> squeeze(Tensor([[[1.0], [2.0]]])).shape, squeeze(Tensor([[[1.0], [2.0]]]), axis=(0, 1)).shape
    ((2,), (2, 1))
    """
    x = as_tensor(x)
    named = range(x.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    chosen = {axis_of(number, max(x.ndim, 1), "squeeze") for number in named}
    return reshape(x, tuple([length for i, length in enumerate(x.shape) if length != 1 or i not in chosen]))


@torch_keywords
def unsqueeze(x: Operand, axis: int) -> Tensor:
    """Return a view with a new axis of length 1, which stands at `axis` in the result."""
    x = as_tensor(x)
    place = axis_of(axis, x.ndim + 1, "unsqueeze")
    return reshape(x, (*x.shape[:place], 1, *x.shape[place:]))


@torch_keywords
def flatten(x: Operand, start_axis: int = 0, end_axis: int = -1) -> Tensor:
    """Return the same elements with the axes from start_axis to end_axis, both included, made one.

    A 0-d tensor becomes one of shape (1,). Raises ValueError if start_axis stands behind end_axis.

    >>> flatten(Tensor(np.zeros((2, 3, 4))), 1).shape
    (2, 12)
    """
    x = as_tensor(x)
    start = axis_of(start_axis, max(x.ndim, 1), "flatten")
    end = axis_of(end_axis, max(x.ndim, 1), "flatten")
    if start > end:
        raise ValueError(f"flatten wanted start_axis before end_axis, got {start_axis} and {end_axis} for {x.shape}")
    return reshape(x, (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


def expand(x: Operand, *shape: int | Shape) -> Tensor:
    """Return a read-only view with axes of length 1 stretched, and new ones on the left; -1 keeps a length.

    Raises ValueError where another length would have to change.

    >>> expand(Tensor([[1.0], [2.0]]), -1, 3)
    Tensor([[1., 1., 1.],
            [2., 2., 2.]])
    """
    x = as_tensor(x)
    wanted = flat_ints(shape, "expand")
    new = len(wanted) - x.ndim
    lengths = [x.shape[i - new] if length == -1 and i >= new else length for i, length in enumerate(wanted)]
    try:
        return record(expand, np.broadcast_to(x.data, lengths), x)
    except ValueError:
        raise ValueError(f"cannot expand {x.shape} to {wanted}: from the right, only lengths of 1 can change") from None


@torch_keywords
def stack(tensors: Sequence[Operand], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    if not isinstance(tensors, list | tuple) or not tensors:
        raise ValueError(f"stack wanted a list of tensors, one or more; got {tensors!r:.80}")
    parts = [as_tensor(part) for part in tensors]
    try:
        return record(stack, np.stack([part.data for part in parts], axis), *parts, axis=axis)
    except ValueError as error:
        shapes = ", ".join([str(part.shape) for part in parts])
        raise ValueError(f"cannot stack {shapes} along axis {axis}: {error}") from None


@torch_keywords
def split(x: Operand, sizes: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Return views of pieces along an axis: of one length, the last being shorter, or of the given lengths.

    Raises ValueError for a length that isn't positive, or lengths whose sum isn't the axis's.

    >>> [piece.shape for piece in split(Tensor(np.zeros((7, 2))), 3)], len(split(Tensor(np.zeros(7)), [3, 4]))
    ([(3, 2), (3, 2), (1, 2)], 2)
    """
    x = as_tensor(x)
    axis = axis_of(axis, x.ndim, "split")
    length = x.shape[axis]
    if hasattr(sizes, "__index__"):
        step = operator.index(sizes)
        if step < 1:
            raise ValueError(f"split wanted pieces of length 1 or more, got {step}")
        sizes = [min(step, length - start) for start in range(0, max(length, 1), step)]
    if not isinstance(sizes, tuple | list):
        raise TypeError(f"split wanted a length, or a list of lengths, of whole numbers; got {sizes!r:.60}")
    sizes = flat_ints(tuple(sizes), "split")
    if sum(sizes) != length or min(sizes, default=0) < 0:
        raise ValueError(f"split wanted lengths whose sum is {length}, axis {axis} of {x.shape}; got {list(sizes)}")
    ends = np.cumsum(sizes).tolist()
    before = (slice(None),) * axis
    return tuple([getitem(x, (*before, slice(end - size, end))) for size, end in zip(sizes, ends, strict=True)])


def pad(x: Operand, widths: Sequence[int], value: Scalar = 0) -> Tensor:
    """Return the elements with `value` around them.

    widths: how many before and behind, a pair an axis from the last one on, as in PyTorch: (left, right, top, bottom).
    Raises ValueError for an odd number of widths, more than two an axis, or a negative one.

    >>> pad(Tensor([[1.0, 2.0]]), (1, 2, 0, 1))
    Tensor([[0., 1., 2., 0., 0.],
            [0., 0., 0., 0., 0.]])
    """
    x = as_tensor(x)
    pairs = width_pairs(x, widths)
    if min(map(min, pairs), default=0) < 0:
        raise ValueError(f"pad wanted widths of 0 or more, none negative, got {widths}; nn.functional.pad can cut")
    if isinstance(value, float) and x.dtype.kind != "f" and not value.is_integer():
        raise TypeError(f"pad wanted a value that {x.dtype} can hold, got {value}; try .astype(np.float32) first")
    inside = tuple([slice(before, before + length) for (before, _), length in zip(pairs, x.shape, strict=True)])
    with np.errstate(over="ignore"):
        padded = np.full([length + sum(pair) for length, pair in zip(x.shape, pairs, strict=True)], value, x.dtype)
    padded[inside] = x.data
    return record(pad, padded, x, inside=inside)


def width_pairs(x: Tensor, widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return how many stand before and behind along each axis, the first axis first; raise what `pad` raises."""
    if not isinstance(widths, tuple | list):
        raise TypeError(f"pad wanted a tuple of widths such as (left, right), got {widths!r:.60}")
    flat = flat_ints(tuple(widths), "pad")
    if len(flat) % 2 or len(flat) > 2 * x.ndim:
        raise ValueError(
            f"pad wanted a pair of widths for each axis from the last one on, at most {2 * x.ndim} for {x.shape}; "
            f"got {flat}"
        )
    pairs = list(zip(flat[::2], flat[1::2], strict=True))[::-1]
    return [(0, 0)] * (x.ndim - len(pairs)) + pairs
