"""What every layer has: parts with names, parameters and buffers, state, modes, and a picture of itself as text.

Public parts: `Layer`, `Parameter` and `Buffer`, which module 03 (`tinytorch/layers.py`) builds on and passes on;
`flat_parts`, `is_parameter`, `is_state` and `watchers`, for `tinytorch/summaries.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from reprlib import recursive_repr
from types import FunctionType
from typing import Any, Self, TypeGuard

from numpy.typing import DTypeLike

from tinytorch.state import LoadResult, load_state, state_of
from tinytorch.tensor import Array, ArrayLike, Tensor

watchers: list[Callable[["Layer", tuple[Any, ...], Any], None]] = []  # told of every call, such as by `summary`


class Parameter(Tensor):
    """A tensor that a layer learns. It stays one while `requires_grad` is False, that is, while it is frozen."""

    __slots__ = ()

    def __init__(self, data: ArrayLike, dtype: DTypeLike | None = None, requires_grad: bool = True) -> None:
        super().__init__(data, dtype, requires_grad)


class Buffer(Tensor):
    """A tensor that belongs to a layer's state but isn't learned, such as a running mean. To change it, set `.data`."""

    __slots__ = ()


class Layer:
    """A function with parameters: a subclass sets tensors and layers as attributes and defines `forward`.

    Attributes are searched in the order in which they were set, also in lists, tuples and dicts. A parameter is a
    `Parameter`, or any tensor that requires grad and that no operation made. Any other tensor is no state unless it is
    a `Buffer`, so that a layer may keep its last result to look at. What stands in several places (tied weights) counts
    once, under its first name.

    >>> class Scale(Layer):
    ...     def __init__(self):
    ...         self.factor = Parameter(2.0)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(Tensor([1.0, 2.0])).tolist(), [name for name, _ in Scale().named_parameters()]
    ([2.0, 4.0], ['factor'])
    """

    training: bool = True  # layers that behave otherwise while training (dropout) ask this

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the layer's result. Raises NotImplementedError until a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(): define what calling the layer runs")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Return `forward(*inputs, **options)`."""
        result = self.forward(*inputs, **options)
        for watch in watchers:
            watch(self, inputs, result)
        return result

    def parts(self) -> Mapping[str, object]:
        """Return what is searched for tensors and layers, by name: the attributes."""
        return vars(self)

    def named_modules(self) -> list[tuple[str, "Layer"]]:
        """Return this layer, named "", and every layer inside, each before its parts: ("blocks.0.linear", layer)."""
        return [("", self), *((name, x) for name, x in _walk(self) if isinstance(x, Layer))]

    def modules(self) -> list["Layer"]:
        """Return this layer and every layer inside, each before its parts."""
        return [layer for _, layer in self.named_modules()]

    def named_children(self) -> list[tuple[str, "Layer"]]:
        """Return the layers that are directly in this one, by name; also those in lists, as "blocks.0"."""
        found: dict[int, tuple[str, Layer]] = {}
        for name, part in flat_parts(self.parts()):
            if isinstance(part, Layer):
                found.setdefault(id(part), (name, part))
        return list(found.values())

    def children(self) -> list["Layer"]:
        """Return the layers that are directly in this one."""
        return [layer for _, layer in self.named_children()]

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """Return the parameters by name, here and in every layer inside: ("blocks.0.weight", tensor)."""
        return [(name, x) for name, x in _walk(self) if is_parameter(x)]

    def parameters(self) -> list[Tensor]:
        """Return the parameters in the order in which they were set; one that stands in several places comes once."""
        return [x for _, x in self.named_parameters()]

    def named_buffers(self) -> list[tuple[str, Tensor]]:
        """Return the buffers by name, here and in every layer inside."""
        return [(name, x) for name, x in _walk(self) if isinstance(x, Buffer)]

    def buffers(self) -> list[Tensor]:
        """Return the buffers: tensors that are saved but not learned."""
        return [x for _, x in self.named_buffers()]

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name; training on doesn't change them."""
        return state_of((name, x) for name, x in _walk(self) if isinstance(x, Tensor))

    def load_state_dict(self, state: Mapping[str, Array | Tensor], strict: bool = True) -> LoadResult:
        """Copy arrays by name into parameters and buffers, each in its own dtype: all of them, or none.

        strict: whether names that are missing or unexpected are errors; else they are returned.
        Raises ValueError that lists all such names, and whatever has another shape or a kind that can't be cast.
        """
        tensors = ((name, x) for name, x in _walk(self) if isinstance(x, Tensor))
        return load_state(tensors, state, strict, type(self).__name__)

    def train(self, mode: bool = True) -> Self:
        """Set `training` to `mode` here and in every layer inside; return self."""
        for layer in self.modules():
            layer.training = mode
        return self

    def eval(self) -> Self:
        """Prepare this layer and every layer inside for use rather than training; return self."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let the parameters learn, or freeze them, here and in every layer inside; return self."""
        for p in self.parameters():
            p.requires_grad = requires_grad
        return self

    def apply(self, function: Callable[["Layer"], object]) -> Self:
        """Call the function with every layer inside, each after its parts, and last with this one; return self."""
        for layer in self.children():
            layer.apply(function)
        function(self)
        return self

    def register_buffer(self, name: str, tensor: ArrayLike | None) -> None:
        """Set `self.name = Buffer(tensor)`, as PyTorch writes it; None stays None."""
        setattr(self, name, None if tensor is None else Buffer(tensor))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the parameters' gradients: `backward` adds to what is there. Without `set_to_none` they become 0."""
        for p in self.parameters():
            if set_to_none or p.grad is None:
                p.grad = None
            else:
                p.grad.data.fill(0)

    def flops(self, *inputs: Any) -> int:
        """Return how many multiplications and additions the matrix products of one call take, without inner layers'."""
        return 0

    def extra_repr(self) -> str:
        """Return what stands between the brackets of the layer's own line."""
        return ""

    @recursive_repr("...")
    def __repr__(self) -> str:
        head = f"{type(self).__name__}({self.extra_repr()}"
        lines = [_line(name, x) for name, x in flat_parts(self.parts()) if isinstance(x, Layer | FunctionType)]
        return "\n".join([f"{head}{_count(self)}", *lines, ")"]) if lines else f"{head})"


def is_parameter(part: object) -> TypeGuard[Tensor]:
    """Return whether a layer that holds this learns it."""
    if isinstance(part, Parameter | Buffer):
        return isinstance(part, Parameter)
    return isinstance(part, Tensor) and part.requires_grad and part.op is None


def is_state(part: object) -> TypeGuard[Tensor]:
    """Return whether this is a parameter or a buffer."""
    return isinstance(part, Buffer) or is_parameter(part)


def flat_parts(parts: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield parts by name, and in place of lists, tuples and dicts what is in them: "blocks.0"."""
    for key, value in parts.items():
        name = f"{prefix}{key}"
        if isinstance(value, list | tuple):
            yield from flat_parts({str(index): part for index, part in enumerate(value)}, f"{name}.")
        elif isinstance(value, dict):
            yield from flat_parts(value, f"{name}.")
        else:
            yield name, value


def _walk(layer: Layer, prefix: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Tensor | Layer]]:
    """Yield the layers, parameters and buffers inside a layer by dotted name, each once, a layer before its parts."""
    seen = {id(layer)} if seen is None else seen
    for name, part in flat_parts(layer.parts(), prefix):
        if (isinstance(part, Layer) or is_state(part)) and id(part) not in seen:
            seen.add(id(part))
            yield name, part
            if isinstance(part, Layer):
                yield from _walk(part, f"{name}.", seen)


def _count(layer: Layer) -> str:
    size = sum(p.size for p in layer.parameters())
    return f"  # {size:,} parameters" if size else ""


def _line(name: str, part: Layer | FunctionType) -> str:
    """Return a part's line in the repr; a layer with parts brings its own lines and count."""
    if not isinstance(part, Layer):
        return f"  ({name}): {part.__name__}"
    shown = repr(part).replace("\n", "\n  ")
    return f"  ({name}): {shown}{'' if chr(10) in shown else _count(part)}"
