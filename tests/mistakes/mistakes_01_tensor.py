"""Known mistakes of module 01. Each has two variants, written differently; `right` ones must never be accused."""

import numpy as np
from tito.mistakes import mistake, right

from tinytorch.tensor import Tensor, add, as_tensor, check_broadcast, matmul, matmul_vector, record, sum

# 01.1 Tensor.__add__


@mistake(
    "01.1", "the sum isn't recorded: hand the array to record(add, ..., self, other) instead of wrapping it in a Tensor"
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
        return record(
            matmul, np.dot(other.data.swapaxes(-1, -2), self.data.swapaxes(-1, -2)).swapaxes(-1, 0), self, other
        )

    def second(self, other):
        other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        if self.shape[-1] != other.shape[-2]:
            raise ValueError(f"{self.shape} @ {other.shape}")
        turned = np.dot(other.data.swapaxes(-1, -2), self.data.swapaxes(-1, -2))
        return record(matmul, np.swapaxes(turned, 0, turned.ndim - 1), self, other)


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
    return record(matmul, np.matmul(self.data, b.data), self, b)


# 01.3 Tensor.sum


@mistake("01.3", "axis and keepdims are missing in the record: the gradient rule will need both")
class sum_without_attributes:
    def first(self, axis=None, keepdims=False):
        return record(sum, self.data.sum(axis=axis, keepdims=keepdims), self)

    def second(self, axis=None, keepdims=False):
        total = np.sum(self.data, axis=axis, keepdims=keepdims)
        return record(sum, total, self)


@mistake("01.3", "axis is ignored: hand it on to NumPy's sum")
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


@mistake("01.3", "the sum isn't recorded: hand the array to record(sum, ..., self, axis=axis, keepdims=keepdims)")
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


@right("01.3")
def sum_with_numpy(self, axis=None, keepdims=False):
    total = np.sum(self.data, axis, keepdims=keepdims)
    return record(sum, np.asarray(total), self, keepdims=keepdims, axis=axis)
