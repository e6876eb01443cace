"""Module 05: gradients that are 0 but for a part, such as those of `x[3]`, summed without filling in the zeros.

Public parts: `Scattered`, `add_at`.

A walk over the n rows of a tensor has n of them. As whole arrays they would take n² numbers to add up.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Index = Any


class Scattered:
    """An array of this shape that holds `part` at `index` and 0 elsewhere, added to `rest`.

    It can be added to, and becomes an array wherever one is wanted. index: as in `x[index]`; an element that is named
    twice gets both.
    """

    __slots__ = ("index", "part", "rest", "shape")
    __array_ufunc__ = None  # `array + scattered` is left to `__radd__`
    base = None  # it is no view of another array's memory

    def __init__(self, shape: tuple[int, ...], index: Index, part: Array, rest: Any = None) -> None:
        self.shape = shape
        self.index = index
        self.part = part
        self.rest = rest  # another of these, an array, or None

    def __add__(self, other: Any) -> Any:
        if type(other) is Scattered and other.rest is None:
            return Scattered(self.shape, other.index, other.part, self)
        return self.dense() + np.asarray(other)

    def __radd__(self, other: Any) -> Any:
        return Scattered(self.shape, self.index, self.part, other) if self.rest is None else other + self.dense()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self.dense(), dtype)

    def copy(self) -> Array:
        """Return it as an array."""
        return self.dense()

    def astype(self, dtype: DTypeLike, copy: bool = True) -> Array:
        """Return it as an array of that dtype."""
        return self.dense().astype(dtype, copy=False)

    def dense(self) -> Array:
        """Return it as an array that nobody else has."""
        terms: list[Scattered] = []
        rest: Any = self
        while type(rest) is Scattered:
            terms.append(rest)
            rest = rest.rest
        array = np.zeros(self.shape, np.result_type(self.part, 0 if rest is None else rest))
        if rest is not None:
            array[...] = rest
        for term in reversed(terms):
            if _may_repeat(term.index):
                add_at(array, term.index, term.part)
            else:
                array[term.index] += term.part
        return array


def add_at(array: Array, index: Index, part: Array) -> None:
    """Add part to array[index], to elements that are named twice twice.

    On flat arrays np.add.at is five times as fast as on rows.
    """
    np.add.at(array.reshape(-1), _flat_places(array.shape, index).reshape(-1), part.reshape(-1))


def _may_repeat(index: Index) -> bool:
    """Return whether an index can name an element twice: only arrays of ints can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, np.ndarray) and part.dtype.kind in "iu" for part in parts)


def _flat_places(shape: tuple[int, ...], index: Index) -> Array:
    """Return where each element of x[index] stands in x.reshape(-1)."""
    parts = index if isinstance(index, tuple) else (index,)
    if not all(isinstance(part, np.ndarray) and part.dtype.kind in "iu" for part in parts):
        return np.arange(math.prod(shape)).reshape(shape)[index]
    lengths, rest = shape[: len(parts)], math.prod(shape[len(parts) :])
    rows = np.ravel_multi_index([part % length for part, length in zip(parts, lengths, strict=True)], lengths)
    places: Array = rows[..., None] * rest + np.arange(rest)
    return places
