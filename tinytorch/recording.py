"""Module 01: whether operations are noted for gradients, in which order, and what was written into since.

Public parts: `recording`, and `Decorating` for the blocks that switch it; `serials`; `written`, `note_write`,
`last_write`, `written_after`.
"""

import functools
import itertools
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import ContextDecorator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CO_GENERATOR = 0x20  # as in `inspect`, whose import would cost every start several milliseconds


class _Recording(threading.local):
    """Whether operations are noted for gradients; each thread has its own answer. Module 05's `no_grad` switches it."""

    enabled: bool = True


recording = _Recording()
serials = itertools.count()  # the numbers of operations and of writes, in the order in which they happen
written: dict[int, int] = {}  # the serial number of the last write into memory, by the id of the array that owns it
_newest_write = [-1]


class Decorating(ContextDecorator):
    """A `with` block that decorates functions too, as `@block` or `@block()`: they run inside of it.

    A generator function runs inside of it step by step; between its steps the caller has things as before.
    """

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """Return a block; or, as `@block` without parentheses, the decorated function."""
        if function is None:
            return super().__new__(cls)
        if not callable(function):
            raise TypeError(f"{cls.__name__} wanted a function to decorate, or nothing, got {function!r:.60}")
        return cls()(function)

    def __enter__(self) -> None: ...

    def __exit__(self, *error: Any) -> None: ...

    def __call__(self, function: Callable[..., Any]) -> Any:
        """Return the function so that it runs inside of the block."""
        if not getattr(getattr(function, "__code__", None), "co_flags", 0) & CO_GENERATOR:
            return super().__call__(function)

        @functools.wraps(function)
        def steps(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return (yield from _stepwise(type(self), function(*args, **kwargs)))

        return steps


def _stepwise(block: type[Decorating], generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Yield what a generator yields, and hand back to it what comes; only its own steps run inside the block."""
    step, answer = generator.send, None
    while True:
        try:
            with block():
                result = step(answer)
        except StopIteration as stop:
            return stop.value
        try:
            step, answer = generator.send, (yield result)
        except GeneratorExit:
            with block():
                generator.close()
            raise
        except BaseException as error:  # thrown in by the caller: the generator may catch it
            step, answer = generator.throw, error


def note_write(array: NDArray[Any]) -> None:
    """Note that an array's elements were changed in place, until the array that owns the memory dies."""
    owner = _owner(array)
    if id(owner) not in written:
        weakref.finalize(owner, written.pop, id(owner), None).atexit = False
    written[id(owner)] = _newest_write[0] = next(serials)


def last_write() -> int:
    """Return the serial number of the newest write into any tensor, -1 before the first."""
    return _newest_write[0]


def written_after(array: NDArray[Any], serial: int) -> bool:
    """Return whether `tensor[...] = ` changed the array's memory, or a part of it, after that serial number."""
    return bool(written) and written.get(id(_owner(array)), -1) > serial


def _owner(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array that owns the memory which this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
