"""Module 03: what every layer does. It is called, has a state and modes, learns or is frozen.

Public parts: `Layer`, which module 03 (`tinytorch/layers.py`) builds on and passes on. What stands in a layer under
which names is in its base, `Tree` (`tinytorch/layer_tree.py`), `Parameter` and `Buffer` in `tinytorch/parameter.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from tinytorch.hooks import Handle, Hook, Hooks, add, call_hooked
from tinytorch.layer_tree import Tree
from tinytorch.parameter import Buffer as Buffer  # "as": whoever imports Layer finds them here
from tinytorch.parameter import Parameter as Parameter
from tinytorch.parameter import in_the_place_of
from tinytorch.parameter import is_parameter as is_parameter
from tinytorch.state import LoadResult, load_state, state_of
from tinytorch.tensor import Array, Tensor


class Layer(Tree):
    """A function with parameters: a subclass sets tensors and layers as attributes and defines `forward`.

    Attributes are searched, also in lists, tuples and dicts, and come in the order that `Tree` names. A parameter is a
    `Parameter`, or any tensor that requires grad and that no operation made. Any other tensor is no state unless it is
    a `Buffer`, so that a layer may keep its last result to look at. What stands in several places (tied weights) is
    learned once, and saved under each of its names.

    A tensor that is set in a buffer's place becomes the buffer. Raises TypeError for one without gradient in a
    parameter's place, and AttributeError for attributes that would hide a method which others call, such as
    `self.children = [...]`.

    >>> class Scale(Layer):
    ...     def __init__(self):
    ...         self.factor = Parameter(2.0)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(Tensor([1.0, 2.0])).tolist(), [name for name, _ in Scale().named_parameters()]
    ([2.0, 4.0], ['factor'])
    """

    training: bool = True  # layers that behave otherwise while training (dropout) ask this
    _hooks: Hooks | None = None

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the layer's result. Raises NotImplementedError until a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(): define what calling the layer runs")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Return `forward(*inputs, **options)`, after and before the hooks if there are any."""
        hooks = self._hooks
        if hooks is None or not (hooks.before or hooks.after):
            return self.forward(*inputs, **options)
        return call_hooked(self, hooks, inputs, options)

    def register_forward_pre_hook(self, hook: Hook) -> Handle:
        """Call `hook(layer, inputs)` before each forward; return what takes it away: `handle.remove()`.

        inputs: the tuple of positional ones. What the hook returns takes their place, None changes nothing.
        """
        return add(self._own_hooks().before, hook)

    def register_forward_hook(self, hook: Hook) -> Handle:
        """Call `hook(layer, inputs, result)` after each forward; return what takes it away: `handle.remove()`.

        What the hook returns takes the result's place, None changes nothing.

        >>> model = Layer()
        >>> model.forward = lambda x: x * 2
        >>> with model.register_forward_hook(lambda layer, inputs, result: result + inputs[0]):
        ...     model(1)
        3
        >>> model(1)
        2
        """
        return add(self._own_hooks().after, hook)

    def _own_hooks(self) -> Hooks:
        if self._hooks is None:
            self._hooks = Hooks({}, {})
        return self._hooks

    def __setattr__(self, name: str, value: object) -> None:
        if name in CALLED_BY_OTHERS:
            raise AttributeError(
                f"{type(self).__name__} can't have an attribute {name!r}: it would hide the method {name}(), which "
                f"others call; take another name, such as {name + '_of_mine'!r}"
            )
        if name == "training" and not isinstance(value, bool):
            raise TypeError(f"training is True or False, got {type(value).__name__}; set by train() and eval()")
        if type(value) is Tensor:
            value = in_the_place_of(vars(self).get(name), value, name)
        super().__setattr__(name, value)

    def state_dict(self, *, prefix: str = "") -> dict[str, Tensor]:
        """Return copies of all parameters and persistent buffers by name, without gradients.

        Training on doesn't change them, and changing them doesn't change the layer; in PyTorch both share memory.
        prefix: what all names begin with. A tied tensor is there under each of its names, as in PyTorch, with one copy
        for all of them.
        """
        return state_of((prefix + name, x) for name, x in _saved(self))

    def load_state_dict(
        self, state_dict: Mapping[str, Array | Tensor], strict: bool = True, assign: bool = False
    ) -> LoadResult:
        """Copy tensors or arrays by name into parameters and buffers, each in its own dtype: all of them, or none.

        strict: whether names that are missing or unexpected are errors; else they are returned.
        assign: whether parameters and buffers take the state's float dtypes instead.
        Raises ValueError that lists all such names, whatever has another shape or a kind that can't be cast, and tied
        tensors with different values.
        """
        return load_state(_saved(self), state_dict, strict, assign, type(self).__name__)

    def train(self, mode: bool = True) -> Self:
        """Set `training` to `mode` here and in every layer inside; return self.

        A layer inside with a `train` of its own, such as one that stays frozen, is asked after what is inside it.
        """
        for layer in _inside_first(self):
            if layer is self or type(layer).train is Layer.train:
                layer.training = mode
            else:
                layer.train(mode)
        return self

    def eval(self) -> Self:
        """Prepare this layer and every layer inside for use rather than training; return self."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let the parameters learn, or freeze them, here and in every layer inside; return self."""
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_ wanted True or False, got {requires_grad!r:.60}")
        for p in self.parameters():
            p.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the parameters' gradients: `backward` adds to what is there. Without `set_to_none` they become 0."""
        for p in self.parameters():
            if set_to_none or p.grad is None:
                p.grad = None
            else:
                p.grad.data.fill(0)

    def apply(self, fn: Callable[["Layer"], object]) -> Self:
        """Call the function with every layer inside, each once and after its parts, last with this one; return self."""
        for layer in list(_inside_first(self)):  # all of them first: the function may change what is inside
            fn(layer)
        return self

    def to(
        self,
        *targets: Any,
        dtype: DTypeLike | None = None,
        device: str | None = None,
        non_blocking: bool = False,
    ) -> Self:
        """Turn all floats of parameters, buffers and gradients into a float dtype, in place; return self.

        targets: a dtype, or a tensor that has it. "cpu" changes nothing, for scripts that name a device, and neither
        does non_blocking. Raises TypeError for anything else.
        """
        named = [target for target in (dtype, device) if target is not None]
        dtypes = [_float_dtype(target) for target in (*targets, *named) if not _is_cpu(target)]
        for wanted in dtypes:
            for x in (*self.parameters(), *self.buffers()):
                for tensor in (x, x.grad):
                    if tensor is not None and tensor.dtype.kind == "f":
                        tensor.data = tensor.data.astype(wanted, copy=False)
        return self

    def cpu(self) -> Self:
        """Return self: all is computed by the processor."""
        return self

    def double(self) -> Self:
        """Turn all floats into float64; return self."""
        return Layer.to(self, np.float64)

    def float(self) -> Self:
        """Turn all floats into float32; return self."""
        return Layer.to(self, np.float32)

    def half(self) -> Self:
        """Turn all floats into float16; return self."""
        return Layer.to(self, np.float16)

    def count_flops(self, *inputs: Any) -> int:
        """Return how many multiplications and additions the matrix products of one call take, without inner layers'."""
        return 0


# Attributes may take the place of the methods that a subclass or a script defines or calls for itself alone.
_OF_THE_USER = {"forward", "extra_repr", "count_flops", "to", "cpu", "double", "float", "half"}
CALLED_BY_OTHERS = frozenset(
    name for name in dir(Layer) if not name.startswith("_") and callable(getattr(Layer, name))
).difference(_OF_THE_USER)


def _saved(layer: Layer) -> Iterator[tuple[str, Tensor]]:
    """Yield what a state holds, a tied tensor under each of its names."""
    for name, x in layer.named_state():
        if not isinstance(x, Buffer) or x.persistent:
            yield name, x


def _inside_first(layer: Layer, seen: set[int] | None = None) -> Iterator[Layer]:
    """Yield every layer inside after its parts, each once, and last the layer itself."""
    seen = {id(layer)} if seen is None else seen
    for child in layer.children():
        if id(child) not in seen:
            seen.add(id(child))
            yield from _inside_first(child, seen)
    yield layer


def _is_cpu(target: object) -> bool:
    return isinstance(target, str) and target == "cpu"


def _float_dtype(target: Any) -> np.dtype[Any]:
    try:
        found = np.dtype(target.dtype if isinstance(target, Tensor) else target)
    except TypeError:
        found = None
    if target is None or found is None or found.kind != "f":
        raise TypeError(
            f'to() wanted a float dtype such as np.float64, or "cpu", where all is computed; got {target!r:.80}'
        )
    return found
