"""Module 01: the Tensor's short methods. Each hands the tensor to the operation of the same name at `tinytorch`.

Public parts: `TensorMethods`, which `Tensor` inherits from. The operations' contracts stand with their functions.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

import tinytorch  # the package itself: its operations are looked up when a method is called
from tinytorch.arrays import flat_ints
from tinytorch.tensor_protocols import TensorProtocols
from tinytorch.torch_keywords import pair_by_dim, torch_keywords
from tinytorch.torch_methods import TorchMethods

if TYPE_CHECKING:
    from tinytorch.tensor import ArrayLike, Axis, Operand, Scalar, Shape, Tensor


class TensorMethods(TensorProtocols, TorchMethods):
    """What a Tensor can do beyond the arithmetic of `tensor.py`. self is a Tensor everywhere."""

    __slots__ = ()

    # Elementwise

    def __sub__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.subtract(self, other)

    def __rsub__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.subtract(other, self)

    def __pos__(self: Any) -> "Tensor":
        return self  # type: ignore[no-any-return]

    def __neg__(self: Any) -> "Tensor":
        return tinytorch.negative(self)

    def __truediv__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.divide(self, other)

    def __rtruediv__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.divide(other, self)

    def __floordiv__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.floor_divide(self, other)

    def __rfloordiv__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.floor_divide(other, self)

    def __mod__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.remainder(self, other)

    def __rmod__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.remainder(other, self)

    def __pow__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.power(self, other)

    def __rpow__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.power(other, self)

    def __abs__(self: Any) -> "Tensor":
        return tinytorch.abs(self)

    def abs(self: Any) -> "Tensor":
        """Return each element without its sign."""
        return tinytorch.abs(self)

    def sign(self: Any) -> "Tensor":
        """Return -1, 0 or 1 for each element."""
        return tinytorch.sign(self)

    def exp(self: Any) -> "Tensor":
        """Return e to the power of each element."""
        return tinytorch.exp(self)

    def log(self: Any) -> "Tensor":
        """Return each element's natural logarithm."""
        return tinytorch.log(self)

    def sqrt(self: Any) -> "Tensor":
        """Return each element's square root."""
        return tinytorch.sqrt(self)

    def sin(self: Any) -> "Tensor":
        """Return each element's sine, in radians."""
        return tinytorch.sin(self)

    def cos(self: Any) -> "Tensor":
        """Return each element's cosine, in radians."""
        return tinytorch.cos(self)

    def tanh(self: Any) -> "Tensor":
        """Return each element's hyperbolic tangent."""
        return tinytorch.tanh(self)

    def clip(self: Any, min: "Scalar | None" = None, max: "Scalar | None" = None) -> "Tensor":
        """Return the elements, those outside [min, max] moved to its ends."""
        return tinytorch.clip(self, min, max)

    def astype(self: Any, dtype: DTypeLike) -> "Tensor":
        """Return a copy in another dtype; gradients come back in this one."""
        return tinytorch.astype(self, dtype)

    def copy(self: Any) -> "Tensor":
        """Return a tensor of an array of its own; gradients pass."""
        return tinytorch.copy(self)

    # Comparisons: bool tensors, elementwise

    __hash__ = object.__hash__  # by identity, although == is elementwise: tensors are keys of dicts

    def __eq__(self: Any, other: Any) -> "Tensor":  # type: ignore[override]
        return tinytorch.eq(self, other) if _is_operand(other) else NotImplemented

    def __ne__(self: Any, other: Any) -> "Tensor":  # type: ignore[override]
        return tinytorch.ne(self, other) if _is_operand(other) else NotImplemented

    def __lt__(self: Any, other: Any) -> "Tensor":
        return tinytorch.lt(self, other)

    def __le__(self: Any, other: Any) -> "Tensor":
        return tinytorch.le(self, other)

    def __gt__(self: Any, other: Any) -> "Tensor":
        return tinytorch.gt(self, other)

    def __ge__(self: Any, other: Any) -> "Tensor":
        return tinytorch.ge(self, other)

    def __invert__(self: Any) -> "Tensor":
        return tinytorch.logical_not(self)

    def __and__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.logical_and(self, other)

    def __or__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.logical_or(self, other)

    def __xor__(self: Any, other: "Operand") -> "Tensor":
        return tinytorch.logical_xor(self, other)

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__

    # Elements

    def __getitem__(self: Any, index: Any) -> "Tensor":
        return tinytorch.getitem(self, index)

    def __setitem__(self: Any, index: Any, value: "Operand") -> None:
        tinytorch.setitem(self, index, value)

    @torch_keywords
    def gather(self: Any, axis: int, index: "Operand") -> "Tensor":
        """Return the elements that `index` names along `axis`."""
        return tinytorch.gather(self, axis, index)

    # Numbers and arrays

    def item(self: Any) -> "Scalar":
        """Return the only element as a Python number; ValueError if there are more or none."""
        if self.data.size != 1:
            raise ValueError(f"item() wanted exactly one element, got shape {self.shape}; try .tolist()")
        value: Scalar = self.data.item()
        return value

    def tolist(self: Any) -> Any:
        """Return nested lists of Python numbers (a number for a 0-d tensor)."""
        return self.data.tolist()

    def numpy(self: Any) -> NDArray[Any]:
        """Return the array itself, not a copy, also of a tensor that requires grad (which PyTorch refuses).

        Changing it goes unnoticed by gradients.
        """
        array: NDArray[Any] = self.data
        return array

    # Gradients

    def backward(
        self: Any,
        gradient: "ArrayLike | Tensor | None" = None,
        retain_graph: bool = False,
        create_graph: bool = False,
    ) -> None:
        """Fill `.grad` of the leaves that this tensor was computed from: see `tinytorch.autograd.backward`.

        Raises NotImplementedError for create_graph: gradients aren't recorded.
        """
        if create_graph:
            raise NotImplementedError(
                "backward wanted create_graph=False: gradients of gradients are not recorded here"
            )
        with np.errstate(all="ignore"):  # what is infinite or NaN is so without a warning
            tinytorch.backward(self, gradient, retain_graph)

    def detach(self: Any) -> "Tensor":
        """Return a tensor of the same array that remembers nothing and requires no gradient."""
        return tinytorch.tensor.from_numpy(self.data)

    # Shapes

    @property
    def T(self: Any) -> "Tensor":
        """The tensor with its axes reversed."""
        return tinytorch.transpose(self)

    def reshape(self: Any, *shape: "int | Shape") -> "Tensor":
        """Return the same elements in another shape; one length may be -1."""
        return tinytorch.reshape(self, flat_ints(shape))

    def transpose(self: Any, *axes: "int | Shape") -> "Tensor":
        """Return the tensor with its axes in the given order, reversed without one; two numbers swap these two.

        >>> x = tinytorch.zeros(2, 3, 5)
        >>> x.transpose().shape, x.transpose(1, 2, 0).shape, x.transpose(-1, -2).shape
        ((5, 3, 2), (3, 5, 2), (2, 5, 3))
        """
        if len(axes) == 2:
            return tinytorch.swapaxes(self, *axes)  # type: ignore[arg-type]  # two ints
        return tinytorch.transpose(self, flat_ints(axes, "transpose") if axes else None)

    def permute(self: Any, *axes: "int | Shape") -> "Tensor":
        """Return a view with the axes in the given order."""
        return tinytorch.permute(self, *axes)

    @torch_keywords
    def swapaxes(self: Any, axis1: int, axis2: int) -> "Tensor":
        """Return a view with two axes swapped."""
        return tinytorch.swapaxes(self, axis1, axis2)

    @torch_keywords
    def squeeze(self: Any, axis: "Axis" = None) -> "Tensor":
        """Return a view without axes of length 1: all of them, or those named."""
        return tinytorch.squeeze(self, axis)

    @torch_keywords
    def unsqueeze(self: Any, axis: int) -> "Tensor":
        """Return a view with a new axis of length 1."""
        return tinytorch.unsqueeze(self, axis)

    @torch_keywords
    def flatten(self: Any, start_axis: int = 0, end_axis: int = -1) -> "Tensor":
        """Return the same elements with neighbouring axes made one."""
        return tinytorch.flatten(self, start_axis, end_axis)

    def view(self: Any, *shape: "int | Shape") -> "Tensor":
        """Return `reshape(*shape)`, under PyTorch's name; it copies where no view can be."""
        reshaped: Tensor = self.reshape(*shape)
        return reshaped

    def expand(self: Any, *shape: "int | Shape") -> "Tensor":
        """Return a view with axes of length 1 stretched; -1 keeps a length."""
        return tinytorch.expand(self, *shape)

    @torch_keywords
    def split(self: Any, sizes: int | list[int] | tuple[int, ...], axis: int = 0) -> "tuple[Tensor, ...]":
        """Return views of pieces of this length, or these lengths, along `axis`."""
        return tinytorch.split(self, sizes, axis)

    # Reductions

    @pair_by_dim("argmax")
    def max(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return the largest elements along `axis`."""
        return tinytorch.max(self, axis, keepdims)

    @pair_by_dim("argmin")
    def min(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return the smallest elements along `axis`."""
        return tinytorch.min(self, axis, keepdims)

    @torch_keywords
    def argmax(self: Any, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        """Return where the largest elements stand along `axis`."""
        return tinytorch.argmax(self, axis, keepdims)

    @torch_keywords
    def argmin(self: Any, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        """Return where the smallest elements stand along `axis`."""
        return tinytorch.argmin(self, axis, keepdims)

    @torch_keywords
    def prod(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return the product of the elements along `axis`."""
        return tinytorch.prod(self, axis, keepdims)

    @torch_keywords
    def cumsum(self: Any, axis: int) -> "Tensor":
        """Return running totals along `axis`."""
        return tinytorch.cumsum(self, axis)

    @torch_keywords
    def var(self: Any, axis: "Axis" = None, keepdims: bool = False, correction: int = 1) -> "Tensor":
        """Return the variance along `axis`; it divides by the count less `correction`."""
        return tinytorch.var(self, axis, keepdims, correction)

    @torch_keywords
    def std(self: Any, axis: "Axis" = None, keepdims: bool = False, correction: int = 1) -> "Tensor":
        """Return the standard deviation along `axis`, the root of `var`."""
        return tinytorch.std(self, axis, keepdims, correction)

    @torch_keywords
    def all(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return whether all elements along `axis` are true, or not 0."""
        return tinytorch.all(self, axis, keepdims)

    @torch_keywords
    def any(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return whether an element along `axis` is true, or not 0."""
        return tinytorch.any(self, axis, keepdims)


def _is_operand(value: object) -> bool:
    return isinstance(value, TensorMethods | np.ndarray | np.generic | bool | int | float | list | tuple)
