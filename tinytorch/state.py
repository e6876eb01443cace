"""What a layer's state is and how it comes back: named tensors to arrays, and arrays into named tensors.

Public parts: `state_of`, `load_state`, `LoadResult`. `Layer.state_dict` and `Layer.load_state_dict` are built on them.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tinytorch.tensor import Array, Tensor

NAMES_SHOWN = 5  # in an error, of each kind


class LoadResult(NamedTuple):
    """Which names did not meet their counterpart; both lists are empty after a strict load."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def state_of(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Array]:
    """Return a copy of each tensor's array by name."""
    return {name: x.data.copy() for name, x in _by_name(tensors).items()}


def load_state(
    tensors: Iterable[tuple[str, Tensor]], state: Mapping[str, Array | Tensor], strict: bool, owner: str
) -> LoadResult:
    """Give each tensor a copy of the array of its name, in its own dtype; change all of them or none.

    owner: what an error calls the whole.
    Raises ValueError that lists every array of another shape or kind and, if strict, all missing and unexpected names;
    TypeError for what is no dict.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"{owner} wanted a state as a dict of arrays by name, got {type(state).__name__}")
    wanted = _by_name(tensors)
    missing = [name for name in wanted if name not in state]
    unexpected = [name for name in state if name not in wanted]
    arrays = {name: _array(state[name]) for name in wanted if name in state}
    faults = [fault for name, array in arrays.items() if (fault := _fault(name, wanted[name].data, array))]
    if strict:
        faults = [*_listed("missing", missing), *_listed("unexpected", unexpected), *faults]
    if faults:
        advice = "was it saved from another model?"
        if not all("wanted" in fault for fault in faults):
            advice += " strict=False loads what is there"
        raise ValueError(f"this state does not fit {owner}: {'; '.join(faults)}; {advice}")
    for name, array in arrays.items():
        wanted[name].data = array.astype(wanted[name].dtype, order="C")
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


def _listed(what: str, names: list[str]) -> list[str]:
    shown = names[:NAMES_SHOWN]
    more = [f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return [f"{what}: {', '.join(shown + more)}"] if names else []
