"""Module 01: whether operations are noted for gradients, in which order, and what was written into since.

Public parts: `recording`, `serials`, `written`, `note_write`, `written_after`.
"""

import itertools
import threading
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Recording(threading.local):
    """Whether operations are noted for gradients; each thread has its own answer. Module 05's `no_grad` switches it."""

    enabled: bool = True


recording = _Recording()
serials = itertools.count()  # the numbers of operations and of writes, in the order in which they happen
written: dict[int, int] = {}  # the serial number of the last write into memory, by the id of the array that owns it


def note_write(array: NDArray[Any]) -> None:
    """Note that an array's elements were changed in place, until the array that owns the memory dies."""
    owner = _owner(array)
    if id(owner) not in written:
        weakref.finalize(owner, written.pop, id(owner), None).atexit = False
    written[id(owner)] = next(serials)


def written_after(array: NDArray[Any], serial: int) -> bool:
    """Return whether `tensor[...] = ` changed the array's memory, or a part of it, after that serial number."""
    return bool(written) and written.get(id(_owner(array)), -1) > serial


def _owner(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array that owns the memory which this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
