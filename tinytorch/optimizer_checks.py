"""Module 06: what optimizers are given, looked at before it is used: parameters, groups, gradients, saved states.

Public parts: `as_groups`, `named`, `check_option_names`, `check_fit`, `check_groups`, `check_state`, `parts_of`,
`plain`. Each raises an error that says what was wanted; none changes a parameter.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinytorch.layer_base import is_parameter
from tinytorch.tensor import Shape, Tensor

Options = dict[str, Any]  # of a group of parameters: "lr", "momentum", ...
State = dict[str, Any]  # what an optimizer remembers of one parameter: arrays and numbers
Parameters = Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[Options]

HOW = frozenset({"foreach", "fused", "capturable"})  # PyTorch's: the same steps in another way, and so left out here


def as_groups(params: Parameters) -> list[Options]:
    """Return the groups of the forms of parameters that an optimizer takes."""
    if isinstance(params, Tensor):
        raise TypeError("an optimizer wanted several parameters, got one tensor; write [tensor] or model.parameters()")
    if isinstance(params, set | frozenset | dict | str) or not isinstance(params, Iterable):
        raise TypeError(f"an optimizer wanted a list of tensors or of groups, got {type(params).__name__}")
    found = list(params)
    groups: list[Any] = found if found and isinstance(found[0], dict) else [{"params": found}]
    return groups


def named(parameters: Any, before: int) -> tuple[list[Tensor], list[str] | None]:
    """Return a group's parameters and, if they came as pairs, their names; `before` stand in earlier groups.

    There may be none, as in PyTorch: a rule that sorts parameters into groups may leave one empty.
    Raises TypeError for what can't be learned, or has no order.
    """
    if isinstance(parameters, set | frozenset | dict | str) or not isinstance(parameters, Tensor | Iterable):
        raise TypeError(f"a group wanted a list of tensors as 'params', got {type(parameters).__name__}")
    found: list[Any] = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    names = None
    if found and all(isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], str) for x in found):
        names, found = [name for name, _ in found], [p for _, p in found]
    for index, p in enumerate(found, start=before):
        if not is_parameter(p):
            raise TypeError(
                f"parameter {index} can't be learned: wanted a Tensor made with requires_grad=True, got {p!r:.80}"
            )
    return found, names


def check_option_names(kind: str, group: Options, known: Iterable[str]) -> None:
    """Raise ValueError for what looks like an option misspelt; other keys are the user's own, as in PyTorch."""
    for key in sorted(map(str, set(group) - set(known) - HOW)):
        if key == "differentiable" or difflib.get_close_matches(key, list(known), cutoff=0.75):
            raise ValueError(f"{kind} has no option {key!r}; it has {', '.join(known)}")


def check_fit(index: int, p: Tensor, before: Shape | None) -> None:
    """Raise if a parameter or its gradient isn't what a step can work on; `before` is its shape, where it is known."""
    if isinstance(p.data, np.generic):  # arithmetic on a 0-d array gives a scalar, which can't change in place
        p.data = np.asarray(p.data)
    data, grad = p.data, p.grad
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        got = data.dtype if isinstance(data, np.ndarray) else type(data).__name__
        raise TypeError(f"parameter {index} wanted an array of a float dtype as .data, got {got}; try .astype")
    if not isinstance(grad, Tensor):
        raise TypeError(f"parameter {index} wanted a Tensor as .grad, got {type(grad).__name__}; try Tensor(...)")
    if grad.data.shape != data.shape or before not in (None, data.shape):
        raise ValueError(
            f"parameter {index} had the shape {before} when this optimizer was made, got {data.shape} with a "
            f"gradient of {grad.shape}; make a new optimizer after assigning .data of another shape"
        )
    if grad.data.dtype.kind != "f":
        raise TypeError(f"parameter {index} wanted a gradient of floats, got {grad.dtype}; try .astype(np.float32)")
    if not data.flags.writeable:
        raise ValueError(f"parameter {index} wanted .data that can be changed, got a read-only array; try .copy()")


def parts_of(state_dict: Mapping[str, Any]) -> tuple[list[Options], dict[int, State]]:
    """Return the groups and the states by index, or say that this isn't an optimizer's state."""
    try:
        groups, states = list(state_dict["param_groups"]), dict(state_dict["state"])
        if all(isinstance(group["params"], list | tuple) for group in groups) and all(
            isinstance(state, dict) for state in states.values()
        ):
            return groups, states
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError("an optimizer's state wanted {'state': ..., 'param_groups': [...]}, got something else")


def check_groups(kind: str, options: Iterable[str], saved: list[Options], own: list[Options]) -> None:
    """Raise ValueError if saved groups don't fit an optimizer's own."""
    counts, wanted = ([len(group["params"]) for group in groups] for groups in (saved, own))
    if counts != wanted:
        raise ValueError(f"the state is of groups of {counts} parameters, this optimizer's have {wanted}")
    for group in saved:
        if not set(options) <= set(group):
            raise ValueError(
                f"the state is of another kind of optimizer: it has the options {sorted(set(group) - {'params'})}, "
                f"{kind} wanted {sorted(options)}"
            )


def check_state(index: int, state: State, p: Tensor, needed: frozenset[str], arrays: frozenset[str]) -> None:
    """Raise ValueError if what was saved of a parameter isn't what is remembered of it: `needed`, and these arrays."""
    known = needed | arrays
    if not needed <= set(state) <= known:
        raise ValueError(f"the state of parameter {index} has {sorted(state)}, wanted {sorted(known)}")
    if "step" in state and (not isinstance(state["step"], int) or state["step"] < 1):
        raise ValueError(f"'step' of parameter {index} wanted an integer from 1 on, got {state['step']!r:.80}")
    for key in arrays & set(state):
        array = state[key]
        fits = isinstance(array, np.ndarray) and array.dtype.kind == "f"
        if not fits or array.shape != p.shape:
            got = (
                f"{array.dtype} {array.shape}"
                if isinstance(array, np.ndarray)
                else f"a {type(array).__name__}, no array"
            )
            raise ValueError(f"{key!r} of parameter {index} wanted floats of shape {p.shape}, got {got}")


def plain(value: Any) -> Any:
    """Return an option with Python's numbers in place of NumPy's and of tensors of one element."""
    if isinstance(value, float | int) and not isinstance(value, np.generic):  # NumPy's float64 is both
        return value
    if isinstance(value, tuple | list):
        return type(value)(plain(part) for part in value)
    if isinstance(value, np.generic | np.ndarray | Tensor) and value.size == 1:
        return value.item()
    return value
