"""Module 03: tensors that belong to a layer, what it learns and what it keeps besides.

Public parts: `Parameter`, `Buffer`; `is_parameter`, `is_state`, which say what counts as one.
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
    """A tensor that belongs to a layer's state but isn't learned, such as a running mean. To change it, set `.data`.

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
