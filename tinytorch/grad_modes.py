"""Module 05: gradients by PyTorch's other names.

Public parts: `enable_grad`, `set_grad_enabled`, `is_grad_enabled`; `grad`, which PyTorch has at `autograd.grad`.
`no_grad` and `backward` stand in `autograd.py`.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ContextDecorator

import tinytorch  # the package itself: its `backward` is looked up when it is called
from tinytorch.recording import Decorating, recording
from tinytorch.tensor import Array, ArrayLike, Tensor, from_numpy


def is_grad_enabled() -> bool:
    """Return whether this thread records operations: not inside `no_grad`."""
    return recording.enabled


class set_grad_enabled(ContextDecorator):
    """Record from now on, or not: `set_grad_enabled(False)`, or `with set_grad_enabled(training): ...` for a while."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self.before = [recording.enabled]
        recording.enabled = self.mode

    def __call__(self, function: Callable[..., object]) -> Callable[..., object]:  # type: ignore[override]
        """Decorate a function: it records, or does not, whatever its caller does."""
        recording.enabled = self.before.pop()  # as a decorator it holds inside the function alone
        decorated: Callable[..., object] = super().__call__(function)
        return decorated

    def _recreate_cm(self) -> "set_grad_enabled":
        return set_grad_enabled(self.mode)  # a decorated function may run in several threads at once

    def __enter__(self) -> None:
        recording.enabled = self.mode

    def __exit__(self, *error: object) -> None:
        recording.enabled = self.before.pop()


class enable_grad(Decorating):
    """Record, inside `no_grad` too: `with enable_grad(): ...`, or as a decorator, in all as `no_grad`."""

    def __init__(self) -> None:
        self.before: list[bool] = []

    def _recreate_cm(self) -> "enable_grad":
        return enable_grad()

    def __enter__(self) -> None:
        self.before.append(recording.enabled)
        recording.enabled = True

    def __exit__(self, *error: object) -> None:
        recording.enabled = self.before.pop()


def grad(
    outputs: Tensor | Iterable[Tensor],
    inputs: Tensor | Iterable[Tensor],
    grad_outputs: ArrayLike | Tensor | Sequence[ArrayLike | Tensor | None] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of the outputs, added up, by each input, leaf or not; no `.grad` changes.

    outputs, inputs: a tensor, or several, as `model.parameters()` gives them.
    grad_outputs: a seed for each output, as `backward` takes it.
    allow_unused: whether an input that no output depends on gets None; otherwise it is an error.
    Raises RuntimeError for such an input, or one that requires no grad; NotImplementedError for create_graph, since
    gradients aren't recorded; and what `backward` raises.

    >>> x = Tensor([3.0], requires_grad=True)
    >>> grad((x * x).sum(), x), x.grad
    ((Tensor([6.]),), None)
    """
    if create_graph:
        raise NotImplementedError("grad wanted create_graph=False: gradients of gradients are not recorded here")
    outputs, inputs = _listed("outputs", outputs), _listed("inputs", inputs)
    seeds = list(grad_outputs) if isinstance(grad_outputs, tuple | list) else [grad_outputs] * len(outputs)
    if len(seeds) != len(outputs):
        raise ValueError(f"grad wanted a seed for each of {len(outputs)} outputs, got {len(seeds)}")
    for x in inputs:
        if not x.requires_grad:
            raise RuntimeError(f"grad wanted inputs that require grad, got one of shape {x.shape} that does not")
    found = _watched(outputs, inputs, seeds, retain_graph)
    if not allow_unused and any(gradient is None for gradient in found):
        unused = [x.shape for x, gradient in zip(inputs, found, strict=True) if gradient is None]
        raise RuntimeError(f"no output depends on the inputs of shape {unused}; allow_unused=True gives None for them")
    return found


def _watched(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], seeds: Sequence[ArrayLike | Tensor | None], retain: bool
) -> tuple[Tensor | None, ...]:
    """Walk back with a hook on each input, and leave every `.grad` and every hook as they were."""
    arrived: dict[Tensor, Array] = {}
    leaves = {x: x.grad for x in _leaves([*outputs, *inputs])}
    hooks = {x: x.hooks for x in inputs}

    def watch(x: Tensor) -> Callable[[Tensor], None]:
        def add(gradient: Tensor) -> None:
            arrived[x] = arrived[x] + gradient.data if x in arrived else gradient.data

        return add

    try:
        for x, before in hooks.items():
            x.hooks = before.copy() if before else None
            x.register_hook(watch(x))
        for i, (output, seed) in enumerate(zip(outputs, seeds, strict=True)):
            tinytorch.backward(output, seed, retain_graph=retain or i < len(outputs) - 1)
    finally:
        for x, before in hooks.items():
            x.hooks = before
        for leaf, gradient in leaves.items():
            leaf.grad = gradient
    return tuple([from_numpy(arrived[x].astype(x.dtype, copy=False)) if x in arrived else None for x in inputs])


def _leaves(tensors: list[Tensor]) -> list[Tensor]:
    """Return all leaves that these were computed from."""
    seen = dict.fromkeys(tensors)
    waiting = list(seen)
    while waiting:
        for x in waiting.pop().inputs:
            if x not in seen:
                seen[x] = None
                waiting.append(x)
    return [x for x in seen if x.op is None]


def _listed(name: str, tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors) if isinstance(tensors, Iterable) else [tensors]
    for x in listed:
        if not isinstance(x, Tensor):
            raise TypeError(f"grad wanted tensors as {name}, got {type(x).__name__}")
    return listed
