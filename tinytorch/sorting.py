"""Module 01: elements in order.

Public parts: `sort`, `argsort`, `topk`, `unique`. `sort` and `topk` return a pair (values, indices), as `max(dim=...)`.

The values are gathered by the indices, so their gradients go to where they came from. Equal elements keep their order.
NaN counts as larger than all numbers.
"""

import numpy as np

from tinytorch.arrays import axis_of, whole
from tinytorch.indexing import gather, getitem
from tinytorch.tensor import Array, Operand, Tensor, as_tensor, from_numpy
from tinytorch.torch_keywords import Placed, torch_keywords


@torch_keywords
def sort(x: Operand, axis: int = -1, descending: bool = False, stable: bool = True) -> Placed:
    """Return the elements in order along an axis, the smallest first, and where they stood.

    stable: has no effect; equal elements always keep their order.

    >>> sort(Tensor([3.0, 1.0, 2.0]), descending=True)
    Placed(values=Tensor([3., 2., 1.]), indices=Tensor([0, 2, 1], dtype=int64))
    """
    x = as_tensor(x)
    order = from_numpy(_order(x.data, _axis("sort", x, axis), descending))
    return Placed(gather(x, axis, order), order)


@torch_keywords
def argsort(x: Operand, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Return where the elements stand that come first, second, ... in order along an axis (int64); see `sort`."""
    x = as_tensor(x)
    return from_numpy(_order(x.data, _axis("argsort", x, axis), descending))


@torch_keywords
def topk(x: Operand, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Placed:
    """Return the k largest elements along an axis, the largest first, and where they stood; or the k smallest.

    sorted: has no effect; they come in order.
    Raises ValueError unless there are k.

    >>> topk(Tensor([[3.0, 1.0, 2.0]]), 2)
    Placed(values=Tensor([[3., 2.]]), indices=Tensor([[0, 2]], dtype=int64))
    """
    x = as_tensor(x)
    place = _axis("topk", x, axis)
    length = (x.shape or (1,))[place]
    if not 0 <= whole(k, "topk's k") <= length:
        raise ValueError(f"topk wanted k from 0 to {length}, the length of axis {axis} of {x.shape}, got {k}")
    order = from_numpy(_order(x.data, place, largest))
    first = getitem(order, (*(slice(None),) * place, slice(k))) if x.ndim else order
    return Placed(gather(x, axis, first), first)


@torch_keywords
def unique(
    x: Operand,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Return the elements in order, each once, in one row; each NaN counts as another.

    sorted: has no effect; they come in order. axis: return the different slices along it in place of elements.
    return_inverse: return also where each element, or slice, stands in the result; return_counts: also how many of each
    there are (both int64; a tuple then).

    >>> unique(Tensor([[2, 1], [2, 5]]), return_counts=True)
    (Tensor([1, 2, 5], dtype=int64), Tensor([1, 2, 1], dtype=int64))
    """
    array = as_tensor(x).data
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    found = [from_numpy(values)]
    if return_inverse:
        found.append(from_numpy(inverse.reshape(array.shape if axis is None else -1)))
    if return_counts:
        found.append(from_numpy(counts))
    return tuple(found) if len(found) > 1 else found[0]


def _axis(name: str, x: Tensor, axis: int) -> int:
    return axis_of(axis, max(x.ndim, 1), name)


def _order(array: Array, axis: int, descending: bool) -> Array:
    """Return the stable order; descending, that of the reversed elements, read from the end."""
    if not array.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(array, axis, kind="stable")
    backwards = np.argsort(np.flip(array, axis), axis, kind="stable")
    order: Array = array.shape[axis] - 1 - np.flip(backwards, axis)
    return order
