"""Module 01: the Tensor's methods by PyTorch's names. Each hands the tensor to the operation of the same name.

Public parts: `TorchMethods`, which `TensorMethods` inherits from. The operations' contracts stand with their functions.

A name that ends in `_` changes the tensor in place and returns it: inside `no_grad` where it requires grad, else
RuntimeError.
"""

import operator
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

import tinytorch  # the package itself: its operations are looked up when a method is called
from tinytorch.recording import recording
from tinytorch.torch_arithmetic import TorchArithmetic
from tinytorch.torch_dtypes import device
from tinytorch.torch_keywords import Placed, torch_keywords

if TYPE_CHECKING:
    from tinytorch.creation import Seed
    from tinytorch.tensor import Axis, Op, Operand, Scalar, Shape, Tensor

Flag: TypeAlias = bool  # inside the class, these words are methods
Count: TypeAlias = int
Real: TypeAlias = float


class TorchMethods(TorchArithmetic):
    """What PyTorch's scripts call on a tensor besides `TensorMethods`. self is a Tensor everywhere."""

    __slots__ = ()

    # What it is

    def dim(self: Any) -> Count:
        """Return the number of axes."""
        return self.data.ndim  # type: ignore[no-any-return]

    def numel(self: Any) -> Count:
        """Return the number of elements."""
        return self.data.size  # type: ignore[no-any-return]

    @property
    def is_leaf(self: Any) -> Flag:
        """Whether no recorded operation made it."""
        return self.op is None

    @property
    def grad_fn(self: Any) -> "Op | None":
        """The operation that was recorded as having made it, or None."""
        return self.op  # type: ignore[no-any-return]

    @property
    def device(self: Any) -> device:
        """Where it is: always "cpu"."""
        return device("cpu")

    # Dtypes and places

    def to(self: Any, *targets: Any, dtype: DTypeLike | None = None, device: str | None = None) -> "Tensor":
        """Return the tensor in another dtype, given as such or as a tensor that has it; itself if that is its own.

        "cpu" changes nothing; RuntimeError for another device.
        """
        for target in targets:
            if isinstance(target, str):
                device = target
            else:
                dtype = target.dtype if isinstance(target, TorchMethods) else target  # type: ignore[attr-defined]
        if device is not None:
            tinytorch.device(device)
        return _to(self, self.dtype if dtype is None else dtype)

    def type_as(self: Any, other: "Tensor") -> "Tensor":
        """Return the tensor in the other's dtype."""
        return _to(self, other.dtype)

    def float(self: Any) -> "Tensor":
        """Return the tensor in float32."""
        return _to(self, np.float32)

    def double(self: Any) -> "Tensor":
        """Return the tensor in float64."""
        return _to(self, np.float64)

    def half(self: Any) -> "Tensor":
        """Return the tensor in float16."""
        return _to(self, np.float16)

    def long(self: Any) -> "Tensor":
        """Return the tensor in int64, floats without what stands behind the point."""
        return _to(self, np.int64)

    def int(self: Any) -> "Tensor":
        """Return the tensor in int32, floats without what stands behind the point."""
        return _to(self, np.int32)

    def bool(self: Any) -> "Tensor":
        """Return where elements aren't 0."""
        return _to(self, np.bool)

    def cpu(self: Any) -> "Tensor":
        """Return the tensor itself: it is there."""
        return self  # type: ignore[no-any-return]

    def clone(self: Any) -> "Tensor":
        """Return a tensor of an array of its own; gradients pass."""
        return tinytorch.copy(self)

    def contiguous(self: Any) -> "Tensor":
        """Return the tensor with its elements side by side in memory: itself, or a copy."""
        return self if self.data.flags.c_contiguous else tinytorch.copy(self)

    # Shapes and elements

    def t(self: Any) -> "Tensor":
        """Return a matrix transposed; a vector stays as it is."""
        if self.data.ndim > 2:
            raise ValueError(f"t wanted two axes at most, got {self.shape}; try .mT or .permute(...)")
        return tinytorch.transpose(self)

    @property
    def mT(self: Any) -> "Tensor":
        """The tensor with its last two axes swapped."""
        return tinytorch.swapaxes(self, -1, -2)

    def view_as(self: Any, other: "Tensor") -> "Tensor":
        """Return the same elements in the other's shape."""
        return tinytorch.reshape(self, other.shape)

    reshape_as = view_as

    def expand_as(self: Any, other: "Tensor") -> "Tensor":
        """Return a view stretched to the other's shape."""
        return tinytorch.expand(self, other.shape)

    def broadcast_to(self: Any, shape: "Shape") -> "Tensor":
        """Return a view stretched to this shape."""
        return tinytorch.expand(self, shape)

    def movedim(self: Any, source: "Count | Shape", destination: "Count | Shape") -> "Tensor":
        """Return a view with some axes moved to other places."""
        return tinytorch.movedim(self, source, destination)

    def repeat(self: Any, *repeats: "Count | Shape") -> "Tensor":
        """Return the tensor several times along each axis."""
        return tinytorch.repeat(self, *repeats)

    def tile(self: Any, *repeats: "Count | Shape") -> "Tensor":
        """Return the tensor several times along its last axes."""
        return tinytorch.tile(self, *repeats)

    @torch_keywords
    def chunk(self: Any, chunks: Count, axis: Count = 0) -> "tuple[Tensor, ...]":
        """Return views of so many pieces along an axis."""
        return tinytorch.chunk(self, chunks, axis)

    @torch_keywords
    def unbind(self: Any, axis: Count = 0) -> "tuple[Tensor, ...]":
        """Return views of all slices along an axis."""
        return tinytorch.unbind(self, axis)

    def flip(self: Any, *dims: "Count | Shape") -> "Tensor":
        """Return a view with the elements reversed along these axes."""
        return tinytorch.flip(self, *dims)

    def roll(self: Any, shifts: "Count | Shape", dims: "Axis" = None) -> "Tensor":
        """Return the elements moved on along an axis; those that leave come in at the start."""
        return tinytorch.roll(self, shifts, dims)

    def tril(self: Any, diagonal: Count = 0) -> "Tensor":
        """Return matrices with 0 above a diagonal."""
        return tinytorch.tril(self, diagonal)

    def triu(self: Any, diagonal: Count = 0) -> "Tensor":
        """Return matrices with 0 below a diagonal."""
        return tinytorch.triu(self, diagonal)

    def diag(self: Any, diagonal: Count = 0) -> "Tensor":
        """Return a matrix with the tensor on a diagonal, or a matrix's diagonal."""
        return tinytorch.diag(self, diagonal)

    def index_select(self: Any, dim: Count, index: "Operand") -> "Tensor":
        """Return the slices that a vector of integers names along an axis."""
        return tinytorch.index_select(self, dim, index)

    def masked_select(self: Any, mask: "Operand") -> "Tensor":
        """Return the elements where a mask holds, in one row."""
        return tinytorch.masked_select(self, mask)

    def scatter(self: Any, dim: Count, index: "Operand", src: "Operand") -> "Tensor":
        """Return the tensor with elements of src at the places that `index` names along an axis."""
        return tinytorch.scatter(self, dim, index, src)

    def nonzero(self: Any, as_tuple: Flag = False) -> "Tensor | tuple[Tensor, ...]":
        """Return where elements aren't 0."""
        return tinytorch.nonzero(self, as_tuple)

    @torch_keywords
    def sort(self: Any, axis: Count = -1, descending: Flag = False) -> Placed:
        """Return the elements in order along an axis, and where they stood."""
        return tinytorch.sort(self, axis, descending)

    @torch_keywords
    def argsort(self: Any, axis: Count = -1, descending: Flag = False) -> "Tensor":
        """Return where the elements stand that come first, second, ... in order."""
        return tinytorch.argsort(self, axis, descending)

    @torch_keywords
    def topk(self: Any, k: Count, axis: Count = -1, largest: Flag = True) -> Placed:
        """Return the k largest elements along an axis, and where they stood; or the k smallest."""
        return tinytorch.topk(self, k, axis, largest)

    # In place

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

    def normal_(self: Any, mean: Real = 0.0, std: Real = 1.0, *, generator: "Seed" = None) -> "Tensor":
        """Draw all elements from a normal distribution."""
        _check_writable(self, "normal_")
        return _filled(self, "normal_", tinytorch.randn_like(self, generator=generator) * std + mean)

    def uniform_(self: Any, low: Real = 0.0, high: Real = 1.0, *, generator: "Seed" = None) -> "Tensor":
        """Draw all elements uniformly from [low, high)."""
        _check_writable(self, "uniform_")
        return _filled(self, "uniform_", tinytorch.rand_like(self, generator=generator) * (high - low) + low)

    # Gradients

    def requires_grad_(self: Any, requires_grad: Flag = True) -> "Tensor":
        """Let `backward` fill `.grad`, or not, and return the tensor.

        Raises TypeError for integers, RuntimeError for a result that requires grad because its inputs do.
        """
        if requires_grad and self.data.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require grad, got {self.dtype}; try .float()")
        if not requires_grad and self.op is not None:
            raise RuntimeError("a result requires grad as long as what it was computed from does; try .detach()")
        self.requires_grad = requires_grad
        return self  # type: ignore[no-any-return]

    def retain_grad(self: Any) -> None:
        """Let `backward` fill `.grad` of this result too, with what its hooks so far have made of the gradient."""
        if self.op is None and self.requires_grad:
            return
        this = weakref.ref(self)  # a hook that held its own tensor would keep the whole graph alive

        def keep(gradient: "Tensor") -> None:
            tensor = this()
            if tensor is not None:
                tensor.grad = gradient if tensor.grad is None else tensor.grad + gradient

        self.register_hook(keep)


def _to(x: Any, dtype: DTypeLike) -> "Tensor":
    return x if x.dtype == dtype else tinytorch.astype(x, dtype)


def _filled(x: Any, name: str, value: "Operand") -> "Tensor":
    """Write a value over all elements; return x."""
    _check_writable(x, name)
    tinytorch.setitem(x, ..., value)
    return x  # type: ignore[no-any-return]


def _changed(x: Any, name: str, change: Callable[[Any, Any], "Tensor"], other: "Operand") -> "Tensor":
    """Let `x += other`, or another of these, change x; return x."""
    _check_writable(x, name)
    if isinstance(other, TorchMethods) and other.requires_grad and recording.enabled:
        raise RuntimeError(f"{name} would lose the gradient of what it was given; do it inside no_grad()")
    return change(x, other)


def _check_writable(x: Any, name: str) -> None:
    if x.requires_grad and recording.enabled:
        raise RuntimeError(f"{name} on a tensor that requires grad would lose its gradient; do it inside no_grad()")
