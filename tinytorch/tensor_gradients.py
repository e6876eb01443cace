"""Module 05: the gradient rules of module 01's operations that no exercise asks for.

Public parts: one rule an operation, `<operation>_vjp(g, out, *inputs, **attributes)`; module 05 says what a rule is.
`kept`, for the rules of reductions. They stand here because module 01 comes before gradients.

At kinks and ties they agree with PyTorch: abs and sign have gradient 0 at 0, equal elements share a maximum's gradient.
What is infinite or NaN is so without a warning.
"""

import math

import numpy as np

from tinytorch import contraction, elementwise, indexing, reductions, shapes
from tinytorch.arrays import running_total, total
from tinytorch.autograd import Gradients, vjp
from tinytorch.scattered import Scattered, add_at
from tinytorch.tensor import Array, Axis, concatenate, var

Needs = tuple[bool, bool]
BOTH = (True, True)


@vjp(elementwise.subtract)
def subtract_vjp(g: Array, out: Array, a: Array, b: Array, *, needs: Needs = BOTH) -> Gradients:
    """Pass the gradient on to a, and with the other sign to b."""
    return g, -g if needs[1] else None


@vjp(elementwise.divide)
def divide_vjp(g: Array, out: Array, a: Array, b: Array, *, needs: Needs = BOTH) -> Gradients:
    """Return g / b, and -g * a / b² by way of the quotient."""
    with np.errstate(all="ignore"):
        return g / b if needs[0] else None, -g * (out / b) if needs[1] else None


@vjp(elementwise.floor_divide)
def floor_divide_vjp(g: Array, out: Array, a: Array, b: Array) -> Gradients:
    """Return zeros: between its steps the quotient is constant."""
    return np.zeros_like(g), np.zeros_like(g)


@vjp(elementwise.remainder)
def remainder_vjp(g: Array, out: Array, a: Array, b: Array, *, needs: Needs = BOTH) -> Gradients:
    """Return the gradients of a - (a // b) * b."""
    with np.errstate(all="ignore"):
        return g, -g * (a // b) if needs[1] else None


@vjp(elementwise.power)
def power_vjp(g: Array, out: Array, base: Array, exponent: Array, *, needs: Needs = BOTH) -> Gradients:
    """Return the gradients by base and exponent; both are 0 where mathematics has 0 * infinity at a base of 0."""
    by_base = by_exponent = None
    with np.errstate(all="ignore"):
        if needs[0]:
            square = exponent.ndim == 0 and exponent == 2
            by_base = (base if square else elementwise.raised(base, exponent - 1)) * exponent * g
            by_base = by_base if exponent.all() else np.where(exponent == 0, 0, by_base)
        if needs[1]:
            by_exponent = g * np.where((base == 0) & (exponent >= 0), 0, out * np.log(base))
    return by_base, by_exponent


@vjp(elementwise.exp)
def exp_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * exp(x)."""
    return (g * out,)


@vjp(elementwise.log)
def log_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / x."""
    with np.errstate(all="ignore"):
        return (g / x,)


@vjp(elementwise.sqrt)
def sqrt_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g / (2 * sqrt(x)): infinite at 0."""
    with np.errstate(all="ignore"):
        return (g / (2 * out),)


@vjp(elementwise.abs)
def abs_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return the gradient with x's sign, 0 at 0."""
    grad = np.sign(x)
    grad *= g
    return (grad,)


@vjp(elementwise.sign)
def sign_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return zeros: on each side of 0 the sign is constant."""
    return (np.zeros_like(g),)


@vjp(elementwise.sin)
def sin_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return g * cos(x)."""
    with np.errstate(invalid="ignore"):
        return (g * np.cos(x),)


@vjp(elementwise.cos)
def cos_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return -g * sin(x)."""
    with np.errstate(invalid="ignore"):
        return (-g * np.sin(x),)


@vjp(elementwise.maximum)
def maximum_vjp(g: Array, out: Array, a: Array, b: Array) -> Gradients:
    """Give the larger one the gradient, and each half of it where they are equal."""
    return _shared(g, a == b, a < b, a > b)


@vjp(elementwise.minimum)
def minimum_vjp(g: Array, out: Array, a: Array, b: Array) -> Gradients:
    """Give the smaller one the gradient, and each half of it where they are equal."""
    return _shared(g, a == b, a > b, a < b)


@vjp(elementwise.where)
def where_vjp(g: Array, out: Array, a: Array, b: Array, *, condition: Array) -> Gradients:
    """Give each the gradient of those elements that it gave."""
    return np.where(condition, g, 0), np.where(condition, 0, g)


@vjp(elementwise.clip)
def clip_vjp(g: Array, out: Array, x: Array, *, low: Array | None, high: Array | None) -> Gradients:
    """Let the gradient pass between the limits and on them."""
    inside = (True if low is None else x >= low) & (True if high is None else x <= high)
    return (np.where(inside, g, 0),)


@vjp(elementwise.astype)
def astype_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Return the gradient in the input's dtype."""
    return (g.astype(x.dtype),)


@vjp(elementwise.copy)
def copy_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Pass the gradient on."""
    return (g,)


@vjp(shapes.expand)
def expand_vjp(g: Array, out: Array, x: Array) -> Gradients:
    """Pass the gradient on; `sum_to_shape` sums it, as where any operation broadcasts."""
    return (g,)


@vjp(concatenate)
def concatenate_vjp(g: Array, out: Array, *parts: Array, axis: int) -> Gradients:
    """Cut the gradient where the parts meet."""
    return tuple(np.split(g, np.cumsum([part.shape[axis] for part in parts[:-1]]), axis))


@vjp(shapes.stack)
def stack_vjp(g: Array, out: Array, *parts: Array, axis: int) -> Gradients:
    """Give each part its slice of the gradient."""
    slices = np.moveaxis(g, axis, 0)
    return tuple([slices[i, ...] for i in range(len(parts))])


@vjp(shapes.pad)
def pad_vjp(g: Array, out: Array, x: Array, *, inside: tuple[slice, ...]) -> Gradients:
    """Cut off what was put around."""
    return (g[inside],)


@vjp(indexing.getitem)
def getitem_vjp(g: Array, out: Array, x: Array, *, index: indexing.Index) -> Gradients:
    """Put the gradient where the elements were; where one was taken twice, add."""
    return (Scattered(x.shape, index, g),)  # type: ignore[return-value]  # an array wherever one is wanted


@vjp(indexing.gather)
def gather_vjp(g: Array, out: Array, x: Array, *, axis: int, index: Array) -> Gradients:
    """Add the gradient up where the elements were."""
    grad = np.zeros(x.shape, g.dtype)
    add_at(grad, indexing.index_arrays(index, axis), g)
    return (grad,)


@vjp(reductions.max)
@vjp(reductions.min)
def extreme_vjp(g: Array, out: Array, x: Array, *, axis: Axis, keepdims: bool) -> Gradients:
    """Share the gradient evenly among the elements that are the extreme."""
    chosen = x == kept(out, axis, keepdims)
    with np.errstate(divide="ignore", invalid="ignore"):  # where the extreme is NaN, no element equals it
        return (chosen * (kept(g, axis, keepdims) / chosen.sum(axis, keepdims=True, dtype=x.dtype)),)


@vjp(reductions.prod)
def prod_vjp(g: Array, out: Array, x: Array, *, axis: Axis, keepdims: bool) -> Gradients:
    """Return for each element the product of all others: by division, and where zeros forbid it, step by step."""
    if not x.ndim:
        return (g,)
    if x.all() and np.isfinite(out).all():
        with np.errstate(all="ignore"):
            return (kept(g * out, axis, keepdims) / x,)
    axes = tuple(range(x.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    last = tuple(range(x.ndim - len(axes), x.ndim))
    moved = np.moveaxis(x, axes, last)
    flat = moved.reshape(*moved.shape[: x.ndim - len(axes)], math.prod([x.shape[i] for i in axes]))
    with np.errstate(over="ignore", invalid="ignore"):
        others = _products_before(flat) * _products_before(flat[..., ::-1])[..., ::-1]
        return (kept(g, axis, keepdims) * np.moveaxis(others.reshape(moved.shape), last, axes),)


@vjp(reductions.cumsum)
def cumsum_vjp(g: Array, out: Array, x: Array, *, axis: int) -> Gradients:
    """Sum from the end: an element is in every total from its own on."""
    return (np.flip(running_total(np.flip(g, axis), axis), axis),)


@vjp(var)
def var_vjp(g: Array, out: Array, x: Array, *, axis: Axis, keepdims: bool, correction: int) -> Gradients:
    """Return g * 2 * (x - mean) / (n - correction)."""
    n = x.size // max(out.size, 1)
    return (kept(g, axis, keepdims) * (x - total(x, axis, keepdims=True) / n) * (2 / (n - correction)),)


@vjp(reductions.std)
def std_vjp(g: Array, out: Array, x: Array, *, axis: Axis, keepdims: bool, correction: int) -> Gradients:
    """Return g * (x - mean) / (std * (n - correction)), 0 where the deviation is 0."""
    n = x.size // max(out.size, 1)
    with np.errstate(all="ignore"):
        each = np.where(out == 0, 0, g / (out * (n - correction)))
    return (kept(each, axis, keepdims) * (x - total(x, axis, keepdims=True) / n),)


@vjp(contraction.einsum)
def einsum_vjp(
    g: Array, out: Array, *arrays: Array, terms: tuple[str, ...], output: str, needs: tuple[bool, ...] = ()
) -> Gradients:
    """Contract the gradient with all other operands, once for each operand that wants it."""
    grads: list[Array | None] = []
    for i, x in enumerate(arrays):
        if needs and not needs[i]:
            grads.append(None)
            continue
        others = [*arrays[:i], *arrays[i + 1 :]]
        grads.append(_einsum_grad(x, terms[i], [output, *terms[:i], *terms[i + 1 :]], [g, *others]))
    return tuple(grads)


def _einsum_grad(x: Array, term: str, other_terms: list[str], others: list[Array]) -> Array:
    """Return the gradient by one operand of einsum.

    A letter that stands in its term alone was summed over: its gradient is stretched. One that stands there twice named
    a diagonal: the gradient goes there.
    """
    letters = "".join(dict.fromkeys(term))
    known = "".join([letter for letter in letters if any(letter in other for other in other_terms)])
    grad = contraction.contract(other_terms, known, others)
    grad = grad[tuple([slice(None) if letter in known else None for letter in letters])]
    own = [x.shape[term.index(letter)] for letter in letters]
    grad = np.broadcast_to(grad, np.broadcast_shapes(grad.shape, tuple(own)))
    if letters == term:
        return grad
    lengths = dict(zip(letters, grad.shape, strict=True))  # with broadcasting, which `sum_to_shape` takes back
    square = np.zeros([lengths[letter] for letter in term], grad.dtype)
    np.einsum(f"{term}->{letters}", square)[...] = grad  # a view of the diagonal
    return square


def kept(reduced: Array, axis: Axis, keepdims: bool) -> Array:
    """Return a reduction's result with the reduced axes of length 1."""
    return reduced if axis is None or keepdims or not reduced.ndim else np.expand_dims(reduced, axis)


def _shared(g: Array, tie: Array, first_loses: Array, second_loses: Array) -> Gradients:
    """Give the gradient to the first, the second, or half of it to both where they are equal."""
    shared = np.where(tie, g / 2, g)
    return np.where(first_loses, 0, shared), np.where(second_loses, 0, shared)


def _products_before(x: Array) -> Array:
    """Return along the last axis the product of all elements before each; 1 for the first."""
    return np.concatenate([np.ones_like(x[..., :1]), np.cumprod(x[..., :-1], -1)], -1)
