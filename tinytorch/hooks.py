"""Module 03: forward hooks, functions that look at a layer's calls, and may change what goes in or comes out.

Public parts: `add` and `Handle`, which takes a hook away again, for tensors' hooks as well; `Hooks` and `call_hooked`,
for `tinytorch/layer_base.py`, which calls a layer without hooks directly.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Hook = Callable[..., Any]


class Handle:
    """What registering a hook returns: `remove()` takes the hook away, and so does the end of `with handle:`."""

    def __init__(self, hooks: "dict[Handle, Hook]") -> None:
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away; nothing happens if it is gone."""
        self._hooks.pop(self, None)

    def __enter__(self) -> "Handle":
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class Hooks(NamedTuple):
    """A layer's hooks, each in the order in which they were registered."""

    before: dict[Handle, Hook]  # (layer, inputs) -> other inputs, or None
    after: dict[Handle, Hook]  # (layer, inputs, result) -> another result, or None


def add(hooks: dict[Handle, Hook], hook: Hook) -> Handle:
    """Put a hook behind the others. Raises TypeError for what can't be called."""
    if not callable(hook):
        raise TypeError(f"a hook is a function, got {hook!r:.80}")
    handle = Handle(hooks)
    hooks[handle] = hook
    return handle


def call_hooked(layer: Any, hooks: Hooks, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return `layer.forward(*inputs, **options)` with all hooks before and after it."""
    for hook in list(hooks.before.values()):  # a copy: a hook may remove itself
        changed = hook(layer, inputs)
        if changed is not None:
            inputs = changed if isinstance(changed, tuple) else (changed,)
    result = layer.forward(*inputs, **options)
    for hook in list(hooks.after.values()):
        changed = hook(layer, inputs, result)
        if changed is not None:
            result = changed
    return result
