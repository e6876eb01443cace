"""Module 07: the order of an array's elements in memory, which a training that goes on to the bit has to keep.

Public parts: `strides_of`, `axes_of`, `laid_out`, `with_axes`.

The sum of the same numbers in another order is another number in its last bits, and matrix products and sums go through
memory in the order that they find. So a parameter that was a transposed view has to be one again.
"""

from collections.abc import Sequence

import numpy as np

from tinytorch.tensor import Array


def strides_of(array: Array) -> list[int]:
    """Return how many elements lie between neighbours along each axis."""
    return [stride // array.itemsize for stride in array.strides]


def axes_of(array: Array) -> list[int]:
    """Return the axes from the one with the widest steps in memory to the one with the narrowest."""
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


def laid_out(array: Array, strides: Sequence[int], memory: Array) -> Array:
    """Return the values in an array with these strides: in `memory` itself if it has them.

    So other views of that memory see the values too, as they did when the state was saved.
    Raises ValueError for strides of another number of axes.
    """
    if len(strides) != array.ndim:
        raise ValueError(f"the strides of an array wanted {array.ndim} numbers, got {list(strides)}")
    if memory.shape != array.shape or strides_of(memory) != list(strides) or not memory.flags.writeable:
        memory = _strided(array, strides)
    memory[...] = array
    return memory


def with_axes(array: Array, axes: Sequence[int]) -> Array:
    """Return the values in an array without gaps whose `axes_of` are these. Raises ValueError for other axes."""
    made: Array = np.empty([array.shape[axis] for axis in axes], array.dtype).transpose(np.argsort(axes))
    made[...] = array
    return made


def _strided(like: Array, strides: Sequence[int]) -> Array:
    """Return an array of the shape and dtype with these strides, in elements, in memory of its own."""
    steps = [(length - 1) * stride for length, stride in zip(like.shape, strides, strict=True)]
    below = -sum(step for step in steps if step < 0)
    room = np.zeros(1 + below + sum(step for step in steps if step > 0) if like.size else 0, like.dtype)
    widths = [stride * like.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(room[below:], like.shape, widths)
