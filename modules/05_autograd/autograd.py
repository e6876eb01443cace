"""Module 05: gradients, by walking back over what the operations recorded.

Public parts: `backward`, `vjp`, `no_grad`, `sum_to_shape`, and one rule an operation.

A rule is a vector-Jacobian product: `multiply_vjp(g, out, a, b)` gets the gradient `g` of the loss by the operation's
result `out`, and returns the gradients by its inputs `a` and `b`. All of them are plain NumPy arrays.
Source: Baydin, Pearlmutter, Radul, Siskind, "Automatic differentiation in machine learning: a survey" (2018), 3.2.
"""

from collections.abc import Callable
from contextlib import ContextDecorator
from operator import attrgetter
from types import TracebackType
from typing import NoReturn

import numpy as np

from tinytorch.elementwise import negative
from tinytorch.recording import recording, written, written_after
from tinytorch.tensor import (
    Array,
    ArrayLike,
    Axis,
    Op,
    Shape,
    Tensor,
    add,
    from_numpy,
    matmul,
    multiply,
    reshape,
    sum,
    transpose,
)

Gradients = tuple[Array | None, ...]
Rule = Callable[..., Gradients]

_data = attrgetter("data")

RULES: dict[Op | None, Rule] = {}  # the gradient rule of each operation


def vjp(op: Op) -> Callable[[Rule], Rule]:
    """Register the decorated function as the gradient rule of an operation: `rule(g, out, *inputs, **attributes)`.

    A rule that has the keyword `needs` is told for which inputs a gradient is wanted; None will do for the others.
    """

    def register(rule: Rule) -> Rule:
        RULES[op] = rule
        return rule

    return register


@vjp(add)
def add_vjp(g: Array, out: Array, a: Array, b: Array) -> Gradients:
    """Pass the gradient on to both summands."""
    return g, g


@vjp(multiply)
def multiply_vjp(g: Array, out: Array, a: Array, b: Array) -> Gradients:
    """Return the gradients of a * b by a and by b, in this order.

    g: the loss's gradient by the product, of the product's shape; out: the product; a, b: the factors, broadcast or
    not. Both results have the shape of `g`: where broadcasting stretched a factor, `sum_to_shape` sums it afterwards.

    >>> multiply_vjp(np.array([1.0, 10.0]), np.array([8.0, 15.0]), np.array([2.0, 3.0]), np.array([4.0, 5.0]))
    (array([ 4., 50.]), array([ 2., 30.]))
    """
    raise NotImplementedError("05.1 multiply_vjp")


@vjp(negative)
def negative_vjp(g: Array, out: Array, a: Array) -> Gradients:
    """Turn the sign."""
    return (-g,)


@vjp(matmul)
def matmul_vjp(g: Array, out: Array, a: Array, b: Array, *, needs: tuple[bool, bool] = (True, True)) -> Gradients:
    """Return the gradients of a @ b by a and by b, in this order.

    g: (..., n, m), the loss's gradient by the product; out: (..., n, m); a: (..., n, k); b: (..., k, m).
    The first result ends in the axes (n, k) of a, the second in the axes (k, m) of b. Leading axes that broadcasting
    stretched stay; `sum_to_shape` sums them afterwards.
    needs: for which inputs a gradient is wanted; where it is False, None in its place saves the product.

    >>> g, a, b = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0, 5.0]]), np.ones((3, 2))
    >>> matmul_vjp(g, a @ b, a, b)
    (array([[3., 3., 3.]]), array([[ 3.,  6.],
           [ 4.,  8.],
           [ 5., 10.]]))
    """
    raise NotImplementedError("05.2 matmul_vjp")


@vjp(sum)
def sum_vjp(g: Array, out: Array, a: Array, *, axis: Axis, keepdims: bool) -> Gradients:
    """Hand the gradient of a sum to every summand."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return (np.broadcast_to(g, a.shape),)


@vjp(reshape)
def reshape_vjp(g: Array, out: Array, a: Array) -> Gradients:
    """Give the gradient the input's shape."""
    return (g.reshape(a.shape),)


@vjp(transpose)
def transpose_vjp(g: Array, out: Array, a: Array, *, axes: Shape | None) -> Gradients:
    """Put the axes back."""
    return (g.transpose(None if axes is None else np.argsort(axes)),)


def sum_to_shape(g: Array, shape: Shape) -> Array:
    """Sum a gradient over the axes that broadcasting stretched, so that it gets the shape of the value it belongs to.

    g: a gradient in the broadcast shape; shape: the shape that the value had before.
    Broadcasting adds axes on the left and stretches axes of length 1; the result has exactly `shape` and g's dtype.

    >>> sum_to_shape(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (3,))
    array([5., 7., 9.])
    >>> sum_to_shape(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (2, 1))
    array([[ 6.],
           [15.]])
    """
    raise NotImplementedError("05.3 sum_to_shape")


def backward(loss: Tensor, gradient: ArrayLike | Tensor | None = None, retain_graph: bool = False) -> None:
    """Add the loss's gradient to `.grad` of every leaf tensor that requires one.

    gradient: the seed, of the loss's shape; needed unless the loss has a single element (then it is 1).
    retain_graph: keep what was recorded, for another backward.

    Raises RuntimeError if the loss requires no grad, needs a seed, its graph was used up by an earlier backward, or a
    value in it was written into since; ValueError for a seed of another shape; NotImplementedError for an operation
    without a rule. Then no `.grad` was changed.
    """
    if not loss.requires_grad:
        raise RuntimeError(
            "backward() on a tensor that requires no grad: make its inputs with requires_grad=True, outside no_grad"
        )
    order = _newest_first(loss)
    if written:
        _refuse_written(order)
    arrived: dict[Tensor, Array] = {loss: _seed(loss, gradient)}
    for result in order:
        g = arrived.pop(result)
        if result.hooks:
            _show(result, g)
        rule = RULES.get(result.op) or _no_rule(result.op)
        inputs, attributes = result.inputs, result.attributes
        if rule.__kwdefaults__ and "needs" in rule.__kwdefaults__:
            attributes = {**attributes, "needs": tuple([x.requires_grad for x in inputs])}
        gradients = rule(g, result.data, *map(_data, inputs), **attributes)
        if type(gradients) is not tuple or len(gradients) != len(inputs):
            raise TypeError(f"{rule.__name__} must return a tuple of {len(inputs)} gradients, one an input")
        for x, grad in zip(inputs, gradients):  # noqa: B905  (of equal length, as was just checked)
            if grad is None or not x.requires_grad:
                continue
            if getattr(grad, "shape", None) != x.data.shape:
                grad = _in_shape_of(x, np.asarray(grad), rule)
            if x in arrived:
                arrived[x] = arrived[x] + grad
            else:
                arrived[x] = grad if x.op or _is_fresh(grad, g, result, gradients) else grad.copy()
    for leaf, grad in arrived.items():  # every result has been visited: only leaves are left
        _accumulate(leaf, grad)
    if not retain_graph:
        for result in order:
            result.inputs = ()


class no_grad(ContextDecorator):
    """Compute without recording: `with no_grad(): ...`, or as a decorator. Nests; holds for this thread alone."""

    def __init__(self) -> None:
        self.before: list[bool] = []

    def _recreate_cm(self) -> "no_grad":
        return no_grad()  # a decorated function may run in several threads at once

    def __enter__(self) -> None:
        self.before.append(recording.enabled)
        recording.enabled = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        recording.enabled = self.before.pop()


def _seed(loss: Tensor, gradient: ArrayLike | Tensor | None) -> Array:
    if gradient is None:
        if loss.size != 1:
            raise RuntimeError(
                f"backward() on shape {loss.shape} needs a seed: call .sum() or .mean() first, or give gradient="
            )
        return np.ones_like(loss.data)
    seed = Tensor(gradient, dtype=loss.dtype).data
    if seed.shape != loss.shape:
        raise ValueError(f"the seed's shape {seed.shape} differs from the tensor's {loss.shape}")
    return seed


def _newest_first(loss: Tensor) -> list[Tensor]:
    """Return the recorded results that lead to the loss, newest first: each comes after all computed from it."""
    order = [loss] if loss.op else []
    found = set(order)
    for result in order:  # which grows meanwhile
        if not result.inputs:
            raise RuntimeError(
                "an earlier backward() used this graph up; call that one with retain_graph=True, or compute again"
            )
        for x in result.inputs:
            if x.op is not None and x not in found:
                found.add(x)
                order.append(x)
    order.sort(key=attrgetter("serial"), reverse=True)
    return order


def _no_rule(op: Op | None) -> NoReturn:
    name = getattr(op, "__name__", op)
    raise NotImplementedError(f"no gradient rule for {name}: write one under @vjp({name})")


def _refuse_written(order: list[Tensor]) -> None:
    """Raise RuntimeError if `tensor[index] = ...` changed a value that a rule is about to use."""
    for result in order:
        for array in (result.data, *map(_data, result.inputs)):
            if written_after(array, result.serial):
                raise RuntimeError(
                    f"a tensor of shape {array.shape} was written into after {getattr(result.op, '__name__', '?')} had "
                    f"used it: its gradient would be wrong; write before computing, or into a .copy()"
                )


def _in_shape_of(x: Tensor, grad: Array, rule: Rule) -> Array:
    """Return the gradient summed to its value's shape, or say whose rule is wrong."""
    problem = f"{rule.__name__} returned a gradient of shape {grad.shape} for an input of shape {x.shape}"
    if grad.ndim < x.ndim:
        raise ValueError(problem)
    summed = sum_to_shape(grad, x.shape)
    if summed.shape != x.shape:
        raise ValueError(f"{problem}, and sum_to_shape made {summed.shape} of it")
    return summed


def _is_fresh(grad: Array, g: Array, result: Tensor, gradients: Gradients) -> bool:
    """Return whether a rule made this array for one input alone, so that the input's `.grad` may keep it."""
    used = [g, result.data, *[x.data for x in result.inputs]]
    return grad.base is None and all(grad is not a for a in used) and [grad is b for b in gradients].count(True) == 1


def _accumulate(leaf: Tensor, grad: Array) -> None:
    """Add a gradient to a leaf's, in the leaf's own dtype."""
    if leaf.hooks:
        _show(leaf, grad)
    total = grad if leaf.grad is None else leaf.grad.data + grad
    leaf.grad = from_numpy(total.astype(leaf.dtype, copy=False))


def _show(tensor: Tensor, grad: Array) -> None:
    """Call a tensor's hooks with a copy of its gradient."""
    for hook in tensor.hooks or ():
        hook(Tensor(grad))
