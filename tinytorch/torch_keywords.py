"""Module 01: arguments by PyTorch's names: `x.sum(dim=0, keepdim=True)` is `x.sum(axis=0, keepdims=True)`.

Public parts: the decorators `torch_keywords` and `pair_by_dim`; `Placed`, the pair that the latter's functions return.

NumPy's names are the contract here, so that what a learner builds, and reads, is NumPy. PyTorch's scripts write `dim=`
everywhere. One decorator translates for all functions; who builds `Tensor.sum` never sees another name than `axis`. It
costs 0.1 µs a call, on reductions and changes of shape; the operators have none.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

import tinytorch  # the package itself: its operations are looked up when they are called

if TYPE_CHECKING:
    from tinytorch.tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")

NUMPYS = {
    "dim": "axis",
    "keepdim": "keepdims",
    "unbiased": "correction",
    "start_dim": "start_axis",
    "end_dim": "end_axis",
    "dim0": "axis1",
    "dim1": "axis2",
    "split_size_or_sections": "sizes",
    "split_size": "sizes",
    "fill_value": "value",
    "end": "stop",
    "ddof": "correction",  # np.std(x) calls x.std(ddof=0, dtype=None, out=None)
}
SAID_BY_NONE = ("dtype", "out")  # in these, None is what stands there without them


def torch_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take PyTorch's keywords too, and a list of axes for a tuple.

    `device="cpu"`, which is where all is computed, may be said too.
    Raises TypeError where an argument comes under both of its names, and for an axis that is no number.

    >>> @torch_keywords
    ... def total(x, axis=None): return axis
    >>> total(0, dim=[0, 1])
    (0, 1)
    """
    wants_axis = "axis" in function.__code__.co_varnames[1:2]

    @functools.wraps(function)
    def either(*args: Any, **options: Any) -> Any:
        if options:
            options = _translated(function.__name__, options)
        if wants_axis and len(args) > 1 and type(args[1]) is list:
            args = (args[0], tuple(args[1]), *args[2:])
        try:
            return function(*args, **options)
        except TypeError:
            if wants_axis:
                _check_axis(function.__name__, args[1] if len(args) > 1 else options.get("axis"))
            if not isinstance(options.get("correction", 0), int | float | np.number):
                correction = options["correction"]
                raise TypeError(f"{function.__name__} wanted a number as correction, got {correction!r:.60}") from None
            raise

    return either


class Placed(NamedTuple):
    """Chosen elements, and where they stood along the axis (int64)."""

    values: "Tensor"
    indices: "Tensor"


def pair_by_dim(places: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a reduction to one element of many answer with values and indices where it is called as only PyTorch's is.

    That is with `dim`, or with an axis and `keepdim`.
    places: the function that finds the indices, "argmax" or "argmin". Other keywords as `torch_keywords`.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        plain: Callable[..., Any] = torch_keywords(function)

        @functools.wraps(function)
        def either(*args: Any, **options: Any) -> Any:
            pair = "dim" in options or ("keepdim" in options and len(args) > 1)
            return _pair(places, *args, **options) if pair else plain(*args, **options)

        return either

    return decorate


def _pair(places: str, x: Any, dim: int, keepdim: bool = False) -> Placed:
    x = tinytorch.as_tensor(x)
    indices = getattr(tinytorch, places)(x, dim, keepdims=True)
    values = tinytorch.gather(x, dim, indices)
    return Placed(values, indices) if keepdim else Placed(values.squeeze(dim), indices.squeeze(dim))


def _translated(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options by NumPy's names."""
    found: dict[str, Any] = {}
    for given, value in options.items():
        if given == "device":
            tinytorch.device("cpu" if value is None else value)  # which refuses all others
            continue
        if value is None and given in SAID_BY_NONE:
            continue
        ours = NUMPYS.get(given, given)
        if ours in found:
            raise TypeError(
                f"{name} wanted {ours} once, got it under two names; {given} is PyTorch's other name for it"
            )
        found[ours] = tuple(value) if ours == "axis" and isinstance(value, list) else value
    if "unbiased" in options:
        found["correction"] = int(options["unbiased"])
    return found


def _check_axis(name: str, axis: Any) -> None:
    """Raise TypeError for an axis that is no axis: what NumPy says of it doesn't name the function."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    if axis is not None and any(isinstance(n, bool) or not hasattr(n, "__index__") for n in axes):
        raise TypeError(f"{name} wanted an axis as an int, a tuple of ints or None, got {axis!r:.60}") from None
