"""Module 03: what a layer's state is and how it comes back: copies of named tensors, and arrays into them.

Public parts: `state_of`, `load_state`, `LoadResult`. `Layer.state_dict` and `Layer.load_state_dict` are built on them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinytorch.tensor import Array, Tensor, from_numpy

NAMES_SHOWN = 5  # in an error, of each kind


class LoadResult(NamedTuple):
    """Which names did not meet their counterpart; both lists are empty after a strict load."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def state_of(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """Return a copy of each tensor by name, without gradients; one copy for all names of a tied tensor."""
    wanted = _by_name(tensors)
    copies = {id(x): from_numpy(np.array(x.data, order="C")) for x in wanted.values()}
    return {name: copies[id(x)] for name, x in wanted.items()}


def load_state(
    tensors: Iterable[tuple[str, Tensor]], state: Mapping[str, Array | Tensor], strict: bool, assign: bool, owner: str
) -> LoadResult:
    """Give each tensor a copy of the array of its name, in its own dtype; change all of them or none.

    assign: whether a float tensor takes the float dtype of what comes. owner: what an error calls the whole.
    A tied tensor comes under each of its names, and one array that is given for it is enough if not strict.
    Raises ValueError that lists every array of another shape or kind, tied names with different values and, if strict,
    all missing and unexpected names; TypeError for what is no dict.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"{owner} wanted a state as a dict of arrays by name, got {type(state).__name__}")
    wanted = _by_name(tensors)
    missing = [name for name in wanted if name not in state]
    unexpected = [name for name in state if name not in wanted]
    arrays = {name: _array(state[name]) for name in wanted if name in state}
    faults = [fault for name, array in arrays.items() if (fault := _fault(name, wanted[name].data, array))]
    faults = faults or _untied(wanted, arrays)
    if strict:
        faults = [*_listed("missing", missing), *_listed("unexpected", unexpected), *faults]
    if faults:
        advice = "was it saved from another model?"
        if not all("wanted" in fault for fault in faults):
            advice += " strict=False loads what is there"
        raise ValueError(f"this state does not fit {owner}: {'; '.join(faults)}; {advice}")
    ready = {name: array.astype(_dtype(wanted[name], array, assign), order="C") for name, array in arrays.items()}
    for name, array in ready.items():
        wanted[name].data = array
    return LoadResult(missing, unexpected)


def _by_name(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, x in tensors:
        if name in found:
            raise ValueError(f"two tensors have the name {name!r}; rename a key of a dict of layers")
        found[name] = x
    return found


def _array(value: Array | Tensor) -> Array:
    return value.data if isinstance(value, Tensor) else np.asarray(value)


def _fault(name: str, wanted: Array, got: Array) -> str | None:
    """Say why an array can't become this tensor's, if so."""
    if got.shape != wanted.shape:
        hint = " (transposed?)" if got.ndim > 1 and got.shape == wanted.shape[::-1] else ""
        return f"{name} wanted {wanted.shape}, got {got.shape}{hint}"
    if not np.can_cast(got.dtype, wanted.dtype, "same_kind"):
        return f"{name} wanted {wanted.dtype}, got {got.dtype}"
    return None


def _dtype(wanted: Tensor, got: Array, assign: bool) -> np.dtype[Any]:
    return got.dtype if assign and got.dtype.kind == wanted.dtype.kind else wanted.dtype


def _untied(wanted: Mapping[str, Tensor], arrays: Mapping[str, Array]) -> list[str]:
    """Say which names belong to one tied tensor but got different values."""
    first: dict[int, str] = {}
    pairs = [(first.setdefault(id(wanted[name]), name), name) for name in arrays]
    return [
        f"{other} and {name} wanted equal values, for they are one tied tensor here, got different ones"
        for other, name in pairs
        if arrays[other] is not arrays[name] and not np.array_equal(arrays[other], arrays[name], equal_nan=True)
    ]


def _listed(what: str, names: list[str]) -> list[str]:
    shown = names[:NAMES_SHOWN]
    more = [f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return [f"{what}: {', '.join(shown + more)}"] if names else []
