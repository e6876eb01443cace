"""Count floating-point operations: what NumPy computes while some work runs, seen by arrays that count.

Public parts: `counting`, `let_count`. Nothing is estimated from a formula: `Counted` is an array that NumPy asks before
it computes (NEP 13 and NEP 18), so `@`, `np.matmul`, `np.einsum` and every elementwise function are seen as they run.

What counts, where the result is of a floating dtype:
- a product of `(n, k)` and `(k, m)`: 2 n k m, for each matrix of a stack (`@`, matmul, vecdot, dot, inner, tensordot);
- einsum: a multiplication for each pair of operands and an addition where letters are summed, at each index;
- an elementwise function (`+`, exp, maximum, ...): 1 for each element of its result;
- a reduction (sum, max, ...; also accumulate): 1 for each element of its input.
Comparisons, copies, casts, indexing and integers don't count; nor does what NumPy computes in one piece of C beyond
these (`np.linalg`, `np.fft`, `np.convolve`), nor Python's own numbers.
"""

import contextlib
import gc
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

_PRODUCTS = (np.dot, np.inner, np.vdot, np.tensordot, np.outer)
_MATRIX_UFUNCS = tuple(getattr(np, name) for name in ("matmul", "vecdot", "matvec", "vecmat") if hasattr(np, name))
_CREATING = (
    *("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "frombuffer", "fromiter"),
    *("zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace"),
)

found: Counter[str] = Counter()  # by the function's name


_Array = np.ndarray  # NumPy's own, also while it is replaced


class _AnyArray(type):
    """Makes `isinstance(x, np.ndarray)` hold for plain arrays too, while `np.ndarray` is `Counted`."""

    def __instancecheck__(cls, x: object) -> bool:
        return type.__instancecheck__(_Array, x)


class Counted(np.ndarray[Any, Any], metaclass=_AnyArray):
    """An array whose floating-point operations are counted; so are those of all that is computed from it."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            options["out"] = tuple(map(_plain, out))
        arrays = [_plain(x) for x in inputs]
        result = getattr(ufunc, method)(*arrays, **options)
        _note(ufunc.__name__, _of_ufunc(ufunc, method, arrays, result), result if out is None else out[0])
        return _wrapped(result) if out is None else (out[0] if len(out) == 1 else out)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if function is np.einsum:
            return _einsum(*inputs, **options)
        if function in _PRODUCTS:
            a, b = map(_plain, inputs[:2])
            result = function(a, b, *map(_plain, inputs[2:]), **{name: _plain(x) for name, x in options.items()})
            _note(function.__name__, _of_product(function, a, b, result), result)
            return _wrapped(result)
        # Subclasses are all alike here: NumPy's own Python code runs, and its parts are counted one by one.
        return _wrapped(super().__array_function__(function, types, inputs, options))

    def dot(self, other: Any, out: Any = None) -> Any:
        """Multiply as `np.dot` does; the method asks nobody."""
        return np.dot(self, other) if out is None else np.dot(self, other, out=out)


@contextlib.contextmanager
def counting() -> Iterator[Counter[str]]:
    """Let NumPy's functions that create arrays give arrays that count, and yield the count by function.

    Inside, `np.ndarray` is the type of these arrays, so that code which asks `type(x) is np.ndarray` takes them.
    Import what shall be counted inside of it: what was imported by name before creates plain arrays.
    """
    originals = {name: getattr(np, name) for name in (*_CREATING, "ndarray")}
    found.clear()
    try:
        for name in _CREATING:
            setattr(np, name, _creating(originals[name]))
        np.ndarray = Counted  # type: ignore[misc]
        yield found
    finally:
        for name, original in originals.items():
            setattr(np, name, original)


def let_count(module: ModuleType) -> None:
    """Make plain arrays count that a module holds, and those of all tensors that are alive."""
    for name, value in list(vars(module).items()):
        if type(value) is _Array:
            setattr(module, name, value.view(Counted))
    from tinytorch import Tensor

    for thing in gc.get_objects():
        if issubclass(type(thing), Tensor) and type(thing.data) is _Array:
            thing.data = thing.data.view(Counted)


def _creating(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(*arguments: Any, **options: Any) -> Any:
        return _wrapped(original(*arguments, **options))

    return create


def _plain(x: Any) -> Any:
    return x.view(_Array) if type(x) is Counted else x


def _wrapped(result: Any) -> Any:
    if type(result) is _Array:
        return result.view(Counted)
    return tuple(map(_wrapped, result)) if type(result) is tuple else result


def _note(name: str, count: int, result: Any) -> None:
    first = result[0] if isinstance(result, tuple) else result
    if count and getattr(first, "dtype", np.dtype(object)).kind in "fc":
        found[name] += count


def _of_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], result: Any) -> int:
    if method == "__call__" and ufunc in _MATRIX_UFUNCS:
        return 2 * int(np.size(result)) * int(np.shape(inputs[0])[-1])  # the axis that is summed over
    if method == "at":  # in place, one for each index
        return int(np.size(inputs[1][0] if isinstance(inputs[1], tuple) else inputs[1]))
    if method in ("reduce", "accumulate", "reduceat"):
        return int(np.size(inputs[0]))
    return int(np.size(result[0] if isinstance(result, tuple) else result))


def _of_product(function: Any, a: Any, b: Any, result: Any) -> int:
    sizes = [int(np.size(x)) for x in (a, b, result)]
    if function is np.outer or not np.ndim(a) or not np.ndim(b):
        return sizes[2]
    return 2 * (sizes[0] if function is np.vdot else math.isqrt(math.prod(sizes)))  # nk * km * nm is (nkm) squared


def _einsum(*operands: Any, optimize: Any = False, **options: Any) -> Any:
    """Compute an einsum and count it step by step, in the order in which NumPy does it."""
    plain = [_plain(x) for x in operands]
    result = np.einsum(*plain, optimize=optimize, **{name: _plain(x) for name, x in options.items()})
    path, report = np.einsum_path(*plain, optimize=optimize)
    written = report.partition("Complete contraction:")[2].split()[0]  # "ij,jk->ik", also for lists and `...`
    terms, _, output = written.partition("->")
    waiting, lengths = list(map(set, terms.split(","))), _lengths(terms.split(","), plain)
    count = 0
    for step in path[1:]:
        taken = [waiting.pop(place) for place in sorted(step, reverse=True)]
        letters = set().union(*taken)
        kept = letters & set(output).union(*waiting)
        count += (len(taken) - 1 + (kept != letters)) * math.prod(lengths[letter] for letter in letters)
        waiting.append(kept)
    _note("einsum", count, result)
    return _wrapped(result)


def _lengths(terms: Sequence[str], operands: Sequence[Any]) -> dict[str, int]:
    """Return how long each letter's axis is; the arrays stand among the operands in the terms' order."""
    arrays = [x for x in operands if isinstance(x, _Array)]
    found: dict[str, int] = {}
    for term, x in zip(terms, arrays, strict=True):
        for letter, length in zip(term, x.shape, strict=True):
            found[letter] = max(length, found.get(letter, 1))
    return found
