"""Module 07: the whole state of a training, so that it can go on as if it had never been interrupted, to the bit.

Public parts: `state_of`, `load`, `resume`; `Trainer.state_dict`, `load_state_dict` and `fit` are built on them.

The state: the tensors of the model, and of a loss that is a layer, with their order in memory; which layers are in
evaluation mode, and which parameters are frozen; the optimizer, the scheduler, the callbacks that have a state; the
generators of layers (dropout) and data; how far the epoch is, in which order its batches come, and the history. What it
doesn't hold is code: the model, the options of the Trainer and the data are made anew by the same program. Nor what is
random outside of it: a dataset has to draw from a `np.random.Generator` that it keeps as an attribute.
"""

import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from tinytorch.layer_base import Layer
from tinytorch.layer_tree import parts_of
from tinytorch.memory_order import laid_out, strides_of
from tinytorch.tensor import Tensor

if TYPE_CHECKING:
    from tinytorch.training import Trainer

State = dict[str, Any]
Batches = Iterable[tuple[Tensor, ...]]

DATA_PARTS = (
    "dataset",
    "datasets",
    "sampler",
    "batch_sampler",
)  # attributes of data, which may hold generators in turn


class Data(NamedTuple):
    """What a checkpoint says of the data."""

    order: Mapping[str, Any] | None  # of the pass under way, where the data can tell
    generators: Mapping[str, Any]  # their states, of "batches" and "validation"


@runtime_checkable
class Pass(Protocol):
    """A pass over batches that can say where it stands."""

    def state_dict(self) -> dict[str, Any]:
        """Return the order and the place in it."""


@runtime_checkable
class Resumable(Protocol):
    """Batches that can go on in the middle of a pass, as a DataLoader can."""

    def resume(self, state: Mapping[str, Any]) -> Iterator[tuple[Tensor, ...]]:
        """Return the rest of the pass that gave this `state_dict()`."""


def state_of(trainer: "Trainer") -> State:
    """Return the state as numbers, text, arrays, and lists and dicts of them. Raises RuntimeError if half is done."""
    if not trainer.resting:
        raise RuntimeError(
            f"a training's state wanted a moment at rest, got one in the middle, after {trainer.steps} steps: from a "
            f"callback save in at_rest; after an error go on from the last checkpoint"
        )
    return _state_of(trainer)


def _state_of(trainer: "Trainer") -> State:
    data = trainer.resumed or _data_of(trainer)
    layers = _layers(trainer)
    return {
        "model": _arrays(trainer.model),
        "loss": _arrays(layers["loss"]) if "loss" in layers else {},
        "layers": {name: _nature(layer) for name, layer in layers.items()},
        "optimizer": [type(trainer.optimizer).__name__, trainer.optimizer.state_dict()],
        "scheduler": trainer.scheduler and [type(trainer.scheduler).__name__, trainer.scheduler.state_dict()],
        "callbacks": [[type(c).__name__, state] for c in trainer.callbacks if (state := c.state_dict())],
        "generators": {name: _state(g) for name, g in _all_generators(layers).items()},
        "data_generators": dict(data.generators),
        "data": data.order,
        "progress": asdict(trainer.progress),
        "history": [[e.number, e.loss, e.validation and list(e.validation)] for e in trainer.history],
        "steps": trainer.steps,
        "stop": trainer.stop,
    }


def _data_of(trainer: "Trainer") -> Data:
    generators = {name: _state(g) for name, g in _data_generators(trainer.batches, trainer.validation)}
    if trainer.progress.batches and isinstance(trainer.source, Pass):
        return Data(trainer.source.state_dict(), generators)
    return Data(None, generators)


def load(trainer: "Trainer", state: Mapping[str, Any]) -> None:
    """Bring a trainer into this state; what concerns the data waits for `fit`.

    Raises ValueError if the state doesn't fit the trainer's parts; then all is as it was before.
    """
    before, resumed, resting = _state_of(trainer), trainer.resumed, trainer.resting
    if not isinstance(state, Mapping) or set(state) != set(before):
        got = sorted(state) if isinstance(state, Mapping) else type(state).__name__
        raise ValueError(f"a Trainer's state wanted {sorted(before)}, got {got}")
    try:
        _load(trainer, state)
    except BaseException as error:  # also Ctrl-C
        _load(trainer, before)
        trainer.resumed, trainer.resting = resumed, resting
        if isinstance(error, ValueError) or not isinstance(error, Exception):
            raise
        raise ValueError(f"this is no state of a Trainer: {type(error).__name__}: {error}") from error


def resume(data: Data, batches: Batches, validation: Batches | None, seen: int) -> Iterator[tuple[Tensor, ...]]:
    """Put the generators of the data back and return the rest of the pass, of which `seen` batches are done.

    Raises ValueError if these are not the data that the state was saved with; then no generator was changed.
    """
    generators = dict(_data_generators(batches, validation))
    if set(generators) != set(data.generators):
        raise ValueError(
            f"the checkpoint was saved with generators in {sorted(data.generators)}, got data with generators in "
            f"{sorted(generators)}; give fit() the same data"
        )
    before = {name: _state(generator) for name, generator in generators.items()}
    try:
        _put_back(generators, data.generators)
        if not seen:
            return iter(())
        if data.order is not None and isinstance(batches, Resumable):
            return batches.resume(data.order)
        if any(name.startswith("batches") for name in generators):
            raise ValueError("data with a generator goes on inside an epoch if it has resume(), as a DataLoader has")
        rest = iter(batches)
        if len(list(itertools.islice(rest, seen))) < seen:
            raise ValueError(f"the checkpoint was saved after {seen} batches of an epoch, got data with fewer")
    except Exception:
        _put_back(generators, before)
        raise
    return rest


def _load(trainer: "Trainer", state: Mapping[str, Any]) -> None:
    """Put all parts back, one after the other; an error leaves those before it changed."""
    from tinytorch.training import Epoch, Progress, Score  # it stands on this module

    layers = _layers(trainer)
    if set(state["layers"]) != set(layers):
        raise ValueError(f"the checkpoint has the layers {sorted(state['layers'])}, this Trainer has {sorted(layers)}")
    for name, layer in layers.items():
        _load_layer(layer, state[name], state["layers"][name])
    _load_part("optimizer", trainer.optimizer, state["optimizer"])
    _load_part("scheduler", trainer.scheduler, state["scheduler"])
    callbacks = [callback for callback in trainer.callbacks if callback.state_dict()]
    names, own = [name for name, _ in state["callbacks"]], [type(callback).__name__ for callback in callbacks]
    if names != own:
        raise ValueError(f"the checkpoint has the state of the callbacks {names}, this Trainer has {own} with a state")
    for callback, saved in zip(callbacks, state["callbacks"], strict=True):
        _load_part("callback", callback, saved)
    generators = _all_generators(layers)
    if set(generators) != set(state["generators"]):
        raise ValueError(
            f"the checkpoint has the generators {sorted(state['generators'])}, this Trainer has {sorted(generators)}"
        )
    _put_back(generators, state["generators"])
    _check_counts(state["progress"], state["steps"], set(asdict(Progress())))
    trainer.progress = Progress(**state["progress"])
    for number, mean, _ in state["history"]:
        if not isinstance(number, int) or not isinstance(mean, float):
            raise ValueError(f"a training's history wanted the number of an epoch and its loss, got {number}, {mean!r}")
    trainer.history = [Epoch(n, mean, score and Score(score[0], dict(score[1]))) for n, mean, score in state["history"]]
    trainer.steps = state["steps"]
    trainer.stop = bool(state["stop"])
    trainer.resting = True
    trainer.resumed = Data(state["data"], dict(state["data_generators"]))


def _check_counts(progress: Mapping[str, Any], steps: Any, wanted: set[str]) -> None:
    """Raise ValueError unless these are numbers that say how far a training is."""
    counts = {**progress, "steps": steps}
    whole = [n for name, n in counts.items() if name not in ("loss", "weight")]
    fits = set(counts) == {"steps", *wanted} and all(isinstance(n, int | float) for n in counts.values())
    if not fits or not all(isinstance(n, int) and n >= 0 for n in whole):
        raise ValueError(f"a training's progress wanted numbers for {sorted({'steps', *wanted})}, got {counts}")


def _layers(trainer: "Trainer") -> dict[str, Layer]:
    """Return the model and, if it is a layer, the loss, by the name of its tensors in the state."""
    return {"model": trainer.model, **({"loss": trainer.loss} if isinstance(trainer.loss, Layer) else {})}


def _tensors(layer: Layer) -> dict[str, Tensor]:
    return {**dict(layer.named_parameters()), **dict(layer.named_buffers())}


def _arrays(layer: Layer) -> State:
    return {name: x.data for name, x in layer.state_dict().items()}


def _nature(layer: Layer) -> State:
    """Return what of a layer's state isn't in its tensors' values."""
    return {
        "strides": {name: strides_of(x.data) for name, x in _tensors(layer).items()},
        "frozen": [name for name, p in layer.named_parameters() if not p.requires_grad],
        "eval": [name for name, part in layer.named_modules() if not part.training],
    }


def _load_layer(layer: Layer, arrays: Mapping[str, Any], nature: Mapping[str, Any]) -> None:
    own, tensors = layer.state_dict(), _tensors(layer)
    for name, array in arrays.items():
        if name in own and array.dtype != own[name].dtype:
            raise ValueError(f"{name} wanted {own[name].dtype}, got {array.dtype}; only the same goes on to the bit")
    memory = {name: x.data for name, x in tensors.items()}
    layer.load_state_dict(arrays)
    for name, x in tensors.items():
        x.data = laid_out(x.data, nature["strides"][name], memory[name])
    for name, p in layer.named_parameters():
        p.requires_grad = name not in nature["frozen"]
    for name, part in layer.named_modules():
        part.training = name not in nature["eval"]


def _load_part(what: str, part: Any, saved: Any) -> None:
    """Load the state of a part that may be None on either side."""
    own, kind = type(part).__name__ if part is not None else "none", saved[0] if saved is not None else "none"
    if own != kind:
        raise ValueError(f"the checkpoint has the {what} {kind}, this Trainer has {own}")
    if part is not None:
        part.load_state_dict(saved[1])


def _all_generators(layers: Mapping[str, Layer]) -> dict[str, np.random.Generator]:
    """Return the generators of the model by dotted name, and those of the loss after "loss."."""
    found = _generators(layers["model"])
    for name, generator in _generators(layers["loss"]).items() if "loss" in layers else ():
        found[f"loss.{name}"] = generator
    return found


def _generators(model: Layer) -> dict[str, np.random.Generator]:
    """Return the generators that layers hold, by dotted name."""
    found: dict[str, np.random.Generator] = {}
    for name, layer in model.named_modules():
        found.update(parts_of(layer, lambda part: isinstance(part, np.random.Generator), f"{name}." if name else ""))
    return found


def _data_generators(batches: Batches, validation: Batches | None) -> Iterator[tuple[str, np.random.Generator]]:
    """Yield the generators that the data keep as attributes, and those of the datasets and samplers in them, once."""
    seen: set[int] = set()
    for name, data in (("batches", batches), ("validation", validation)):
        yield from _generators_in(data, name, seen)


def _generators_in(part: object, name: str, seen: set[int]) -> Iterator[tuple[str, np.random.Generator]]:
    """Yield what of a part of the data isn't among `seen`: its own generators, then those of its parts."""
    seen.add(id(part))
    own = getattr(part, "__dict__", {})
    for key, value in own.items():
        if isinstance(value, np.random.Generator) and id(value) not in seen:
            seen.add(id(value))
            yield f"{name}.{key}", value
    for key in filter(own.__contains__, DATA_PARTS):
        parts = enumerate(own[key]) if isinstance(own[key], list) else [("", own[key])]
        for place, inner in parts:
            if id(inner) not in seen:
                yield from _generators_in(inner, f"{name}.{key}{place}", seen)


def _state(generator: np.random.Generator) -> State:
    return copy.deepcopy(dict(generator.bit_generator.state))


def _put_back(generators: Mapping[str, np.random.Generator], states: Mapping[str, Any]) -> None:
    for name, generator in generators.items():
        wanted, state = generator.bit_generator.state["bit_generator"], states[name]
        got = state.get("bit_generator") if isinstance(state, dict) else type(state).__name__
        if wanted != got:
            raise ValueError(f"the generator of {name} wanted the state of a {wanted}, got that of a {got}")
        try:
            generator.bit_generator.state = state
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"the generator of {name} wanted the state of a {wanted}, got {state!r:.80}") from error
