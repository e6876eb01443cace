"""Module 01: the Tensor's methods by PyTorch's names. Each hands the tensor to the operation of the same name.

Public parts: `TorchMethods`, which `TensorMethods` inherits from. The operations' contracts stand with their functions;
arithmetic stands in `torch_arithmetic.py`, what changes a tensor in place in `torch_in_place.py`.
"""

import weakref
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

import tinytorch  # the package itself: its operations are looked up when a method is called
from tinytorch.torch_arithmetic import TorchArithmetic
from tinytorch.torch_dtypes import device
from tinytorch.torch_in_place import TorchInPlace
from tinytorch.torch_keywords import Placed, torch_keywords

if TYPE_CHECKING:
    from tinytorch.tensor import Axis, Op, Operand, Scalar, Shape, Tensor

Flag: TypeAlias = bool  # inside the class, these words are methods
Count: TypeAlias = int


class TorchMethods(TorchArithmetic, TorchInPlace):
    """What PyTorch's scripts call on a tensor besides `TensorMethods`. self is a Tensor everywhere."""

    __slots__ = ()

    # What it is

    def dim(self: Any) -> Count:
        """Return the number of axes."""
        return self.data.ndim  # type: ignore[no-any-return]

    def numel(self: Any) -> Count:
        """Return the number of elements."""
        return self.data.size  # type: ignore[no-any-return]

    nelement = numel

    def is_floating_point(self: Any) -> Flag:
        """Return whether the elements are floats."""
        return self.data.dtype.kind == "f"  # type: ignore[no-any-return]

    def is_contiguous(self: Any) -> Flag:
        """Return whether the elements stand side by side in memory, in their order."""
        return self.data.flags.c_contiguous  # type: ignore[no-any-return]

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

    @torch_keywords
    def repeat_interleave(self: Any, repeats: "Count | Operand", axis: "Count | None" = None) -> "Tensor":
        """Return each element, or each slice along an axis, several times in a row."""
        return tinytorch.repeat_interleave(self, repeats, axis)

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

    def flip(self: Any, *axes: "Count | Shape", dims: "Count | Shape | None" = None) -> "Tensor":
        """Return a view with the elements reversed along these axes."""
        return tinytorch.flip(self, *axes, dims=dims)

    @torch_keywords
    def cumprod(self: Any, axis: Count) -> "Tensor":
        """Return running products along an axis."""
        return tinytorch.cumprod(self, axis)

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

    def scatter(
        self: Any, dim: Count, index: "Operand", src: "Operand | None" = None, value: "Scalar | None" = None
    ) -> "Tensor":
        """Return the tensor with elements of src, or a number, at the places that `index` names along an axis."""
        return tinytorch.scatter(self, dim, index, src, value)

    def scatter_add(self: Any, dim: Count, index: "Operand", src: "Operand") -> "Tensor":
        """Return the tensor with elements of src added at the places that `index` names along an axis."""
        return tinytorch.scatter_add(self, dim, index, src)

    def nonzero(self: Any, as_tuple: Flag = False) -> "Tensor | tuple[Tensor, ...]":
        """Return where elements aren't 0."""
        return tinytorch.nonzero(self, as_tuple)

    @torch_keywords
    def sort(self: Any, axis: Count = -1, descending: Flag = False, stable: Flag = True) -> Placed:
        """Return the elements in order along an axis, and where they stood."""
        return tinytorch.sort(self, axis, descending, stable)

    @torch_keywords
    def argsort(self: Any, axis: Count = -1, descending: Flag = False, stable: Flag = True) -> "Tensor":
        """Return where the elements stand that come first, second, ... in order."""
        return tinytorch.argsort(self, axis, descending, stable)

    @torch_keywords
    def unique(
        self: Any,
        sorted: Flag = True,
        return_inverse: Flag = False,
        return_counts: Flag = False,
        axis: "Count | None" = None,
    ) -> "Tensor | tuple[Tensor, ...]":
        """Return the elements in order, each once; also where each stands there, and how many there are."""
        return tinytorch.unique(self, sorted, return_inverse, return_counts, axis)

    def bincount(self: Any, minlength: Count = 0) -> "Tensor":
        """Return how often each of 0, 1, 2, ... stands in the vector."""
        return tinytorch.bincount(self, minlength=minlength)

    @torch_keywords
    def topk(self: Any, k: Count, axis: Count = -1, largest: Flag = True) -> Placed:
        """Return the k largest elements along an axis, and where they stood; or the k smallest."""
        return tinytorch.topk(self, k, axis, largest)

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
