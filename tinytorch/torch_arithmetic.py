"""Module 01: arithmetic as methods by PyTorch's names. Each hands the tensor to the operation of the same name.

Public parts: `TorchArithmetic`, which `TorchMethods` inherits from. The contracts stand with the functions.
"""

from typing import TYPE_CHECKING, Any

import tinytorch  # the package itself: its operations are looked up when a method is called
from tinytorch.torch_keywords import torch_keywords

if TYPE_CHECKING:
    from tinytorch.tensor import Axis, Operand, Scalar, Tensor


class TorchArithmetic:
    """What PyTorch's scripts compute with besides `TensorMethods`. self is a Tensor everywhere."""

    __slots__ = ()

    # Elementwise

    def add(self: Any, other: "Operand", alpha: "Scalar" = 1) -> "Tensor":
        """Return self + alpha * other."""
        return tinytorch.add(self, other if alpha == 1 else tinytorch.multiply(other, alpha))

    def sub(self: Any, other: "Operand", alpha: "Scalar" = 1) -> "Tensor":
        """Return self - alpha * other."""
        return tinytorch.subtract(self, other if alpha == 1 else tinytorch.multiply(other, alpha))

    def mul(self: Any, other: "Operand") -> "Tensor":
        """Return self * other."""
        return tinytorch.multiply(self, other)

    def div(self: Any, other: "Operand", rounding_mode: str | None = None) -> "Tensor":
        """Return self / other; rounded down with "floor", towards 0 with "trunc"."""
        return tinytorch.div(self, other, rounding_mode)

    def fmod(self: Any, other: "Operand") -> "Tensor":
        """Return what self / other, rounded towards 0, leaves."""
        return tinytorch.fmod(self, other)

    def pow(self: Any, exponent: "Operand") -> "Tensor":
        """Return self ** exponent."""
        return tinytorch.power(self, exponent)

    def neg(self: Any) -> "Tensor":
        """Return -self."""
        return tinytorch.negative(self)

    def square(self: Any) -> "Tensor":
        """Return self * self."""
        return tinytorch.square(self)

    def reciprocal(self: Any) -> "Tensor":
        """Return 1 / self."""
        return tinytorch.reciprocal(self)

    def rsqrt(self: Any) -> "Tensor":
        """Return 1 / sqrt(self)."""
        return tinytorch.rsqrt(self)

    def tan(self: Any) -> "Tensor":
        """Return each element's tangent."""
        return tinytorch.tan(self)

    def asin(self: Any) -> "Tensor":
        """Return the angle whose sine each element is."""
        return tinytorch.asin(self)

    def acos(self: Any) -> "Tensor":
        """Return the angle whose cosine each element is."""
        return tinytorch.acos(self)

    def atan(self: Any) -> "Tensor":
        """Return the angle whose tangent each element is."""
        return tinytorch.atan(self)

    def sinh(self: Any) -> "Tensor":
        """Return each element's hyperbolic sine."""
        return tinytorch.sinh(self)

    def cosh(self: Any) -> "Tensor":
        """Return each element's hyperbolic cosine."""
        return tinytorch.cosh(self)

    def asinh(self: Any) -> "Tensor":
        """Return the number whose hyperbolic sine each element is."""
        return tinytorch.asinh(self)

    def acosh(self: Any) -> "Tensor":
        """Return the number whose hyperbolic cosine each element is."""
        return tinytorch.acosh(self)

    def atanh(self: Any) -> "Tensor":
        """Return the number whose hyperbolic tangent each element is."""
        return tinytorch.atanh(self)

    def log1p(self: Any) -> "Tensor":
        """Return log(1 + self), exact also where self is tiny."""
        return tinytorch.log1p(self)

    def expm1(self: Any) -> "Tensor":
        """Return exp(self) - 1, exact also where self is tiny."""
        return tinytorch.expm1(self)

    def erf(self: Any) -> "Tensor":
        """Return the error function of each element."""
        return tinytorch.erf(self)

    def floor(self: Any) -> "Tensor":
        """Return each element rounded down."""
        return tinytorch.floor(self)

    def ceil(self: Any) -> "Tensor":
        """Return each element rounded up."""
        return tinytorch.ceil(self)

    def round(self: Any, decimals: int = 0) -> "Tensor":
        """Return each element rounded to so many decimals."""
        return tinytorch.round(self, decimals)

    def relu(self: Any) -> "Tensor":
        """Return each element where it is positive, and 0 elsewhere."""
        return tinytorch.relu(self)

    def sigmoid(self: Any) -> "Tensor":
        """Return 1 / (1 + exp(-x)) of each element."""
        return tinytorch.sigmoid(self)

    def softmax(self: Any, dim: int) -> "Tensor":
        """Return probabilities along an axis: see `tinytorch.softmax`."""
        return tinytorch.softmax(self, dim)

    def log_softmax(self: Any, dim: int) -> "Tensor":
        """Return the logarithms of probabilities along an axis."""
        return tinytorch.log_softmax(self, dim)

    def clamp(self: Any, min: "Operand | None" = None, max: "Operand | None" = None) -> "Tensor":
        """Return the elements, those outside [min, max] moved to its ends."""
        return tinytorch.clip(self, min, max)

    def where(self: Any, condition: "Operand", other: "Operand") -> "Tensor":
        """Return self where the condition holds, and other elsewhere."""
        return tinytorch.where(condition, self, other)

    def maximum(self: Any, other: "Operand") -> "Tensor":
        """Return the larger of both."""
        return tinytorch.maximum(self, other)

    def minimum(self: Any, other: "Operand") -> "Tensor":
        """Return the smaller of both."""
        return tinytorch.minimum(self, other)

    def masked_fill(self: Any, mask: "Operand", value: "Operand") -> "Tensor":
        """Return self with a number where the mask holds."""
        return tinytorch.masked_fill(self, mask, value)

    def eq(self: Any, other: "Operand") -> "Tensor":
        """Return where self == other."""
        return tinytorch.eq(self, other)

    def ne(self: Any, other: "Operand") -> "Tensor":
        """Return where self != other."""
        return tinytorch.ne(self, other)

    def lt(self: Any, other: "Operand") -> "Tensor":
        """Return where self < other."""
        return tinytorch.lt(self, other)

    def le(self: Any, other: "Operand") -> "Tensor":
        """Return where self <= other."""
        return tinytorch.le(self, other)

    def gt(self: Any, other: "Operand") -> "Tensor":
        """Return where self > other."""
        return tinytorch.gt(self, other)

    def ge(self: Any, other: "Operand") -> "Tensor":
        """Return where self >= other."""
        return tinytorch.ge(self, other)

    def logical_not(self: Any) -> "Tensor":
        """Return where self is false."""
        return tinytorch.logical_not(self)

    def logical_and(self: Any, other: "Operand") -> "Tensor":
        """Return where both are true."""
        return tinytorch.logical_and(self, other)

    def logical_or(self: Any, other: "Operand") -> "Tensor":
        """Return where one or both are true."""
        return tinytorch.logical_or(self, other)

    def isnan(self: Any) -> "Tensor":
        """Return where elements are NaN."""
        return tinytorch.isnan(self)

    def isinf(self: Any) -> "Tensor":
        """Return where elements are infinite."""
        return tinytorch.isinf(self)

    def isfinite(self: Any) -> "Tensor":
        """Return where elements are neither infinite nor NaN."""
        return tinytorch.isfinite(self)

    def equal(self: Any, other: "Operand") -> bool:
        """Return whether both have one shape and equal elements."""
        return tinytorch.equal(self, other)

    def allclose(self: Any, other: "Operand", rtol: float = 1e-5, atol: float = 1e-8) -> bool:
        """Return whether both are equal but for rounding."""
        return tinytorch.allclose(self, other, rtol, atol)

    # Products

    def matmul(self: Any, other: "Operand") -> "Tensor":
        """Return self @ other."""
        return tinytorch.matmul(self, other)

    def mm(self: Any, other: "Operand") -> "Tensor":
        """Return the product of two matrices."""
        return tinytorch.mm(self, other)

    def bmm(self: Any, other: "Operand") -> "Tensor":
        """Return the products of two stacks of matrices."""
        return tinytorch.bmm(self, other)

    def mv(self: Any, other: "Operand") -> "Tensor":
        """Return a matrix times a vector."""
        return tinytorch.mv(self, other)

    def dot(self: Any, other: "Operand") -> "Tensor":
        """Return the sum of the products of two vectors' elements."""
        return tinytorch.dot(self, other)

    def outer(self: Any, other: "Operand") -> "Tensor":
        """Return every product of an element of self and one of other."""
        return tinytorch.outer(self, other)

    # Reductions and order

    @torch_keywords
    def norm(self: Any, p: float | str = 2, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return (sum of |self| ** p) ** (1 / p)."""
        return tinytorch.norm(self, p, axis, keepdims)

    @torch_keywords
    def logsumexp(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return log(sum of exp(self))."""
        return tinytorch.logsumexp(self, axis, keepdims)

    @torch_keywords
    def amax(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return the largest elements along an axis."""
        return tinytorch.amax(self, axis, keepdims)

    @torch_keywords
    def amin(self: Any, axis: "Axis" = None, keepdims: bool = False) -> "Tensor":
        """Return the smallest elements along an axis."""
        return tinytorch.amin(self, axis, keepdims)
