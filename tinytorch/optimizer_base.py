"""Module 06: what all optimizers share, groups of parameters, their state, and a way over large arrays.

Public parts: `Optimizer`, `at_least_zero`, `below_one`, `against`. The algorithms are in `tinytorch.optimizers`.

An update is a handful of elementwise steps. On whole arrays each of them would read and write main memory. `chunks`
hands out a part at a time, which goes through all steps while it is in the processor's cache.
"""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from tinytorch.optimizer_checks import (
    HOW,
    Options,
    Parameters,
    State,
    as_groups,
    check_fit,
    check_groups,
    check_option_names,
    check_state,
    named,
    parts_of,
    plain,
)
from tinytorch.recording import note_write, recording
from tinytorch.tensor import Array, Shape, Tensor

CACHE = 2**19  # bytes of one array's part in a chunk: what is between two steps stays in a core's second-level cache


class Optimizer:
    """Groups of parameters with their options, and what is remembered of each parameter.

    params: tensors, their pairs with names (`model.named_parameters()`), or groups as in PyTorch: dicts with "params"
        and the options that differ from `defaults`. A frozen `Parameter` may be among them: what has no gradient stays.
    param_groups: the groups as dicts with all options; these may be changed at any time (`group["lr"] = 0.1`). Names
        stand in "param_names"; keys of your own are kept.
    how: PyTorch's `foreach`, `fused` and `capturable`, which say how the same step is computed; they do nothing here.
    `p.data = array` may be assigned at any time too, also with another float dtype: the state follows.

    A subclass defines `update` and `check`, and names the keys of its state; or, as in PyTorch, `step` alone.

    Raises ValueError for no parameters, for one that comes twice, for an option misspelt or out of range; TypeError for
    what can't learn.

    >>> from tinytorch import SGD
    >>> w, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    >>> optimizer = SGD([{"params": [w], "weight_decay": 0.1}, {"params": [b], "lr": 0.01}], lr=0.1)
    >>> [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]
    [(0.1, 0.1), (0.01, 0.0)]
    """

    needed_state: ClassVar[frozenset[str]] = frozenset()  # what a parameter's state has from its first step on
    array_state: ClassVar[frozenset[str]] = frozenset()  # what in it is an array of the parameter's shape

    def __init__(self, params: Parameters, defaults: Options, how: Mapping[str, Any] | None = None) -> None:
        for key in sorted(set(how or {}) - HOW):
            raise TypeError(f"{type(self).__name__} has no option {key!r}; it has {', '.join(defaults)}")
        self.defaults = {key: plain(value) for key, value in defaults.items()}
        self.param_groups: list[Options] = []
        self.state: dict[Tensor, State] = {}
        self._shapes: dict[Tensor, Shape] = {}
        self._scratch: dict[np.dtype[Any], Array] = {}
        for group in as_groups(params):
            self.add_param_group(group)
        if not self.parameters:
            raise ValueError("an optimizer wanted parameters, got none; does the model set its layers as attributes?")

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key not in ("params", "param_names")]
        return "\n".join([*lines, ")"])

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_scratch": {}}  # nothing that a copy or a pickle needs to carry

    @property
    def parameters(self) -> list[Tensor]:
        """All parameters, group by group."""
        return [p for group in self.param_groups for p in group["params"]]

    @property
    def lr(self) -> float:
        """The learning rate of the first group; assigning sets it for all groups."""
        rate: float = self.param_groups[0]["lr"]
        return rate

    @lr.setter
    def lr(self, rate: float) -> None:
        at_least_zero("lr", rate)
        for group in self.param_groups:
            group["lr"] = plain(rate)

    def add_param_group(self, group: Options) -> None:
        """Learn these parameters too: {"params": tensors, and the options that differ from `defaults`}.

        Raises as the constructor; then nothing was added.
        """
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"a group wanted a dict with 'params', got {group!r:.80}")
        check_option_names(type(self).__name__, group, self.defaults)
        before = self.parameters
        found, names = named(group["params"], len(before))
        if len({*found, *before}) < len(found) + len(before):
            raise ValueError("an optimizer wanted each parameter once, got one twice; it would take two steps at once")
        given = {key: plain(value) for key, value in group.items() if key not in HOW | {"params"}}
        added = {"params": found, **self.defaults, **given}
        if names is not None:
            added["param_names"] = names
        self._check(added)
        self.param_groups.append(added)
        self._shapes.update((p, p.shape) for p in found)
        self.state.update((p, {}) for p in found)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: `backward` adds to what is there. Without `set_to_none` they become zeros instead."""
        for p in self.parameters:
            if set_to_none or p.grad is None:
                p.grad = None
            else:
                p.grad.data.fill(0)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter that has a gradient, in place.

        closure: computes the loss and its gradients anew; it is called first, and its loss is returned.
        What overflows, and nan, goes through the formulas without a warning.

        Raises ValueError or TypeError, before any change, for a gradient or an assigned `.data` that doesn't fit, and
        for an option out of range.
        """
        loss = None if closure is None else _with_gradients(closure)
        for group in self.param_groups:
            self._check(group)
        for index, p in enumerate(self.parameters):
            if p.grad is not None:
                check_fit(index, p, self._shapes.get(p))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for group in self.param_groups:
                options = {key: plain(group[key]) for key in self.defaults}
                for p in group["params"]:
                    if p.grad is not None:
                        self.update(p.data, p.grad.data, self.state.setdefault(p, {}), options)
                        note_write(p.data)
        return loss

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Change a parameter's array in place by its gradient. Subclasses define it.

        state: what is remembered of this parameter, empty at first; to be changed in place.
        group: the options, as Python numbers.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(); define the change of one parameter")

    def check(self, group: Options) -> None:
        """Raise ValueError for an option out of range. Subclasses define it; `lr` and `weight_decay` are looked at."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that a new optimizer needs to go on from here: {"state": by index, "param_groups": options}.

        Arrays are copies: later steps don't change them. Parameters are numbered group by group, as in PyTorch.
        """
        number = {p: index for index, p in enumerate(self.parameters)}
        return {
            "state": {number[p]: copy.deepcopy(self.state[p]) for p in number if self.state.get(p)},
            "param_groups": [
                {key: [number[p] for p in value] if key == "params" else plain(value) for key, value in group.items()}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where the optimizer stood that gave this `state_dict`; arrays are copied.

        Raises ValueError, before any change, if it is of another kind of optimizer or of other parameters.
        """
        groups, states = parts_of(state_dict)
        parameters = self.parameters
        check_groups(type(self).__name__, self.defaults, groups, self.param_groups)
        for group in groups:
            self._check(group)
        for index, state in states.items():
            if not isinstance(index, int) or not 0 <= index < len(parameters):
                raise ValueError(f"the state is of a parameter {index!r}, this optimizer has {len(parameters)}")
            if self.array_state:  # a subclass that names none remembers what it likes
                check_state(index, state, parameters[index], self.needed_state, self.array_state)
        for own, group in zip(self.param_groups, groups, strict=True):
            kept = {key: own[key] for key in ("params", "param_names") if key in own}
            own.clear()
            own.update(copy.deepcopy(dict(group)) | kept)
        for index, p in enumerate(parameters):
            self.state[p] = copy.deepcopy(states.get(index, {}))

    def chunks(self, *arrays: Array) -> Iterable[tuple[Array, ...]]:
        """Return equal parts of the arrays in turn, with two scratch arrays of the parts' shape as the last items.

        Scratch has the dtype that `memory` gives for the first array; what is in it is undefined at first.
        """
        first = arrays[0]
        dtype = _wide(first)
        most = CACHE // dtype.itemsize or 1  # elements
        scratch = self._scratch.get(dtype)
        if scratch is None or scratch.shape[1] < most:
            scratch = self._scratch[dtype] = np.empty((2, most), dtype)
        if first.size <= most:
            return ((*arrays, *_like(first, scratch)),)
        return _parts(arrays, most, scratch)

    def memory(self, state: State, key: str, parameter: Array) -> Array:
        """Return the array that `state` keeps under `key`; zeros of the parameter's shape where there is none yet.

        It has the parameter's dtype, also after another was assigned; for float16 float32, which has room for squares.
        """
        dtype = _wide(parameter)
        if key not in state:
            state[key] = np.zeros_like(parameter, dtype=dtype)
        elif state[key].dtype != dtype:
            state[key] = state[key].astype(dtype)
        array: Array = state[key]
        return array

    def _check(self, group: Options) -> None:
        at_least_zero("lr", group["lr"])
        at_least_zero("weight_decay", group.get("weight_decay", 0.0))
        self.check(group)


def at_least_zero(name: str, value: float) -> float:
    """Return the value as a Python number. Raises ValueError outside of [0, inf), TypeError for no number."""
    number = plain(value)
    if not isinstance(number, float | int):
        raise TypeError(f"{name} must be a number from 0 on, got {value!r:.80}")
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a number from 0 on, got {number}")
    return number


def below_one(name: str, value: float, usual: object) -> float:
    """Return the value as a Python number. Raises as `at_least_zero`, and ValueError from 1 on; `usual` is advice."""
    number = at_least_zero(name, value)
    if number >= 1:
        raise ValueError(f"{name} wanted a number in [0, 1), got {number}; usual is {usual}")
    return number


def against(p: Array, g: Array, decay: float, maximize: bool, out: Array) -> Array:
    """Return what to go against: the gradient, or its opposite to `maximize`, plus decay * p; computed in `out`."""
    if decay:
        np.multiply(p, decay, out=out, dtype=out.dtype)
        return np.subtract(out, g, out=out) if maximize else np.add(out, g, out=out)
    return np.negative(g, out=out) if maximize else g


def _with_gradients(closure: Callable[[], Any]) -> Any:
    """Return the closure's result; in it operations are recorded, also where the caller is inside `no_grad`."""
    before, recording.enabled = recording.enabled, True
    try:
        return closure()
    finally:
        recording.enabled = before


def _like(part: Array, scratch: Array) -> tuple[Array, Array]:
    """Return the beginnings of both scratch arrays in a part's shape."""
    both = scratch[:, : part.size].reshape(2, *part.shape)
    return both[0, ...], both[1, ...]  # the dots keep an array where a part has no axis


def _parts(arrays: tuple[Array, ...], most: int, scratch: Array) -> Iterator[tuple[Array, ...]]:
    """Yield equal parts of arrays of the same shape, as views of `most` elements at most, and scratch for each."""
    first = arrays[0]
    if first.size <= most:
        yield *arrays, *_like(first, scratch)
    elif all([a.flags.c_contiguous for a in arrays]):
        flat = [a.reshape(-1) for a in arrays]
        one, two = scratch
        for start in range(0, first.size, most):
            parts = [a[start : start + most] for a in flat]
            size = parts[0].size
            yield *parts, one[:size], two[:size]
    else:  # another order in memory: whole rows, or parts of a row that is too long
        rows = most * len(first) // first.size
        for start in range(0, len(first), max(1, rows)):
            within = tuple([a[start : start + rows] if rows else a[start] for a in arrays])
            yield from _parts(within, most, scratch)


def _wide(array: Array) -> np.dtype[Any]:
    """Return the dtype to compute in: the array's own, but float32 for float16."""
    return array.dtype if array.dtype.itemsize > 2 else np.dtype(np.float32)
