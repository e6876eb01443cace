"""Module 01: elements chosen by an index, and written by one, under PyTorch's names.

Public parts: `index_select`, `masked_select`, `nonzero`; `scatter` and `scatter_add`, whose rules stand in
`torch_gradients.py`. `gather` stands in `indexing.py`.
"""

import numpy as np

from tinytorch.arrays import axis_of
from tinytorch.indexing import getitem, index_arrays, places_of
from tinytorch.shapes import expand
from tinytorch.tensor import Array, Operand, Scalar, Tensor, as_tensor, from_numpy, record


def index_select(x: Operand, dim: int, index: Operand) -> Tensor:
    """Return the slices that `index`, a vector of integers, names along an axis; IndexError for what isn't there.

    Negative ones count from the end, as in `x[index]` (PyTorch refuses them here).
    """
    x, index = as_tensor(x), as_tensor(index)
    if index.ndim > 1 or index.dtype.kind not in "iu":
        raise TypeError(f"index_select wanted a vector of integers, got {index.dtype} of shape {index.shape}")
    axis = axis_of(dim, x.ndim, "index_select")
    return getitem(x, ((slice(None),) * axis + (index.reshape(-1),)))


def masked_select(x: Operand, mask: Operand) -> Tensor:
    """Return the elements where the mask, of bools, holds, in one row; both broadcast."""
    x, mask = as_tensor(x), as_tensor(mask)
    if mask.dtype.kind != "b":
        raise TypeError(f"masked_select wanted a mask of bools, got {mask.dtype}; try mask != 0")
    shape = np.broadcast_shapes(x.shape, mask.shape)
    return getitem(expand(x, shape), expand(mask, shape))


def scatter(x: Operand, dim: int, index: Operand, src: Operand | None = None, value: Scalar | None = None) -> Tensor:
    """Return x with elements of src at the places that `index` names along an axis: `gather`, the other way.

    index: integers, of as many axes as x, along the others no longer than x; for a vector one number will do.
    src: a number, or a tensor no shorter than index. value: PyTorch's other name for a number.
    Where a place is named twice, the last one stays.
    Raises TypeError or ValueError for another index or src, IndexError for places that aren't there.

    >>> scatter(Tensor([[0.0, 0.0, 0.0]]), 1, Tensor([[2, 0]]), Tensor([[5.0, 6.0]]))
    Tensor([[6., 0., 5.]])
    """
    if (src is None) == (value is None):
        raise TypeError(f"scatter wanted src or value, got src={src!r:.60} and value={value!r:.60}")
    x, index = as_tensor(x), as_tensor(index)
    source = as_tensor(value if src is None else src, x)  # type: ignore[arg-type]  # one of them is given
    if x.ndim == 1 and not index.ndim:
        index = index.reshape(1)
    axis, places = places_of("scatter", x, dim, index)
    if source.ndim:
        _check_source("scatter", x, places, source)
    inside = tuple([slice(length) for length in places.shape]) if source.ndim else ()
    result = x.data.copy()
    result[index_arrays(places, axis)] = source.data[inside]
    return record(scatter, result, x, source, axis=axis, index=places, inside=inside)


def scatter_add(x: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """Return x with elements of src added at the places that `index` names along an axis, all where it names one twice.

    index, src and what is raised: as `scatter`.

    >>> scatter_add(Tensor([0.0, 0.0, 1.0]), 0, Tensor([2, 0, 2]), Tensor([5.0, 6.0, 7.0]))
    Tensor([ 6.,  0., 13.])
    """
    x, src = as_tensor(x), as_tensor(src)
    axis, places = places_of("scatter_add", x, dim, as_tensor(index))
    _check_source("scatter_add", x, places, src)
    inside = tuple([slice(length) for length in places.shape])
    result = x.data.copy()
    np.add.at(result, index_arrays(places, axis), src.data[inside])
    return record(scatter_add, result, x, src, axis=axis, index=places, inside=inside)


def nonzero(x: Operand, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """Return where elements aren't 0: a row of indices each, (count, axes) int64; as a tuple, an index an axis.

    A tensor without axes counts as a vector of one there, as in PyTorch.
    """
    array = as_tensor(x).data
    places = np.argwhere(array.reshape(1) if as_tuple and not array.ndim else array)
    return tuple([from_numpy(column.copy()) for column in places.T]) if as_tuple else from_numpy(places)


def _check_source(name: str, x: Tensor, index: Array, source: Tensor) -> None:
    """Raise ValueError for a source that is shorter than the index, TypeError for another dtype than x's."""
    if source.ndim != index.ndim or any(n < m for n, m in zip(source.shape, index.shape, strict=True)):
        raise ValueError(f"{name} wanted a src no shorter than the index {index.shape}, got {source.shape}")
    if source.dtype != x.dtype:
        raise TypeError(f"{name} wanted a src of x's dtype {x.dtype}, got {source.dtype}; try .astype")
