"""Module 07: `save` and `load` by PyTorch's names, on the files of `checkpoints.py`: safetensors, never pickle.

Public parts: `save`, `load`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinytorch.checkpoints import load_state, save_state
from tinytorch.tensor import Tensor

TENSOR = "$tensor"


def save(obj: Any, f: str | Path) -> None:
    """Save numbers, text, tensors, arrays, and lists, tuples and dicts of them: `save(model.state_dict(), "model.pt")`.

    Raises TypeError for a whole model, or anything else that is no such value, and for an open file; else as
    `save_state`.
    """
    if not isinstance(f, str | Path):
        raise TypeError(f"save wanted a path, got {type(f).__name__}; the file is written under another name first")
    if hasattr(obj, "state_dict"):
        raise TypeError(f"save wanted numbers, tensors and dicts, got a {type(obj).__name__}; try .state_dict()")
    save_state(f, _with_arrays(obj))


def load(f: str | Path, map_location: object = None, weights_only: bool = True) -> Any:
    """Return what was saved: tensors, such as a `state_dict` has, as tensors, arrays as arrays.

    map_location: "cpu" or None. weights_only: False too runs no code from the file: there is none in it.
    Raises ValueError for a damaged file and as `load_state`.
    """
    if map_location not in (None, "cpu"):
        raise ValueError(f'load wanted map_location None or "cpu", where all is computed, got {map_location!r}')
    return _with_tensors(load_state(f))


def _with_arrays(value: Any) -> Any:
    if isinstance(value, Tensor):
        return {TENSOR: value.data, "requires_grad": value.requires_grad and value.op is None}
    if isinstance(value, Mapping):
        return {key: _with_arrays(part) for key, part in value.items()}
    return type(value)(map(_with_arrays, value)) if type(value) in (list, tuple) else value


def _with_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        if TENSOR in value:
            return Tensor(value[TENSOR], requires_grad=value["requires_grad"])
        return {key: _with_tensors(part) for key, part in value.items()}
    return type(value)(map(_with_tensors, value)) if type(value) in (list, tuple) else value
