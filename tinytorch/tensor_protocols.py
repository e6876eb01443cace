"""Module 01: what Python and NumPy ask a Tensor to do by themselves: `x += y`, `len(x)`, `f"{x:.2f}"`, `array * x`.

Public parts: `TensorProtocols`, which `TensorMethods` inherits from.
"""

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

import tinytorch  # the package itself: its operations are looked up when they are called
from tinytorch.recording import note_write, recording

if TYPE_CHECKING:
    from tinytorch.tensor import Operand, Tensor

KINDS = "biuf"  # of dtypes: a result is written in place into its own kind or one behind it; `i` and `u` are one kind
OPERATIONS = {  # which operation `array * x` is, by NumPy's name
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.divide: "divide",
    np.floor_divide: "floor_divide",
    np.remainder: "remainder",
    np.power: "power",
    np.matmul: "matmul",
    np.equal: "eq",
    np.not_equal: "ne",
    np.less: "lt",
    np.less_equal: "le",
    np.greater: "gt",
    np.greater_equal: "ge",
    np.bitwise_and: "logical_and",
    np.bitwise_or: "logical_or",
}


class TensorProtocols:
    """The methods that no one calls by name. self is a Tensor everywhere.

    `x += y` changes x's own array, and with it all views of it. Where the sum is recorded it is a new tensor instead,
    which takes x's name: `total += loss` needs the old total for its gradient.
    """

    __slots__ = ()

    # In place

    def __iadd__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("+=", operator.add, self, other)

    def __isub__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("-=", operator.sub, self, other)

    def __imul__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("*=", operator.mul, self, other)

    def __itruediv__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("/=", operator.truediv, self, other)

    def __ifloordiv__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("//=", operator.floordiv, self, other)

    def __imod__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("%=", operator.mod, self, other)

    def __ipow__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("**=", operator.pow, self, other)

    def __iand__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("&=", operator.and_, self, other)

    def __ior__(self: Any, other: "Operand") -> "Tensor":
        return _in_place("|=", operator.or_, self, other)

    # Beside arrays

    def __array__(self: Any, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if self.requires_grad:
            raise RuntimeError("an array remembers no gradients, which this tensor requires; try .detach() or stack()")
        return np.array(self.data, dtype=dtype, copy=copy)

    def __array_ufunc__(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Compute `array * x` as a tensor, and `array *= x` in the array; other functions of NumPy's take arrays."""
        name = OPERATIONS.get(ufunc)
        if name is None or method != "__call__":
            call = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
            raise TypeError(f"{call} wanted arrays, got a Tensor; try the Tensor's own operation, or x.data")
        if not options:
            return getattr(tinytorch, name)(*inputs)
        into = options.get("out", (None,))[0]
        if isinstance(into, TensorProtocols):
            raise TypeError(f"np.{ufunc.__name__} wanted an array as out, got a Tensor; try out=x.data")
        result = ufunc(*[np.asarray(x) for x in inputs], **options)  # which refuses tensors that require grad
        note_write(result)
        return result

    # What it is to others: a sequence, a number, text, something to copy

    def __len__(self: Any) -> int:
        if not self.data.ndim:
            raise TypeError("len() of a 0-d tensor: it has no axis; try .item()")
        return len(self.data)

    def __iter__(self: Any) -> "Iterator[Tensor]":
        return (self[i] for i in range(len(self)))

    def __contains__(self: Any, value: "Operand") -> bool:
        return bool(tinytorch.eq(self, value).data.any())

    def __bool__(self: Any) -> bool:
        if self.data.size != 1:
            raise ValueError(f"a tensor of shape {self.shape} is neither true nor false; try .all() or .any()")
        return bool(self.data.item())

    def __float__(self: Any) -> float:
        return float(self.item())

    def __int__(self: Any) -> int:
        return int(self.item())

    def __index__(self: Any) -> int:
        if self.data.ndim or self.data.dtype.kind not in "iu":
            raise TypeError(f"an index wanted a 0-d tensor of integers, got shape {self.shape} of {self.dtype}")
        return int(self.item())

    def __format__(self: Any, spec: str) -> str:
        """Format the number that a tensor without axes is, as PyTorch does: f"{loss}", f"{loss:.3f}"."""
        if spec and self.data.size != 1:
            raise ValueError(f"the format {spec!r} wanted one element, got shape {self.shape}; try .tolist()")
        return format(self.item(), spec) if spec or not self.data.ndim else str(self)

    def __round__(self: Any, decimals: int = 0) -> "Tensor":
        return tinytorch.round(self, decimals)

    def __repr__(self: Any) -> str:
        numbers = np.array2string(np.asarray(self.data), separator=", ", prefix="Tensor(")
        cut = self.data.size == 0 or self.data.size > np.get_printoptions()["threshold"]
        shape = f", shape={self.shape}" if cut else ""
        dtype = "" if self.data.dtype in (np.float32, np.bool) else f", dtype={self.data.dtype}"
        origin = f", from {self.op.__name__}" if self.op else ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({numbers}{shape}{dtype}{origin})"

    def __getstate__(self: Any) -> object:
        if self.op is not None:
            raise RuntimeError(
                f"the result of {self.op.__name__} can't be copied or pickled with all it was computed from; "
                "try .detach(), or .copy() for a copy through which gradients pass"
            )
        return object.__getstate__(self)


def _in_place(symbol: str, f: Callable[[Any, Any], "Tensor"], x: Any, other: "Operand") -> "Tensor":
    """Write f(x, other) into x, in x's dtype, and return x; a result that was recorded is returned itself."""
    if recording.enabled and x.requires_grad and x.op is None:
        raise RuntimeError(
            f"{symbol} on a tensor that requires grad would lose what its gradient belongs to; do it inside no_grad(), "
            f"or write x = x {symbol[:-1]} ..."
        )
    result = f(x, other)
    if result.requires_grad:
        return result
    if result.shape != x.shape:
        raise ValueError(
            f"{symbol} wanted a result of shape {x.shape}, got {result.shape}; try x = x {symbol[:-1]} ..."
        )
    if _rank(result.dtype) > _rank(x.dtype):
        raise TypeError(f"{symbol} can't write {result.dtype} into {x.dtype}; try x = x {symbol[:-1]} ...")
    tinytorch.setitem(x, ..., result)
    return x  # type: ignore[no-any-return]


def _rank(dtype: np.dtype[Any]) -> int:
    return KINDS.index(dtype.kind.replace("u", "i"))
