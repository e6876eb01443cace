"""Module 01: the Tensor, an n-dimensional array that remembers how it was computed.

Public parts: `Tensor`, `as_tensor`, `from_numpy`, `record`, `written_after`, and operations as functions (`add`,
`matmul`, `sum`, ...). More of them stand in `elementwise.py`, `shapes.py`, `indexing.py`, `reductions.py`,
`contraction.py` and `creation.py`.

Every operation computes on NumPy arrays and hands its result to `record`, which wraps it in a Tensor and notes the
operation and its inputs if a gradient may be asked for later. Nothing here knows calculus: module 05 walks what was
noted.
"""

import itertools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinytorch.tensor_methods import TensorMethods

Array = NDArray[Any]
Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None
Scalar = bool | int | float

_NUMBERS = (bool, int, float)
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

_serial = itertools.count()
_new_tensor = object.__new__  # without __init__, which would copy the array
_ndarray = np.ndarray


class _Recording(threading.local):
    """Whether operations are noted for gradients; each thread has its own answer. Module 05's `no_grad` switches it."""

    enabled: bool = True


recording = _Recording()


class Tensor(TensorMethods):
    """An n-dimensional array with automatic differentiation.

    What is short stands in `TensorMethods`: `/`, `**`, comparisons, indexing, `exp`, `max`, `squeeze` and more.

    data: nested lists, numbers or an array; it is copied, so later changes of the source never reach the tensor.
    dtype: NumPy's; without it arrays keep theirs and Python's floats become float32.
    requires_grad: whether `backward` shall fill `.grad`; needs a float dtype.

    Raises TypeError for data that isn't numbers, and for gradients of integers.

    >>> Tensor([[1, 2, 3], [4, 5, 6]], dtype=np.float32) @ Tensor([1.0, 0.0, -1.0])
    Tensor([-2., -2.])
    """

    __slots__ = ("__weakref__", "attributes", "data", "grad", "hooks", "inputs", "op", "requires_grad", "serial")
    __array_ufunc__ = None  # `array * tensor` reaches Tensor.__rmul__, and `np.exp(tensor)` fails loudly

    data: Array
    grad: "Tensor | None"  # what `backward` has found so far; only leaves get one
    requires_grad: bool
    op: "Op | None"  # the operation that made this tensor, if it was recorded; a leaf has none
    inputs: "tuple[Tensor, ...]"  # what it was computed from
    attributes: dict[str, Any]  # what else the operation's gradient rule needs, such as `axis`
    serial: int  # when it was made: an operation is newer than its inputs, so sorting by it orders the graph
    hooks: "list[Hook] | None"  # who looks at its gradient

    def __init__(self, data: "ArrayLike", dtype: DTypeLike | None = None, requires_grad: bool = False) -> None:
        array = _as_array(data, dtype)
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require grad, got {array.dtype}; try dtype=np.float32")
        self.data = array
        self.grad = self.op = self.hooks = None
        self.inputs = ()
        self.requires_grad = requires_grad

    @property
    def shape(self) -> Shape:
        """The length of each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The elements' NumPy type."""
        return self.data.dtype

    @property
    def T(self) -> "Tensor":
        """The tensor with its axes reversed."""
        return transpose(self)

    def __repr__(self) -> str:
        numbers = np.array2string(self.data, separator=", ", prefix="Tensor(")
        cut = self.data.size == 0 or self.data.size > np.get_printoptions()["threshold"]
        shape = f", shape={self.shape}" if cut else ""
        dtype = "" if self.data.dtype in (np.float32, np.bool) else f", dtype={self.data.dtype}"
        origin = f", from {self.op.__name__}" if self.op else ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({numbers}{shape}{dtype}{origin})"

    def numpy(self) -> Array:
        """Return the array itself, not a copy; changing it goes unnoticed by gradients."""
        return self.data

    def detach(self) -> "Tensor":
        """Return a tensor of the same array that remembers nothing and requires no gradient."""
        return from_numpy(self.data)

    def register_hook(self, hook: "Hook") -> None:
        """Let `hook` look at this tensor's gradient in every `backward`, once all of it has arrived."""
        if not self.requires_grad:
            raise RuntimeError("a tensor that requires no grad never gets one to look at")
        self.hooks = [*(self.hooks or []), hook]

    def backward(self, gradient: "ArrayLike | Tensor | None" = None, retain_graph: bool = False) -> None:
        """Fill `.grad` of the leaves that this tensor was computed from: see `tinytorch.autograd.backward`."""
        from tinytorch.autograd import backward  # module 05 stands on this one

        backward(self, gradient, retain_graph)

    def __add__(self, other: "Operand") -> "Tensor":
        """Add elementwise, with NumPy's broadcasting.

        other: a Tensor, an array or a number; a number takes this tensor's dtype (`as_tensor(other, self)` does that).
        Returns a new Tensor that was given to `record` under the operation `add` (the function below), with both
        operands as its inputs.
        Raises ValueError with both shapes if they don't broadcast (`check_broadcast("+", a, b)` does that).

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) + Tensor([10.0, 20.0, 30.0])
        Tensor([[11., 22., 33.],
                [14., 25., 36.]])
        """
        other = as_tensor(other, self)
        try:
            return record(add, self.data + other.data, self, other)
        except ValueError:
            check_broadcast("+", self, other)  # its error names what meets what
            raise

    def __radd__(self, other: "Operand") -> "Tensor":
        return as_tensor(other, self) + self

    def __mul__(self, other: "Operand") -> "Tensor":
        other = as_tensor(other, self)
        try:
            return record(multiply, self.data * other.data, self, other)
        except ValueError:
            check_broadcast("*", self, other)  # its error names what meets what
            raise

    def __rmul__(self, other: "Operand") -> "Tensor":
        return as_tensor(other, self) * self

    def __sub__(self, other: "Operand") -> "Tensor":
        other = as_tensor(other, self)
        check_broadcast("-", self, other)
        try:
            return record(subtract, self.data - other.data, self, other)
        except TypeError:
            raise TypeError("bools can't be subtracted; try .astype(np.int64), or a != b") from None

    def __rsub__(self, other: "Operand") -> "Tensor":
        return as_tensor(other, self) - self

    def __neg__(self) -> "Tensor":
        try:
            return record(negative, -self.data, self)
        except TypeError:
            raise TypeError("bools have no sign; try .astype(np.int64), or ~x") from None

    def __matmul__(self, other: "Operand") -> "Tensor":
        """Multiply matrices: (..., n, k) @ (..., k, m) -> (..., n, m); leading axes broadcast, float32 stays float32.

        other: a Tensor or an array. An operand with fewer than two axes goes to `matmul_vector(self, other)`.
        Returns a new Tensor that was given to `record` under the operation `matmul`, with both operands as its inputs.
        Raises ValueError that names both shapes if the inner lengths differ: the last axis of self, and the last but
        one of other.

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) @ Tensor([[1.0], [0.0], [2.0]])
        Tensor([[ 7.],
                [16.]])
        """
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(
                f"cannot multiply {self.shape} @ {other.shape}: the inner lengths {self.shape[-1]} and "
                f"{other.shape[-2]} differ; transpose one operand?"
            )
        return record(matmul, self.data @ other.data, self, other)

    def __rmatmul__(self, other: "Operand") -> "Tensor":
        return as_tensor(other, self) @ self

    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Add the elements up along `axis`: an int, a tuple of ints, or None for all of them.

        keepdims: whether the summed axes stay with length 1, so that the result broadcasts against self.
        Returns a new Tensor that was given to `record` under the operation `sum` (the function), with `axis` and
        `keepdims` as its attributes.
        Raises ValueError (NumPy's AxisError) for an axis that isn't there.

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).sum(axis=0)
        Tensor([5., 7., 9.])
        """
        total = self.data.sum(axis=axis, keepdims=keepdims)
        return record(sum, total, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Average the elements along `axis`, in the tensor's own float dtype.

        Raises TypeError for integers, ValueError for the mean of no elements.
        """
        if self.data.dtype.kind != "f":
            raise TypeError(f"mean wanted floats, got {self.dtype}; try .astype(np.float32).mean()")
        total = self.sum(axis, keepdims)
        if total.size and not self.size:
            raise ValueError(f"mean of no elements: shape {self.shape}, axis {axis}")
        return total * (total.size / max(self.size, 1))

    def reshape(self, *shape: int | Shape) -> "Tensor":
        """Return the same elements in another shape; one length may be -1."""
        return reshape(self, flat_ints(shape))

    def transpose(self, *axes: int | Shape) -> "Tensor":
        """Return the tensor with its axes in the given order, reversed without one; two numbers swap these two.

        >>> x = Tensor(np.zeros((2, 3, 5)))
        >>> x.transpose().shape, x.transpose(1, 2, 0).shape, x.transpose(-1, -2).shape
        ((5, 3, 2), (3, 5, 2), (2, 5, 3))
        """
        if len(axes) == 2:
            return self.swapaxes(*axes)  # type: ignore[arg-type]  # two ints
        return transpose(self, flat_ints(axes) if axes else None)


Operand = Tensor | Array | Scalar
ArrayLike = Any  # numbers, nested sequences of them, arrays: what NumPy takes
Op = Callable[..., Tensor]
Hook = Callable[[Tensor], object]


def record(op: Op, result: Any, *inputs: Tensor, **attributes: Any) -> Tensor:
    """Wrap an operation's result in a Tensor and note how it was made.

    op: the public function of the operation; module 05 finds the gradient rule by it.
    result: the array that was computed (or NumPy's scalar).
    inputs: the tensors it was computed from, in the order of the rule's arguments.
    attributes: what else the rule needs, such as `axis`.

    Nothing is noted inside `no_grad`, and where no input requires grad.
    What NumPy makes float64 of because of integers, such as int64 + float32, becomes float32, as in PyTorch.
    """
    out = _new_tensor(Tensor)
    array = result if type(result) is _ndarray else np.asarray(result)
    out.data = array if array.dtype is not _FLOAT64 else _promoted(inputs, array)
    out.grad = out.hooks = None
    for x in inputs:
        if x.requires_grad and recording.enabled:
            out.requires_grad = True
            out.op = op
            out.inputs = inputs
            out.attributes = attributes
            out.serial = next(_serial)
            return out
    out.requires_grad = False
    out.op = None
    out.inputs = ()
    return out


def as_tensor(value: Operand, like: Operand | None = None) -> Tensor:
    """Return a Tensor of the value; a Tensor comes back itself, a Python number takes the dtype of `like` where it can.

    It can't where a float meets integers (float32), and an integer meets bools (int64).
    Raises TypeError for what is neither a Tensor, nor an array, nor a number.
    """
    if isinstance(value, Tensor):
        return value
    if isinstance(value, _NUMBERS) and (dtype := getattr(like, "dtype", None)) is not None:
        return from_numpy(np.array(value, _dtype_of_number(value, dtype)))
    return Tensor(value)


def from_numpy(array: Any) -> Tensor:
    """Return a Tensor of an array without copying it (a NumPy scalar becomes a 0-d array)."""
    out = _new_tensor(Tensor)
    out.data = array if type(array) is _ndarray else np.asarray(array)
    out.grad = out.op = out.hooks = None
    out.inputs = ()
    out.requires_grad = False
    return out


def check_broadcast(symbol: str, a: Tensor, b: Tensor) -> None:
    """Raise ValueError with both shapes if a and b don't broadcast under NumPy's rule."""
    shape, other = a.data.shape, b.data.shape
    if shape == other:
        return
    longer = len(shape) - len(other)
    if shape[longer:] == other or other[-longer:] == shape:  # the common case, at once: the last lengths are equal
        return
    for m, n in zip(reversed(shape), reversed(other), strict=False):
        if m != n and m != 1 and n != 1:
            raise ValueError(
                f"cannot broadcast {a.shape} {symbol} {b.shape}: from the right, lengths must be equal "
                f"or 1, and {m} meets {n}; reshape or transpose one operand?"
            )


def matmul_vector(a: Tensor, b: Tensor) -> Tensor:
    """Multiply where an operand is a vector: it counts as one row (left) or one column (right), which goes again.

    Raises ValueError for a 0-d operand.
    """
    if not a.ndim or not b.ndim:
        raise ValueError(f"matmul needs at least one axis on both sides, got {a.shape} @ {b.shape}; use * for a number")
    left = a.reshape(1, -1) if a.ndim == 1 else a
    right = b.reshape(-1, 1) if b.ndim == 1 else b
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(
            f"cannot multiply {a.shape} @ {b.shape}: the inner lengths {left.shape[-1]} and {right.shape[-2]} differ"
        )
    product = left @ right
    *leading, rows, columns = product.shape
    kept = (*leading, *((rows,) if a.ndim > 1 else ()), *((columns,) if b.ndim > 1 else ()))
    return product.reshape(kept)


def add(a: Operand, b: Operand) -> Tensor:
    """Return a + b: see `Tensor.__add__`."""
    return as_tensor(a, b) + b


def subtract(a: Operand, b: Operand) -> Tensor:
    """Return a - b elementwise, with NumPy's broadcasting."""
    return as_tensor(a, b) - b


def multiply(a: Operand, b: Operand) -> Tensor:
    """Return a * b elementwise, with NumPy's broadcasting."""
    return as_tensor(a, b) * b


def negative(a: Operand) -> Tensor:
    """Return -a."""
    return -as_tensor(a)


def matmul(a: Operand, b: Operand) -> Tensor:
    """Return a @ b: see `Tensor.__matmul__`."""
    return as_tensor(a) @ b


def sum(a: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum along an axis: see `Tensor.sum`."""
    return as_tensor(a).sum(axis, keepdims)


def mean(a: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the average along an axis: see `Tensor.mean`."""
    return as_tensor(a).mean(axis, keepdims)


def reshape(a: Operand, shape: int | Shape) -> Tensor:
    """Return the same elements in another shape, a view where that can be; ValueError if their number doesn't fit."""
    a = as_tensor(a)
    try:
        return record(reshape, a.data.reshape(shape), a)
    except (TypeError, ValueError):
        raise ValueError(f"cannot reshape {a.shape} with {a.size} elements to {shape}") from None


def transpose(a: Operand, axes: Sequence[int] | None = None) -> Tensor:
    """Return a view with the axes in the given order, reversed without one; ValueError unless each stands there once.

    A pair is an order like any other here; only the method `Tensor.transpose(i, j)` swaps.
    """
    a = as_tensor(a)
    if axes is not None:
        axes, wanted = tuple([axis + a.ndim if axis < 0 else axis for axis in axes]), axes
        if sorted(axes) != list(range(a.ndim)):
            raise ValueError(f"transpose wanted each of the {a.ndim} axes of {a.shape} once, got {wanted}")
    return record(transpose, a.data.transpose(axes), a, axes=axes)


written: dict[int, int] = {}  # the serial number of the last write into memory, by the id of the array that owns it


def note_write(array: Array) -> None:
    """Note that an array's elements were changed in place, until the array that owns the memory dies."""
    owner = _owner(array)
    if id(owner) not in written:
        weakref.finalize(owner, written.pop, id(owner), None).atexit = False
    written[id(owner)] = next(_serial)


def written_after(array: Array, serial: int) -> bool:
    """Return whether `tensor[...] = ` changed the array's memory, or a part of it, after that serial number."""
    return bool(written) and written.get(id(_owner(array)), -1) > serial


def flat_ints(lengths: tuple[int | Shape, ...]) -> Shape:
    """Take `f(2, 3)` and `f((2, 3))` alike."""
    if len(lengths) == 1 and isinstance(lengths[0], list | tuple):
        return tuple(lengths[0])
    return lengths  # type: ignore[return-value]  # all ints here


def _owner(array: Array) -> Array:
    """Return the array that owns the memory which this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _promoted(inputs: tuple[Tensor, ...], result: Array) -> Array:
    """Return a float64 result in float32 where it is float64 for the sake of integers alone."""
    dtypes = [x.data.dtype for x in inputs]
    if _FLOAT64 in dtypes or all(dtype.kind == "f" for dtype in dtypes):
        return result
    return result.astype(_FLOAT32)


def _dtype_of_number(value: Scalar, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that a Python number takes beside elements of this dtype."""
    if dtype.kind == "f":
        return dtype
    if isinstance(value, float):
        return _FLOAT32
    return np.dtype(np.int64) if dtype.kind == "b" and not isinstance(value, bool) else dtype


def _as_array(data: ArrayLike, dtype: DTypeLike | None) -> Array:
    if isinstance(data, Tensor):
        data = data.data
    try:
        array = np.array(data, dtype=dtype)
    except ValueError as error:
        raise TypeError(f"a tensor needs numbers in a regular shape, got {data!r:.80}: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"a tensor needs numbers, got {type(data).__name__} ({data!r:.80}) of dtype {array.dtype}")
    if dtype is None and array.dtype == np.float64 and not isinstance(data, np.ndarray | np.generic):
        return array.astype(np.float32)
    return array
