"""Module 03: what stands in a layer, and under which names: layers, parameters, buffers, and a picture as text.

Public parts: `Tree`, the base of `Layer` in `tinytorch/layer_base.py`; `parts_of`, for whoever looks for something else
in a layer, such as generators.
"""

from collections.abc import Callable, Iterator, Mapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, cast

from tinytorch.parameter import Buffer, is_parameter, is_state
from tinytorch.tensor import ArrayLike, Tensor

if TYPE_CHECKING:
    from tinytorch.layer_base import Layer

Found = TypeVar("Found")
INSIDE_ITSELF = "..."  # how a layer is shown that stands inside itself
SEQUENCES = (list, tuple)
HOOKS = "_hooks"  # the attribute in which a layer keeps its hooks, which are no parts of it


class Tree:
    """Parts under dotted names: attributes, also those in lists, tuples and dicts.

    A layer's own parameters come first, then its buffers, then the layers inside, each kind in the order in which they
    were set: so a network's parameters come in PyTorch's order.
    As in PyTorch, these are iterators (`next`, `list`, `for`), and what stands in several places (tied weights) comes
    once, under its first name, unless `remove_duplicate` is False. prefix: what all names begin with. recurse: whether
    layers inside are searched too.
    """

    def named_modules(self, *, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, "Layer"]]:
        """Yield this layer, named "", and every layer inside, each before its parts: ("blocks.0.linear", layer)."""
        yield prefix, cast("Layer", self)
        for name, part in _walk(self, _dotted(prefix), remove_duplicate):
            if _is_layer(part):
                yield name, part

    def modules(self) -> Iterator["Layer"]:
        """Yield this layer and every layer inside, each before its parts."""
        return (layer for _, layer in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, "Layer"]]:
        """Yield the layers that are directly in this one, by name; also those in lists, as "blocks.0"."""
        seen: set[int] = set()
        for name, part in parts_of(self, _is_layer):
            if id(part) not in seen:
                seen.add(id(part))
                yield name, part

    def children(self) -> Iterator["Layer"]:
        """Yield the layers that are directly in this one."""
        return (layer for _, layer in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the parameters by name, here and in every layer inside: ("blocks.0.weight", tensor)."""
        for name, part in _walk(self, _dotted(prefix), remove_duplicate, recurse):
            if is_parameter(part):
                yield name, part

    def parameters(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield the parameters, here and in every layer inside; one that stands in several places comes once."""
        return (x for _, x in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Buffer]]:
        """Yield the buffers by name, here and in every layer inside."""
        for name, part in _walk(self, _dotted(prefix), remove_duplicate, recurse):
            if isinstance(part, Buffer):
                yield name, part

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        """Yield the buffers: tensors that may be saved but aren't learned."""
        return (x for _, x in self.named_buffers(recurse=recurse))

    def named_state(self) -> Iterator[tuple[str, Tensor]]:
        """Yield parameters and buffers in one order, what is tied under each of its names."""
        for name, part in _walk(self, "", once=False):
            if isinstance(part, Tensor):
                yield name, part

    def get_submodule(self, target: str) -> "Layer":
        """Return the layer of this dotted name; "" is this one. Raises AttributeError if there is none."""
        return _found(self, "layer", target, dict(self.named_modules(remove_duplicate=False)))

    def get_parameter(self, target: str) -> Tensor:
        """Return the parameter of this dotted name. Raises AttributeError if there is none."""
        return _found(self, "parameter", target, dict(self.named_parameters(remove_duplicate=False)))

    def get_buffer(self, target: str) -> Buffer:
        """Return the buffer of this dotted name. Raises AttributeError if there is none."""
        return _found(self, "buffer", target, dict(self.named_buffers(remove_duplicate=False)))

    def add_module(self, name: str, module: "Layer | None") -> None:
        """Set `self.name = module`, as PyTorch writes it where names are computed.

        Raises ValueError for a name with a dot and one that something else has, TypeError for what is no layer.
        """
        if module is not None and not _is_layer(module):
            raise TypeError(f"add_module wanted a layer, got {type(module).__name__} for {name!r}")
        check_name(self, name, _is_layer)
        setattr(self, name, module)

    register_module = add_module

    def register_parameter(self, name: str, param: Tensor | None) -> None:
        """Set `self.name = param`; ValueError for a name as in `add_module`, TypeError for what is no parameter."""
        if param is not None and not is_parameter(param):
            raise TypeError(f"{name!r} wanted a Parameter, got {type(param).__name__}; try Parameter(...)")
        check_name(self, name, is_parameter)
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: ArrayLike | None, persistent: bool = True) -> None:
        """Set `self.name = Buffer(tensor)`; None stays None. Raises ValueError for a name as in `add_module`."""
        check_name(self, name, _is_buffer)
        setattr(self, name, None if tensor is None else Buffer(tensor, persistent=persistent))

    def _parts(self) -> Mapping[str, object]:
        """Return what is searched for tensors and layers, by name: the attributes, in a copy that stays as it is."""
        parts = vars(self).copy()
        parts.pop(HOOKS, None)
        return parts

    def extra_repr(self) -> str:
        """Return what stands between the brackets of the layer's own line."""
        return ""

    @recursive_repr(INSIDE_ITSELF)
    def __repr__(self) -> str:
        head = f"{type(self).__name__}({self.extra_repr()}"
        lines = [_line(name, part) for name, part in parts_of(self, _is_function)]
        return "\n".join([f"{head}{_count(self)}", *lines, ")"]) if lines else f"{head})"


def parts_of(tree: Tree, wanted: Callable[[object], bool], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what is wanted by name of a layer's own parts, and of its lists, tuples and dicts: "blocks.0"."""
    return _flat(tree._parts().items(), wanted, prefix)


def check_name(tree: Tree, name: str, replaced: Callable[[object], bool] | None = None) -> None:
    """Raise ValueError if a part can't have this name; None makes way, and what `replaced` says yes to."""
    if not isinstance(name, str):
        raise TypeError(f"a part's name is a string, got {name!r:.80}")
    if not name or "." in name:
        raise ValueError(f"a part's name wanted a letter or more and no dot, which stands between names; got {name!r}")
    own = vars(tree).get(name, name)  # a string, if a class has it
    if hasattr(tree, name) and not (own is None or (replaced and replaced(own))):
        raise ValueError(f"{type(tree).__name__} already has something else under the name {name!r}; take another one")


def _is_layer(part: object) -> "TypeGuard[Layer]":
    return isinstance(part, Tree)


def _is_buffer(part: object) -> bool:
    return isinstance(part, Buffer)


def _is_function(part: object) -> bool:
    return callable(part) and not isinstance(part, type)


def _dotted(prefix: str) -> str:
    return f"{prefix}." if prefix else ""


def _flat(parts: Any, wanted: Callable[[object], bool], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, part in parts:
        if wanted(part):
            yield f"{prefix}{key}", part
        elif isinstance(part, dict):
            yield from _flat(part.items(), wanted, f"{prefix}{key}.")
        elif isinstance(part, SEQUENCES):
            yield from _flat(enumerate(part), wanted, f"{prefix}{key}.")


def _walk(
    tree: Tree, prefix: str, once: bool, recurse: bool = True, seen: set[int] | None = None
) -> Iterator[tuple[str, "Layer | Tensor"]]:
    """Yield the layers, parameters and buffers inside by dotted name, a layer before its parts.

    once: each under its first name alone; else under every name, but no layer inside itself.
    seen: what was met before, or, if not once, the layers around this one.
    """
    seen = {id(tree)} if seen is None else seen
    for name, part in sorted(parts_of(tree, _is_walked, prefix), key=_rank):
        if id(part) in seen:
            continue
        inside = seen if once else seen.copy()
        if once or _is_layer(part):
            inside.add(id(part))
        yield name, part
        if recurse and _is_layer(part):
            yield from _walk(part, f"{name}.", once, recurse, inside)


def _is_walked(part: object) -> bool:
    return isinstance(part, Tree) or is_state(part)


def _rank(named: tuple[str, "Layer | Tensor"]) -> int:
    """Return which kind of part comes first: parameters, buffers, layers."""
    return 2 if isinstance(named[1], Tree) else int(isinstance(named[1], Buffer))


def _found(tree: Tree, kind: str, target: str, found: Mapping[str, Found]) -> Found:
    if target not in found:
        names = ", ".join(name for name in found if name) or "none"
        raise AttributeError(f"{type(tree).__name__} has no {kind} {target!r}, but {names:.200}")
    return found[target]


def _count(tree: Tree) -> str:
    size = sum(p.size for p in tree.parameters())
    return f"  # {size:,} parameters" if size else ""


def _line(name: str, part: Any) -> str:
    """Return a part's line in the repr; a layer with parts brings its own lines and count."""
    if not _is_layer(part):
        return f"  ({name}): {getattr(part, '__name__', None) or repr(part)}"
    shown = repr(part).replace("\n", "\n  ")
    return f"  ({name}): {shown}{'' if chr(10) in shown or shown == INSIDE_ITSELF else _count(part)}"
