"""Module 03: tensors that belong to a layer, what it learns and what it keeps besides.

Public parts: `Parameter`, `Buffer`; `is_parameter`, `is_state`, which say what counts as one; `in_the_place_of`.
"""

from typing import TypeGuard

from numpy.typing import DTypeLike

from tinytorch.tensor import ArrayLike, Tensor


class Parameter(Tensor):
    """A tensor that a layer learns. It stays one while `requires_grad` is False, that is, while it is frozen.

    data: copied, as in `Tensor`. requires_grad comes before dtype, as in PyTorch.
    Raises TypeError for a requires_grad that is no bool, and as `Tensor`.
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, requires_grad: bool = True, *, dtype: DTypeLike | None = None) -> None:
        if not isinstance(requires_grad, bool):
            raise TypeError(f"Parameter wanted requires_grad as True or False, got {requires_grad!r:.80}; try dtype=")
        super().__init__(data, dtype, requires_grad)


class Buffer(Tensor):
    """A tensor that belongs to a layer's state but isn't learned, such as a running mean.

    persistent: whether `state_dict` holds it; False for what can be computed again, such as a mask.
    """

    __slots__ = ("persistent",)

    persistent: bool

    def __init__(self, data: ArrayLike, dtype: DTypeLike | None = None, *, persistent: bool = True) -> None:
        super().__init__(data, dtype)
        self.persistent = persistent


def is_parameter(part: object) -> TypeGuard[Tensor]:
    """Return whether a layer that holds this learns it."""
    if isinstance(part, Parameter):
        return True
    return isinstance(part, Tensor) and part.requires_grad and part.op is None and not isinstance(part, Buffer)


def is_state(part: object) -> TypeGuard[Tensor]:
    """Return whether this is a parameter or a buffer."""
    return isinstance(part, Buffer) or is_parameter(part)


def in_the_place_of(old: object, new: Tensor, name: str) -> Tensor:
    """Return what a layer keeps if its attribute was `old` and a plain tensor is set: for a buffer, again a buffer.

    Raises TypeError for a tensor in a parameter's place that wouldn't be learned, and in a buffer's for one that has
    gradients to pass on: it would keep all that it was computed from.
    """
    if is_parameter(old) and not is_parameter(new):
        raise TypeError(
            f"{name} is a parameter and wanted a Parameter or None, got a tensor that would not be learned; set its "
            f"values by {name}.data = array, or del {name} first"
        )
    if not isinstance(old, Buffer):
        return new
    if new.requires_grad:
        raise TypeError(f"{name} is a buffer and wanted a tensor without gradient; try .detach(), or a Parameter")
    buffer = Buffer((), persistent=old.persistent)
    buffer.data = new.data
    return buffer
