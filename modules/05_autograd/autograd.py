"""Module 05: gradients, by walking back over what the operations recorded.

Public parts: `backward` with its steps `newest_first`, `seed_gradient`, `ask_rule`, `sum_to_shape` and `accumulate`;
`no_grad`; `vjp`, and one rule an operation.

A rule is a vector-Jacobian product: `multiply_vjp(g, out, a, b)` gets the gradient `g` of the loss by the operation's
result `out`, and returns the gradients by its inputs `a` and `b`. All of them are plain NumPy arrays, or NumPy's
numbers where the shape is (). A rule changes none of its arguments: other rules may have got the same `g`.
Source: Baydin, Pearlmutter, Radul, Siskind, "Automatic differentiation in machine learning: a survey" (2018), 3.2.
"""

from collections.abc import Callable, Container
from operator import attrgetter
from types import TracebackType
from typing import Any, cast

import numpy as np

from tinytorch.arrays import total
from tinytorch.elementwise import negative
from tinytorch.grad_modes import grad as grad  # `autograd.grad`, as in PyTorch
from tinytorch.recording import Decorating, recording
from tinytorch.scattered import Scattered
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
from tinytorch.walking import adding_to, is_fresh, refuse_written, show

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
    All of them are arrays, or NumPy's numbers where the shape is (). None is changed: others may use the same `g`.

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
    needs: for which of a and b a gradient is wanted; where it is False, None in its place saves the product.

    >>> g, a, b = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0, 5.0]]), np.ones((3, 2))
    >>> matmul_vjp(g, a @ b, a, b)
    (array([[3., 3., 3.]]), array([[ 3.,  6.],
           [ 4.,  8.],
           [ 5., 10.]]))
    """
    raise NotImplementedError("05.2 matmul_vjp")


def sum_to_shape(g: Array, shape: Shape) -> Array:
    """Sum a gradient over the axes that broadcasting stretched, so that it gets the shape of the value it belongs to.

    g: a gradient in the broadcast shape; shape: the shape that the value had before, of as many axes or fewer.
    Broadcasting adds axes on the left and stretches axes of length 1, to 0 as well; the result has exactly `shape` and
    g's dtype. g isn't changed: others may use it.
    Where the shapes agree already, g itself comes back, not a copy. Nothing is reshaped: where sums alone don't give
    `shape`, the result has another one, and `in_shape_of`, which asks for it, raises. `total(array, axis, keepdims)`
    adds up as tensors do; NumPy's sum will do as well.

    >>> sum_to_shape(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (3,))
    array([5., 7., 9.])
    >>> sum_to_shape(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (2, 1))
    array([[ 6.],
           [15.]])
    """
    raise NotImplementedError("05.3 sum_to_shape")


@vjp(sum)
def sum_vjp(g: Array, out: Array, a: Array, *, axis: Axis, keepdims: bool) -> Gradients:
    """Return the gradient of a sum by the tensor that was summed, as a tuple of one array in the shape of `a`.

    g: the loss's gradient by the sum, of the sum's shape; out: the sum; a: what was summed.
    axis: what was summed over: an int (negative ones count from the end), a tuple of ints, or None for all axes. An `a`
    without axes may have axis 0 or -1 all the same: the sum is `a` itself then, as in NumPy.
    keepdims: whether the summed axes stayed in the sum, with length 1.
    The result depends on no element of `a` or `out`, and nothing is changed.

    >>> a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> sum_vjp(np.array([10.0, 20.0]), a.sum(axis=1), a, axis=1, keepdims=False)
    (array([[10., 10., 10.],
           [20., 20., 20.]]),)
    """
    raise NotImplementedError("05.4 sum_vjp")


@vjp(reshape)
def reshape_vjp(g: Array, out: Array, a: Array) -> Gradients:
    """Give the gradient the input's shape."""
    return (g.reshape(a.shape),)


@vjp(transpose)
def transpose_vjp(g: Array, out: Array, a: Array, *, axes: Shape | None) -> Gradients:
    """Return the gradient of a transpose by the tensor that was transposed, as a tuple of one array of `a`'s shape.

    g: the loss's gradient by the result, of the result's shape; out: the result; a: what was transposed.
    axes: the order that was asked for, none of them negative: axis i of the result is axis `axes[i]` of `a`. None
    means all axes in reverse.

    >>> g = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> transpose_vjp(g, g, np.zeros((3, 2)), axes=(1, 0))
    (array([[1., 4.],
           [2., 5.],
           [3., 6.]]),)
    """
    raise NotImplementedError("05.5 transpose_vjp")


def newest_first(loss: Tensor) -> list[Tensor]:
    """Return the results that were recorded on the way to the loss, newest first, each of them once.

    A recorded result has an operation in `.op`, what it was computed from in `.inputs`, and the number at which it was
    made in `.serial`: a later result has a larger one. Leaves have `op` None and no serial number; they are left out,
    so for a loss that is a leaf the list is empty. Tensors go into sets and dicts by identity; `==` and `in` on a list
    compare elements instead.
    Graphs are deep and full of shared results: no recursion, and each result is looked at once. The graph isn't
    changed.

    Raises RuntimeError that advises `retain_graph=True` if a result has no inputs any more: an earlier backward, which
    lets go of them, has used the graph up.

    >>> x = Tensor([3.0], requires_grad=True)
    >>> [result.op.__name__ for result in newest_first((x * x + x).sum())]
    ['sum', 'add', 'multiply']
    """
    raise NotImplementedError("05.6 newest_first")


def seed_gradient(loss: Tensor, gradient: ArrayLike | Tensor | None) -> Array:
    """Return the gradient with which the walk begins: a new array of the loss's shape and dtype.

    gradient: numbers, an array or a tensor of exactly the loss's shape; or None, which means 1 and is allowed only
    where the loss has a single element.

    Raises RuntimeError that says "requires no grad" if the loss doesn't require one; RuntimeError that says "seed" and
    the loss's shape if None was given and the loss has several elements, or none; ValueError that says "seed" and both
    shapes if the gradient has another shape than the loss (it is neither broadcast nor reshaped).

    >>> seed_gradient(Tensor([[7.0]], requires_grad=True), None)
    array([[1.]], dtype=float32)
    """
    raise NotImplementedError("05.7 seed_gradient")


def accumulate(leaf: Tensor, grad: Array, fresh: bool = False) -> None:
    """Add a gradient to what stands in `leaf.grad` already, or put it there if that is None.

    grad: an array of the leaf's shape, or NumPy's number where that is (), possibly of another dtype; it isn't changed.
    fresh: whether the array belongs to nobody else, so that `.grad` may keep it; otherwise `.grad` holds a copy.

    Afterwards `leaf.grad` is a new Tensor of the leaf's dtype that requires no grad (`from_numpy` makes one without
    copying). The tensor that stood there before is unchanged: somebody may have kept it.

    >>> leaf = Tensor([1.0, 2.0], requires_grad=True)
    >>> accumulate(leaf, np.array([3.0, 4.0])); accumulate(leaf, np.array([10.0, 20.0])); leaf.grad
    Tensor([13., 24.])
    """
    raise NotImplementedError("05.8 accumulate")


def backward(loss: Tensor, gradient: ArrayLike | Tensor | None = None, retain_graph: bool = False) -> None:
    """Add the loss's gradient to `.grad` of every leaf that requires one; no other tensor gets a `.grad`.

    gradient: the seed, see `seed_gradient`.
    retain_graph: keep what was recorded for another backward; else the `inputs` of all results become () in the end.

    All steps are functions of this file or of `walking.py`:
    - `newest_first(loss)` is the order, which `refuse_written(order)` has to accept; `seed_gradient` is the gradient by
      the loss.
    - In this order, when a result's turn comes, all that its users sent it has arrived. `ask_rule(result, g)` returns
      one gradient an input. A gradient goes nowhere if it is None (zeros are one) or its input requires none; else it
      passes through `in_shape_of(x, grad, result)`, which does nothing where the shapes agree, and is added, by `+`
      since it may be no array yet, to what has arrived at x. It is never changed in place: a rule may hand on one array
      to several inputs.
    - A result at which nothing arrived, since the rules of all its users returned None, is passed over.
    - Once all results have had their turn, `give_to_leaves(arrived, fresh)` takes what has arrived at leaves, as a dict
      by leaf: first the hooks of all leaves see it, then all is accumulated.
    - fresh: the leaves whose array may be kept without a copy; none is right too. A sum that was made here is fresh,
      and so is the seed. One that came alone is fresh if `is_fresh(grad, g, result, gradients)` says so: grad as
      `in_shape_of` returned it, g and gradients as `ask_rule` took and returned them.

    What the steps raise, hooks included, is passed on; then no `.grad` was changed and the graph is still there.

    >>> x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    >>> backward((x * x).sum()); x.grad
    Tensor([[ 2.,  4.,  6.],
            [ 8., 10., 12.]])
    """
    raise NotImplementedError("05.9 backward")


class no_grad(Decorating):
    """Compute without recording: `with no_grad(): ...`, or as a decorator. Nests; holds for this thread alone.

    `recording.enabled` says whether this thread records. `before` holds what it was at each entry that has not been
    left yet, the latest one last: the same object may be entered again while it is active.
    """

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
        """Set `recording.enabled` to what it was when this block was entered, and forget that entry in `before`.

        kind, error, trace: what was raised inside the block; None where nothing was. Both ways of leaving are treated
        alike, and an exception goes on: a true result would swallow it.
        """
        raise NotImplementedError("05.10 no_grad.__exit__")


def ask_rule(result: Tensor, g: Array) -> Gradients:
    """Return the gradients by a result's inputs, one an input and as its rule gives them, once all of `g` has arrived.

    The result's hooks see `g` first, and may return another. None stands for an input whose gradient isn't wanted.
    Raises NotImplementedError for an operation without a rule, TypeError for a rule that returns no such tuple.
    """
    if result.hooks or isinstance(g, Scattered):
        g = show(result, g)
    try:
        rule = RULES[result.op]
    except KeyError:
        name = getattr(result.op, "__name__", result.op)
        raise NotImplementedError(f"no gradient rule for {name}: write one under @vjp({name})") from None
    inputs, attributes = result.inputs, result.attributes
    if len(inputs) == 2 and not (attributes or rule.__kwdefaults__):  # most operations: a call without stars is faster
        a, b = inputs
        gradients = rule(g, result.data, a.data, b.data)
    else:
        if rule.__kwdefaults__ and "needs" in rule.__kwdefaults__:
            attributes = {**attributes, "needs": tuple([x.requires_grad for x in inputs])}
        gradients = rule(g, result.data, *map(_data, inputs), **attributes)
    if type(gradients) is not tuple or len(gradients) != len(inputs):
        raise TypeError(f"{rule.__name__} must return a tuple of {len(inputs)} gradients, one an input")
    return gradients


def give_to_leaves(gradients: dict[Tensor, Array], fresh: Container[Tensor] = ()) -> None:
    """Accumulate the gradient of each leaf in the dict: of all, or of none where one of them can't take its own.

    First the hooks of all leaves see their gradients, and may return others; only then the first `.grad` changes.
    fresh: the leaves whose array belongs to nobody else.
    """
    shown = {leaf: show(leaf, grad) for leaf, grad in gradients.items()}
    with adding_to(shown):
        for leaf, grad in shown.items():
            accumulate(leaf, grad, fresh=leaf in fresh)


def in_shape_of(x: Tensor, grad: Any, result: Tensor) -> Array:
    """Return the gradient that the rule of `result` gave for its input x, summed to the shape of x if it has another.

    Raises ValueError that names the rule if no sum over broadcast axes gives that shape.
    """
    if getattr(grad, "shape", None) == x.data.shape:
        return cast(Array, grad)
    grad = np.asarray(grad)  # a rule may return a number
    summed = sum_to_shape(grad, x.data.shape) if grad.ndim >= x.data.ndim else grad
    if summed.shape != x.data.shape:
        name = getattr(RULES.get(result.op), "__name__", "a rule")
        after = "" if summed is grad else f", and sum_to_shape made {summed.shape} of it"
        raise ValueError(f"{name} returned a gradient of shape {grad.shape} for an input of shape {x.shape}{after}")
    return summed
