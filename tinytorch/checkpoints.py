"""Module 07: checkpoints, files from which a training goes on to the bit. The format is safetensors, never pickle.

Public parts: `save_checkpoint`, `load_checkpoint` for a whole training; `save_state`, `load_state` for any numbers,
text, arrays, and lists, tuples and dicts of them, such as `model.state_dict()`.

A file is written beside its place, forced to the disk and then renamed: whatever happens, at `path` stands the last
whole one. Its arrays are safetensors' own, so that other programs can read them; all else is JSON in the metadata, and
a checksum over both tells a damaged file. Needs the package safetensors, and only here.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch.tensor import Array

if TYPE_CHECKING:
    from tinytorch.training import Trainer

FORMAT = "tinytorch state 1"
TRAINING = "tinytorch training"
WIDEST = 8  # bytes of a number that safetensors knows
ARRAY, TUPLE, PAIRS = "$array", "$tuple", "$pairs"  # how JSON says what it has no word for


def save_checkpoint(path: str | Path, trainer: "Trainer") -> None:
    """Save a training: model, optimizer, scheduler, callbacks, generators, data order and progress.

    To be called between `fit`s or from a callback's `at_rest`. Raises as `save_state`.
    """
    save_state(path, {"kind": TRAINING, "trainer": trainer.state_dict()})


def load_checkpoint(path: str | Path, trainer: "Trainer") -> None:
    """Bring a Trainer of the same parts to where the saved one stood; its next `fit`, with the same data, goes on.

    The run is then the same to the bit as one that was never interrupted, on the same machine and versions.
    Raises as `load_state`, and ValueError that names the file if it doesn't fit the trainer; then nothing was changed.
    """
    found = load_state(path)
    if not isinstance(found, dict) or found.get("kind") != TRAINING:
        raise ValueError(f"{path} is no checkpoint of a training: it was saved by save_state; try load_state")
    try:
        trainer.load_state_dict(found["trainer"])
    except ValueError as error:
        raise ValueError(f"{path} does not fit this Trainer: {error}") from error


def save_state(path: str | Path, state: Any) -> None:
    """Save numbers, text, arrays, and lists, tuples and dicts of them to a file; folders are made.

    Raises TypeError for anything else in it, OSError if the disk is full or not to be written, ModuleNotFoundError
    without safetensors. What stood at `path` before then still does.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_state(f"{folder}/weights.safetensors", {"weight": np.arange(2.0), "steps": 7})
    ...     load_state(f"{folder}/weights.safetensors")
    {'weight': array([0., 1.]), 'steps': 7}
    """
    safetensors = _safetensors()
    arrays: dict[str, Array] = {}
    text = json.dumps(_packed(state, "", arrays))
    metadata = {"format": FORMAT, "state": text, "checksum": _checksum(text, arrays)}
    _write(Path(path), safetensors.numpy.save(arrays, metadata))


def load_state(path: str | Path) -> Any:
    """Return what `save_state` saved.

    Raises FileNotFoundError; ValueError that names the file if it is damaged, truncated or another program's;
    ModuleNotFoundError without safetensors.
    """
    safetensors = _safetensors()
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no checkpoint at {path}; was it saved, and is the path right?")
    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(f"wanted the format {FORMAT!r}, got {metadata.get('format', 'none')!r}")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        if metadata["checksum"] != _checksum(metadata["state"], arrays):
            raise ValueError("its checksum is another; the file was damaged")
        return _unpacked(json.loads(metadata["state"]), arrays)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        raise ValueError(f"{path} is no whole checkpoint of this library: {error}; take another one") from error


def _write(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any moment leaves the old one or the new one at its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")  # one name: the next save clears away what a crash left
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name has to reach the disk too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _packed(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    """Return a value as JSON knows it; arrays go into `arrays` by the path to them, "model.0.weight"."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > WIDEST:
            raise TypeError(f"a checkpoint wanted numbers, got an array of {value.dtype} at {name or 'the top'}")
        while name in arrays or name in ("", "__metadata__"):  # safetensors keeps the latter for itself
            name += "_"
        arrays[name] = value.astype(value.dtype.newbyteorder("="), order="C")
        return {ARRAY: name}
    if isinstance(value, np.generic):
        return _packed(value.item(), name, arrays)
    if isinstance(value, list):
        return [_packed(part, _path(name, index), arrays) for index, part in enumerate(value)]
    if isinstance(value, tuple):
        return {TUPLE: _packed(list(value), name, arrays)}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: _packed(part, _path(name, key), arrays) for key, part in value.items()}
        return {PAIRS: [[_packed(key, name, arrays), _packed(value[key], _path(name, key), arrays)] for key in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint wanted numbers, text and arrays, got {type(value).__name__} at {name or 'the top'}")


def _unpacked(value: Any, arrays: Mapping[str, Array]) -> Any:
    """Return what `_packed` got."""
    if isinstance(value, list):
        return [_unpacked(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {ARRAY}:
        return arrays[value[ARRAY]]
    if value.keys() == {TUPLE}:
        return tuple(_unpacked(value[TUPLE], arrays))
    if value.keys() == {PAIRS}:
        return {_unpacked(key, arrays): _unpacked(part, arrays) for key, part in value[PAIRS]}
    return {key: _unpacked(part, arrays) for key, part in value.items()}


def _path(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)


def _checksum(text: str, arrays: Mapping[str, Array]) -> str:
    """Return a CRC over the text and all arrays with their names, dtypes and shapes."""
    total = zlib.crc32(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        total = zlib.crc32(f"{name} {array.dtype.str} {array.shape}".encode(), total)
        total = zlib.crc32(array.reshape(-1).view(np.uint8).data, total)
    return f"{total:08x}"


def _safetensors() -> Any:
    """Return the package, which is needed here alone; or say how to get it."""
    try:
        import safetensors
        import safetensors.numpy
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'saving and loading need the package safetensors: python -m pip install "tinytorch[checkpoints]"'
        ) from error
    return safetensors
