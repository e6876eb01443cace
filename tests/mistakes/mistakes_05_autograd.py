"""Known mistakes of module 05. Each has two variants, written differently; `right` ones must never be accused."""

import numpy as np
from tito.mistakes import mistake, right

from tinytorch.autograd import sum_to_shape

# 05.1 multiply_vjp


@mistake("05.1", "each factor gets its own value: the gradient by a is g times b, the other factor")
class own_factor:
    def first(g, out, a, b):
        return g * a, g * b

    def second(g, out, a, b):
        swapped = (np.multiply(g, a), np.multiply(b, g))
        return swapped


@mistake("05.1", "the chain rule is missing: multiply by g, the gradient that arrived at the product")
class without_chain_rule:
    def first(g, out, a, b):
        return np.broadcast_to(b, g.shape), np.broadcast_to(a, g.shape)

    def second(g, out, a, b):
        ones = np.ones_like(g)
        return ones * b, ones * a


@mistake("05.1", "these are the gradients of a sum: a product's depend on the other factor")
class like_a_sum:
    def first(g, out, a, b):
        return g, g

    def second(g, out, a, b):
        return 1.0 * g, g.copy()


@mistake("05.1", "`out` is the product itself: the gradient by a is g times b alone")
class times_out:
    def first(g, out, a, b):
        return g * out, g * out

    def second(g, out, a, b):
        both = out * g
        return both, both


@right("05.1")
def multiply_with_numpy(g, out, a, b):
    by_a = np.multiply(b, g)
    by_b = np.multiply(a, g)
    return (by_a, by_b)


@right("05.1")
def multiply_summed_already(g, out, a, b):
    return np.einsum("...,...->...", g, b), np.einsum("...,...->...", g, a)


# 05.2 matmul_vjp


@mistake("05.2", "the two gradients stand in the wrong order: a's comes first")
class wrong_order:
    def first(g, out, a, b, *, needs=(True, True)):
        return a.swapaxes(-1, -2) @ g, g @ b.swapaxes(-1, -2)

    def second(g, out, a, b, *, needs=(True, True)):
        by_a = np.matmul(g, np.swapaxes(b, -2, -1))
        by_b = np.matmul(np.swapaxes(a, -2, -1), g)
        return by_b, by_a


@mistake("05.2", "nothing is transposed: g times b's transpose has the shape of a")
class untransposed:
    def first(g, out, a, b, *, needs=(True, True)):
        return g @ b, a @ g

    def second(g, out, a, b, *, needs=(True, True)):
        by_a = np.matmul(g, b)
        by_b = np.matmul(a, g)
        return by_a, by_b


@mistake("05.2", ".T reverses all axes: in a stack of matrices only the last two are swapped, swapaxes(-1, -2)")
class transposes_all_axes:
    def first(g, out, a, b, *, needs=(True, True)):
        return g @ b.T, a.T @ g

    def second(g, out, a, b, *, needs=(True, True)):
        by_a = np.matmul(g, np.transpose(b))
        return by_a, np.matmul(np.transpose(a), g)


@mistake("05.2", "the result is transposed: its shape must be that of the operand, a.T @ g for b and not g.T @ a")
class transposed_result:
    def first(g, out, a, b, *, needs=(True, True)):
        return b @ g.swapaxes(-1, -2), g.swapaxes(-1, -2) @ a

    def second(g, out, a, b, *, needs=(True, True)):
        return (g @ b.swapaxes(-1, -2)).swapaxes(-1, -2), (a.swapaxes(-1, -2) @ g).swapaxes(-1, -2)


@mistake("05.2", "the gradient by b is averaged over the rows: every row counts in full, they are summed")
class averaged_over_rows:
    def first(g, out, a, b, *, needs=(True, True)):
        return g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g / a.shape[-2]

    def second(g, out, a, b, *, needs=(True, True)):
        rows = len(a) if a.ndim == 2 else a.shape[-2]
        return np.matmul(g, b.swapaxes(-1, -2)), np.matmul(a.swapaxes(-1, -2), g) * (1.0 / rows)


@mistake("05.2", "the chain rule is missing: multiply by g, the gradient that arrived at the product, and not by ones")
class matmul_without_chain_rule:
    def first(g, out, a, b, *, needs=(True, True)):
        ones = np.ones_like(g)
        return ones @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ ones

    def second(g, out, a, b, *, needs=(True, True)):
        by_a = np.ones(out.shape, out.dtype) @ np.swapaxes(b, -1, -2)
        return by_a, np.swapaxes(a, -1, -2) @ np.ones(out.shape, out.dtype)


@mistake("05.2", "`out` is the product itself: what is handed back through the operands is g")
class matmul_times_out:
    def first(g, out, a, b, *, needs=(True, True)):
        return out @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ out

    def second(g, out, a, b, *, needs=(True, True)):
        return np.matmul(out, np.swapaxes(b, -1, -2)), np.matmul(np.swapaxes(a, -1, -2), out)


@mistake("05.2", "g comes first for a and last for b: the products don't commute, so look at the shapes")
class factors_swapped:
    def first(g, out, a, b, *, needs=(True, True)):
        return b.swapaxes(-1, -2) @ g, g @ a.swapaxes(-1, -2)

    def second(g, out, a, b, *, needs=(True, True)):
        by_a = np.matmul(np.swapaxes(b, -1, -2), g)
        return by_a, np.matmul(g, np.swapaxes(a, -1, -2))


@right("05.2")
def matmul_with_numpy(g, out, a, b, *, needs=(True, True)):
    return np.matmul(g, np.swapaxes(b, -2, -1)), np.matmul(np.swapaxes(a, -2, -1), g)


@right("05.2")
def matmul_with_einsum(g, out, a, b, *, needs=(True, True)):
    by_a = np.einsum("...nm,...km->...nk", g, b) if needs[0] else None
    by_b = np.einsum("...nk,...nm->...km", a, g) if needs[1] else None
    return by_a, by_b


# 05.3 sum_to_shape


@mistake("05.3", "unsummed broadcast: sum the gradient over the axes that broadcasting stretched or added")
class unsummed:
    def first(g, shape):
        return g

    def second(g, shape):
        return np.array(g, copy=True)


@mistake("05.3", "only the added axes are summed: an axis of length 1 was stretched as well")
class added_axes_only:
    def first(g, shape):
        return g.sum(axis=tuple(range(g.ndim - len(shape))))

    def second(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        return g


@mistake("05.3", "only the stretched axes are summed: axes that broadcasting added on the left have to go as well")
class stretched_axes_only:
    def first(g, shape):
        lead = g.ndim - len(shape)
        axes = tuple(lead + i for i, length in enumerate(shape) if length == 1)
        return g.sum(axis=axes, keepdims=True)

    def second(g, shape):
        for i in range(1, len(shape) + 1):
            if shape[-i] == 1:
                g = g.sum(axis=-i, keepdims=True)
        return g


@mistake("05.3", "the stretched axis vanishes: sum it with keepdims=True, so that its length is 1 again")
class drops_stretched_axes:
    def first(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, length in enumerate(shape) if length == 1))

    def second(g, shape):
        lead = g.ndim - len(shape)
        axes = [*range(lead), *(lead + i for i, length in enumerate(shape) if length == 1)]
        return np.sum(g, axis=tuple(axes))


@mistake("05.3", "this averages: every element that used the value counts in full, so they are summed")
class averages:
    def first(g, shape):
        g = g.mean(axis=tuple(range(g.ndim - len(shape))))
        stretched = tuple(i for i, length in enumerate(shape) if length == 1 and g.shape[i] != 1)
        return g.mean(axis=stretched, keepdims=True)

    def second(g, shape):
        smaller = np.zeros(shape) if g.size else g
        total = np.add.reduce(g, axis=tuple(range(g.ndim - len(shape))))
        for i, length in enumerate(shape):
            if length == 1:
                total = total.sum(axis=i, keepdims=True)
        return total * (smaller.size / g.size)


@mistake("05.3", "the elements are cut off instead of summed: those that are thrown away carry gradient too")
class takes_the_first:
    def first(g, shape):
        while g.ndim > len(shape):
            g = g[0]
        return g[tuple(slice(0, length) for length in shape)]

    def second(g, shape):
        lead = g.ndim - len(shape)
        g = g[(0,) * lead]
        for i, length in enumerate(shape):
            g = np.take(g, range(length), axis=i)
        return g


@mistake("05.3", "axes are added on the left: sum the first ones, not the last")
class sums_last_axes:
    def first(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=-1)
        return g

    def second(g, shape):
        extra = g.ndim - len(shape)
        return g.sum(axis=tuple(range(g.ndim - extra, g.ndim)))


@right("05.3")
def sum_with_loops(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@right("05.3")
def sum_and_reshape(g, shape):
    lead = g.ndim - len(shape)
    axes = [*range(lead), *(lead + i for i, length in enumerate(shape) if length == 1)]
    return np.sum(g, axis=tuple(axes)).reshape(shape)


@right("05.3")
def sum_one_axis_at_a_time(g, shape):
    if g.shape == shape:
        return g
    if g.ndim > len(shape):
        return sum_to_shape(g.sum(axis=0), shape)
    axis = next(i for i, (have, want) in enumerate(zip(g.shape, shape, strict=True)) if have != want)
    return sum_to_shape(g.sum(axis=axis, keepdims=True), shape)
