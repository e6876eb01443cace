"""Known mistakes of module 01. Each has two variants, written differently; `right` ones must never be accused."""

import numpy as np
from tito.mistakes import mistake, right

from tinytorch.tensor import (
    Tensor,
    add,
    as_tensor,
    check_broadcast,
    concatenate,
    count_along,
    dtype_of_number,
    from_numpy,
    matmul,
    matmul_vector,
    mean,
    record,
    sum,
    transpose,
    var,
)

# 01.1 Tensor.__add__


@mistake(
    "01.1", "the sum isn't recorded: hand the array to record(add, ..., self, other), with both operands and no copies"
)
class add_unrecorded:
    def first(self, other):
        other = as_tensor(other, self)
        check_broadcast("+", self, other)
        return Tensor(self.data + other.data)

    def second(self, other):
        b = as_tensor(other, like=self)
        check_broadcast("+", self, b)
        return Tensor(np.add(self.data, b.data), dtype=self.dtype)


@mistake("01.1", "the sum changes its left operand: a + b makes a new array, += works in place")
class add_in_place:
    def first(self, other):
        other = as_tensor(other, self)
        check_broadcast("+", self, other)
        self.data += other.data
        return record(add, self.data, self, other)

    def second(self, other):
        other = as_tensor(other, self)
        check_broadcast("+", self, other)
        np.add(self.data, other.data, out=self.data)
        return record(add, self.data, self, other)


@mistake(
    "01.1",
    "`other` may be a number or an array, and has no .data as a Tensor has: as_tensor(other, self) makes one of it",
)
class add_tensors_only:
    def first(self, other):
        check_broadcast("+", self, other)
        return record(add, self.data + other.data, self, other)

    def second(self, other):
        check_broadcast("+", self, other)
        total = np.add(self.data, other.data)
        return record(add, total, self, other)


@mistake("01.1", "a number loses this tensor's dtype: give `self` to as_tensor as well, as_tensor(other, self)")
class add_forgets_dtype:
    def first(self, other):
        other = as_tensor(other)
        check_broadcast("+", self, other)
        return record(add, self.data + other.data, self, other)

    def second(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        check_broadcast("+", self, other)
        return record(add, self.data + other.data, self, other)


@mistake("01.1", "shapes that don't broadcast reach NumPy, whose error names no remedy: call check_broadcast first")
class add_unchecked:
    def first(self, other):
        other = as_tensor(other, self)
        return record(add, self.data + other.data, self, other)

    def second(self, other):
        other = as_tensor(other, self)
        total = self.data + other.data
        return record(add, total, self, other)


@mistake("01.1", "the operation is the function add itself: record(add, ...), without quotes")
class add_as_text:
    def first(self, other):
        other = as_tensor(other, self)
        check_broadcast("+", self, other)
        return record("add", self.data + other.data, self, other)

    def second(self, other):
        b = as_tensor(other, like=self)
        check_broadcast("+", self, b)
        return record("add", np.add(self.data, b.data), self, b)


@mistake("01.1", "this calls itself without end: an array + a Tensor is a Tensor's + again; add self.data + other.data")
class add_calls_itself:
    def first(self, other):
        other = as_tensor(other, self)
        check_broadcast("+", self, other)
        return record(add, self.data + other, self, other)

    def second(self, other):
        b = as_tensor(other, like=self)
        check_broadcast("+", self, b)
        return record(add, add(self, b).data, self, b)


@mistake("01.1", "the sum is pressed into this tensor's dtype: only a number takes it, which as_tensor has seen to")
class add_in_its_own_dtype:
    def first(self, other):
        other = as_tensor(other, self)
        check_broadcast("+", self, other)
        return record(add, (self.data + other.data).astype(self.dtype), self, other)

    def second(self, other):
        b = as_tensor(other, self)
        check_broadcast("+", self, b)
        total = np.add(self.data, b.data)
        return record(add, np.array(total, self.dtype), self, b)


@mistake(
    "01.1", "`other` is copied, so that gradients go to the copy: as_tensor(other, self) gives a Tensor back itself"
)
class add_copies_other:
    def first(self, other):
        other = Tensor(other, dtype=self.dtype)
        check_broadcast("+", self, other)
        return record(add, self.data + other.data, self, other)

    def second(self, other):
        b = Tensor(other.data if isinstance(other, Tensor) else other, self.dtype)
        check_broadcast("+", self, b)
        return record(add, np.add(self.data, b.data), self, b)


@right("01.1")
def add_with_numpy(self, other):
    b = as_tensor(other, like=self)
    check_broadcast("+", self, b)
    return record(add, np.add(self.data, b.data), self, b)


@right("01.1")
def add_with_own_check(self, other):
    b = as_tensor(other, self)
    try:
        total = self.data + b.data
    except ValueError:
        raise ValueError(f"no way to add shapes {self.shape} and {b.shape}") from None
    return record(add, total, self, b)


# 01.2 Tensor.__matmul__


@mistake("01.2", "* multiplies elementwise; the matrix product of arrays is @ (or np.matmul)")
class matmul_elementwise:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return record(matmul, self.data * other.data, self, other)

    def second(self, other):
        b = as_tensor(other, self)
        if min(self.ndim, b.ndim) < 2:
            return matmul_vector(self, b)
        if self.shape[-1] != b.shape[-2]:
            raise ValueError(f"{self.shape} @ {b.shape}")
        return record(matmul, np.multiply(self.data, b.data), self, b)


@mistake("01.2", "np.dot pairs all leading axes with all others; stacks of matrices need @ (or np.matmul)")
class matmul_dot:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return record(matmul, np.dot(self.data, other.data), self, other)

    def second(self, other):
        b = as_tensor(other, self)
        if self.ndim < 2 or b.ndim < 2:
            return matmul_vector(self, b)
        if self.shape[-1] != b.shape[-2]:
            raise ValueError(f"{self.shape} @ {b.shape}")
        return record(matmul, np.tensordot(self.data, b.data, axes=(-1, -2)), self, b)


@mistake("01.2", "this calls itself without end: multiply both arrays, self.data @ other.data")
class matmul_calls_itself:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return record(matmul, self.data @ other, self, other)

    def second(self, other):
        b = as_tensor(other, self)
        if self.ndim < 2 or b.ndim < 2:
            return matmul_vector(self, b)
        if self.shape[-1] != b.shape[-2]:
            raise ValueError(f"{self.shape} @ {b.shape}")
        return record(matmul, matmul(self, b).data, self, b)


@mistake("01.2", "leading axes that don't broadcast end in NumPy's error: catch it, and name both shapes in your own")
class matmul_leading_axes_unchecked:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return record(matmul, self.data @ other.data, self, other)

    def second(self, other):
        b = as_tensor(other, self)
        if min(self.ndim, b.ndim) > 1:
            if self.shape[-1] != b.shape[-2]:
                raise ValueError(f"{self.shape} @ {b.shape}")
            product = np.matmul(self.data, b.data)
            return record(matmul, product, self, b)
        return matmul_vector(self, b)


@mistake("01.2", "NumPy multiplies vectors too, but the gradient rule can't: hand both operands to matmul_vector")
class matmul_vectors_by_numpy:
    def first(self, other):
        other = as_tensor(other, self)
        try:
            return record(matmul, self.data @ other.data, self, other)
        except ValueError:
            raise ValueError(f"{self.shape} @ {other.shape}") from None

    def second(self, other):
        b = as_tensor(other, self)
        try:
            product = np.matmul(self.data, b.data)
        except ValueError as error:
            raise ValueError(f"cannot multiply {self.shape} @ {b.shape}") from error
        return record(matmul, product, self, b)


@mistake(
    "01.2",
    "the product isn't recorded: hand the array to record(matmul, ..., self, other) instead of wrapping it in a Tensor",
)
class matmul_unrecorded:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return Tensor(self.data @ other.data)

    def second(self, other):
        b = as_tensor(other, self)
        if self.ndim > 1 and b.ndim > 1:
            if self.shape[-1] != b.shape[-2]:
                raise ValueError(f"{self.shape} @ {b.shape}")
            return Tensor(np.matmul(self.data, b.data))
        return matmul_vector(self, b)


@mistake(
    "01.2",
    "the inner lengths are the last axis of self and the last but one of other; in stacks the first axes are others",
)
class matmul_checks_first_axes:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[1] != other.shape[0]:
            raise ValueError(f"cannot multiply {self.shape} @ {other.shape}")
        return record(matmul, self.data @ other.data, self, other)

    def second(self, other):
        b = as_tensor(other, self)
        if self.ndim < 2 or b.ndim < 2:
            return matmul_vector(self, b)
        inner, rows = self.shape[1], b.shape[0]
        if inner != rows:
            raise ValueError(f"cannot multiply {self.shape} @ {b.shape}")
        return record(matmul, np.matmul(self.data, b.data), self, b)


@mistake(
    "01.2", "`other` may be an array, which has no .data as a Tensor has: let as_tensor(other, self) make one of it"
)
class matmul_tensors_only:
    def first(self, other):
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return record(matmul, self.data @ other.data, self, other)

    def second(self, other):
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if other.shape[-2] != self.shape[-1]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        product = np.matmul(self.data, other.data)
        return record(matmul, product, self, other)


@mistake("01.2", "the operands are swapped: it is self on the left and other on the right")
class matmul_swapped:
    def first(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        return record(matmul, other.data @ self.data, self, other)

    def second(self, other):
        b = as_tensor(other, self)
        if self.ndim < 2 or b.ndim < 2:
            return matmul_vector(self, b)
        if self.shape[-1] != b.shape[-2]:
            raise ValueError(f"{self.shape} @ {b.shape}")
        return record(matmul, np.matmul(b.data, self.data), self, b)


@right("01.2")
def matmul_with_numpy(self, other):
    b = as_tensor(other, like=self)
    if min(self.ndim, b.ndim) < 2:
        return matmul_vector(self, b)
    *_, k = self.shape
    *_, rows, _ = b.shape
    if k != rows:
        raise ValueError(f"shapes {self.shape} and {b.shape} don't fit")
    try:
        return record(matmul, np.matmul(self.data, b.data), self, b)
    except ValueError:
        raise ValueError(f"the leading axes of {self.shape} and {b.shape} don't fit") from None


@right("01.2")
def matmul_with_einsum(self, other):
    b = as_tensor(other)
    if self.ndim < 2 or b.ndim < 2:
        return matmul_vector(self, b)
    try:
        product = np.einsum("...nk,...km->...nm", self.data, b.data)
    except ValueError:
        product = None
    if product is None or self.shape[-1] != b.shape[-2]:
        raise ValueError(f"{self.shape} @ {b.shape}")
    return record(matmul, product, self, b)


# 01.3 Tensor.sum


@mistake("01.3", "axis and keepdims are missing in the record: the gradient rule will need both")
class sum_without_attributes:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.sum(axis=axis, keepdims=keepdims), self)

    def second(self, axis=None, keepdims=False):
        total = np.sum(self.data, axis=axis, keepdims=keepdims)
        return record(sum, total, self)


@mistake("01.3", "axis is ignored, or taken for None where it is 0: hand it on to NumPy's sum as it came")
class sum_of_all:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.sum(keepdims=keepdims), self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        total = np.sum(self.data, keepdims=keepdims)
        return record(sum, total, self, axis=axis, keepdims=keepdims)


@mistake("01.3", "keepdims is ignored: hand it on to NumPy's sum")
class sum_drops_keepdims:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.sum(axis=axis), self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        total = np.add.reduce(self.data, axis=axis)
        return record(sum, total, self, axis=axis, keepdims=keepdims)


@mistake("01.3", "the sum isn't recorded with its input: record(sum, array, self, axis=axis, keepdims=keepdims)")
class sum_unrecorded:
    def first(self, axis=None, keepdims=False):
        return Tensor(self.data.sum(axis=axis, keepdims=keepdims))

    def second(self, axis=None, keepdims=False):
        return as_tensor(np.sum(self.data, axis=axis, keepdims=keepdims))


@mistake("01.3", "this averages: a sum isn't divided by the number of elements")
class sum_averages:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.mean(axis=axis, keepdims=keepdims), self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        total = np.sum(self.data, axis=axis, keepdims=True)
        mean = total * (total.size / self.data.size)
        mean = mean if keepdims else np.squeeze(mean, axis=axis)
        return record(sum, mean.astype(self.dtype), self, axis=axis, keepdims=keepdims)


@mistake("01.3", "NumPy's second argument of sum is the dtype: name them, sum(axis=axis, keepdims=keepdims)")
class sum_by_position:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.sum(axis, keepdims), self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        total = np.sum(self.data, axis, keepdims)
        return record(sum, total, self, axis=axis, keepdims=keepdims)


@mistake("01.3", "axis and keepdims are no inputs: hand them to record by name, axis=axis, keepdims=keepdims")
class sum_attributes_as_inputs:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.sum(axis=axis, keepdims=keepdims), self, axis, keepdims)

    def second(self, axis=None, keepdims=False):
        total = np.sum(self.data, axis=axis, keepdims=keepdims)
        return record(sum, total, self, axis, keepdims)


@mistake("01.3", "in this file `sum` is the Tensor's own, which calls this method: NumPy's is self.data.sum(...)")
class sum_calls_itself:
    def first(self, axis=None, keepdims=False):
        return record(sum, sum(self.data, axis=axis, keepdims=keepdims), self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        total = sum(self, axis, keepdims)
        return record(sum, total.data, self, axis=axis, keepdims=keepdims)


@mistake("01.3", "keepdims also holds where axis is None: NumPy's sum takes both, sum(axis=axis, keepdims=keepdims)")
class sum_keeps_named_axes_only:
    def first(self, axis=None, keepdims=False):
        total = self.data.sum(axis=axis)
        if keepdims and axis is not None:
            total = np.expand_dims(total, axis)
        return record(sum, total, self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        array = np.sum(self.data) if axis is None else np.sum(self.data, axis=axis, keepdims=keepdims)
        return record(sum, array, self, axis=axis, keepdims=keepdims)


@right("01.3")
def sum_with_numpy(self, axis=None, keepdims=False):
    total = np.sum(self.data, axis, keepdims=keepdims)
    return record(sum, np.asarray(total), self, keepdims=keepdims, axis=axis)


# 01.4 as_tensor


@mistake("01.4", "a Tensor that comes in is copied: give it back itself, or gradients go to the copy")
class as_tensor_copies:
    def first(value, like=None):
        dtype = getattr(like, "dtype", None)
        if dtype is not None and isinstance(value, bool | int | float):
            return Tensor(value, dtype_of_number(value, dtype))
        return Tensor(value)

    def second(value, like=None):
        if isinstance(value, Tensor):
            return from_numpy(value.data)
        if isinstance(value, bool | int | float) and hasattr(like, "dtype"):
            return Tensor(np.asarray(value, dtype=dtype_of_number(value, like.dtype)))
        return Tensor(value)


@mistake("01.4", "`like` is ignored: a Python number takes dtype_of_number(value, like.dtype)")
class as_tensor_ignores_like:
    def first(value, like=None):
        return value if isinstance(value, Tensor) else Tensor(value)

    def second(value, like=None):
        if isinstance(value, Tensor):
            return value
        return from_numpy(Tensor(value).data)


@mistake("01.4", "the number is pressed into like's dtype, which cuts 0.5 to 0: ask dtype_of_number(value, like.dtype)")
class as_tensor_cuts:
    def first(value, like=None):
        if isinstance(value, Tensor):
            return value
        if isinstance(value, bool | int | float) and hasattr(like, "dtype"):
            return Tensor(value, like.dtype)
        return Tensor(value)

    def second(value, like=None):
        if isinstance(value, Tensor):
            return value
        dtype = getattr(like, "dtype", None)
        if dtype is not None and isinstance(value, bool | int | float):
            return from_numpy(np.array(value).astype(dtype))
        return Tensor(value)


@mistake("01.4", "arrays have a dtype of their own and keep it: only Python's bool, int and float take one")
class as_tensor_changes_arrays:
    def first(value, like=None):
        if isinstance(value, Tensor):
            return value
        if hasattr(like, "dtype"):
            number = value if isinstance(value, bool | int | float) else 0.5
            return Tensor(value, dtype_of_number(number, like.dtype))
        return Tensor(value)

    def second(value, like=None):
        if isinstance(value, Tensor):
            return value
        dtype = getattr(like, "dtype", None)
        if dtype is None:
            return Tensor(value)
        if isinstance(value, np.ndarray):
            return Tensor(value).astype(dtype)
        return Tensor(value, dtype=dtype_of_number(value, dtype) if not isinstance(value, str) else None)


@mistake("01.4", "the array isn't copied, so a later change of it reaches the tensor: Tensor(value) copies")
class as_tensor_aliases:
    def first(value, like=None):
        if isinstance(value, Tensor):
            return value
        if isinstance(value, np.ndarray):
            return from_numpy(value)
        if isinstance(value, bool | int | float) and hasattr(like, "dtype"):
            return Tensor(value, dtype_of_number(value, like.dtype))
        return Tensor(value)

    def second(value, like=None):
        if isinstance(value, Tensor):
            return value
        dtype = getattr(like, "dtype", None)
        if dtype is not None and isinstance(value, bool | int | float):
            return Tensor(value, dtype_of_number(value, dtype))
        made = Tensor(value)
        if hasattr(value, "shape"):
            made.data = np.asarray(value)
        return made


@mistake("01.4", "np.float64 is a float, but its type is another: ask isinstance(value, bool | int | float)")
class as_tensor_asks_type:
    def first(value, like=None):
        if isinstance(value, Tensor):
            return value
        if type(value) in (bool, int, float) and hasattr(like, "dtype"):
            return Tensor(value, dtype_of_number(value, like.dtype))
        return Tensor(value)

    def second(value, like=None):
        if isinstance(value, Tensor):
            return value
        number = type(value) is float or type(value) is int or type(value) is bool
        dtype = getattr(like, "dtype", None)
        return Tensor(value, dtype_of_number(value, dtype)) if number and dtype is not None else Tensor(value)


@right("01.4")
def as_tensor_through_arrays(value, like=None):
    if not isinstance(value, Tensor):
        number = isinstance(value, (bool, int, float)) and hasattr(like, "dtype")
        value = Tensor(value, dtype=dtype_of_number(value, like.dtype) if number else None)
    return value


# 01.5 check_broadcast


@mistake("01.5", "shapes are compared from the left: their right ends meet, so go through both reversed")
class broadcast_from_the_left:
    def first(symbol, a, b):
        for m, n in zip(a.shape, b.shape, strict=False):
            if m != n and m != 1 and n != 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        for i in range(min(a.ndim, b.ndim)):
            pair = {a.shape[i], b.shape[i]}
            if len(pair) == 2 and 1 not in pair:
                lengths = f"{a.shape[i]} meets {b.shape[i]}"
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {lengths}")


@mistake("01.5", "a length of 1 fits every other length, on either side")
class broadcast_only_equal:
    def first(symbol, a, b):
        for m, n in zip(reversed(a.shape), reversed(b.shape), strict=False):
            if m != n:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        for i in range(1, min(a.ndim, b.ndim) + 1):
            if a.shape[-i] != b.shape[-i]:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {a.shape[-i]} meets {b.shape[-i]}")


@mistake("01.5", "only b is stretched here: a length of 1 fits on the left as well")
class broadcast_stretches_b_only:
    def first(symbol, a, b):
        for m, n in zip(reversed(a.shape), reversed(b.shape), strict=False):
            if n not in (1, m):
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False):
            if m != n and n != 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")


@mistake("01.5", "the last axes are not all: every pair of lengths that meet has to fit")
class broadcast_last_axis_only:
    def first(symbol, a, b):
        if a.ndim and b.ndim:
            m, n = a.shape[-1], b.shape[-1]
            if m != n and m != 1 and n != 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        for m, n in zip(a.shape[-1:], b.shape[-1:], strict=False):
            if m != n and 1 not in (m, n):
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")


@mistake("01.5", "shapes of different numbers of axes broadcast too: where one has no axis left, everything fits")
class broadcast_equal_ndim:
    def first(symbol, a, b):
        if a.ndim != b.ndim:
            raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {a.ndim} axes meet {b.ndim}")
        for m, n in zip(reversed(a.shape), reversed(b.shape), strict=True):
            if m != n and m != 1 and n != 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        if len(a.shape) != len(b.shape):
            raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {a.ndim} axes meet {b.ndim}")
        for i in range(a.ndim - 1, -1, -1):
            if a.shape[i] != b.shape[i] and 1 not in (a.shape[i], b.shape[i]):
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {a.shape[i]} meets {b.shape[i]}")


@mistake("01.5", "0 counts as a length like 5 here: only 1 stretches, so 0 meets 3 doesn't fit")
class broadcast_empty_fits:
    def first(symbol, a, b):
        for m, n in zip(reversed(a.shape), reversed(b.shape), strict=False):
            if m != n and min(m, n) > 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        for m, n in zip(reversed(a.shape), reversed(b.shape), strict=False):
            if m > 1 and n > 1 and m != n:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")


@mistake("01.5", "the last pair that doesn't fit is named: raise at the first one, from the right")
class broadcast_names_the_last_pair:
    def first(symbol, a, b):
        pairs = [(m, n) for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False) if m != n and 1 not in (m, n)]
        if pairs:
            m, n = pairs[-1]
            raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")

    def second(symbol, a, b):
        for i in range(min(a.ndim, b.ndim), 0, -1):
            m, n = a.shape[-i], b.shape[-i]
            if m != n and m != 1 and n != 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")


@mistake("01.5", "elements are added to find out: the shapes say it, and a large sum would take all memory")
class broadcast_computes:
    def first(symbol, a, b):
        try:
            a.data + b.data
        except ValueError:
            for m, n in zip(reversed(a.shape), reversed(b.shape), strict=False):
                if m != n and 1 not in (m, n):
                    raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}") from None

    def second(symbol, a, b):
        for m, n in zip(reversed(a.shape), reversed(b.shape), strict=False):
            if m != n and m != 1 and n != 1:
                raise ValueError(f"cannot broadcast {a.shape} {symbol} {b.shape}: {m} meets {n}")
        np.add(a.data, b.data)


@right("01.5")
def broadcast_by_index(symbol, a, b):
    for i in range(1, min(a.ndim, b.ndim) + 1):
        pair = a.shape[-i], b.shape[-i]
        if pair[0] != pair[1] and 1 not in pair:
            raise ValueError(f"{a.shape} {symbol} {b.shape} can't be, as {pair[0]} meets {pair[1]}")


# 01.6 Tensor.mean


@mistake("01.6", "this divides by all elements: along an axis, divide by the number that each sum is made of")
class mean_divides_by_all:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        total = self.sum(axis, keepdims)
        if total.size and not self.size:
            raise ValueError(f"no elements in {self.shape}")
        return total * (1 / max(self.size, 1))

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if count_along(self.shape, axis) == 0:
            raise ValueError(f"no elements in {self.shape}")
        return self.sum(axis=axis, keepdims=keepdims) / max(len(self.data.ravel()), 1)


@mistake("01.6", "the mean isn't recorded: use the Tensor's own sum and *, which record themselves, not self.data")
class mean_unrecorded:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if count_along(self.shape, axis) == 0:
            raise ValueError(f"no elements in {self.shape}")
        return Tensor(self.data.mean(axis=axis, keepdims=keepdims))

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        count = count_along(self.shape, axis)
        if not count:
            raise ValueError(f"no elements in {self.shape}")
        return from_numpy(np.sum(self.data, axis=axis, keepdims=keepdims) / count)


@mistake("01.6", "recorded as a sum, whose gradient rule knows no 1/n: build the mean from the Tensor's own sum and *")
class mean_recorded_as_sum:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if count_along(self.shape, axis) == 0:
            raise ValueError(f"no elements in {self.shape}")
        array = self.data.mean(axis=axis, keepdims=keepdims)
        return record(sum, array, self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        total = self.sum(axis, keepdims)
        if not count_along(self.shape, axis):
            raise ValueError(f"no elements in {self.shape}")
        total.data = total.data / np.float32(max(self.size, 1) // max(total.size, 1)).astype(self.dtype)
        return total


@mistake("01.6", "there is no gradient rule for mean, so nothing is given to record here: sum and * record themselves")
class mean_recorded_as_mean:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if count_along(self.shape, axis) == 0:
            raise ValueError(f"no elements in {self.shape}")
        return record(mean, self.data.mean(axis=axis, keepdims=keepdims), self, axis=axis, keepdims=keepdims)

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        count = count_along(self.shape, axis)
        if not count:
            raise ValueError(f"no elements in {self.shape}")
        average = np.sum(self.data, axis=axis, keepdims=keepdims) / count
        return record(mean, average, self, axis=axis, keepdims=keepdims)


@mistake("01.6", "keepdims is ignored: hand it on to sum")
class mean_drops_keepdims:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        total = self.sum(axis)
        if total.size and not self.size:
            raise ValueError(f"no elements in {self.shape}")
        return total * (total.size / max(self.size, 1))

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        count = count_along(self.shape, axis)
        if not count:
            raise ValueError(f"no elements in {self.shape}")
        return self.sum(axis=axis, keepdims=False) / count


@mistake("01.6", "the sum isn't divided: a mean is the sum times 1 by the number of elements that it is made of")
class mean_sums:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if count_along(self.shape, axis) == 0:
            raise ValueError(f"no elements in {self.shape}")
        return self.sum(axis, keepdims)

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if not count_along(self.shape, axis):
            raise ValueError(f"no elements in {self.shape}")
        return sum(self, axis=axis, keepdims=keepdims)


@mistake("01.6", "len is the length of the first axis: divide by count_along(shape, axis), what each sum is made of")
class mean_divides_by_len:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if count_along(self.shape, axis) == 0:
            raise ValueError(f"no elements in {self.shape}")
        return self.sum(axis, keepdims) * (1 / max(len(self.data), 1))

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        if not count_along(self.shape, axis):
            raise ValueError(f"no elements in {self.shape}")
        return self.sum(axis=axis, keepdims=keepdims) / max(self.shape[0], 1)


@mistake("01.6", "this calls itself without end: mean, the function, calls this method; use sum, and divide")
class mean_calls_itself:
    def first(self, axis=None, keepdims=False):
        return mean(self, axis, keepdims)

    def second(self, axis=None, keepdims=False):
        return self.mean(axis=axis, keepdims=keepdims) * 1.0


@mistake("01.6", "the tensor itself is divided: self / n, or sum(...) / n, makes a new one")
class mean_changes_its_operand:
    def first(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        n = count_along(self.shape, axis)
        if n == 0:
            raise ValueError(f"no elements in {self.shape}")
        self.data = self.data / n
        return self.sum(axis, keepdims)

    def second(self, axis=None, keepdims=False):
        if self.dtype.kind != "f":
            raise TypeError(f"no mean of {self.dtype}")
        n = count_along(self.shape, axis)
        if not n:
            raise ValueError(f"no elements in {self.shape}")
        self.data *= 1 / n
        return sum(self, axis=axis, keepdims=keepdims)


@right("01.6")
def mean_by_division(self, axis=None, keepdims=False):
    if self.dtype.kind != "f":
        raise TypeError(f"floats are averaged, not {self.dtype}")
    count = count_along(self.shape, axis)
    if not count:
        raise ValueError(f"nothing to average in {self.shape}")
    return sum(self, axis=axis, keepdims=keepdims) / count


@right("01.6")
def mean_of_shares(self, axis=None, keepdims=False):
    if self.dtype.kind != "f":
        raise TypeError(f"floats are averaged, not {self.dtype}")
    count = count_along(self.shape, axis)
    if not count:
        raise ValueError(f"nothing to average in {self.shape}")
    return (self * (1 / count)).sum(axis, keepdims)


# 01.7 var


@mistake("01.7", "biased: the sum of squares is divided by n instead of n - correction")
class var_biased:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        if count_along(a.shape, axis) <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        array = a.data.var(axis=axis, keepdims=keepdims)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean(axis=axis, keepdims=True)
        array = np.square(away).mean(axis=axis, keepdims=keepdims)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "correction is taken for 1 whatever it is: divide by n - correction")
class var_always_unbiased:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        if count_along(a.shape, axis) <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        array = a.data.var(axis=axis, keepdims=keepdims, ddof=1)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean(axis=axis, keepdims=True)
        array = np.square(away).sum(axis=axis, keepdims=keepdims) / (n - 1)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "the mean of squares less the square of the mean cancels in float32: subtract the mean, then square")
class var_cancels:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        squares, mean = (a.data * a.data).mean(axis=axis, keepdims=keepdims), a.data.mean(axis=axis, keepdims=keepdims)
        array = (squares - mean * mean) * (n / (n - correction))
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        squares = np.sum(a.data**2, axis=axis, keepdims=keepdims) / n
        mean = np.sum(a.data, axis=axis, keepdims=keepdims) / n
        array = (squares - mean**2) * n / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "the distances are squared in place in the tensor's own array: make an array of your own first")
class var_changes_its_operand:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data
        away -= away.mean(axis=axis, keepdims=True)
        away *= away
        array = away.sum(axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        np.subtract(a.data, np.mean(a.data, axis=axis, keepdims=True), out=a.data)
        np.square(a.data, out=a.data)
        array = np.sum(a.data, axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "the mean of all elements is subtracted: along an axis, the mean along that axis, with keepdims=True")
class var_from_the_grand_mean:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean()
        array = (away * away).sum(axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        away = np.subtract(a.data, np.mean(a.data))
        array = np.sum(away**2, axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "this is the standard deviation: the variance is what stands under its root")
class var_rooted:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        if count_along(a.shape, axis) <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        array = a.data.std(axis=axis, keepdims=keepdims, ddof=correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean(axis=axis, keepdims=True)
        array = np.sqrt(np.square(away).sum(axis=axis, keepdims=keepdims) / (n - correction))
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "correction is missing in the record: the gradient rule divides by n - correction as well")
class var_forgets_correction:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        if count_along(a.shape, axis) <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        array = a.data.var(axis=axis, keepdims=keepdims, ddof=correction)
        return record(var, array, a, axis=axis, keepdims=keepdims)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean(axis=axis, keepdims=True)
        array = np.square(away).sum(axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims)


@mistake("01.7", "the mean lacks its axis: with keepdims=True it stays with length 1, and broadcasts against the array")
class var_mean_without_keepdims:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n <= correction:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean(axis=axis)
        array = (away * away).sum(axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n - correction <= 0:
            raise ValueError(f"too few elements in {a.shape}")
        away = np.subtract(a.data, np.sum(a.data, axis=axis) / n)
        array = np.sum(np.square(away), axis=axis, keepdims=keepdims) / (n - correction)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@mistake("01.7", "the guard looks at n alone: it is n - correction that has to be above 0")
class var_guards_n_alone:
    def first(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n <= 1:
            raise ValueError(f"too few elements in {a.shape}")
        away = a.data - a.data.mean(axis=axis, keepdims=True)
        with np.errstate(divide="ignore"):
            array = (away * away).sum(axis=axis, keepdims=keepdims) / np.asarray(n - correction, a.dtype)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)

    def second(a, axis=None, keepdims=False, correction=1):
        a = as_tensor(a)
        if a.dtype.kind != "f":
            raise TypeError(f"no variance of {a.dtype}")
        n = count_along(a.shape, axis)
        if n < 2:
            raise ValueError(f"too few elements in {a.shape}")
        squares = np.square(a.data - np.mean(a.data, axis=axis, keepdims=True))
        with np.errstate(divide="ignore"):
            array = np.sum(squares, axis=axis, keepdims=keepdims) / np.asarray(n - correction, a.dtype)
        return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@right("01.7")
def var_by_numpy(a, axis=None, keepdims=False, correction=1):
    a = as_tensor(a)
    if a.dtype.kind != "f":
        raise TypeError(f"no variance of {a.dtype}")
    if count_along(a.shape, axis) - correction <= 0:
        raise ValueError(f"too few elements in {a.shape} for correction {correction}")
    array = np.var(a.data, axis=axis, keepdims=keepdims, ddof=correction)
    return record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)


@right("01.7")
def var_by_tensors(a, axis=None, keepdims=False, correction=1):
    a = as_tensor(a)
    x = a.detach()
    if a.dtype.kind != "f":
        raise TypeError(f"no variance of {a.dtype}")
    n = count_along(a.shape, axis)
    if n <= correction:
        raise ValueError(f"too few elements in {a.shape}")
    away = x - x.mean(axis, keepdims=True)
    result = (away * away).sum(axis, keepdims) / (n - correction)
    return record(var, result.data, a, axis=axis, keepdims=keepdims, correction=correction)


# 01.8 matmul_vector


@mistake("01.8", "the column's or row's axis is still there: take it away once you have multiplied")
class vector_keeps_its_axis:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = a.reshape(1, -1) if a.ndim == 1 else a
        right = b.reshape(-1, 1) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        return left @ right

    def second(a, b):
        if 0 in (a.ndim, b.ndim):
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        if a.shape[-1] != (b.shape[-2] if b.ndim > 1 else b.shape[0]):
            raise ValueError(f"{a.shape} @ {b.shape}")
        column = b.reshape(len(b.data), 1) if b.ndim == 1 else b
        return a.reshape(1, len(a.data)) @ column if a.ndim == 1 else a @ column


@mistake("01.8", "squeeze takes every axis of length 1 away, those of a stack as well: only the added ones have to go")
class vector_squeezes_all:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = a.reshape(1, -1) if a.ndim == 1 else a
        right = b.reshape(-1, 1) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        return (left @ right).squeeze()

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = a.reshape((1, a.size)) if a.ndim == 1 else a
        right = b.reshape((b.size, 1)) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        product = left @ right
        return product.reshape(tuple([length for length in product.shape if length != 1]))


@mistake(
    "01.8", "the vector is recorded as it came: record the product with the row or column, by Tensors' reshape and @"
)
class vector_recorded_flat:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        try:
            return record(matmul, a.data @ b.data, a, b)
        except ValueError:
            raise ValueError(f"{a.shape} @ {b.shape}") from None

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        product = np.matmul(a.data, b.data)
        return record(matmul, product, a, b)


@mistake("01.8", "nothing is recorded: multiply the Tensors, not their arrays")
class vector_unrecorded:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        try:
            return from_numpy(a.data @ b.data)
        except ValueError:
            raise ValueError(f"{a.shape} @ {b.shape}") from None

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        return Tensor(np.matmul(a.data, b.data))


@mistake(
    "01.8", "the error names the row or column that you made, not the shape that came in: check before, or keep it"
)
class vector_error_of_the_column:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = a.reshape(1, -1) if a.ndim == 1 else a
        right = b.reshape(-1, 1) if b.ndim == 1 else b
        product = left @ right
        kept = product.shape[:-2] + product.shape[-2:-1] * (a.ndim > 1) + product.shape[-1:] * (b.ndim > 1)
        return product.reshape(kept)

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        rows, columns = a.ndim > 1, b.ndim > 1
        left = a if rows else a.unsqueeze(0)
        right = b if columns else b.unsqueeze(1)
        product = left @ right
        if not columns:
            product = product.reshape(product.shape[:-1])
        return product if rows else product.reshape((*product.shape[: -1 - columns], *product.shape[-1:] * columns))


@mistake(
    "01.8", "the vector's role doesn't depend on its length but on its side: a row on the left, a column on the right"
)
class vector_always_a_column:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = a.reshape(-1, 1) if a.ndim == 1 else a
        right = b.reshape(-1, 1) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        product = left @ right
        kept = product.shape[:-2] + product.shape[-2:-1] * (a.ndim > 1) + product.shape[-1:] * (b.ndim > 1)
        return product.reshape(kept)

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = a.unsqueeze(1) if a.ndim == 1 else a
        right = b.unsqueeze(-1) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        product = left @ right
        kept = list(product.shape)
        if b.ndim == 1:
            del kept[-1]
        if a.ndim == 1:
            del kept[-1]
        return product.reshape(tuple(kept))


@mistake("01.8", "@ with a vector calls this function again, without end: give it the row or column")
class vector_calls_itself:
    def first(a, b):
        return a @ b

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        return matmul(a, b)


@mistake("01.8", "the vector on the left gets no gradient: make its row by the Tensor's own reshape, not from .data")
class vector_row_of_data:
    def first(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = Tensor(a.data.reshape(1, -1)) if a.ndim == 1 else a
        right = b.reshape(-1, 1) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        product = left @ right
        kept = product.shape[:-2] + product.shape[-2:-1] * (a.ndim > 1) + product.shape[-1:] * (b.ndim > 1)
        return product.reshape(kept)

    def second(a, b):
        if not a.ndim or not b.ndim:
            raise ValueError(f"no axis: {a.shape} @ {b.shape}")
        left = from_numpy(a.data[None, :]) if a.ndim == 1 else a
        right = b.unsqueeze(-1) if b.ndim == 1 else b
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"{a.shape} @ {b.shape}")
        product = left @ right
        kept = list(product.shape)
        if a.ndim == 1:
            del kept[-2]
        if b.ndim == 1:
            del kept[-1]
        return product.reshape(tuple(kept))


@right("01.8")
def vector_by_steps(a, b):
    if 0 in (a.ndim, b.ndim):
        raise ValueError(f"a number has no axis: {a.shape} @ {b.shape}")
    inner = b.shape[0] if b.ndim == 1 else b.shape[-2]
    if a.shape[-1] != inner:
        raise ValueError(f"{a.shape} @ {b.shape}: {a.shape[-1]} meets {inner}")
    product = (a.unsqueeze(0) if a.ndim == 1 else a) @ (b.unsqueeze(-1) if b.ndim == 1 else b)
    kept = list(product.shape)
    if b.ndim == 1:
        kept.pop()
    if a.ndim == 1:
        kept.pop(-1 if b.ndim == 1 else -2)
    return product.reshape(tuple(kept))


# 01.9 transpose


@mistake("01.9", "negative axes reach the record: count them from 0 first, or the gradient rule sorts them wrongly")
class transpose_records_negative:
    def first(a, axes=None):
        a = as_tensor(a)
        if axes is not None:
            axes = tuple(axes)
            if sorted([axis % a.ndim for axis in axes if -a.ndim <= axis < a.ndim]) != list(range(a.ndim)):
                raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, a.data.transpose(axes), a, axes=axes)

    def second(a, axes=None):
        a = as_tensor(a)
        if axes is None:
            return record(transpose, a.data.T, a, axes=None)
        places = [axis + a.ndim if axis < 0 else axis for axis in axes]
        if sorted(places) != [*range(a.ndim)]:
            raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, np.transpose(a.data, places), a, axes=tuple(axes))


@mistake("01.9", "the order is undone instead of done: axes[i] is the axis of a that stands at i in the result")
class transpose_inverse:
    def first(a, axes=None):
        a = as_tensor(a)
        if axes is None:
            return record(transpose, a.data.transpose(), a, axes=None)
        axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
        if sorted(axes) != list(range(a.ndim)):
            raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, a.data.transpose(np.argsort(axes)), a, axes=axes)

    def second(a, axes=None):
        a = as_tensor(a)
        if axes is None:
            return record(transpose, a.data.T, a, axes=None)
        axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
        if sorted(axes) != list(range(a.ndim)):
            raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, np.moveaxis(a.data, range(a.ndim), axes), a, axes=axes)


@mistake("01.9", "the elements are copied: NumPy's transpose is a view already")
class transpose_copies:
    def first(a, axes=None):
        a = as_tensor(a)
        if axes is not None:
            axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
            if sorted(axes) != list(range(a.ndim)):
                raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, np.ascontiguousarray(a.data.transpose(axes)), a, axes=axes)

    def second(a, axes=None):
        a = as_tensor(a)
        if axes is not None:
            axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
            if sorted(axes) != list(range(a.ndim)):
                raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, np.transpose(a.data.copy(), axes), a, axes=axes)


@mistake("01.9", "axes is missing in the record: the gradient rule needs it to put the axes back")
class transpose_without_axes:
    def first(a, axes=None):
        a = as_tensor(a)
        if axes is not None:
            axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
            if sorted(axes) != list(range(a.ndim)):
                raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, a.data.transpose(axes), a)

    def second(a, axes=None):
        a = as_tensor(a)
        if axes is None:
            return record(transpose, a.data.T, a)
        if sorted([axis + a.ndim if axis < 0 else axis for axis in axes]) != list(range(a.ndim)):
            raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, np.transpose(a.data, axes), a)


@mistake("01.9", "NumPy refuses what is no order, but its error names no shape: check the axes yourself")
class transpose_unchecked:
    def first(a, axes=None):
        a = as_tensor(a)
        if axes is not None:
            axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
        return record(transpose, a.data.transpose(axes), a, axes=axes)

    def second(a, axes=None):
        a = as_tensor(a)
        order = axes if axes is None else tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
        view = a.data.transpose(order)
        return record(transpose, view, a, axes=order)


@mistake("01.9", "the elements are read in their old order into the new shape: that is reshape, no transpose")
class transpose_reshapes:
    def first(a, axes=None):
        a = as_tensor(a)
        order = tuple(range(a.ndim))[::-1] if axes is None else tuple([i + a.ndim if i < 0 else i for i in axes])
        if sorted(order) != list(range(a.ndim)):
            raise ValueError(f"{axes} is no order of {a.shape}")
        turned = a.data.reshape([a.shape[i] for i in order])
        return record(transpose, turned, a, axes=None if axes is None else order)

    def second(a, axes=None):
        a = as_tensor(a)
        shape = a.shape[::-1]
        if axes is not None:
            axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
            if sorted(axes) != list(range(a.ndim)):
                raise ValueError(f"{axes} is no order of {a.shape}")
            shape = tuple([a.shape[axis] for axis in axes])
        return record(transpose, np.reshape(a.data, shape), a, axes=axes)


@mistake(
    "01.9", "% makes a right axis of one that isn't there, as 3 % 3 is 0: refuse what isn't from -ndim to ndim - 1"
)
class transpose_by_remainder:
    def first(a, axes=None):
        a = as_tensor(a)
        if axes is not None:
            axes = tuple([axis % a.ndim for axis in axes])
            if sorted(axes) != list(range(a.ndim)):
                raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, a.data.transpose(axes), a, axes=axes)

    def second(a, axes=None):
        a = as_tensor(a)
        if axes is None:
            return record(transpose, a.data.T, a, axes=None)
        order = tuple(np.mod(axes, a.ndim).astype(int).tolist())
        if len(order) != a.ndim or len({*order}) != a.ndim:
            raise ValueError(f"{axes} is no order of {a.shape}")
        return record(transpose, np.transpose(a.data, order), a, axes=order)


@right("01.9")
def transpose_by_moving(a, axes=None):
    a = as_tensor(a)
    if axes is None:
        return record(transpose, a.data.T, a, axes=None)
    axes = tuple([axis + a.ndim if axis < 0 else axis for axis in axes])
    if len(axes) != a.ndim or {*axes} != {*range(a.ndim)}:
        raise ValueError(f"{axes} is no order of the axes of {a.shape}")
    return record(transpose, np.moveaxis(a.data, axes, range(a.ndim)), a, axes=axes)


# 01.10 concatenate


@mistake("01.10", "axis is ignored: hand it on to NumPy")
class concatenate_first_axis:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        try:
            joined = np.concatenate([part.data for part in parts])
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined, *parts, axis=axis)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = list(map(as_tensor, tensors))
        try:
            joined = (
                np.vstack([part.data for part in parts]) if parts[0].ndim > 1 else np.hstack([p.data for p in parts])
            )
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined, *parts, axis=axis)


@mistake("01.10", "axis is missing in the record: the gradient rule needs it to cut the gradient")
class concatenate_without_axis:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        try:
            joined = np.concatenate([part.data for part in parts], axis)
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined, *parts)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = list(map(as_tensor, tensors))
        arrays = [part.data for part in parts]
        try:
            return record(concatenate, np.concatenate(arrays, axis=axis), *parts)
        except ValueError:
            raise ValueError(f"concatenate: {[array.shape for array in arrays]}") from None


@mistake(
    "01.10", "the list itself is no input: hand every tensor to record, record(concatenate, array, *parts, axis=axis)"
)
class concatenate_records_the_list:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        try:
            joined = np.concatenate([part.data for part in parts], axis)
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined, parts, axis=axis)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = list(map(as_tensor, tensors))
        arrays = [part.data for part in parts]
        try:
            return record(concatenate, np.concatenate(arrays, axis=axis), parts, axis=axis)
        except ValueError:
            raise ValueError(f"concatenate: {[array.shape for array in arrays]}") from None


@mistake("01.10", "the result isn't recorded: record(concatenate, array, *parts, axis=axis), and no copies as parts")
class concatenate_unrecorded:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        try:
            return Tensor(np.concatenate([part.data for part in parts], axis))
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        arrays = [as_tensor(part).data for part in tensors]
        try:
            return from_numpy(np.concatenate(arrays, axis=axis))
        except ValueError:
            raise ValueError(f"concatenate: {[array.shape for array in arrays]}") from None


@mistake("01.10", "arrays may stand in the list, which have no tensor in .data: as_tensor makes one of each")
class concatenate_tensors_only:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        try:
            joined = np.concatenate([part.data for part in tensors], axis)
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in tensors]}") from None
        return record(concatenate, joined, *tensors, axis=axis)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        arrays = [part.data for part in tensors]
        try:
            return record(concatenate, np.concatenate(arrays, axis=axis), *tensors, axis=axis)
        except ValueError:
            raise ValueError(f"concatenate: {[array.shape for array in arrays]}") from None


@mistake("01.10", "a single tensor comes back without a copy: the result is always a new array")
class concatenate_gives_one_back:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        if len(parts) == 1:
            return parts[0]
        try:
            joined = np.concatenate([part.data for part in parts], axis)
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined, *parts, axis=axis)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = list(map(as_tensor, tensors))
        joined = parts[0].data
        for part in parts[1:]:
            try:
                joined = np.concatenate([joined, part.data], axis)
            except ValueError:
                raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined, *parts, axis=axis)


@mistake("01.10", "a Tensor isn't refused: its rows come one by one and are joined, which nobody asked for")
class concatenate_takes_a_tensor:
    def first(tensors, axis=0):
        parts = [as_tensor(part) for part in tensors]
        try:
            joined = np.concatenate([part.data for part in parts], axis)
        except ValueError as error:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}: {error}") from None
        return record(concatenate, joined, *parts, axis=axis)

    def second(tensors, axis=0):
        if not len(tensors):
            raise ValueError("concatenate wants a list with one tensor or more")
        parts = list(map(as_tensor, tensors))
        arrays = [part.data for part in parts]
        try:
            return record(concatenate, np.concatenate(arrays, axis=axis), *parts, axis=axis)
        except ValueError:
            raise ValueError(f"concatenate: {[array.shape for array in arrays]}") from None


@mistake("01.10", "what doesn't fit ends in NumPy's error, which doesn't name the shapes: catch it, and raise your own")
class concatenate_unchecked:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        return record(concatenate, np.concatenate([part.data for part in parts], axis), *parts, axis=axis)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or len(tensors) == 0:
            raise ValueError("concatenate wants one tensor or more, in a list")
        parts = tuple(map(as_tensor, tensors))
        joined = np.concatenate(tuple(part.data for part in parts), axis=axis)
        return record(concatenate, joined, *parts, axis=axis)


@mistake("01.10", "the array has the dtype of the first part: np.concatenate finds one that holds them all")
class concatenate_in_the_first_dtype:
    def first(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = [as_tensor(part) for part in tensors]
        try:
            joined = np.concatenate([part.data for part in parts], axis)
        except ValueError:
            raise ValueError(f"concatenate: {[part.shape for part in parts]}") from None
        return record(concatenate, joined.astype(parts[0].dtype), *parts, axis=axis)

    def second(tensors, axis=0):
        if isinstance(tensors, Tensor) or not len(tensors):
            raise ValueError("concatenate wants a list")
        parts = list(map(as_tensor, tensors))
        arrays = [part.data for part in parts]
        try:
            joined = np.concatenate(arrays, axis, dtype=arrays[0].dtype, casting="unsafe")
        except ValueError:
            raise ValueError(f"concatenate: {[array.shape for array in arrays]}") from None
        return record(concatenate, joined, *parts, axis=axis)


@right("01.10")
def concatenate_into_one_array(tensors, axis=0):
    if isinstance(tensors, Tensor) or len(tensors) == 0:
        raise ValueError("concatenate takes a list of tensors, one or more")
    parts = tuple(as_tensor(part) for part in tensors)
    arrays = [part.data for part in parts]
    shapes = [array.shape for array in arrays]
    first = shapes[0]
    if not -len(first) <= axis < len(first):
        raise ValueError(f"concatenate: there is no axis {axis} in {shapes}")
    place = axis % len(first)
    if any(s[:place] + s[place + 1 :] != first[:place] + first[place + 1 :] for s in shapes):
        raise ValueError(f"concatenate: {shapes} differ beside axis {axis}")
    return record(concatenate, np.concatenate(arrays, axis=place), *parts, axis=axis)
