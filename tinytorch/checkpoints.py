"""Module 07: checkpoints, files from which a training goes on to the bit. The format is safetensors, never pickle.

Public parts: `save_checkpoint`, `load_checkpoint` for a whole training; `save_state`, `load_state` for any numbers,
text, arrays, and lists, tuples and dicts of them, such as `model.state_dict()`.

A file is written beside its place and renamed, see `tinytorch.whole_files`: whatever happens, at `path` stands the last
whole one. Its arrays are safetensors' own, so that other programs can read them; all else is JSON in the metadata, and
a checksum over both tells a damaged file. Needs the package safetensors, and only here.
"""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch.memory_order import axes_of, with_axes
from tinytorch.tensor import Array, Tensor
from tinytorch.whole_files import write_whole

if TYPE_CHECKING:
    from tinytorch.training import Trainer

FORMAT = "tinytorch state 1"
TRAINING = "tinytorch training"
WIDEST = 8  # bytes of a number that safetensors knows
ARRAY, TUPLE, PAIRS = "$array", "$tuple", "$pairs"  # how JSON says what it has no word for
AXES = "$axes"  # of an array that isn't in C order, see `axes_of`
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # as files of torch.save begin


def save_checkpoint(path: str | Path, trainer: "Trainer") -> None:
    """Save a training: model, optimizer, scheduler, callbacks, generators, data order and progress.

    To be called between `fit`s or from a callback's `at_rest`. Raises as `save_state`, and RuntimeError in the middle
    of a step, or where an error ended the training there.
    """
    save_state(path, {"kind": TRAINING, "trainer": trainer.state_dict()})


def load_checkpoint(path: str | Path, trainer: "Trainer") -> None:
    """Bring a Trainer of the same parts to where the saved one stood; its next `fit`, with the same data, goes on.

    The run is then the same to the bit as one that was never interrupted, on the same machine and versions.
    Raises as `load_state`, and ValueError that names the file if it doesn't fit the trainer; then nothing was changed.
    """
    found = load_state(path)
    if not isinstance(found, dict) or found.get("kind") != TRAINING or "trainer" not in found:
        raise ValueError(f"{path} is no checkpoint of a training: it was saved by save_state; try load_state")
    try:
        trainer.load_state_dict(found["trainer"])
    except ValueError as error:
        raise ValueError(f"{path} does not fit this Trainer: {error}") from error


def save_state(path: str | Path, state: Any) -> None:
    """Save numbers, text, arrays, and lists, tuples and dicts of them to a file; folders are made.

    Tensors come back as arrays, and these with the order of their axes in memory. A file that is being saved by another
    process at the same moment is refused.

    Raises TypeError for anything else in it, OSError with the path if the disk is full or not to be written,
    ModuleNotFoundError without safetensors. What stood at `path` before then still does.

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
    write_whole(Path(path), safetensors.numpy.save(arrays, metadata))


def load_state(path: str | Path) -> Any:
    """Return what `save_state` saved.

    Raises OSError with the path if there is no file or none to be read; ValueError with the path if it is damaged,
    truncated or another program's; ModuleNotFoundError without safetensors.
    """
    safetensors = _safetensors()
    path = Path(path)
    begin = _begin(path)
    try:
        with safetensors.safe_open(path, "numpy") as file:
            text, checksum = _of_metadata(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        if checksum != _checksum(text, arrays):
            raise ValueError(f"wanted the checksum {checksum}, got {_checksum(text, arrays)}: the file was damaged")
        return _unpacked(json.loads(text), arrays)
    except safetensors.SafetensorError as error:
        raise ValueError(_refusal(path, f"wanted safetensors, got {_what_begins(begin)}: {error}")) from error
    except KeyError as error:
        raise ValueError(_refusal(path, f"wanted the array {error}, got none of that name")) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(_refusal(path, str(error))) from error


def _begin(path: Path) -> bytes:
    """Return the file's first bytes, or raise what says why it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(max(map(len, PICKLES)))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no checkpoint at {path}; was it saved, and is the path right?") from error
    except OSError as error:  # a folder, or not to be read
        why = f"can't read a checkpoint ({error.strerror}); name a file that you may read"
        raise OSError(error.errno, why, str(path)) from error


def _what_begins(begin: bytes) -> str:
    """Say what a file that begins so is."""
    if not begin:
        return "an empty file"
    pickled = begin.startswith(PICKLES)
    return "a pickle (torch.save?), which could run anything and is never loaded" if pickled else "something else"


def _of_metadata(metadata: Mapping[str, str]) -> tuple[str, str]:
    """Return the state as JSON and the checksum."""
    if metadata.get("format") != FORMAT:
        raise ValueError(f"wanted the format {FORMAT!r}, got {metadata.get('format', 'none')!r}")
    missing = [key for key in ("state", "checksum") if key not in metadata]
    if missing:
        raise ValueError(f"wanted the entries 'state' and 'checksum', got none of {missing}")
    return metadata["state"], metadata["checksum"]


def _refusal(path: Path, why: str) -> str:
    return f"{path} is no whole checkpoint of this library: {why}; take another one"


def _packed(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    """Return a value as JSON knows it; arrays go into `arrays` by the path to them, "model.0.weight"."""
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > WIDEST:
            raise TypeError(f"a checkpoint wanted numbers, got an array of {value.dtype} at {name or 'the top'}")
        while name in arrays or name in ("", "__metadata__"):  # safetensors keeps the latter for itself
            name += "_"
        arrays[name] = value.astype(value.dtype.newbyteorder("="), order="C")
        axes = axes_of(value)
        return {ARRAY: name} if axes == sorted(axes) else {ARRAY: name, AXES: axes}
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
    if value.keys() == {ARRAY, AXES}:
        return with_axes(arrays[value[ARRAY]], value[AXES])
    if value.keys() == {TUPLE}:
        return tuple(_unpacked(value[TUPLE], arrays))
    if value.keys() == {PAIRS}:
        return {_unpacked(key, arrays): _unpacked(part, arrays) for key, part in value[PAIRS]}
    return {key: _unpacked(part, arrays) for key, part in value.items()}


def _path(name: str, key: object) -> str:
    """Return the path to a part; a key that only says what the value is, such as "$tensor", adds nothing to it."""
    if str(key).startswith("$"):
        return name
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
