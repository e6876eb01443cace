"""Module 01: methods by PyTorch's names that change a tensor in place: `w.grad.zero_()`, `w.copy_(x)`.

Public parts: `TorchInPlace`, which `TorchMethods` inherits from.

Each returns the tensor. On one that requires grad they work inside `no_grad` alone; RuntimeError elsewhere.
"""

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tinytorch  # the package itself: its operations are looked up when a method is called
from tinytorch.recording import recording

if TYPE_CHECKING:
    from tinytorch.creation import Seed
    from tinytorch.tensor import Operand, Scalar, Tensor


class TorchInPlace:
    """What PyTorch's scripts call to change a tensor. self is a Tensor everywhere."""

    __slots__ = ()

    def zero_(self: Any) -> "Tensor":
        """Make all elements 0: `w.grad.zero_()`."""
        return _filled(self, "zero_", 0)

    def fill_(self: Any, value: "Operand") -> "Tensor":
        """Make all elements `value`."""
        return _filled(self, "fill_", value)

    def copy_(self: Any, source: "Operand") -> "Tensor":
        """Write the elements of another tensor, broadcast, into this one, in its dtype."""
        return _filled(self, "copy_", source)

    def add_(self: Any, other: "Operand", alpha: "Scalar" = 1) -> "Tensor":
        """Add alpha * other."""
        return _changed(self, "add_", operator.iadd, other if alpha == 1 else tinytorch.multiply(other, alpha))

    def sub_(self: Any, other: "Operand", alpha: "Scalar" = 1) -> "Tensor":
        """Subtract alpha * other."""
        return _changed(self, "sub_", operator.isub, other if alpha == 1 else tinytorch.multiply(other, alpha))

    def mul_(self: Any, other: "Operand") -> "Tensor":
        """Multiply by other."""
        return _changed(self, "mul_", operator.imul, other)

    def div_(self: Any, other: "Operand") -> "Tensor":
        """Divide by other."""
        return _changed(self, "div_", operator.itruediv, other)

    def clamp_(self: Any, min: "Operand | None" = None, max: "Operand | None" = None) -> "Tensor":
        """Move the elements outside [min, max] to its ends."""
        _check_writable(self, "clamp_")
        return _filled(self, "clamp_", tinytorch.clip(self, min, max))

    def normal_(self: Any, mean: float = 0.0, std: float = 1.0, *, generator: "Seed" = None) -> "Tensor":
        """Draw all elements from a normal distribution."""
        _check_writable(self, "normal_")
        return _filled(self, "normal_", tinytorch.randn_like(self, generator=generator) * std + mean)

    def uniform_(self: Any, low: float = 0.0, high: float = 1.0, *, generator: "Seed" = None) -> "Tensor":
        """Draw all elements uniformly from [low, high)."""
        _check_writable(self, "uniform_")
        return _filled(self, "uniform_", tinytorch.rand_like(self, generator=generator) * (high - low) + low)

    def masked_fill_(self: Any, mask: "Operand", value: "Operand") -> "Tensor":
        """Write a number where the mask holds."""
        _check_writable(self, "masked_fill_")
        return _filled(self, "masked_fill_", tinytorch.masked_fill(self, mask, value))

    def scatter_(
        self: Any, dim: int, index: "Operand", src: "Operand | None" = None, value: "Scalar | None" = None
    ) -> "Tensor":
        """Write elements of src, or a number, to the places that `index` names along an axis."""
        _check_writable(self, "scatter_")
        return _filled(self, "scatter_", tinytorch.scatter(self, dim, index, src, value))

    def scatter_add_(self: Any, dim: int, index: "Operand", src: "Operand") -> "Tensor":
        """Add elements of src at the places that `index` names along an axis."""
        _check_writable(self, "scatter_add_")
        return _filled(self, "scatter_add_", tinytorch.scatter_add(self, dim, index, src))


def _filled(x: Any, name: str, value: "Operand") -> "Tensor":
    """Write a value over all elements; return x."""
    _check_writable(x, name)
    tinytorch.setitem(x, ..., value)
    return x  # type: ignore[no-any-return]


def _changed(x: Any, name: str, change: Callable[[Any, Any], "Tensor"], other: "Operand") -> "Tensor":
    """Let `x += other`, or another of these, change x; return x."""
    _check_writable(x, name)
    if isinstance(other, TorchInPlace) and other.requires_grad and recording.enabled:
        raise RuntimeError(f"{name} would lose the gradient of what it was given; do it inside no_grad()")
    return change(x, other)


def _check_writable(x: Any, name: str) -> None:
    if x.requires_grad and recording.enabled:
        raise RuntimeError(f"{name} on a tensor that requires grad would lose its gradient; do it inside no_grad()")
