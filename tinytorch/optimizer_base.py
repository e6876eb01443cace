"""What all optimizers share: groups of parameters, their state, and a way over large arrays that stays in the cache.

Public parts: `Optimizer`, `at_least_zero`. The algorithms are in `tinytorch.optimizers`.

An update is a handful of elementwise steps. On whole arrays each of them would read and write main memory. `chunks`
hands out a part at a time, which goes through all steps while it is in the processor's cache.
"""

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from tinytorch.layer_base import is_parameter
from tinytorch.tensor import Array, Shape, Tensor

CACHE = 2**20  # bytes that all parts of a chunk take together: the second-level cache of a processor core

Options = dict[str, Any]  # of a group of parameters: "lr", "momentum", ...
State = dict[str, Any]  # what an optimizer remembers of one parameter: arrays and numbers
Parameters = Tensor | Iterable[Tensor] | Iterable[Options]

FREE_OPTIONS = frozenset({"params", "name", "initial_lr"})  # that a group may have and no optimizer reads


class Optimizer:
    """Groups of parameters with their options, and what is remembered of each parameter.

    params: tensors, or groups as in PyTorch: dicts with "params" and the options that differ from `defaults`.
        A frozen `Parameter` may be among them: what has no gradient stays.
    param_groups: the groups as dicts with all options; these may be changed at any time (`group["lr"] = 0.1`).
    `p.data = array` may be assigned at any time too, also with another float dtype: the state follows.

    A subclass defines `update` and `check`, and names the keys of its state.

    Raises ValueError for no parameters, for one that comes twice, for an unknown option or one out of range; TypeError
    for what can't learn.

    >>> from tinytorch import SGD
    >>> w, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    >>> optimizer = SGD([{"params": [w], "weight_decay": 0.1}, {"params": [b], "lr": 0.01}], lr=0.1)
    >>> [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]
    [(0.1, 0.1), (0.01, 0.0)]
    """

    needed_state: ClassVar[frozenset[str]] = frozenset()  # what a parameter's state has from its first step on
    array_state: ClassVar[frozenset[str]] = frozenset()  # what in it is an array of the parameter's shape

    def __init__(self, params: Parameters, defaults: Options) -> None:
        self.defaults = defaults
        self.param_groups: list[Options] = []
        self.state: dict[Tensor, State] = {}
        self._shapes: dict[Tensor, Shape] = {}
        self._scratch: dict[np.dtype[Any], Array] = {}
        for group in _as_groups(params):
            self.add_param_group(group)

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
            group["lr"] = rate

    def add_param_group(self, group: Options) -> None:
        """Learn these parameters too: {"params": tensors, and the options that differ from `defaults`}.

        Raises as the constructor; then nothing was added.
        """
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"a group wanted a dict with 'params', got {group!r:.80}")
        unknown = sorted(map(str, set(group) - set(self.defaults) - FREE_OPTIONS))
        if unknown:
            raise ValueError(f"{type(self).__name__} has no option {unknown[0]!r}; it has {', '.join(self.defaults)}")
        found = _learnable(group["params"], len(self._shapes))
        if len(set(found) - set(self._shapes)) < len(found):
            raise ValueError("an optimizer wanted each parameter once, got one twice; it would take two steps at once")
        added = {**self.defaults, **group, "params": found}
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

    def step(self) -> None:
        """Change each parameter that has a gradient, in place.

        Raises ValueError or TypeError, before any change, for a gradient or an assigned `.data` that doesn't fit, and
        for an option out of range.
        """
        for group in self.param_groups:
            self._check(group)
        for index, (p, before) in enumerate(self._shapes.items()):
            if p.grad is not None:
                _check_fit(index, p, before)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p.data, p.grad.data, self.state[p], group)

    def update(self, parameter: Array, gradient: Array, state: State, group: Options) -> None:
        """Change a parameter's array in place by its gradient. Subclasses define it.

        state: what is remembered of this parameter, empty at first; to be changed in place. group: the options.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(); define the change of one parameter")

    def check(self, group: Options) -> None:
        """Raise ValueError for an option out of range. Subclasses define it; `lr` and `weight_decay` are looked at."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that a new optimizer needs to go on from here: {"state": by index, "param_groups": options}.

        Arrays are copies: later steps don't change them. Parameters are numbered group by group, as in PyTorch; what
        is remembered of each has this library's own names.
        """
        number = {p: index for index, p in enumerate(self.parameters)}
        return {
            "state": {number[p]: copy.deepcopy(self.state[p]) for p in number if self.state[p]},
            "param_groups": [{**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where the optimizer stood that gave this `state_dict`; arrays are copied.

        Raises ValueError, before any change, if it is of another kind of optimizer or of other parameters.
        """
        groups, states = _parts_of(state_dict)
        parameters = self.parameters
        self._check_groups(groups)
        for index, state in states.items():
            if not isinstance(index, int) or not 0 <= index < len(parameters):
                raise ValueError(f"the state is of a parameter {index!r}, this optimizer has {len(parameters)}")
            self._check_state(index, state, parameters[index])
        for own, group in zip(self.param_groups, groups, strict=True):
            kept = own["params"]
            own.clear()
            own.update({**group, "params": kept})
        for index, p in enumerate(parameters):
            self.state[p] = copy.deepcopy(states.get(index, {}))

    def chunks(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        """Yield equal parts of the arrays, and two scratch arrays of the parts' shape as the last items.

        Scratch has the dtype that `memory` gives for the first array; what is in it is undefined at first.
        """
        dtype = _wide(arrays[0])
        most = max(
            1, CACHE // (dtype.itemsize * (len(arrays) + 1))
        )  # elements; mostly one of the scratch arrays is used
        scratch = self._scratch.get(dtype)
        if scratch is None or scratch.shape[1] < most:
            scratch = self._scratch[dtype] = np.empty((2, most), dtype)
        shape: Shape | None = None
        for parts in _parts(arrays, most):
            if parts[0].shape != shape:  # the parts have one shape, but for the last
                shape, size = parts[0].shape, parts[0].size
                one, two = scratch[0, :size].reshape(shape), scratch[1, :size].reshape(shape)
            yield *parts, one, two

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

    def _check_groups(self, groups: list[Options]) -> None:
        """Raise if saved groups don't fit this optimizer's own."""
        saved, own = ([len(group["params"]) for group in some] for some in (groups, self.param_groups))
        if saved != own:
            raise ValueError(f"the state is of groups of {saved} parameters, this optimizer's have {own}")
        for group in groups:
            options = set(group) - FREE_OPTIONS
            if options != set(self.defaults):
                raise ValueError(
                    f"the state is of another kind of optimizer: it has the options {sorted(options)}, "
                    f"{type(self).__name__} wanted {sorted(self.defaults)}"
                )
            self._check(group)

    def _check_state(self, index: int, state: State, p: Tensor) -> None:
        """Raise if what was saved of a parameter isn't what this optimizer remembers of it."""
        known = self.needed_state | self.array_state
        if not self.needed_state <= set(state) <= known:
            wanted = f"{type(self).__name__} remembers {sorted(known)}"
            raise ValueError(f"the state of parameter {index} has {sorted(state)}; {wanted}")
        if "step" in state and (not isinstance(state["step"], int) or state["step"] < 1):
            raise ValueError(f"'step' of parameter {index} wanted an integer from 1 on, got {state['step']!r:.80}")
        for key in self.array_state & set(state):
            shape, dtype = getattr(state[key], "shape", None), getattr(state[key], "dtype", np.dtype(object))
            if shape != p.shape or dtype.kind != "f":
                raise ValueError(f"{key!r} of parameter {index} wanted floats of shape {p.shape}, got {dtype} {shape}")


def at_least_zero(name: str, value: float) -> float:
    """Return the value. Raises ValueError if it is negative or not finite, TypeError if it is no number."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number from 0 on, got {value!r:.80}")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number from 0 on, got {value}")
    return value


def _as_groups(params: Parameters) -> list[Options]:
    """Return the groups of the two forms of parameters that an optimizer takes."""
    if isinstance(params, Tensor):
        raise TypeError("an optimizer wanted several parameters, got one tensor; write [tensor] or model.parameters()")
    if isinstance(params, set | frozenset | dict | str) or not isinstance(params, Iterable):
        raise TypeError(f"an optimizer wanted a list of tensors or of groups, got {type(params).__name__}")
    found = list(params)
    if not found:
        raise ValueError("an optimizer wanted parameters, got none; does the model set its layers as attributes?")
    groups: list[Any] = found if isinstance(found[0], dict) else [{"params": found}]
    return groups


def _learnable(parameters: Any, before: int) -> list[Tensor]:
    """Return the parameters of a group as a list, or say what is wrong with them; `before` stand in earlier groups."""
    found: list[Any] = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not found:
        raise ValueError("a group wanted parameters, got none; does the model set its layers as attributes?")
    for index, p in enumerate(found, start=before):
        if not is_parameter(p):
            raise TypeError(
                f"parameter {index} can't be learned: wanted a Tensor made with requires_grad=True, got {p!r:.80}"
            )
    return found


def _check_fit(index: int, p: Tensor, before: Shape) -> None:
    """Raise if a parameter or its gradient isn't what a step can work on."""
    if isinstance(p.data, np.generic):  # arithmetic on a 0-d array gives a scalar, which can't change in place
        p.data = np.asarray(p.data)
    data, grad = p.data, p.grad
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        got = data.dtype if isinstance(data, np.ndarray) else type(data).__name__
        raise TypeError(f"parameter {index} wanted an array of a float dtype as .data, got {got}; try .astype")
    if not isinstance(grad, Tensor):
        raise TypeError(f"parameter {index} wanted a Tensor as .grad, got {type(grad).__name__}; try Tensor(...)")
    if not grad.shape == data.shape == before:
        raise ValueError(
            f"parameter {index} had the shape {before} when this optimizer was made, got {data.shape} with a "
            f"gradient of {grad.shape}; make a new optimizer after assigning .data of another shape"
        )
    if not data.flags.writeable:
        raise ValueError(f"parameter {index} wanted .data that can be changed, got a read-only array; try .copy()")


def _parts_of(state_dict: Mapping[str, Any]) -> tuple[list[Options], dict[int, State]]:
    """Return the groups and the states by index, or say that this isn't an optimizer's state."""
    try:
        groups, states = list(state_dict["param_groups"]), dict(state_dict["state"])
        if all("params" in group for group in groups) and all(isinstance(state, dict) for state in states.values()):
            return groups, states
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError("an optimizer's state wanted {'state': ..., 'param_groups': [...]}, got something else")


def _parts(arrays: tuple[Array, ...], most: int) -> Iterator[tuple[Array, ...]]:
    """Yield equal parts of arrays of the same shape, as views of `most` elements at most."""
    first = arrays[0]
    if first.size <= most:
        yield arrays
    elif all([a.flags.c_contiguous for a in arrays]):
        flat = [a.reshape(-1) for a in arrays]
        for start in range(0, first.size, most):
            yield tuple([a[start : start + most] for a in flat])
    else:  # another order in memory: whole rows, or parts of a row that is too long
        rows = most * len(first) // first.size
        for start in range(0, len(first), max(1, rows)):
            if rows:
                yield tuple([a[start : start + rows] for a in arrays])
            else:
                yield from _parts(tuple([a[start] for a in arrays]), most)


def _wide(array: Array) -> np.dtype[Any]:
    """Return the dtype to compute in: the array's own, but float32 for float16."""
    return np.promote_types(array.dtype, np.float32)
