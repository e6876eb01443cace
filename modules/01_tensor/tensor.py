"""Module 01: the Tensor, an n-dimensional array that remembers how it was computed.

Public parts: `Tensor`, `as_tensor`, `from_numpy`, `check_broadcast`, `record`, and operations as functions (`add`,
`matmul`, `sum`, `mean`, `var`, `transpose`, `concatenate`, ...). More of them stand in `elementwise.py`, `shapes.py`,
`indexing.py`, `reductions.py`, `contraction.py` and `creation.py`; the Tensor's short methods in `tensor_methods.py`.

Every operation computes on NumPy arrays and hands its result to `record`, which wraps it in a Tensor and notes the
operation and its inputs if a gradient may be asked for later. Nothing here knows calculus: module 05 walks what was
noted.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinytorch.arrays import FLOAT64, array_of, count_along, dtype_of_number, promoted, total
from tinytorch.hooks import Handle
from tinytorch.hooks import add as add_hook
from tinytorch.recording import recording, serials
from tinytorch.tensor_methods import TensorMethods
from tinytorch.torch_keywords import torch_keywords
from tinytorch.torch_size import Size

Array = NDArray[Any]
Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None
Scalar = bool | int | float

_new_tensor = object.__new__  # without __init__, which would copy the array
_ndarray = np.ndarray


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

    data: Array  # assign arrays alone: w.data = (...).data
    grad: "Tensor | None"  # what `backward` has found so far; only leaves get one
    requires_grad: bool  # to be set on leaves; `requires_grad_` checks that
    op: "Op | None"  # the operation that made this tensor, if it was recorded; a leaf has none
    inputs: "tuple[Tensor, ...]"  # what it was computed from
    attributes: dict[str, Any]  # what else the operation's gradient rule needs, such as `axis`
    serial: int  # when it was made: an operation is newer than its inputs, so sorting by it orders the graph
    hooks: "dict[Handle, Hook] | None"  # who looks at its gradient

    def __init__(self, data: "ArrayLike", dtype: DTypeLike | None = None, requires_grad: bool = False) -> None:
        array = array_of(data.data if isinstance(data, Tensor) else data, dtype)
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
    def size(self) -> Size:
        """The number of elements; called as in PyTorch, `x.size(0)`, it answers with lengths."""
        return Size(self.data.size).of(self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The elements' NumPy type."""
        return self.data.dtype

    def register_hook(self, hook: "Hook") -> Handle:
        """Let `hook` look at this tensor's gradient in every `backward`, once all of it has arrived.

        If it returns a tensor, that is the gradient from there on. Returns a handle: `remove()` takes the hook away.
        """
        if not self.requires_grad:
            raise RuntimeError("a tensor that requires no grad never gets one to look at")
        if self.hooks is None:
            self.hooks = {}
        return add_hook(self.hooks, hook)

    def __add__(self, other: "Operand") -> "Tensor":
        """Add elementwise, with NumPy's broadcasting and in the dtype that NumPy finds for both.

        other: a Tensor, an array or a number; a number takes this tensor's dtype (`as_tensor(other, self)` does that).
        Returns a new Tensor that was given to `record` under the operation `add` (the function below), with both
        operands as its inputs, themselves and not copies of them.
        Raises ValueError with both shapes if they don't broadcast: `check_broadcast("+", a, b)` does that. Call it
        where NumPy has refused, or before; it costs time in every addition then.

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) + Tensor([10.0, 20.0, 30.0])
        Tensor([[11., 22., 33.],
                [14., 25., 36.]])
        """
        raise NotImplementedError("01.1 Tensor.__add__")

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

    def __matmul__(self, other: "Operand") -> "Tensor":
        """Multiply matrices: (..., n, k) @ (..., k, m) -> (..., n, m); leading axes broadcast, floats keep their dtype.

        other: a Tensor or an array. Where an operand has fewer than two axes, `matmul_vector(self, other)` is the
        result, which has been recorded.
        Else returns a new Tensor that was given to `record` under the operation `matmul`, with both operands as its
        inputs, themselves and not copies of them.
        Raises ValueError that names both shapes, as Python writes them, if the inner lengths differ (the last axis of
        self, and the last but one of other), or if the leading axes don't broadcast (NumPy's error writes (2,4,3)).

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) @ Tensor([[1.0], [0.0], [2.0]])
        Tensor([[ 7.],
                [16.]])
        """
        raise NotImplementedError("01.2 Tensor.__matmul__")

    def __rmatmul__(self, other: "Operand") -> "Tensor":
        return as_tensor(other, self) @ self

    @torch_keywords
    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Add the elements up along `axis`: an int, a tuple of ints, or None for all of them.

        keepdims: whether the summed axes stay with length 1, so that the result broadcasts against self.
        Returns a new Tensor that was given to `record` under the operation `sum` (the function), with `axis` and
        `keepdims` as its attributes. Its dtype is what NumPy's sum gives: floats keep theirs, bools are counted.
        Raises ValueError (NumPy's AxisError) for an axis that isn't there.
        `total(array, axis, keepdims)` is NumPy's sum, but keeps the digits that float32 loses in long columns.

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).sum(axis=0)
        Tensor([5., 7., 9.])
        """
        raise NotImplementedError("01.3 Tensor.sum")

    @torch_keywords
    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """Average the elements along `axis`, in the tensor's own float dtype.

        axis, keepdims: as in `sum`, also in what they raise. The tensor itself isn't changed.
        Returns a Tensor made by the Tensor's own operations, such as `sum` and `*` or `/` with a number. They record
        themselves; no gradient rule knows of `mean`, so nothing is given to `record` here.
        Raises TypeError that names the dtype for other dtypes than floats, and ValueError that names the shape where
        `count_along(shape, axis)` is 0: there is no mean of no elements.

        >>> Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).mean(axis=1, keepdims=True)
        Tensor([[2.],
                [5.]])
        """
        raise NotImplementedError("01.6 Tensor.mean")


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
    array = result if type(result) is _ndarray else _as_array(result)
    out.data = array if array.dtype is not FLOAT64 else promoted([x.data.dtype for x in inputs], array)
    out.grad = out.hooks = None
    for x in inputs:
        if x.requires_grad and recording.enabled:
            out.requires_grad = True
            out.op = op
            out.inputs = inputs
            out.attributes = attributes
            out.serial = next(serials)
            return out
    out.requires_grad = False
    out.op = None
    out.inputs = ()
    return out


def as_tensor(value: Operand, like: Operand | None = None) -> Tensor:
    """Return a value as a Tensor; every operation calls this on its operands.

    value: a Tensor, which comes back itself, the same object; or what `Tensor(value)` takes: an array, which it copies
    and whose dtype stays, or numbers.
    like: the other operand. If it has a `dtype` (Tensors and arrays have), a Python number (bool, int or float, also
    np.float64, which is a float) becomes a 0-d Tensor of the dtype that `dtype_of_number(value, like.dtype)` returns.
    Nothing else is taken from it. Lists and arrays take nothing: an array without axes is an array, too.
    Raises TypeError for what holds no numbers, such as text (`Tensor` does that).

    >>> as_tensor(2, Tensor([0.5], dtype=np.float64)).dtype, as_tensor(0.5, Tensor([1, 2])).dtype
    (dtype('float64'), dtype('float32'))
    """
    raise NotImplementedError("01.4 as_tensor")


def from_numpy(array: Any) -> Tensor:
    """Return a Tensor of an array without copying it (a NumPy scalar becomes a 0-d array)."""
    out = _new_tensor(Tensor)
    out.data = array if type(array) is _ndarray else _as_array(array)
    out.grad = out.op = out.hooks = None
    out.inputs = ()
    out.requires_grad = False
    return out


def _as_array(value: Any) -> Array:
    """Return NumPy's scalar as an array; TypeError for a Tensor, which `w.data = w.data - w.grad` makes of w.data."""
    if isinstance(value, Tensor):
        raise TypeError("wanted an array, got a Tensor; compute with .data alone, as in w.data = w.data - w.grad.data")
    return np.asarray(value)


def check_broadcast(symbol: str, a: Tensor, b: Tensor) -> None:
    """Raise ValueError if the shapes of two tensors don't broadcast; return None if they do. Nothing is computed.

    symbol: the operation's sign, for the message.
    Shapes are compared from the last axis on: two lengths fit if they are equal or one of them is 1. Where one shape
    has no axis left, the other may have any length.
    The message holds both shapes with the sign between them, and the first two lengths, from the right, that don't fit,
    as "3 meets 2".

    >>> check_broadcast("+", Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), Tensor([1.0, 2.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: cannot broadcast (2, 3) + (2,): from the right, lengths must be equal or 1, and 3 meets 2; ...
    """
    raise NotImplementedError("01.5 check_broadcast")


def matmul_vector(a: Tensor, b: Tensor) -> Tensor:
    """Multiply where a or b or both have one axis: such a vector is one row on the left, or one column on the right.

    (k,) @ (..., k, m) -> (..., m)    (..., n, k) @ (k,) -> (..., n)    (k,) @ (k,) -> ()
    The axis of the row or column is gone in the result; other axes of length 1 stay.
    Returns a Tensor made by the Tensors' own `reshape` and `@`, which record themselves: the gradient rule of `matmul`
    is one for operands with two axes or more, so what is recorded under it is the product with the row or column.
    Raises ValueError that names the shapes of a and b if the inner lengths differ, or if one of them has no axis.

    >>> matmul_vector(Tensor([1.0, 2.0]), Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    Tensor([ 9., 12., 15.])
    """
    raise NotImplementedError("01.8 matmul_vector")


def add(a: Operand, b: Operand) -> Tensor:
    """Return a + b: see `Tensor.__add__`."""
    return as_tensor(a, b) + b


def multiply(a: Operand, b: Operand) -> Tensor:
    """Return a * b elementwise, with NumPy's broadcasting."""
    return as_tensor(a, b) * b


def matmul(a: Operand, b: Operand) -> Tensor:
    """Return a @ b: see `Tensor.__matmul__`."""
    return as_tensor(a) @ b


@torch_keywords
def sum(a: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum along an axis: see `Tensor.sum`."""
    return as_tensor(a).sum(axis, keepdims)


@torch_keywords
def mean(a: Operand, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the average along an axis: see `Tensor.mean`."""
    return as_tensor(a).mean(axis, keepdims)


@torch_keywords
def var(a: Operand, axis: Axis = None, keepdims: bool = False, correction: int = 1) -> Tensor:
    """Return the variance along `axis`: the squared distances from the mean, summed and divided by n - correction.

    a: a Tensor or an array. axis, keepdims: as in `Tensor.sum`, also in what they raise.
    n: how many elements one result is made of, `count_along(shape, axis)`.
    correction: 1 estimates the variance of what the elements are a sample of; 0 gives that of the elements themselves.
    Returns a new Tensor of a's dtype that was given to `record` under the operation `var`, with `axis`, `keepdims` and
    `correction` as its attributes; what is computed on the way is not recorded.
    Raises TypeError that names the dtype for other dtypes than floats, and ValueError that names a's shape if
    n - correction isn't above 0.

    >>> var(Tensor([1.0, 2.0, 3.0])), var(Tensor([1.0, 2.0, 3.0]), correction=0)
    (Tensor(1.), Tensor(0.6666667))
    """
    raise NotImplementedError("01.7 var")


def reshape(a: Operand, shape: int | Shape) -> Tensor:
    """Return the same elements in another shape, a view where that can be; ValueError if their number doesn't fit."""
    a = as_tensor(a)
    try:
        reshaped = a.data.reshape(shape)
        if reshaped.shape != shape and np.min(shape) < -1:  # NumPy takes -2 for -1
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(f"cannot reshape {a.shape} with {a.size} elements to {shape}") from None
    return record(reshape, reshaped, a)


def transpose(a: Operand, axes: Sequence[int] | None = None) -> Tensor:
    """Return the tensor with its axes in another order, as a view: no element is copied.

    a: a Tensor or an array; it stays as it is, and so does a list of axes.
    axes: which axis of a stands at each place of the result, each axis once, negative ones counted from the end; None
    reverses them all. A pair is an order like any other here; only the method `Tensor.transpose(i, j)` swaps.
    Returns a Tensor that was given to `record` under the operation `transpose`, with the attribute `axes`: None, or a
    tuple in which no axis is negative any more.
    Raises ValueError that names a's shape unless each of its axes stands in `axes` once.

    >>> transpose(Tensor(np.zeros((2, 3, 5))), (-1, 0, 1)).shape
    (5, 2, 3)
    """
    raise NotImplementedError("01.9 transpose")


def concatenate(tensors: Sequence[Operand], axis: int = 0) -> Tensor:
    """Join tensors along an axis that they have, in a new array of the dtype that NumPy finds for all of them.

    tensors: a list or tuple of Tensors or arrays, one or more, which stays as it is. Their lengths agree but along
    `axis`, where they add up.
    Returns a new Tensor that was given to `record` under the operation `concatenate`, with all the tensors as its
    inputs and `axis`, as it was given, as its attribute.
    Raises ValueError that says "concatenate" for an empty list and for a single Tensor in its place, and ValueError
    that names every shape for tensors that don't fit and for an axis that isn't there.

    >>> concatenate([Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0], [5.0, 6.0]])])
    Tensor([[1., 2.],
            [3., 4.],
            [5., 6.]])
    """
    raise NotImplementedError("01.10 concatenate")
