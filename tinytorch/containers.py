"""Module 03: layers that hold others, or parameters, in lists and dicts under PyTorch's names.

Public parts: `ModuleList`, `ModuleDict`, `ParameterList`, `ParameterDict`; `LayerParts` and `PartList`, the bases of
`Sequential` in `tinytorch/layers.py` too. A plain list or dict of layers as an attribute does the same.
"""

import itertools
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Generic, Self, TypeVar, overload

from tinytorch.layer_base import Layer, Parameter, is_parameter
from tinytorch.layer_tree import check_name
from tinytorch.tensor import ArrayLike, Tensor

Function = Callable[[Any], Any]
Part = TypeVar("Part")


class Container(Layer, Generic[Part]):
    """Parts with names, in an order; each is an attribute as well. Calling it raises NotImplementedError."""

    _names: tuple[str, ...] = ()  # the attributes that are parts, in their order

    def forward(self, *inputs: Any) -> Any:
        """Raise NotImplementedError: a container doesn't say what runs after what."""
        raise NotImplementedError(f"{type(self).__name__} runs nothing by itself; loop over it, or take Sequential")

    def add_module(self, name: str, module: Any) -> None:
        """Put a part behind the others, or in the place of the one of this name; errors as of `Layer.add_module`."""
        part = self._checked(name, module)
        if name not in self._names:
            check_name(self, name)
        setattr(self, name, part)
        self._name_last(name)

    register_module = add_module

    def _checked(self, name: str, part: object) -> Part:
        """Return the part as it is kept. Raises TypeError if it can't be one."""
        raise NotImplementedError

    def _name_last(self, name: str) -> None:
        if name not in self._names:
            self._names = (*self._names, name)

    def _named(self) -> dict[str, Part]:
        own = vars(self)
        return {name: own[name] for name in self._names}

    def _parts(self) -> Mapping[str, object]:
        return {**self._named(), **super()._parts()}

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._names = tuple(other for other in self._names if other != name)

    def __len__(self) -> int:
        return len(self._names)


class PartList(Container[Part]):
    """A list: the parts are named "0", "1", ... by their places, unless they were given names of their own.

    After `insert`, `pop` and `del` the numbers are those of the places again.
    """

    def __init__(self, parts: Iterable[Part] | Mapping[str, Part] = ()) -> None:
        if isinstance(parts, Mapping):
            for name, part in parts.items():
                self.add_module(name, part)
        elif isinstance(parts, Iterable):
            self.extend(parts)
        else:
            raise TypeError(f"{type(self).__name__} wanted a list of parts, got {parts!r:.60}")

    def append(self, part: Part) -> Self:
        """Put a part behind the others; return self. Raises TypeError for what can't be one."""
        free = (str(number) for number in itertools.count(len(self)) if str(number) not in self._names)
        self.add_module(next(free), part)
        return self

    def extend(self, parts: Iterable[Part]) -> Self:
        """Put parts behind the others; return self. Raises TypeError as `append`."""
        for part in list(parts):
            self.append(part)
        return self

    def insert(self, index: int, part: Part) -> Self:
        """Put a part before that of this place; return self. Raises IndexError for no place, TypeError as `append`."""
        place = len(self) if index == len(self) else self._place(index)
        pairs = list(self._named().items())
        pairs.insert(place, (str(place), self._checked(str(place), part)))
        self._replace(pairs)
        return self

    def pop(self, index: int = -1) -> Part:
        """Take the part of this place out and return it. Raises IndexError for no place."""
        part = self[index]
        del self[index]
        return part

    def __iter__(self) -> Iterator[Part]:
        return iter(self._named().values())

    def __contains__(self, part: object) -> bool:
        return any(part is own for own in self)

    def __add__(self, parts: Iterable[Part]) -> "PartList[Part]":
        return self[:].extend(parts)

    def __iadd__(self, parts: Iterable[Part]) -> Self:
        return self.extend(parts)

    @overload
    def __getitem__(self, index: int) -> Part: ...

    @overload
    def __getitem__(self, index: slice) -> "PartList[Part]": ...

    def __getitem__(self, index: int | slice) -> "Part | PartList[Part]":
        named = self._named()
        if isinstance(index, slice):
            return self._selected({name: named[name] for name in self._names[index]})
        return named[self._names[self._place(index)]]

    def __setitem__(self, index: int, part: Part) -> None:
        name = self._names[self._place(index)]
        setattr(self, name, self._checked(name, part))

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._names)
        del names[index if isinstance(index, slice) else self._place(index)]
        named = self._named()
        self._replace([(name, named[name]) for name in names])

    def _selected(self, parts: Mapping[str, Part]) -> "PartList[Part]":
        """Return what a slice is."""
        raise NotImplementedError

    def _place(self, index: int) -> int:
        if not isinstance(index, int) and not hasattr(index, "__index__"):
            raise TypeError(f"{type(self).__name__} wanted a place as an int or a slice, got {index!r:.80}")
        place = int(index)
        if not -len(self) <= place < len(self):
            raise IndexError(f"this {type(self).__name__} has {len(self)} parts, got the index {place}")
        return place % len(self)

    def _replace(self, pairs: list[tuple[str, Part]]) -> None:
        """Have these parts; those that are named by a number take that of their place."""
        for name in self._names:
            delattr(self, name)
        for place, (name, part) in enumerate(pairs):
            self.add_module(str(place) if name.isdecimal() else name, part)


class LayerParts(Container[Function]):
    """Has layers and functions as parts; a layer that is set as an attribute becomes the last part, as in PyTorch."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if isinstance(value, Layer):
            self._name_last(name)

    def _checked(self, name: str, part: object) -> Function:
        if not callable(part) or isinstance(part, type):
            hint = f"{part.__name__}()" if isinstance(part, type) else "a layer or a function"
            raise TypeError(f"{type(self).__name__} can't call its part {name}, {part!r:.80}; did you mean {hint}?")
        return part


class ModuleList(LayerParts, PartList[Function]):
    """Layers in a list that `forward` of the layer around it walks as it likes."""

    def _selected(self, parts: Mapping[str, Function]) -> "ModuleList":
        return ModuleList(parts.values())


class ParameterList(PartList[Tensor]):
    """Parameters in a list; tensors and arrays become parameters."""

    def _checked(self, name: str, part: object) -> Tensor:
        return _parameter(part)

    def _selected(self, parts: Mapping[str, Tensor]) -> "ParameterList":
        return ParameterList(parts.values())

    def extra_repr(self) -> str:
        """Show the shapes."""
        return ", ".join(str(p.shape) for p in self)


class PartDict(Container[Part]):
    """A dict: the parts by names, which are strings without dots and no names of methods."""

    def __init__(self, parts: Mapping[str, Part] | Iterable[tuple[str, Part]] = ()) -> None:
        self.update(parts)

    def update(self, parts: Mapping[str, Part] | Iterable[tuple[str, Part]]) -> None:
        """Put these parts in, in the place of those of the same names."""
        items = parts.items() if isinstance(parts, Mapping | PartDict) else parts
        for name, part in list(items):
            self[name] = part

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._named().keys()

    def values(self) -> ValuesView[Part]:
        """Return the parts."""
        return self._named().values()

    def items(self) -> ItemsView[str, Part]:
        """Return the names with the parts."""
        return self._named().items()

    def get(self, name: str, default: Part | None = None) -> Part | None:
        """Return the part of this name, or `default`."""
        return self._named().get(name, default)

    def pop(self, name: str) -> Part:
        """Take the part of this name out and return it. Raises KeyError if there is none."""
        part = self[name]
        del self[name]
        return part

    def clear(self) -> None:
        """Take all parts out."""
        for name in self._names:
            del self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> Part:
        return self._named()[name]

    def __setitem__(self, name: str, part: Part) -> None:
        self.add_module(name, part)

    def __delitem__(self, name: str) -> None:
        self[name]  # KeyError if it is no part
        delattr(self, name)


class ModuleDict(LayerParts, PartDict[Function]):
    """Layers by name, of which `forward` of the layer around it takes what it likes."""


class ParameterDict(PartDict[Tensor]):
    """Parameters by name; tensors and arrays become parameters."""

    def _checked(self, name: str, part: object) -> Tensor:
        return _parameter(part)

    def extra_repr(self) -> str:
        """Show the shapes."""
        return ", ".join(f"{name}: {p.shape}" for name, p in self.items())


def _parameter(part: ArrayLike) -> Tensor:
    return part if is_parameter(part) else Parameter(part)
