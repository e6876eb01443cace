"""Known mistakes of module 05. Each has two variants, written differently; `right` ones must never be accused."""

import numpy as np
from tito.mistakes import mistake, right

from tinytorch import Tensor
from tinytorch.autograd import (
    RULES,
    accumulate,
    adding_to,
    ask_rule,
    from_numpy,
    give_to_leaves,
    in_shape_of,
    newest_first,
    recording,
    refuse_written,
    seed_gradient,
    show,
    sum_to_shape,
)

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


@mistake(
    "05.1", "g itself is changed, which other rules may have got as well: g * b makes a new array, g *= b does not"
)
class multiply_in_place:
    def first(g, out, a, b):
        by_b = g * a
        g *= b
        return g, by_b

    def second(g, out, a, b):
        by_b = np.multiply(g, a)
        return np.multiply(g, b, out=g if isinstance(g, np.ndarray) else None), by_b


@mistake("05.1", "out divided by a factor is the other one only where nothing is 0: multiply by it, it is there")
class multiply_by_division:
    def first(g, out, a, b):
        with np.errstate(all="ignore"):
            return g * (out / a), g * (out / b)

    def second(g, out, a, b):
        with np.errstate(all="ignore"):
            by_a, by_b = np.divide(out, a), np.divide(out, b)
            return by_a * g, by_b * g


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


@mistake("05.2", "np.dot pairs all leading axes with all others: stacks of matrices need @ (or np.matmul)")
class dot_of_stacks:
    def first(g, out, a, b, *, needs=(True, True)):
        return np.dot(g, b.swapaxes(-1, -2)), np.dot(a.swapaxes(-1, -2), g)

    def second(g, out, a, b, *, needs=(True, True)):
        return g.dot(np.swapaxes(b, -2, -1)), np.swapaxes(a, -2, -1).dot(g)


@mistake("05.2", "either operand may be the one that needs no gradient: ask needs[0] for a and needs[1] for b")
class needs_the_second_alone:
    def first(g, out, a, b, *, needs=(True, True)):
        by_b = a.swapaxes(-1, -2) @ g if needs[1] else None
        return g @ b.swapaxes(-1, -2) if all(needs) else None, by_b

    def second(g, out, a, b, *, needs=(True, True)):
        if not needs[1]:
            return None, None
        by_a = np.matmul(g, np.swapaxes(b, -1, -2)) if needs[0] else None
        return by_a, np.matmul(np.swapaxes(a, -1, -2), g)


@mistake("05.2", "the tuple has two places in every case: None stands for a gradient that isn't needed")
class one_place_too_few:
    def first(g, out, a, b, *, needs=(True, True)):
        gradients = []
        if needs[0]:
            gradients.append(g @ b.swapaxes(-1, -2))
        if needs[1]:
            gradients.append(a.swapaxes(-1, -2) @ g)
        return tuple(gradients)

    def second(g, out, a, b, *, needs=(True, True)):
        both = g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g
        return tuple([grad for grad, needed in zip(both, needs, strict=True) if needed])


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
        return np.array(g, copy=True) if g.shape != shape else g


@mistake("05.3", "only the added axes are summed: an axis of length 1 was stretched as well")
class added_axes_only:
    def first(g, shape):
        added = tuple(range(g.ndim - len(shape)))
        return g.sum(axis=added) if added else g

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


@mistake("05.3", "a sum over no axes is a copy: where the shapes agree, hand g itself back")
class copies_what_fits:
    def first(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        stretched = tuple(i for i, length in enumerate(shape) if length == 1 and g.shape[i] != 1)
        return g.sum(axis=stretched, keepdims=True)

    def second(g, shape):
        while g.ndim > len(shape):
            g = np.add.reduce(g, axis=0)
        for i, length in enumerate(shape):
            if length == 1:
                g = np.add.reduce(g, axis=i, keepdims=True)
        return g.copy()


@mistake("05.3", "this reshapes: a gradient of a wrong shape then seems to fit; let sums alone make the shape")
class reshapes:
    def first(g, shape):
        lead = g.ndim - len(shape)
        axes = [*range(lead), *(lead + i for i, length in enumerate(shape) if length == 1)]
        return np.sum(g, axis=tuple(axes), keepdims=True).reshape(shape)

    def second(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, length in enumerate(shape):
            if g.shape[axis] != length == 1:
                g = g.sum(axis=axis, keepdims=True)
        return g.reshape(shape)


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


@mistake(
    "05.3", "an axis may have been stretched to length 0, too: ask whether the lengths differ, not which is larger"
)
class sums_longer_axes_only:
    def first(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, length in enumerate(shape):
            if length == 1 and g.shape[axis] > 1:
                g = g.sum(axis=axis, keepdims=True)
        return g

    def second(g, shape):
        lead = g.ndim - len(shape)
        g = np.add.reduce(g, axis=tuple(range(lead))) if lead else g
        longer = tuple([axis for axis, length in enumerate(shape) if g.shape[axis] > length == 1])
        return g.sum(axis=longer, keepdims=True) if longer else g


@mistake("05.3", "only one axis is summed: go through all that were stretched, and return behind the loop")
class one_stretched_axis:
    def first(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, length in enumerate(shape):
            if length == 1 != g.shape[axis]:
                return g.sum(axis=axis, keepdims=True)
        return g

    def second(g, shape):
        lead = g.ndim - len(shape)
        g = g.sum(axis=tuple(range(lead))) if lead else g
        stretched = [axis for axis, length in enumerate(shape) if length == 1 != g.shape[axis]]
        return g.sum(axis=stretched[0], keepdims=True) if stretched else g


@mistake("05.3", "only one added axis is summed: there may be several on the left")
class one_added_axis:
    def first(g, shape):
        if g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, length in enumerate(shape):
            if length == 1 != g.shape[axis]:
                g = g.sum(axis=axis, keepdims=True)
        return g

    def second(g, shape):
        g = np.add.reduce(g, axis=0) if len(shape) < g.ndim else g
        stretched = tuple([axis for axis, length in enumerate(shape) if length == 1 != g.shape[axis]])
        return np.add.reduce(g, axis=stretched, keepdims=True) if stretched else g


@mistake("05.3", "as many elements are not the same shape: compare shapes, since (1, 3) is not (3,)")
class compares_sizes:
    def first(g, shape):
        if g.size == np.prod(shape):
            return g
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, length in enumerate(shape):
            if length == 1 != g.shape[axis]:
                g = g.sum(axis=axis, keepdims=True)
        return g

    def second(g, shape):
        if np.zeros(shape).size == g.size:
            return g
        lead = g.ndim - len(shape)
        axes = [*range(lead), *(lead + i for i, length in enumerate(shape) if length == 1 != g.shape[lead + i])]
        return np.sum(g, axis=tuple(axes), keepdims=True).squeeze(axis=tuple(range(lead)))


@right("05.3")
def sum_with_loops(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1 != g.shape[axis]:
            g = g.sum(axis=axis, keepdims=True)
    return g


@right("05.3")
def sum_and_squeeze(g, shape):
    if g.shape == shape:
        return g
    lead = g.ndim - len(shape)
    axes = [*range(lead), *(lead + i for i, length in enumerate(shape) if length == 1)]
    return np.sum(g, axis=tuple(axes), keepdims=True).squeeze(axis=tuple(range(lead)))


@right("05.3")
def sum_one_axis_at_a_time(g, shape):
    if g.shape == shape:
        return g
    if g.ndim > len(shape):
        return sum_to_shape(g.sum(axis=0), shape)
    wrong = [i for i, (have, want) in enumerate(zip(g.shape, shape, strict=True)) if have != want == 1]
    return sum_to_shape(g.sum(axis=wrong[0], keepdims=True), shape) if wrong else g


# 05.4 sum_vjp


@mistake("05.4", "the summed axis is missing in g: np.expand_dims(g, axis) brings it back where keepdims is false")
class without_the_summed_axis:
    def first(g, out, a, *, axis, keepdims):
        return (np.broadcast_to(g, a.shape),)

    def second(g, out, a, *, axis, keepdims):
        return (g * np.ones(a.shape, g.dtype),)


@mistake("05.4", "this is the gradient of a mean: in a sum every element counts in full")
class like_a_mean:
    def first(g, out, a, *, axis, keepdims):
        if axis is not None and not keepdims and a.ndim:
            g = np.expand_dims(g, axis)
        return (np.broadcast_to(g, a.shape) / (a.size / out.size),)

    def second(g, out, a, *, axis, keepdims):
        spread = g if axis is None or keepdims or not a.ndim else np.expand_dims(g, axis)
        count = a.size // max(np.asarray(out).size, 1)
        return (np.ones_like(a) * spread * (1 / count),)


@mistake("05.4", "the value of an element plays no part: a sum grows as much as the element does")
class times_the_value:
    def first(g, out, a, *, axis, keepdims):
        if axis is not None and not keepdims and a.ndim:
            g = np.expand_dims(g, axis)
        return (g * a,)

    def second(g, out, a, *, axis, keepdims):
        spread = g if axis is None or keepdims or not a.ndim else np.expand_dims(g, axis)
        return (np.multiply(np.broadcast_to(spread, a.shape), a),)


@mistake("05.4", "g is handed back as it came: it has the sum's shape, and must be spread to the shape of a")
class not_spread:
    def first(g, out, a, *, axis, keepdims):
        return (g,)

    def second(g, out, a, *, axis, keepdims):
        return (1.0 * g,)


@mistake("05.4", "the chain rule is missing: every element gets g, the gradient that arrived at its sum, and not 1")
class sum_without_chain_rule:
    def first(g, out, a, *, axis, keepdims):
        return (np.ones_like(a),)

    def second(g, out, a, *, axis, keepdims):
        return (np.full(a.shape, 1.0, a.dtype),)


@mistake("05.4", "the gradients are added up first: each element gets the one of its own sum alone")
class total_of_all:
    def first(g, out, a, *, axis, keepdims):
        return (np.full(a.shape, g.sum()),)

    def second(g, out, a, *, axis, keepdims):
        return (np.zeros_like(a) + np.add.reduce(g, axis=None),)


@mistake("05.4", "with keepdims=True the axis is there already: a second one of length 1 is too many")
class axis_added_always:
    def first(g, out, a, *, axis, keepdims):
        if axis is not None and a.ndim:
            g = np.expand_dims(g, axis)
        return (np.broadcast_to(g, a.shape),)

    def second(g, out, a, *, axis, keepdims):
        spread = g if axis is None or not a.ndim else np.expand_dims(g, axis=axis)
        return (np.array(np.broadcast_to(spread, a.shape)),)


@mistake("05.4", "`a` may have no axes at all: then there is no place for one of length 1, and g goes on as it is")
class number_with_an_axis:
    def first(g, out, a, *, axis, keepdims):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        return (np.broadcast_to(g, a.shape),)

    def second(g, out, a, *, axis, keepdims):
        spread = g if keepdims or axis is None else np.expand_dims(g, axis)
        return (np.broadcast_to(spread, np.shape(a)).copy(),)


@mistake("05.4", "a rule returns a tuple, also of one gradient: (grad,) with a comma")
class sum_without_a_tuple:
    def first(g, out, a, *, axis, keepdims):
        if axis is not None and not keepdims and a.ndim:
            g = np.expand_dims(g, axis)
        return np.broadcast_to(g, a.shape)

    def second(g, out, a, *, axis, keepdims):
        spread = g if axis is None or keepdims or not a.ndim else np.expand_dims(g, axis)
        return np.ones(a.shape, np.asarray(g).dtype) * spread


@mistake(
    "05.4", "axes come back one after the other, in the tuple's order: np.expand_dims(g, axis) takes the whole tuple"
)
class axes_one_by_one:
    def first(g, out, a, *, axis, keepdims):
        if axis is not None and not keepdims and a.ndim:
            for i in axis if isinstance(axis, tuple) else (axis,):
                g = np.expand_dims(g, i)
        return (np.broadcast_to(g, a.shape),)

    def second(g, out, a, *, axis, keepdims):
        axes = () if axis is None or keepdims or not a.ndim else np.atleast_1d(axis).tolist()
        for i in axes:
            g = np.expand_dims(g, axis=i)
        return (np.array(np.broadcast_to(g, a.shape)),)


@right("05.4")
def sum_with_reshape(g, out, a, *, axis, keepdims):
    axes = range(a.ndim) if axis is None or not a.ndim else (axis,) if isinstance(axis, int) else axis
    gone = {i % a.ndim for i in axes}
    kept = [1 if i in gone else length for i, length in enumerate(a.shape)]
    return (np.zeros_like(a) + g.reshape(kept),)


@right("05.4")
def sum_times_ones(g, out, a, *, axis, keepdims):
    if not keepdims and axis is not None and a.shape != ():
        g = np.expand_dims(g, axis)
    return (g * np.ones_like(a),)


# 05.5 transpose_vjp


@mistake("05.5", "the same turn once more: g needs the inverse order, np.argsort(axes)")
class turned_once_more:
    def first(g, out, a, *, axes):
        return (g.transpose(axes),)

    def second(g, out, a, *, axes):
        order = range(g.ndim - 1, -1, -1) if axes is None else axes
        return (np.transpose(g, tuple(order)),)


@mistake("05.5", "a reshape gives the right shape and puts the numbers in wrong places: the axes have to change places")
class reshaped:
    def first(g, out, a, *, axes):
        return (g.reshape(a.shape),)

    def second(g, out, a, *, axes):
        return (np.ravel(g).reshape(*a.shape),)


@mistake("05.5", "`axes` is ignored: all axes are reversed only where it is None")
class always_reversed:
    def first(g, out, a, *, axes):
        return (g.T,)

    def second(g, out, a, *, axes):
        return (np.transpose(g),)


@mistake("05.5", "g is handed back as it came: its axes stand in the order of the result, not of a")
class not_turned:
    def first(g, out, a, *, axes):
        return (g,)

    def second(g, out, a, *, axes):
        return (g.copy(),)


@mistake("05.5", "only the last two axes change places: `axes` may turn all of them")
class last_two_swapped:
    def first(g, out, a, *, axes):
        return (g.swapaxes(-1, -2),)

    def second(g, out, a, *, axes):
        return (np.moveaxis(g, -1, -2),)


@mistake("05.5", "a rule returns a tuple, also of one gradient: (grad,) with a comma")
class transpose_without_a_tuple:
    def first(g, out, a, *, axes):
        return g.transpose(None if axes is None else np.argsort(axes))

    def second(g, out, a, *, axes):
        return np.transpose(g) if axes is None else np.moveaxis(g, range(g.ndim), axes)


@mistake("05.5", "axes read backwards is not its inverse: np.argsort(axes) is")
class axes_backwards:
    def first(g, out, a, *, axes):
        return (g.transpose(None if axes is None else axes[::-1]),)

    def second(g, out, a, *, axes):
        return (np.transpose(g, list(reversed(range(g.ndim) if axes is None else axes))),)


@mistake("05.5", "axes may be None, which reversed them all: reverse them once more, g.transpose()")
class transpose_of_none:
    def first(g, out, a, *, axes):
        return (g.transpose(np.argsort(axes)),)

    def second(g, out, a, *, axes):
        inverse = np.argsort(axes)
        return (np.transpose(g, inverse),)


@right("05.5")
def transpose_by_places(g, out, a, *, axes):
    if axes is None:
        return (g.T,)
    return (np.moveaxis(g, range(g.ndim), axes),)


@right("05.5")
def transpose_with_a_list(g, out, a, *, axes):
    order = list(axes) if axes is not None else list(range(a.ndim))[::-1]
    inverse = [order.index(axis) for axis in range(a.ndim)]
    return (np.ascontiguousarray(g.transpose(inverse)),)


# 05.6 newest_first


@mistake("05.6", "oldest first: the loss has to come first, so sort with reverse=True")
class oldest_first:
    def first(loss):
        order, found = ([loss] if loss.op else []), {loss}
        for result in order:
            if not result.inputs:
                raise RuntimeError("used up: retain_graph=True")
            for x in result.inputs:
                if x.op and x not in found:
                    found.add(x)
                    order.append(x)
        return sorted(order, key=lambda result: result.serial)

    def second(loss):
        found, waiting = {}, [loss]
        while waiting:
            result = waiting.pop()
            if result.op is None or id(result) in found:
                continue
            if result.inputs == ():
                raise RuntimeError("call backward with retain_graph=True the first time")
            found[id(result)] = result
            waiting.extend(result.inputs)
        return sorted(found.values(), key=lambda result: result.serial)


@mistake(
    "05.6",
    "the order isn't that of the serial numbers: sort by them, since a short and a long way to the loss may meet",
)
class by_distance:
    def first(loss):
        order, found = ([loss] if loss.op else []), {loss}
        for result in order:
            if not result.inputs:
                raise RuntimeError("used up: retain_graph=True")
            for x in result.inputs:
                if x.op and x not in found:
                    found.add(x)
                    order.append(x)
        return order

    def second(loss):
        level = [loss] if loss.op else []
        found, order = set(level), []
        while level:
            order, following = order + level, []
            for result in level:
                if len(result.inputs) == 0:
                    raise RuntimeError("retain_graph=True")
                for x in result.inputs:
                    if x.op is not None and x not in found:
                        following.append(x)
                        found.add(x)
            level = following
        return order


@mistake("05.6", "a function that calls itself for every input ends at Python's limit: keep what waits in a list")
class by_recursion:
    def first(loss):
        found = []

        def visit(result):
            if result.op is None or any(result is other for other in found[-50:]):
                return
            if not result.inputs:
                raise RuntimeError("used up: retain_graph=True")
            for x in result.inputs:
                visit(x)
            if all(result is not other for other in found):
                found.append(result)

        visit(loss)
        return sorted(found, key=lambda result: -result.serial)

    def second(loss):
        found = {}

        def collect(result):
            if result.op is not None and id(result) not in found:
                found[id(result)] = result
                if not result.inputs:
                    raise RuntimeError("retain_graph=True")
                list(map(collect, result.inputs))

        collect(loss)
        return sorted(found.values(), key=lambda result: result.serial, reverse=True)


@mistake("05.6", "a result is listed once for every way that leads to it: note in a set what was found")
class once_a_way:
    def first(loss):
        order = [loss] if loss.op else []
        for result in order:
            if not result.inputs:
                raise RuntimeError("used up: retain_graph=True")
            order.extend(x for x in result.inputs if x.op)
        return sorted(order, key=lambda result: result.serial, reverse=True)

    def second(loss):
        found, waiting = [], [loss]
        while waiting:
            result = waiting.pop()
            if result.op is not None:
                if not result.inputs:
                    raise RuntimeError("retain_graph=True")
                found.append(result)
                waiting += result.inputs
        found.sort(key=lambda result: -result.serial)
        return found


@mistake("05.6", "a graph that was used up goes unnoticed: a recorded result without inputs must raise RuntimeError")
class used_up_unnoticed:
    def first(loss):
        order, found = ([loss] if loss.op else []), {loss}
        for result in order:
            for x in result.inputs:
                if x.op and x not in found:
                    found.add(x)
                    order.append(x)
        return sorted(order, key=lambda result: result.serial, reverse=True)

    def second(loss):
        found, waiting = set(), [loss]
        while waiting:
            result = waiting.pop()
            if result.op is not None and result not in found:
                found.add(result)
                waiting += result.inputs
        return sorted(found, key=lambda result: -result.serial)


@mistake("05.6", "only the loss is looked at: another backward may have used up a result that lies deeper")
class only_the_loss_looked_at:
    def first(loss):
        if loss.op and not loss.inputs:
            raise RuntimeError("used up: retain_graph=True")
        order, found = ([loss] if loss.op else []), {loss}
        for result in order:
            for x in result.inputs:
                if x.op and x not in found:
                    found.add(x)
                    order.append(x)
        return sorted(order, key=lambda result: result.serial, reverse=True)

    def second(loss):
        found, waiting = set(), [loss]
        while waiting:
            result = waiting.pop()
            if result.op is not None and result not in found:
                if result is loss and result.inputs == ():
                    raise RuntimeError("give the first backward retain_graph=True")
                found.add(result)
                waiting += result.inputs
        return sorted(found, key=lambda result: -result.serial)


@mistake("05.6", "the loss itself is missing: it is the newest result of all")
class without_the_loss:
    def first(loss):
        order, found = [loss], {loss}
        for result in order:
            if result.op and not result.inputs:
                raise RuntimeError("used up: retain_graph=True")
            for x in result.inputs:
                if x.op and x not in found:
                    found.add(x)
                    order.append(x)
        return sorted(order[1:], key=lambda result: result.serial, reverse=True)

    def second(loss):
        if loss.op and not loss.inputs:
            raise RuntimeError("retain_graph=True")
        found, waiting = set(), list(loss.inputs)
        while waiting:
            result = waiting.pop()
            if result.op is not None and result not in found:
                if not result.inputs:
                    raise RuntimeError("retain_graph=True")
                found.add(result)
                waiting += result.inputs
        return sorted(found, key=lambda result: -result.serial)


@mistake("05.6", "leaves are listed too: they have no op and no serial number, so leave them out")
class leaves_too:
    def first(loss):
        order, found = [loss], {loss}
        for result in order:
            if result.op and not result.inputs:
                raise RuntimeError("used up: retain_graph=True")
            for x in result.inputs:
                if x not in found:
                    found.add(x)
                    order.append(x)
        return sorted(order, key=lambda result: result.serial, reverse=True)

    def second(loss):
        found, waiting = set(), [loss]
        while waiting:
            result = waiting.pop()
            if result not in found:
                if result.op is not None and len(result.inputs) == 0:
                    raise RuntimeError("give retain_graph=True")
                found.add(result)
                waiting += result.inputs
        return sorted(found, key=lambda result: -result.serial)


@right("05.6")
def order_with_a_stack(loss):
    found, waiting = set(), [loss]
    while waiting:
        result = waiting.pop()
        if result.op is None or result in found:
            continue
        if len(result.inputs) == 0:
            raise RuntimeError("this graph is used up: the earlier backward wanted retain_graph=True")
        found.add(result)
        waiting.extend(result.inputs)
    return sorted(found, key=lambda result: result.serial, reverse=True)


@right("05.6")
def order_by_serial_number(loss):
    by_serial, waiting = {}, [loss]
    for result in waiting:
        if result.op is not None and result.serial not in by_serial:
            if not result.inputs:
                raise RuntimeError("compute it again, or give retain_graph=True to the first backward")
            by_serial[result.serial] = result
            waiting += result.inputs
    return [by_serial[serial] for serial in sorted(by_serial, reverse=True)]


# 05.7 seed_gradient


@mistake("05.7", "a seed of zeros makes every gradient zero: a value's gradient by itself is 1")
class seed_of_zeros:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"shape {loss.shape} needs a seed")
            return np.zeros_like(loss.data)
        seed = Tensor(gradient, dtype=loss.dtype).data
        if seed.shape != loss.shape:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        seed = np.array(0.0 if gradient is None else getattr(gradient, "data", gradient), loss.dtype)
        if gradient is None and loss.size != 1:
            raise RuntimeError(f"give a seed of shape {loss.shape}")
        if gradient is not None and seed.shape != loss.shape:
            raise ValueError(f"a seed of shape {seed.shape} for {loss.shape}")
        return np.resize(seed, loss.shape)


@mistake("05.7", "a given gradient is ignored: only where it is None the seed is 1")
class always_ones:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None and loss.size != 1:
            raise RuntimeError(f"shape {loss.shape} needs a seed")
        if gradient is not None and np.shape(getattr(gradient, "data", gradient)) != loss.shape:
            raise ValueError(f"the seed's shape {np.shape(gradient)} is not {loss.shape}")
        return np.ones_like(loss.data)

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"give a seed of shape {loss.shape}")
        elif Tensor(gradient).shape != loss.shape:
            raise ValueError(f"a seed of shape {Tensor(gradient).shape} for {loss.shape}")
        return np.full(loss.shape, 1, loss.dtype)


@mistake("05.7", "the dtype is not the loss's: np.ones_like(loss.data), and Tensor(gradient, dtype=loss.dtype).data")
class seed_of_another_dtype:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"shape {loss.shape} needs a seed")
            return np.ones(loss.shape)
        seed = np.array(getattr(gradient, "data", gradient), float)
        if seed.shape != loss.shape:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        if gradient is None and loss.size != 1:
            raise RuntimeError(f"give a seed of shape {loss.shape}")
        seed = np.full(loss.shape, 1.0) if gradient is None else Tensor(gradient, dtype=np.float64).data
        if seed.shape != loss.shape:
            raise ValueError(f"a seed of shape {seed.shape} for {loss.shape}")
        return seed


@mistake("05.7", "the seed is broadcast: another shape than the loss's must raise ValueError")
class seed_is_broadcast:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None and loss.size != 1:
            raise RuntimeError(f"shape {loss.shape} needs a seed")
        seed = Tensor(1.0 if gradient is None else gradient, dtype=loss.dtype).data
        return np.broadcast_to(seed, loss.shape).copy()

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"give a seed of shape {loss.shape}")
            gradient = 1.0
        return np.ones_like(loss.data) * Tensor(gradient, dtype=loss.dtype).data


@mistake("05.7", "the seed shares its memory with the given array: Tensor(gradient) copies, np.asarray does not")
class seed_not_copied:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"shape {loss.shape} needs a seed")
            return np.ones_like(loss.data)
        seed = np.asarray(gradient.data if isinstance(gradient, Tensor) else gradient, loss.dtype)
        if seed.shape != loss.shape:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"give a seed of shape {loss.shape}")
            return np.full(loss.shape, 1.0, loss.dtype)
        array = gradient.data if hasattr(gradient, "requires_grad") else gradient
        array = array if isinstance(array, np.ndarray) and array.dtype == loss.dtype else np.array(array, loss.dtype)
        if array.shape != loss.shape:
            raise ValueError(f"a seed of shape {array.shape} for {loss.shape}")
        return array


@mistake(
    "05.7", "several elements without a seed count alike: that must raise RuntimeError, since only the caller knows"
)
class ones_for_all_elements:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None:
            return np.ones_like(loss.data)
        seed = Tensor(gradient, dtype=loss.dtype).data
        if seed.shape != loss.shape:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        seed = np.array(np.ones(loss.shape) if gradient is None else getattr(gradient, "data", gradient), loss.dtype)
        if seed.shape != loss.shape:
            raise ValueError(f"a seed of shape {seed.shape} for {loss.shape}")
        return seed


@mistake("05.7", "a loss that requires no grad goes unnoticed: nothing was recorded, so there is nothing to walk over")
class constant_unnoticed:
    def first(loss, gradient):
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"shape {loss.shape} needs a seed")
            return np.ones_like(loss.data)
        seed = Tensor(gradient, dtype=loss.dtype).data
        if seed.shape != loss.shape:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed

    def second(loss, gradient):
        if gradient is None and loss.size != 1:
            raise RuntimeError(f"give a seed of shape {loss.shape}")
        seed = np.array(np.ones(loss.shape) if gradient is None else getattr(gradient, "data", gradient), loss.dtype)
        if seed.shape != loss.shape:
            raise ValueError(f"a seed of shape {seed.shape} for {loss.shape}")
        return seed


@mistake("05.7", "a seed of as many elements is reshaped: another shape than the loss's must raise ValueError")
class seed_is_reshaped:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if gradient is None:
            if loss.size != 1:
                raise RuntimeError(f"shape {loss.shape} needs a seed")
            return np.ones_like(loss.data)
        seed = Tensor(gradient, dtype=loss.dtype).data
        if seed.size != loss.size:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed.reshape(loss.shape)

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        if gradient is None and loss.size != 1:
            raise RuntimeError(f"give a seed of shape {loss.shape}")
        seed = np.array(1.0 if gradient is None else getattr(gradient, "data", gradient), loss.dtype)
        try:
            return np.reshape(seed, loss.shape)
        except ValueError:
            raise ValueError(f"a seed of shape {seed.shape} for {loss.shape}") from None


@mistake("05.7", "0 is false, and a seed all the same: ask `gradient is None`")
class zero_taken_for_none:
    def first(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("requires no grad")
        if not np.any(getattr(gradient, "data", gradient)):
            if loss.size != 1:
                raise RuntimeError(f"shape {loss.shape} needs a seed")
            return np.ones_like(loss.data)
        seed = Tensor(gradient, dtype=loss.dtype).data
        if seed.shape != loss.shape:
            raise ValueError(f"the seed's shape {seed.shape} is not {loss.shape}")
        return seed

    def second(loss, gradient):
        if not loss.requires_grad:
            raise RuntimeError("the loss requires no grad")
        given = gradient if isinstance(gradient, list | np.ndarray | Tensor) else gradient or None
        if given is None and loss.size != 1:
            raise RuntimeError(f"give a seed of shape {loss.shape}")
        seed = np.array(np.ones(loss.shape) if given is None else getattr(given, "data", given), loss.dtype)
        if seed.shape != loss.shape:
            raise ValueError(f"a seed of shape {seed.shape} for {loss.shape}")
        return seed


@right("05.7")
def seed_with_numpy(loss, gradient):
    if loss.requires_grad is False:
        raise RuntimeError("this tensor requires no grad")
    if gradient is None and loss.data.size == 1:
        return np.full(loss.shape, 1, dtype=loss.dtype)
    if gradient is None:
        raise RuntimeError(f"give a seed of shape {loss.shape}")
    given = gradient.data if isinstance(gradient, Tensor) else gradient
    seed = np.array(given, dtype=loss.dtype)
    if seed.shape == loss.shape:
        return seed
    raise ValueError(f"wanted a seed of shape {loss.shape}, got {seed.shape}")


# 05.8 accumulate


@mistake("05.8", "the gradient is overwritten: it is added to what an earlier backward left in .grad")
class overwritten:
    def first(leaf, grad, fresh=False):
        leaf.grad = Tensor(grad, dtype=leaf.dtype)

    def second(leaf, grad, fresh=False):
        kept = grad.astype(leaf.dtype, copy=not fresh)
        leaf.grad = from_numpy(kept)


@mistake("05.8", "the array is kept without a copy: where it isn't fresh, others go on using it")
class kept_without_a_copy:
    def first(leaf, grad, fresh=False):
        total = grad if leaf.grad is None else leaf.grad.data + grad
        leaf.grad = from_numpy(total.astype(leaf.dtype, copy=False))

    def second(leaf, grad, fresh=False):
        if leaf.grad is None:
            leaf.grad = from_numpy(np.asarray(grad, leaf.dtype))
        else:
            leaf.grad = from_numpy(np.add(leaf.grad.data, grad).astype(leaf.dtype))


@mistake("05.8", "the sum is written into the earlier tensor: somebody may have kept that one, so make a new one")
class added_in_place:
    def first(leaf, grad, fresh=False):
        if leaf.grad is None:
            leaf.grad = Tensor(grad, dtype=leaf.dtype)
        else:
            leaf.grad.data += grad.astype(leaf.dtype)

    def second(leaf, grad, fresh=False):
        if leaf.grad is not None:
            np.add(leaf.grad.data, grad, out=leaf.grad.data, casting="unsafe")
            return
        leaf.grad = from_numpy(np.array(grad, leaf.dtype))


@mistake("05.8", "the dtype is the gradient's: .grad has the dtype of its leaf, .astype(leaf.dtype)")
class dtype_of_the_gradient:
    def first(leaf, grad, fresh=False):
        leaf.grad = from_numpy(grad.copy() if leaf.grad is None else leaf.grad.data + grad)

    def second(leaf, grad, fresh=False):
        before = 0 if leaf.grad is None else leaf.grad.data
        leaf.grad = Tensor(before + grad)


@mistake("05.8", ".grad is a Tensor: from_numpy(array) makes one without copying")
class plain_array:
    def first(leaf, grad, fresh=False):
        total = grad.copy() if leaf.grad is None else leaf.grad + grad
        leaf.grad = total.astype(leaf.dtype)

    def second(leaf, grad, fresh=False):
        leaf.grad = np.array(grad if leaf.grad is None else np.add(leaf.grad, grad), leaf.dtype)


@mistake("05.8", "the first gradient counts twice: either it is put in place, or it is added")
class first_one_twice:
    def first(leaf, grad, fresh=False):
        if leaf.grad is None:
            leaf.grad = Tensor(grad, dtype=leaf.dtype)
        leaf.grad = from_numpy((leaf.grad.data + grad).astype(leaf.dtype))

    def second(leaf, grad, fresh=False):
        before = grad if leaf.grad is None else leaf.grad.data
        leaf.grad = from_numpy(np.add(before, grad).astype(leaf.dtype))


@mistake("05.8", "the value itself is changed: only .grad is, and an optimizer decides what to do with it")
class moves_the_value:
    def first(leaf, grad, fresh=False):
        leaf.data = leaf.data + grad
        leaf.grad = Tensor(grad if leaf.grad is None else leaf.grad.data + grad, dtype=leaf.dtype)

    def second(leaf, grad, fresh=False):
        leaf.data = np.add(grad, leaf.data)
        before = np.zeros_like(grad) if leaf.grad is None else leaf.grad.data
        leaf.grad = from_numpy((before + grad).astype(leaf.dtype))


@mistake("05.8", "the sum is written into the array that came: that one stays what it is, leaf.grad.data + grad is new")
class added_into_what_came:
    def first(leaf, grad, fresh=False):
        if leaf.grad is None:
            leaf.grad = Tensor(grad, dtype=leaf.dtype)
        else:
            grad += leaf.grad.data
            leaf.grad = Tensor(grad, dtype=leaf.dtype)

    def second(leaf, grad, fresh=False):
        if leaf.grad is not None:
            out = grad if isinstance(grad, np.ndarray) else None
            grad = np.add(grad, leaf.grad.data, out=out)
        leaf.grad = from_numpy(np.array(grad, leaf.dtype))


@right("05.8")
def accumulate_always_copies(leaf, grad, fresh=False):
    if leaf.grad is None:
        leaf.grad = Tensor(grad, dtype=leaf.dtype)
    else:
        leaf.grad = Tensor(leaf.grad.data + grad, dtype=leaf.dtype)


@right("05.8")
def accumulate_from_zeros(leaf, grad, fresh=False):
    before = np.zeros_like(leaf.data) if leaf.grad is None else leaf.grad.data
    leaf.grad = from_numpy(np.add(before, grad, dtype=leaf.dtype, casting="unsafe"))


# 05.9 backward: in their second variant most of these mistakes keep results and leaves apart


@mistake("05.9", "the last gradient wins: what arrives at a value from several uses is added up")
class last_one_wins:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    arrived[x] = in_shape_of(x, grad, result)
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        arrived, leaves = {loss: seed_gradient(loss, gradient)}, {}
        if loss.op is None:
            leaves = arrived
        order = newest_first(loss)
        refuse_written(order)
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived[result])
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    place = leaves if x.op is None else arrived
                    place.update({x: in_shape_of(x, gradients[i], result)})
        give_to_leaves(leaves)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "earlier gradients are lost: `accumulate` adds to what is in .grad, nothing is cleared before")
class clears_before:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        for x in arrived:
            x.grad = None
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        shown = {x: Tensor(show(x, grad), dtype=x.dtype) for x, grad in arrived.items()}
        for x in shown:
            x.grad = shown[x]
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "a gradient is changed in place: a rule may have handed the same array to another input")
class sums_in_place:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    if x in arrived:
                        arrived[x] += grad
                    else:
                        arrived[x] = grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        arrived = {loss: seed_gradient(loss, gradient)}
        order = newest_first(loss)
        refuse_written(order)
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    grad = in_shape_of(x, gradients[i], result)
                    if arrived.get(x) is None:
                        arrived[x] = grad
                    else:
                        np.add(arrived[x], grad, out=arrived[x])
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "results get a .grad as well: only leaves do, what arrives at a result goes on to its inputs")
class results_too:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived[result]), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived, done = {loss: seed_gradient(loss, gradient)}, []
        for result in order:
            if result not in arrived:
                continue
            g = arrived.pop(result)
            done.append((result, g))
            gradients = ask_rule(result, g)
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        for x, grad in [*done, *[(x, show(x, arrived[x])) for x in arrived]]:
            accumulate(x, grad)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "constants get a gradient too: an input that requires none is left out")
class constants_too:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "leaves get their gradients during the walk: a rule that fails later leaves half of them changed")
class leaves_during_the_walk:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        if loss.op is None:
            accumulate(loss, arrived[loss])
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    if x.op is None:
                        accumulate(x, show(x, grad))
                    else:
                        arrived[x] = arrived[x] + grad if x in arrived else grad
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        arrived = {loss: seed_gradient(loss, gradient)}
        order = newest_first(loss)
        refuse_written(order)
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if not x.requires_grad or gradients[i] is None:
                    continue
                fitting = in_shape_of(x, gradients[i], result)
                if x.op is not None:
                    arrived[x] = arrived.get(x, 0) + fitting
                    continue
                accumulate(x, show(x, fitting))
        if not order:
            accumulate(loss, arrived.pop(loss))
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "the graph is never let go of: without retain_graph every result's inputs become ()")
class keeps_the_graph:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        give_to_leaves(arrived)


@mistake("05.9", "retain_graph is ignored: with it what was recorded stays for another backward")
class never_keeps_the_graph:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        give_to_leaves(arrived)
        while order:
            order.pop().inputs = ()


@mistake("05.9", "gradients are not summed to the shape of their value: `in_shape_of` does that where they differ")
class not_in_shape:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + gradients[i]
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "every array is taken for fresh: a rule may have handed one to two leaves, so ask `is_fresh`")
class all_taken_for_fresh:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived, fresh=arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    grad = in_shape_of(x, gradients[i], result)
                    arrived[x] = np.add(arrived[x], grad) if x in arrived else grad
        shown = {leaf: show(leaf, grad) for leaf, grad in arrived.items()}
        while shown:
            leaf, grad = shown.popitem()
            accumulate(leaf, grad, True)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "the seed is left out: the walk begins with seed_gradient(loss, gradient), not with ones")
class ones_as_seed:
    def first(loss, gradient=None, retain_graph=False):
        seed_gradient(loss, gradient)
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: np.ones_like(loss.data)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, np.full(loss.shape, 1.0))}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "what a hook returned is lost: `show` returns the gradient that the leaf is to get")
class hooks_only_look:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        for x, grad in arrived.items():
            show(x, grad)
        for x, grad in arrived.items():
            accumulate(x, grad)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        with adding_to(arrived):
            _ = [show(x, grad) for x, grad in arrived.items()]
            for x in arrived:
                accumulate(x, arrived[x])
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "a leaf's .grad changes before the hooks of all leaves were called: `give_to_leaves` keeps them apart")
class hooks_and_leaves_in_one_loop:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        for x, grad in arrived.items():
            accumulate(x, show(x, grad))
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        for x in arrived:
            give_to_leaves({x: arrived[x]})
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "a result may get no gradient, where the rules of all its users return None: pass it over")
class waits_for_every_result:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            gradients = ask_rule(result, arrived[result])
            del arrived[result]
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    arrived[x] = arrived.get(x, 0) + in_shape_of(x, gradients[i], result)
        give_to_leaves(gradients=arrived, fresh=())
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "only the loss is let go of: the inputs of every result become (), or all of them stay in memory")
class lets_go_of_the_loss_alone:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        if not retain_graph:
            loss.inputs = ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    grad = in_shape_of(x, gradients[i], result)
                    arrived[x] = grad if arrived.get(x) is None else arrived[x] + grad
        give_to_leaves(arrived)
        loss.inputs = loss.inputs if retain_graph else ()


@mistake("05.9", "values that were written into go unnoticed: hand the order to refuse_written before the walk")
class written_unnoticed:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    grad = in_shape_of(x, gradients[i], result)
                    arrived[x] = grad if arrived.get(x) is None else arrived[x] + grad
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "`ask_rule` is passed by: it shows the gradient to the result's hooks, before it asks the rule")
class rules_asked_directly:
    def first(loss, gradient=None, retain_graph=False):
        def directly(result, g):
            if result.op not in RULES:
                raise NotImplementedError(f"no gradient rule for {result.op.__name__}")
            return RULES[result.op](g, result.data, *[x.data for x in result.inputs], **result.attributes)

        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, directly(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            g, rule = arrived.pop(result), RULES.get(result.op)
            if rule is None:
                raise NotImplementedError(f"no gradient rule for {result.op.__name__}")
            gradients = rule(g, result.data, *[x.data for x in result.inputs], **result.attributes)
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    grad = in_shape_of(x, gradients[i], result)
                    arrived[x] = grad if arrived.get(x) is None else arrived[x] + grad
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "what arrives may be no array yet, where a tensor was indexed: add it by +, which np.add doesn't know")
class adds_by_numpy:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad:
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = np.add(arrived[x], grad) if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None:
                    grad = in_shape_of(x, gradients[i], result)
                    arrived[x] = grad if x not in arrived else np.add(grad, arrived[x])
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@mistake("05.9", "zeros are a gradient as well: a gradient goes nowhere only if it is None, or its input requires none")
class zeros_taken_for_none:
    def first(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
                if grad is not None and x.requires_grad and np.asarray(grad).any():
                    grad = in_shape_of(x, grad, result)
                    arrived[x] = arrived[x] + grad if x in arrived else grad
        give_to_leaves(arrived)
        for result in order:
            result.inputs = result.inputs if retain_graph else ()

    def second(loss, gradient=None, retain_graph=False):
        order = newest_first(loss)
        refuse_written(order)
        arrived = {loss: seed_gradient(loss, gradient)}
        for result in order:
            if result not in arrived:
                continue
            gradients = ask_rule(result, arrived.pop(result))
            for i, x in enumerate(result.inputs):
                if x.requires_grad and gradients[i] is not None and np.count_nonzero(np.asarray(gradients[i])):
                    grad = in_shape_of(x, gradients[i], result)
                    arrived[x] = grad if arrived.get(x) is None else arrived[x] + grad
        give_to_leaves(arrived)
        if not retain_graph:
            for result in order:
                result.inputs = ()


@right("05.9")
def backward_always_copies(loss, gradient=None, retain_graph=False):
    order = newest_first(loss)
    refuse_written(order)
    arrived = {loss: seed_gradient(loss, gradient)}
    for result in order:
        if result not in arrived:
            continue
        for x, grad in zip(result.inputs, ask_rule(result, arrived.pop(result)), strict=True):
            if grad is not None and x.requires_grad:
                grad = in_shape_of(x, grad, result)
                arrived[x] = arrived[x] + grad if x in arrived else grad
    give_to_leaves(arrived)
    if not retain_graph:
        for result in order:
            result.inputs = ()


@right("05.9")
def backward_with_lists_of_gradients(loss, gradient=None, retain_graph=False):
    came = {loss: [seed_gradient(loss, gradient)]}
    order = newest_first(loss)
    refuse_written(order)
    for result in order:
        if terms := came.pop(result, []):
            for x, grad in zip(result.inputs, ask_rule(result, np.add.reduce(terms)), strict=True):
                if x.requires_grad and grad is not None:
                    came.setdefault(x, []).append(in_shape_of(x, grad, result))
    sums = {x: np.add.reduce(gradients) for x, gradients in came.items()}
    give_to_leaves(sums, fresh=sums)
    for result in order:
        result.inputs = result.inputs if retain_graph else ()


# 05.10 no_grad.__exit__


@mistake("05.10", "recording is switched on: it was off before where this block stands inside another one")
class switched_on:
    def first(self, kind, error, trace):
        self.before.pop()
        recording.enabled = True

    def second(self, kind, error, trace):
        recording.enabled = bool(self.before)
        del self.before[-1]


@mistake("05.10", "recording stays off: what __enter__ noted in `before` has to be restored")
class stays_off:
    def first(self, kind, error, trace):
        self.before.pop()

    def second(self, kind, error, trace):
        recording.enabled = False
        self.before = self.before[:-1]


@mistake("05.10", "the exception is swallowed: __exit__ returns nothing, so that it goes on")
class swallows_exceptions:
    def first(self, kind, error, trace):
        recording.enabled = self.before.pop()
        return True

    def second(self, kind, error, trace):
        recording.enabled, *_ = (self.before.pop(),)
        return kind is not None


@mistake("05.10", "after an exception nothing is restored: both ways out of a block do the same")
class only_without_exception:
    def first(self, kind, error, trace):
        if kind is None:
            recording.enabled = self.before.pop()

    def second(self, kind, error, trace):
        if error is not None:
            raise error
        recording.enabled = self.before[-1]
        self.before = self.before[:-1]


@mistake("05.10", "the entry stays in `before`: an object that is used twice restores the wrong one, so pop it")
class not_forgotten:
    def first(self, kind, error, trace):
        recording.enabled = self.before[-1]

    def second(self, kind, error, trace):
        *_, latest = self.before
        recording.enabled = latest


@mistake("05.10", "the first entry is taken: blocks end in the opposite order, so the latest entry comes first")
class first_entry:
    def first(self, kind, error, trace):
        recording.enabled = self.before.pop(0)

    def second(self, kind, error, trace):
        oldest, *self.before = self.before
        recording.enabled = oldest


@mistake(
    "05.10", "recording is turned over: what holds is what was at this block's own beginning, and stands in `before`"
)
class turned_over:
    def first(self, kind, error, trace):
        self.before.pop()
        recording.enabled = not recording.enabled

    def second(self, kind, error, trace):
        del self.before[-1]
        recording.enabled = recording.enabled is False


@right("05.10")
def exit_by_index(self, kind, error, trace):
    latest = self.before[-1]
    del self.before[-1]
    recording.enabled = latest
    return False


@right("05.10")
def exit_with_a_slice(self, kind, error, trace):
    *self.before, recording.enabled = self.before
