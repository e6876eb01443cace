"""Module 05: gradient rules, gradients of the shape of their values, the walk back, and how to do without."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from tinytorch import Tensor, no_grad
from tinytorch.autograd import recording, vjp
from tinytorch.tensor import record

A = np.array([[2.0, 3.0, 5.0], [7.0, 11.0, 13.0]])
B = np.array([[1.0, -2.0, 0.5], [4.0, -1.0, 3.0]])
G = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
W = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]])
GW = np.array([[1.0, 0.0, 2.0, -1.0], [0.5, 3.0, 0.0, 1.0]])


# 05.1 multiply_vjp


@pytest.mark.exercise("05.1")
def test_multiply_passes_the_other_factor(check):
    """must give each factor g times the other one"""
    check(
        "multiply_vjp(g, a * b, a, b)",
        g=G,
        a=A,
        b=B,
        expected=(G * B, G * A),
        parts=("by a", "by b"),
        rule="d(a * b)/da = b, and the chain rule multiplies by g",
    )


@pytest.mark.exercise("05.1")
def test_multiply_leaves_broadcasting_to_the_engine(check):
    """must return both gradients in the shape of g where a factor was broadcast"""
    row = np.array([2.0, 3.0, 5.0])
    check(
        "multiply_vjp(g, row * b, row, b)",
        g=G,
        row=row,
        b=B,
        expected=(G * B, G * row),
        parts=("by row", "by b"),
        rule="sum_to_shape sums afterwards, in one place for all rules",
    )


@pytest.mark.exercise("05.1")
def test_multiply_of_numbers(check):
    """must work for factors without axes"""
    check(
        "multiply_vjp(g, a * b, a, b)",
        g=np.float64(10.0),
        a=np.array(2.0),
        b=np.array(3.0),
        expected=(np.array(30.0), np.array(20.0)),
        parts=("by a", "by b"),
        rule="shape () is a shape like any other: a loop over g would find no rows",
    )


@pytest.mark.exercise("05.1")
def test_multiply_where_a_factor_is_zero(check):
    """must give a factor that is 0 its gradient as well"""
    check(
        "multiply_vjp(g, a * b, a, b)",
        g=np.array([1.0, 10.0]),
        a=np.array([0.0, 2.0]),
        b=np.array([3.0, 0.0]),
        expected=(np.array([3.0, 0.0]), np.array([0.0, 20.0])),
        parts=("by a", "by b"),
        rule="nothing is divided: out / a is b only where a isn't 0",
    )


@pytest.mark.exercise("05.1")
def test_multiply_changes_no_argument(check):
    """must leave g and both factors as they are"""
    check(
        "multiply_vjp(g, a * b, a, b); g, a, b",
        g=G,
        a=A,
        b=B,
        expected=(G, A, B),
        parts=("g", "a", "b"),
        rule="other rules may get the same g, and a and b are the tensors' own arrays: g * b is new, g *= b is g",
    )


@pytest.mark.exercise("05.1")
def test_multiply_in_an_expression(check):
    """must give the right gradients of an expression"""
    a, b = Tensor(A, requires_grad=True), Tensor(B, requires_grad=True)
    check(
        "(a * b).backward(g); a.grad, b.grad",
        a=a,
        b=b,
        g=G,
        expected=(G * B, G * A),
        parts=("a.grad", "b.grad"),
        rule="backward asks multiply_vjp with the seed g",
    )


@pytest.mark.exercise("05.1")
def test_multiply_of_a_value_with_itself(check):
    """must let both uses of one value count"""
    a = Tensor([3.0, -4.0], dtype=np.float64, requires_grad=True)
    check(
        "(a * a).backward(np.array([1.0, 10.0])); a.grad",
        a=a,
        expected=np.array([6.0, -80.0]),
        rule="d(a * a)/da = 2 a",
    )


# 05.2 matmul_vjp


@pytest.mark.exercise("05.2")
def test_matmul_gives_both_gradients(check):
    """must return the gradient by a first, then by b, each in its operand's shape"""
    check(
        "matmul_vjp(g, a @ b, a, b)",
        g=GW,
        a=A,
        b=W,
        expected=(GW @ W.T, A.T @ GW),
        parts=("by a", "by b"),
        rule="by a (2, 3), by b (3, 4); element [0, 0] by a: the sum over m of g[0, m] * b[0, m]",
    )


@pytest.mark.exercise("05.2")
def test_matmul_of_stacks(check):
    """must transpose the last two axes alone in stacks of matrices"""
    a, b = np.arange(12.0).reshape(2, 2, 3), np.arange(24.0).reshape(2, 3, 4) - 7
    g = np.arange(16.0).reshape(2, 2, 4) * 0.5
    check(
        "matmul_vjp(g, a @ b, a, b)",
        g=g,
        a=a,
        b=b,
        expected=(np.einsum("snm,skm->snk", g, b), np.einsum("snk,snm->skm", a, g)),
        parts=("by a", "by b"),
        rule="leading axes stay where they are; .T would reverse them all",
    )
    a, b, g = (x.reshape(2, 1, *x.shape[1:]) for x in (a, b, g))
    check(
        "matmul_vjp(g, a @ b, a, b)",
        g=g,
        a=a,
        b=b,
        expected=(np.einsum("stnm,stkm->stnk", g, b), np.einsum("stnk,stnm->stkm", a, g)),
        parts=("by a", "by b"),
        rule="there may be any number of leading axes, here two: swapaxes(-1, -2) knows no difference",
    )


@pytest.mark.exercise("05.2")
def test_matmul_of_a_stack_and_one_matrix(check):
    """must let every matrix of a stack count where all meet the same one"""
    a, g = np.arange(12.0).reshape(2, 2, 3), np.arange(16.0).reshape(2, 2, 4) * 0.5
    check(
        "(x @ w).backward(g); x.grad, w.grad",
        x=Tensor(a, requires_grad=True),
        w=Tensor(W, requires_grad=True),
        g=g,
        expected=(np.einsum("snm,km->snk", g, W), np.einsum("snk,snm->km", a, g)),
        parts=("x.grad", "w.grad"),
        rule="w was used for each matrix of x: what comes from all of them is added, by sum_to_shape",
    )


@pytest.mark.exercise("05.2")
def test_matmul_in_a_layer(check):
    """must let weights learn from every row of a batch"""
    x, w = Tensor(A), Tensor(W, requires_grad=True)
    check(
        "(x @ w).backward(g); w.grad",
        x=x,
        w=w,
        g=GW,
        expected=A.T @ GW,
        rule="w.grad[k, m] = sum over the rows n of x[n, k] * g[n, m]",
    )


@pytest.mark.exercise("05.2")
def test_matmul_where_the_right_operand_is_constant(check):
    """must give the left operand its gradient where the right one needs none"""
    check(
        "(x @ w).backward(g); x.grad",
        x=Tensor(A, requires_grad=True),
        w=Tensor(W),
        g=GW,
        expected=GW @ W.T,
        rule="here needs is (True, False): each of both is asked for itself, and the tuple has two places always",
    )


@pytest.mark.exercise("05.2")
def test_matmul_of_square_matrices(check):
    """must not mix up operands where all shapes are equal"""
    a, b, g = (
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.array([[5.0, 6.0], [7.0, 9.0]]),
        np.array([[1.0, 0.0], [2.0, -1.0]]),
    )
    check(
        "matmul_vjp(g, a @ b, a, b)",
        g=g,
        a=a,
        b=b,
        expected=(g @ b.T, a.T @ g),
        parts=("by a", "by b"),
        rule="by a [n, k]: the sum over m of g[n, m] * b[k, m]; by b [k, m]: over n of a[n, k] * g[n, m]",
    )


# 05.3 sum_to_shape


@pytest.mark.exercise("05.3")
def test_sums_an_added_axis(check):
    """must sum over the axis that broadcasting added on the left"""
    check(
        "sum_to_shape(g, (3,))",
        g=G,
        expected=G.sum(axis=0),
        rule="a gradient has the shape of the value it belongs to",
    )


@pytest.mark.exercise("05.3")
def test_sums_a_stretched_axis(check):
    """must sum over an axis of length 1 that was stretched, and keep it"""
    check(
        "sum_to_shape(g, (2, 1))",
        g=G,
        expected=np.array([[111.0], [222.0]]),
        rule="(2, 1) was stretched to (2, 3) along axis 1",
    )


@pytest.mark.exercise("05.3")
def test_sums_two_stretched_axes(check):
    """must sum over every axis that was stretched"""
    g = np.arange(24.0).reshape(2, 3, 4)
    expected = g.sum(axis=(0, 2), keepdims=True)
    check(
        "sum_to_shape(g, (1, 3, 1))", g=g, expected=expected, rule="axes 0 and 2 were stretched, one sum isn't enough"
    )


@pytest.mark.exercise("05.3")
def test_sums_two_added_axes(check):
    """must sum over every axis that was added"""
    g = np.arange(24.0).reshape(2, 3, 4)
    expected = g.sum(axis=(0, 1))
    check("sum_to_shape(g, (4,))", g=g, expected=expected, rule="two axes were added on the left: both are summed")


@pytest.mark.exercise("05.3")
def test_sums_an_added_axis_of_length_one(check):
    """must take an added axis away where it holds one row alone"""
    check(
        "sum_to_shape(g, (3,))",
        g=G[:1],
        expected=np.array([1.0, 10.0, 100.0]),
        rule="a batch of one is a batch: (1, 3) has as many elements as (3,), and another shape",
    )


@pytest.mark.exercise("05.3")
def test_sums_an_axis_that_was_stretched_to_nothing(check):
    """must sum over an axis of length 0 as well"""
    check(
        "sum_to_shape(g, (1, 3))",
        g=np.zeros((0, 3)),
        expected=np.zeros((1, 3)),
        rule="broadcasting takes a length of 1 to 0, too: the sum of no rows is 0, in the shape (1, 3)",
    )


@pytest.mark.exercise("05.3")
def test_sums_in_the_dtype_of_the_gradient(check):
    """must keep the gradient's dtype, and leave the gradient as it is"""
    check(
        "sum_to_shape(g, (3,)), sum_to_shape(g, ()), g",
        g=G.astype(np.float32),
        expected=(np.array([3, 30, 300], np.float32), np.array(333, np.float32), G.astype(np.float32)),
        parts=("to (3,)", "to ()", "g afterwards"),
        rule="a float32 gradient gives float32 sums; g may be in use elsewhere, so nothing is written into it",
    )


@pytest.mark.exercise("05.3")
def test_sums_added_and_stretched_axes(check):
    """must do both at once"""
    g = np.arange(24.0).reshape(2, 3, 4)
    expected = g.sum(axis=(0, 2)).reshape(3, 1)
    check(
        "sum_to_shape(g, (3, 1))", g=g, expected=expected, rule="axis 0 was added, axis 2 was stretched from length 1"
    )


@pytest.mark.exercise("05.3")
def test_sums_to_a_single_number(check):
    """must sum everything for a 0-d value"""
    check(
        "sum_to_shape(g, ())",
        g=G,
        expected=np.array(333.0),
        rule="a number was broadcast to all elements: all of them count",
    )


@pytest.mark.exercise("05.3")
def test_leaves_axes_of_length_one_alone(check):
    """must leave an axis alone that has length 1 on both sides"""
    g = np.array([[[4.0], [5.0]], [[6.0], [8.0]]])
    check(
        "sum_to_shape(g, (2, 1))",
        g=g,
        expected=np.array([[10.0], [13.0]]),
        rule="(2, 2, 1) -> (2, 1): only axis 0 was added",
    )


@pytest.mark.exercise("05.3")
def test_bias_gradient_in_an_expression(check):
    """must give a bias the sum over all rows"""
    x, b = Tensor(A), Tensor([1.0, 2.0, 3.0], dtype=np.float64, requires_grad=True)
    check(
        "(x + b).backward(g); b.grad",
        x=x,
        b=b,
        g=G,
        expected=G.sum(axis=0),
        rule="every row that used the bias sends it a gradient",
    )


@pytest.mark.exercise("05.3")
def test_hands_back_what_fits_already(check):
    """must return g itself where it has the shape already"""
    check(
        "sum_to_shape(g, (2, 3)) is g, sum_to_shape(column, (2, 1)) is column",
        g=G,
        column=G[:, :1],
        expected=(True, True),
        parts=("(2, 3) is g", "(2, 1) is column"),
        rule="nothing was broadcast, so there is nothing to sum; a sum over no axes, axis=(), would be a copy",
    )


@pytest.mark.exercise("05.3")
def test_reshapes_nothing(check):
    """must not turn a gradient of a wrong shape into one that seems to fit"""

    def turned(a):
        return record(turned, a.data.T, a)

    @vjp(turned)
    def turned_vjp(g, out, a):
        return (g,)  # (3, 2), where g.T would be right

    check(
        "turned(a).backward(g)",
        turned=turned,
        a=Tensor(A, requires_grad=True),
        g=G.T.copy(),
        raises=(ValueError, "turned_vjp", "(3, 2)", "(2, 3)"),
        rule="sums alone don't make (2, 3) of (3, 2): g goes back as it is, so that in_shape_of can name the rule",
    )


# 05.4 sum_vjp


@pytest.mark.exercise("05.4")
def test_sum_of_everything_sends_its_gradient_to_every_element(check):
    """must hand the gradient of a total to every element"""
    check(
        "sum_vjp(g, a.sum(), a, axis=None, keepdims=False)",
        g=np.array(5.0),
        a=A,
        expected=(np.array([[5.0, 5.0, 5.0], [5.0, 5.0, 5.0]]),),
        parts=("by a",),
        rule="each element counts once in the sum, so each gets g, whatever its own value is",
    )


@pytest.mark.exercise("05.4")
def test_sum_along_the_last_axis(check):
    """must hand each row's gradient to the elements of that row"""
    check(
        "sum_vjp(g, a.sum(axis=1), a, axis=1, keepdims=False)",
        g=np.array([10.0, 20.0]),
        a=A,
        expected=(np.array([[10.0, 10.0, 10.0], [20.0, 20.0, 20.0]]),),
        parts=("by a",),
        rule="g (2,) lacks the summed axis 1: it must come back with length 1 before g is spread to (2, 3)",
    )


@pytest.mark.exercise("05.4")
def test_sum_along_the_last_axis_of_a_square(check):
    """must not mix up rows and columns where a is square"""
    a = np.array([[2.0, 3.0], [5.0, 7.0]])
    check(
        "sum_vjp(g, a.sum(axis=1), a, axis=1, keepdims=False)",
        g=np.array([10.0, 20.0]),
        a=a,
        expected=(np.array([[10.0, 10.0], [20.0, 20.0]]),),
        parts=("by a",),
        rule="element [i, j] counts in the sum of row i: it gets g[i], and broadcasting g alone would give it g[j]",
    )


@pytest.mark.exercise("05.4")
def test_sum_along_the_first_axis(check):
    """must hand each column's gradient to the elements of that column"""
    check(
        "sum_vjp(g, a.sum(axis=0), a, axis=0, keepdims=False)",
        g=np.array([1.0, 10.0, 100.0]),
        a=A,
        expected=(np.array([[1.0, 10.0, 100.0], [1.0, 10.0, 100.0]]),),
        parts=("by a",),
        rule="element [i, j] counts in the sum of column j: it gets g[j]",
    )


@pytest.mark.exercise("05.4")
def test_sum_that_kept_its_axis(check):
    """must not add an axis where keepdims left it there"""
    check(
        "sum_vjp(g, a.sum(axis=1, keepdims=True), a, axis=1, keepdims=True)",
        g=np.array([[10.0], [20.0]]),
        a=A,
        expected=(np.array([[10.0, 10.0, 10.0], [20.0, 20.0, 20.0]]),),
        parts=("by a",),
        rule="with keepdims=True g is (2, 1) already",
    )


@pytest.mark.exercise("05.4")
def test_sum_along_several_axes(check):
    """must take a tuple of axes and negative ones"""
    a, g = np.arange(24.0).reshape(2, 3, 4), np.array([1.0, 10.0, 100.0])
    check(
        "sum_vjp(g, a.sum(axis=(0, -1)), a, axis=(0, -1), keepdims=False)",
        g=g,
        a=a,
        expected=(np.einsum("j,ijk->ijk", g, np.ones_like(a)),),
        parts=("by a",),
        rule="axes 0 and 2 were summed: element [i, j, k] gets g[j]",
    )


@pytest.mark.exercise("05.4")
def test_sum_along_a_negative_axis(check):
    """must count an axis of -1 from the end of a's shape"""
    a = np.arange(24.0).reshape(2, 3, 4)
    g = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    check(
        "sum_vjp(g, a.sum(axis=-1), a, axis=-1, keepdims=False)",
        g=g,
        a=a,
        expected=(np.einsum("ij,ijk->ijk", g, np.ones_like(a)),),
        parts=("by a",),
        rule="-1 is axis 2 of (2, 3, 4): g (2, 3) becomes (2, 3, 1) first",
    )


@pytest.mark.exercise("05.4")
def test_sum_along_axes_in_another_order(check):
    """must take the axes of a tuple in any order"""
    a, g = np.arange(24.0).reshape(2, 3, 4), np.array([1.0, 10.0])
    check(
        "sum_vjp(g, a.sum(axis=(-2, -1)), a, axis=(-2, -1), keepdims=False)",
        g=g,
        a=a,
        expected=(np.einsum("i,ijk->ijk", g, np.ones_like(a)),),
        parts=("by a",),
        rule="np.expand_dims takes the whole tuple; one axis after the other, each finds another number of axes",
    )


@pytest.mark.exercise("05.4")
def test_sum_looks_at_no_value(check):
    """must hand on g alone, whatever the elements are, and leave them as they are"""
    a = np.array([[0.0, np.inf, 3.0], [4.0, np.inf, 0.0]])
    check(
        "total = sum_vjp(g, a.sum(), a, axis=None, keepdims=False); (*total, a)",
        g=np.array(5.0),
        a=a,
        expected=(np.full((2, 3), 5.0), a.copy()),
        parts=("by a", "a afterwards"),
        rule="0 * inf and 0 / 0 are no numbers: a's shape counts here, its elements don't",
    )


@pytest.mark.exercise("05.4")
def test_sum_of_a_number_along_an_axis(check):
    """must hand g on where a has no axes and was summed along axis 0"""
    check(
        "sum_vjp(g, out, a, axis=0, keepdims=False)",
        g=np.array(5.0),
        out=np.array(3.0),
        a=np.array(3.0),
        expected=(np.array(5.0),),
        parts=("by a",),
        rule="NumPy and PyTorch take axis 0 of a number: there is nothing to add up, and no axis to bring back",
    )


@pytest.mark.exercise("05.4")
def test_sum_in_an_expression(check):
    """must give the right gradient of an expression"""
    a = Tensor(A, requires_grad=True)
    check(
        "(a * a).sum(axis=1).backward(np.array([1.0, 10.0])); a.grad",
        a=a,
        expected=2 * A * np.array([[1.0], [10.0]]),
        rule="d(sum over j of a[i, j]**2)/da[i, j] = 2 a[i, j], times the seed of row i",
    )


# 05.5 transpose_vjp

STACK = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.exercise("05.5")
def test_transpose_of_a_matrix(check):
    """must turn the gradient of a transposed matrix back"""
    check(
        "transpose_vjp(g, a.T, a, axes=None)",
        g=G.T.copy(),
        a=A,
        expected=(G,),
        parts=("by a",),
        rule="out[j, i] is a[i, j], so the gradient by a[i, j] is g[j, i]",
    )


@pytest.mark.exercise("05.5")
def test_transpose_of_all_axes(check):
    """must reverse all axes where axes is None"""
    g = STACK.transpose(2, 1, 0) * 0.5
    check(
        "transpose_vjp(g, a.transpose(), a, axes=None)",
        g=g,
        a=STACK,
        expected=(STACK * 0.5,),
        parts=("by a",),
        rule="None reversed (2, 3, 4) to (4, 3, 2); reversing again brings (2, 3, 4) back",
    )


@pytest.mark.exercise("05.5")
def test_transpose_that_turned_three_axes(check):
    """must put three turned axes back, not turn them once more"""
    g = STACK.transpose(1, 2, 0) * 10
    check(
        "transpose_vjp(g, a.transpose(1, 2, 0), a, axes=(1, 2, 0))",
        g=g,
        a=STACK,
        expected=(STACK * 10,),
        parts=("by a",),
        rule="axis i of the result was axis axes[i] of a: axis 0 of g belongs at place 1, axis 1 at 2, axis 2 at 0",
    )


@pytest.mark.exercise("05.5")
def test_transpose_that_swapped_the_first_two_axes(check):
    """must leave the axes alone that stayed in their place"""
    check(
        "transpose_vjp(g, a.transpose(1, 0, 2), a, axes=(1, 0, 2))",
        g=STACK.transpose(1, 0, 2) - 7,
        a=STACK,
        expected=(STACK - 7,),
        parts=("by a",),
        rule="axis 2 stayed, axes 0 and 1 changed places",
    )


@pytest.mark.exercise("05.5")
def test_transpose_in_an_expression(check):
    """must give the right gradient of an expression"""
    a, g = Tensor(STACK, requires_grad=True), STACK.transpose(1, 2, 0) + 1
    check(
        "a.transpose(1, 2, 0).backward(g); a.grad",
        a=a,
        g=g,
        expected=STACK + 1,
        rule="a.grad[i, j, k] is g[j, k, i]",
    )


# 05.6 newest_first

NAMES = "[result.op.__name__ for result in newest_first(loss)]"


def leaf(*values):
    """Return a float64 tensor that requires grad."""
    return Tensor(np.array(values), requires_grad=True)


@pytest.mark.exercise("05.6")
def test_order_of_a_chain(check):
    """must begin with the loss and end with the first operation"""
    x = leaf(1.0, 2.0, 3.0)
    loss = (-(x * 2.0) + 1.0).sum()
    check(
        NAMES,
        loss=loss,
        expected=["sum", "add", "negative", "multiply"],
        rule="newest first: the loss, what it was made of, and so on; leaves such as x and 2.0 are no results",
    )


@pytest.mark.exercise("05.6")
def test_order_where_a_short_way_meets_a_long_one(check):
    """must put a result behind all that used it, also where a shorter way leads to it"""
    x = leaf(3.0)
    a = x * 2.0
    loss = a @ (-(a + 1.0))  # a is used by the last operation and by the first one behind it
    check(
        f"[name for name in {NAMES} if name in ('negative', 'add', 'multiply')]",
        loss=loss,
        expected=["negative", "add", "multiply"],
        rule="the product x * 2 is older than the sum that uses it: by serial, not by the distance to the loss",
    )


@pytest.mark.exercise("05.6")
def test_order_names_each_result_once(check):
    """must list a result once, however many ways lead to it"""
    z = leaf(1.0) * 1.0
    for _ in range(10):
        z = z + z
    check(
        "len(newest_first(z))",
        z=z,
        expected=11,
        rule="10 sums and a product; the number of ways through them doubles with each sum",
    )


@pytest.mark.exercise("05.6")
def test_order_of_two_branches_goes_by_serial(check):
    """must mix branches in the order in which they were computed"""
    x = leaf(2.0)
    left, right = x * 3.0, -x
    left, right = left + 1.0, right.reshape(1, 1)
    loss = left + right.sum()
    check(
        NAMES,
        loss=loss,
        expected=["add", "sum", "reshape", "add", "negative", "multiply"],
        rule="a larger serial comes first, whichever branch it belongs to",
    )


@pytest.mark.exercise("05.6")
def test_order_can_be_asked_for_again(check):
    """must leave the graph as it is"""
    x = leaf(2.0)
    check(
        "first = newest_first(loss); len(first), len(newest_first(loss)), len(loss.inputs)",
        loss=x * x + x,
        expected=(2, 2, 2),
        parts=("first", "again", "inputs of the loss"),
        rule="it is backward that lets go of a graph, once it has walked over it",
    )


@pytest.mark.exercise("05.6")
def test_order_of_results_of_equal_values(check):
    """must list two results of equal values as two"""
    x = leaf(2.0)
    check(
        NAMES,
        loss=x * 3.0 + (-x) * (-3.0),
        expected=["add", "multiply", "negative", "multiply"],
        rule="results are told apart by identity, as sets and dicts of tensors do; both products are 6",
    )


@pytest.mark.exercise("05.6")
def test_order_of_a_leaf_is_empty(check):
    """must return an empty list for a leaf"""
    check("len(newest_first(x))", x=leaf(1.0), expected=0, rule="a leaf was not computed: its op is None")


@pytest.mark.exercise("05.6")
def test_order_of_a_long_chain(check):
    """must cope with a chain of 20,000 operations"""
    z = leaf(1.0)
    for _ in range(20_000):
        z = z + 1.0
    check(
        "len(newest_first(z))",
        z=z,
        expected=20_000,
        rule="no recursion: Python stops it at about 1,000 calls; a list that grows while it is read, or a stack",
    )


@pytest.mark.exercise("05.6")
def test_order_refuses_a_graph_that_was_used_up(check):
    """must say that an earlier backward has used the graph up"""
    x = leaf(3.0)
    loss = x * x
    loss.inputs = ()  # as backward leaves it
    check(
        "len(newest_first(loss))",
        loss=loss,
        raises=(RuntimeError, "retain_graph=True"),
        rule="a result without inputs was let go of by an earlier backward",
    )


@pytest.mark.exercise("05.6")
def test_order_refuses_a_trunk_that_was_used_up(check):
    """must see it also where another loss used up a part of the graph"""
    trunk = leaf(3.0) * 2.0
    loss = trunk + 1.0
    trunk.inputs = ()
    check(
        "len(newest_first(loss))",
        loss=loss,
        raises=(RuntimeError, "retain_graph=True"),
        rule="every result on the way needs its inputs, not the loss alone",
    )


# 05.7 seed_gradient


@pytest.mark.exercise("05.7")
def test_seed_of_a_single_element_is_one(check):
    """must begin with 1 in the loss's own shape and dtype"""
    check(
        "seed_gradient(loss, None)",
        loss=Tensor([[7.0]], requires_grad=True),
        expected=np.array([[1.0]], np.float32),
        rule="the gradient of a value by itself is 1; it has the value's shape and dtype",
    )


@pytest.mark.exercise("05.7")
def test_seed_of_a_number_is_one(check):
    """must work for a loss without axes, in float64 too"""
    check(
        "seed_gradient(loss, None)",
        loss=(leaf(2.0, 3.0) * 2.0).sum(),
        expected=np.array(1.0),
        rule="a sum of all elements has shape ()",
    )


@pytest.mark.exercise("05.7")
def test_seed_that_is_given_is_taken(check):
    """must take numbers that are given, in the loss's dtype"""
    check(
        "seed_gradient(loss, [[1, 10, 100], [2, 20, 200]])",
        loss=Tensor(A.astype(np.float32), requires_grad=True),
        expected=G.astype(np.float32),
        rule="a gradient has the dtype of the value it belongs to",
    )


@pytest.mark.exercise("05.7")
def test_seed_may_be_a_tensor(check):
    """must return an array, also where a tensor was given"""
    check(
        "type(seed_gradient(loss, g)).__name__, seed_gradient(loss, g)",
        loss=Tensor(A, requires_grad=True),
        g=Tensor(G),
        expected=("ndarray", G),
        parts=("type", "seed"),
        rule="rules get plain NumPy arrays",
    )


@pytest.mark.exercise("05.7")
def test_seed_shares_no_memory_with_what_was_given(check):
    """must leave the given array to its owner"""
    check(
        "seed = seed_gradient(loss, g); g[0, 0] = 99.0; seed",
        loss=Tensor(A, requires_grad=True),
        g=G.copy(),
        expected=G,
        rule="the seed may end as a leaf's .grad: it must not change when the given array does",
    )
    check(
        "seed = seed_gradient(loss, g); g.data[0, 0] = 99.0; seed",
        loss=Tensor(A, requires_grad=True),
        g=Tensor(G),
        expected=G,
        rule="a given tensor's .data belongs to it as well",
    )


@pytest.mark.exercise("05.7")
def test_seed_may_be_zero(check):
    """must take a given 0 for what it is"""
    check(
        "seed_gradient(loss, 0.0), seed_gradient(loss, 5)",
        loss=leaf(2.0).sum(),
        expected=(np.array(0.0), np.array(5.0)),
        parts=("0.0", "5"),
        rule="None alone means that nothing was given: 0.0 is false as well, so ask `is None`",
    )


@pytest.mark.exercise("05.7")
def test_seed_is_needed_for_several_elements(check):
    """must ask for a seed where the loss has several elements"""
    check(
        "seed_gradient(loss, None)",
        loss=Tensor(A, requires_grad=True),
        raises=(RuntimeError, "seed", "(2, 3)"),
        rule="which of the 6 elements shall count, and how much? Only the caller knows",
    )
    check(
        "seed_gradient(loss, None)",
        loss=Tensor(np.zeros((0, 3)), requires_grad=True),
        raises=(RuntimeError, "seed", "(0, 3)"),
        rule="a seed may be left out for a single element; here there is none",
    )


@pytest.mark.exercise("05.7")
def test_seed_needs_the_shape_of_the_loss(check):
    """must refuse a seed that would have to be broadcast"""
    check(
        "seed_gradient(loss, [1.0, 10.0, 100.0])",
        loss=Tensor(A, requires_grad=True),
        raises=(ValueError, "seed", "(3,)", "(2, 3)"),
        rule="a seed of another shape is more often a mistake than meant",
    )
    check(
        "seed_gradient(loss, g)",
        loss=Tensor(A, requires_grad=True),
        g=G.T,
        raises=(ValueError, "seed", "(3, 2)", "(2, 3)"),
        rule="as many elements are not the same shape: a reshape would put them in wrong places",
    )
    check(
        "seed_gradient(loss, 1.0)",
        loss=Tensor(A, requires_grad=True),
        raises=(ValueError, "seed", "()", "(2, 3)"),
        rule="a number has the shape (): the caller of six elements gives six",
    )


@pytest.mark.exercise("05.7")
def test_seed_of_a_constant_is_refused(check):
    """must say so if the loss requires no grad"""
    check(
        "seed_gradient(loss, 1.0)",
        loss=Tensor(2.0),
        raises=(RuntimeError, "requires no grad"),
        rule="nothing was recorded: there is nothing to walk back over",
    )


# 05.8 accumulate


@pytest.mark.exercise("05.8")
def test_accumulate_puts_the_first_gradient_in_place(check):
    """must make a tensor of the first gradient that comes, one that requires none itself"""
    check(
        "accumulate(w, g); type(w.grad).__name__, w.grad, w.grad.requires_grad",
        w=Tensor(A, requires_grad=True),
        g=G,
        expected=("Tensor", G, False),
        parts=("type", "w.grad", "requires_grad"),
        rule="where .grad is None, the gradient becomes .grad",
    )


@pytest.mark.exercise("05.8")
def test_accumulate_adds_to_what_is_there(check):
    """must add further gradients to what is there"""
    check(
        "accumulate(w, g); accumulate(w, b); accumulate(w, a); w.grad",
        w=Tensor(A, requires_grad=True),
        g=G,
        b=B,
        a=A,
        expected=G + B + A,
        rule="gradients add up until somebody sets .grad to None",
    )


@pytest.mark.exercise("05.8")
def test_accumulate_keeps_the_dtype_of_the_leaf(check):
    """must keep the leaf's dtype, for the first gradient and for the next"""
    check(
        "accumulate(w, g); first = w.grad; accumulate(w, b, fresh=True); first, w.grad",
        w=Tensor(A.astype(np.float32), requires_grad=True),
        g=G,
        b=B,
        expected=(G.astype(np.float32), (G + B).astype(np.float32)),
        parts=("first", "second"),
        rule="a gradient has the dtype of the value it belongs to",
    )


@pytest.mark.exercise("05.8")
def test_accumulate_of_a_number(check):
    """must work for a leaf without axes"""
    check(
        "accumulate(w, g); accumulate(w, b); w.grad",
        w=Tensor(2.0, requires_grad=True),
        g=np.float32(3.0),
        b=np.float32(4.0),
        expected=np.array(7, np.float32),
        rule="rules may return NumPy's numbers where the shape is (): these have .copy and .astype, but no [:]",
    )


@pytest.mark.exercise("05.8")
def test_accumulate_copies_what_others_use(check):
    """must not tie .grad to an array that others use"""
    check(
        "accumulate(w, g); g[0, 0] = 99.0; w.grad",
        w=Tensor(A, requires_grad=True),
        g=G.copy(),
        expected=G,
        rule="without fresh the array may be in use: .grad holds a copy",
    )


@pytest.mark.exercise("05.8")
def test_accumulate_leaves_an_earlier_gradient_alone(check):
    """must leave the tensor alone that was .grad before"""
    check(
        "accumulate(w, g); kept = w.grad; accumulate(w, b); kept, w.grad",
        w=Tensor(A, requires_grad=True),
        g=G,
        b=B,
        expected=(G, G + B),
        parts=("kept", "w.grad"),
        rule="somebody may have kept the earlier tensor: the sum is a new one",
    )


@pytest.mark.exercise("05.8")
def test_accumulate_changes_no_argument(check):
    """must leave the value and the gradient that it was given as they are"""
    check(
        "accumulate(w, g); accumulate(w, b); w, g, b",
        w=Tensor(A, requires_grad=True),
        g=G.copy(),
        b=B.copy(),
        expected=(A, G, B),
        parts=("w", "g", "b"),
        rule="only .grad changes",
    )


# 05.9 backward


def unruly(x):
    """Return x * 1, recorded under an operation that has no gradient rule."""
    return record(unruly, x.data * 1.0, x)


@pytest.mark.exercise("05.9")
def test_backward_reaches_every_leaf(check):
    """must give every leaf of an expression its gradient"""
    a, b, c = Tensor(A, requires_grad=True), Tensor(B, requires_grad=True), Tensor(G, requires_grad=True)
    check(
        "backward((a * b + c) * 2.0, g); a.grad, b.grad, c.grad",
        a=a,
        b=b,
        c=c,
        g=G,
        expected=(2 * G * B, 2 * G * A, 2 * G),
        parts=("a.grad", "b.grad", "c.grad"),
        rule="each result hands its gradient on through its rule, until leaves are reached",
    )


@pytest.mark.exercise("05.9")
def test_backward_through_a_diamond(check):
    """must add up what comes from all uses of a result before its own rule is asked"""
    x = leaf(3.0, -2.0)
    check(
        "y = x * 2.0; backward(y * y + y * x, np.array([1.0, 10.0])); x.grad",
        x=x,
        expected=np.array([36.0, -240.0]),
        rule="4 x**2 + 2 x**2 has the derivative 12 x",
    )


@pytest.mark.exercise("05.9")
def test_backward_to_a_shared_leaf(check):
    """must add up all uses of a leaf"""
    x, w = Tensor(A[:, :2]), Tensor(np.array([[1.0, 2.0], [3.0, 5.0]]), requires_grad=True)
    g = G[:, :2]
    h = x.data @ w.data
    check(
        "backward((x @ w) @ w, g); w.grad",
        x=x,
        w=w,
        g=g,
        expected=h.T @ g + x.data.T @ (g @ w.data.T),
        rule="w is used twice: what comes from both uses is added",
    )


@pytest.mark.exercise("05.9")
def test_backward_gives_each_gradient_the_shape_of_its_value(check):
    """must sum where an operation broadcast its operand"""
    row, column = leaf(1.0, 2.0, 3.0), Tensor(np.array([[4.0], [5.0]]), requires_grad=True)
    check(
        "backward((x + row) + column, g); row.grad, column.grad",
        x=Tensor(A),
        row=row,
        column=column,
        g=G,
        expected=(G.sum(axis=0), G.sum(axis=1, keepdims=True)),
        parts=("row.grad", "column.grad"),
        rule="a gradient has the shape of the value it belongs to",
    )


@pytest.mark.exercise("05.9")
def test_backward_adds_to_earlier_gradients(check):
    """must add to what an earlier backward left in .grad"""
    check(
        "backward(x * 2.0, g); backward(x * 5.0, g); x.grad",
        x=leaf(3.0, 4.0),
        g=np.array([1.0, 10.0]),
        expected=np.array([7.0, 70.0]),
        rule="a batch may come in parts: gradients add up until .grad is set to None",
    )


@pytest.mark.exercise("05.9")
def test_backward_gives_results_and_constants_nothing(check):
    """must fill .grad of leaves that require one, and no other"""
    check(
        "y = x * c; backward(y * 2.0, g); x.grad, y.grad is None, c.grad is None",
        x=leaf(3.0, 4.0),
        c=Tensor(np.array([5.0, 6.0])),
        g=np.array([1.0, 10.0]),
        expected=(np.array([10.0, 120.0]), True, True),
        parts=("x.grad", "y.grad is None", "c.grad is None"),
        rule="y is a result, c requires no grad: nobody asked for theirs",
    )


@pytest.mark.exercise("05.9")
def test_backward_of_a_leaf(check):
    """must give a leaf that is the loss itself the seed"""
    check(
        "backward(x, g); x.grad",
        x=leaf(3.0, 4.0),
        g=np.array([1.0, 10.0]),
        expected=np.array([1.0, 10.0]),
        rule="the gradient of a value by itself is the seed",
    )


@pytest.mark.exercise("05.9")
def test_backward_along_a_long_chain(check):
    """must cope with a chain of 5,000 operations"""
    x = leaf(1.0)
    z = x
    for _ in range(5_000):
        z = z + 1.0
    check(
        "backward(z); x.grad",
        z=z,
        x=x,
        expected=np.array([1.0]),
        rule="no recursion: Python stops it at about 1,000 calls",
    )


@pytest.mark.exercise("05.9")
def test_backward_asks_each_rule_once(check):
    """must ask each result's rule once, however many ways lead to it"""
    asked = []

    def twice(x):
        return record(twice, x.data * 2.0, x)

    @vjp(twice)
    def twice_vjp(g, out, x):
        asked.append(1)
        return (2.0 * g,)

    x = leaf(1.0)
    z = x
    for _ in range(8):
        z = twice(z)
        z = z + z
    check(
        "backward(z); x.grad, len(asked)",
        z=z,
        x=x,
        asked=asked,
        expected=(np.array([4.0**8]), 8),
        parts=("x.grad", "rules asked"),
        rule="8 results of this operation, and 256 ways to the first of them: a result waits until all has arrived",
    )


@pytest.mark.exercise("05.9")
def test_backward_changes_no_gradient_in_place(check):
    """must not change a gradient that a rule handed to several inputs"""
    u, v = leaf(1.0, 2.0), leaf(3.0, 4.0)
    check(
        "a = u * 1.0; b = v * 1.0; t = a * 3.0; backward(t + (a + b), g); u.grad, v.grad",
        u=u,
        v=v,
        g=np.array([1.0, 10.0]),
        expected=(np.array([4.0, 40.0]), np.array([1.0, 10.0])),
        parts=("u.grad", "v.grad"),
        rule="the rule of + returns one array for both: adding into it in place changes the other's gradient too",
    )


@pytest.mark.exercise("05.9")
def test_backward_gives_each_leaf_an_array_of_its_own(check):
    """must not let two leaves share the memory of their gradients"""
    check(
        "backward(a + b, g); a.grad.data[0] = 99.0; b.grad, g",
        a=leaf(1.0, 2.0),
        b=leaf(3.0, 4.0),
        g=np.array([1.0, 10.0]),
        expected=(np.array([1.0, 10.0]), np.array([1.0, 10.0])),
        parts=("b.grad", "g"),
        rule="the rule of + returns one array for both: only what is_fresh may be kept without a copy",
    )
    check(
        "backward(a.sum()); a.grad.data[0] = 99.0; a.grad",
        a=leaf(1.0, 2.0, 3.0),
        expected=np.array([99.0, 1.0, 1.0]),
        rule="the rule of sum returns a view, in which all elements are one number: is_fresh knows",
    )


@pytest.mark.exercise("05.9")
def test_backward_gives_one_value_used_twice_by_one_operation_both(check):
    """must count both uses where an operation takes a value twice"""
    check(
        "backward(x * x, g); x.grad",
        x=leaf(3.0, -4.0),
        g=np.array([1.0, 10.0]),
        expected=np.array([6.0, -80.0]),
        rule="d(x * x)/dx = 2 x",
    )


@pytest.mark.exercise("05.9")
def test_backward_uses_the_graph_up(check):
    """must let go of the graph, so that a second walk is refused"""
    check(
        "y = x * x; backward(y); backward(y)",
        x=leaf(3.0),
        raises=(RuntimeError, "retain_graph=True"),
        rule="without retain_graph every result's inputs are () afterwards: memory is free again",
    )


@pytest.mark.exercise("05.9")
def test_backward_lets_go_of_every_result(check):
    """must let go of all results, not of the loss alone"""
    x = leaf(3.0)
    y = x * 2.0
    check(
        "backward(loss); len(loss.inputs), len(y.inputs)",
        loss=y * y,
        y=y,
        expected=(0, 0),
        parts=("inputs of the loss", "inputs of y"),
        rule="the inputs of all results become (): another loss over y must not find half a graph",
    )


@pytest.mark.exercise("05.9")
def test_backward_adds_gradients_of_parts(check):
    """must add by + what arrives at a tensor that was indexed twice"""
    check(
        "backward((x[0] * x[1]).sum()); x.grad",
        x=Tensor(A[:, :2].copy(), requires_grad=True),
        expected=A[::-1, :2].copy(),
        rule="indexing hands on a gradient that is no array yet, and knows only +: np.add and out= are for arrays",
    )


@pytest.mark.exercise("05.9")
def test_backward_hands_zeros_on(check):
    """must hand on a gradient of zeros as any other"""
    check(
        "backward(x * zero, g); x.grad",
        x=leaf(3.0, 4.0),
        zero=Tensor(np.zeros(2)),
        g=np.array([1.0, 10.0]),
        expected=np.array([0.0, 0.0]),
        rule="None means that there is no gradient; zeros say that it is 0",
    )


@pytest.mark.exercise("05.9")
def test_backward_may_keep_the_graph(check):
    """must keep the graph if retain_graph says so"""
    check(
        "y = x * x; backward(y, retain_graph=True); backward(y); x.grad",
        x=leaf(3.0),
        expected=np.array([12.0]),
        rule="two walks over one graph add up to twice its gradient",
    )


@pytest.mark.exercise("05.9")
def test_backward_that_fails_changes_nothing(check):
    """must leave all gradients and the graph alone where a rule fails"""
    x, y = leaf(3.0, 5.0), leaf(1.0, 2.0)
    loss = unruly(x) + y * 2.0  # y's gradient arrives before the rule that isn't there is asked
    check(
        "backward(loss, [1.0, 10.0])",
        loss=loss,
        raises=(NotImplementedError, "unruly"),
        rule="what the steps raise is passed on",
    )
    check(
        "y.grad is None, len(loss.inputs)",
        y=y,
        loss=loss,
        expected=(True, 2),
        parts=("y.grad is None", "inputs of the loss"),
        rule="leaves get their gradients after all rules were asked, and only then the graph is let go of",
    )


@pytest.mark.exercise("05.9")
def test_backward_refuses_what_was_written_into(check):
    """must refuse a graph in which a value was changed after it was used"""
    x, y = Tensor(np.array([1.0, 2.0])), leaf(3.0, 4.0)
    loss = x * y
    x[0] = 9.0
    check(
        "backward(loss, [1.0, 10.0])",
        loss=loss,
        raises=(RuntimeError, "written into"),
        rule="a rule would compute with another value than the operation did: refuse_written looks at the order",
    )


@pytest.mark.exercise("05.9")
def test_backward_shows_gradients_to_hooks(check):
    """must show a leaf's whole gradient to its hooks, once"""
    check(
        "x.register_hook(lambda g: seen.append(g.tolist())); backward(x * x + x * 5.0, [1.0, 10.0]); seen",
        x=leaf(3.0, 4.0),
        seen=[],
        expected=[[11.0, 130.0]],
        rule="give_to_leaves comes once, when all has arrived: hooks see whole gradients",
    )


@pytest.mark.exercise("05.9")
def test_backward_shows_gradients_to_hooks_of_results(check):
    """must show a result's gradient to its hooks, and go on with what they return"""
    x = leaf(3.0, 4.0)
    y = x * 2.0
    check(
        "y.register_hook(lambda g: g * 100.0); backward(loss, [1.0, 10.0]); x.grad",
        y=y,
        loss=y * 5.0,
        x=x,
        expected=np.array([1000.0, 10000.0]),
        rule="ask_rule calls these hooks, before it asks the rule: RULES alone knows of none",
    )


@pytest.mark.exercise("05.9")
def test_backward_passes_over_what_got_no_gradient(check):
    """must pass over a result whose users gave it no gradient"""

    def blocked(a, b):
        return record(blocked, a.data + b.data, a, b)

    @vjp(blocked)
    def blocked_vjp(g, out, a, b):
        return g, None

    x, y = leaf(3.0, 4.0), leaf(5.0, 6.0)
    z = y * 7.0
    check(
        "backward(loss, [1.0, 10.0]); x.grad, y.grad is None, len(z.inputs)",
        loss=blocked(x * 2.0, z),
        x=x,
        y=y,
        z=z,
        expected=(np.array([2.0, 20.0]), True, 0),
        parts=("x.grad", "y.grad is None", "inputs of z = y * 7"),
        rule="a rule may return None for an input: nothing arrives at z, its rule isn't asked, and z is let go of too",
    )


@pytest.mark.exercise("05.9")
def test_backward_goes_on_with_what_a_hook_returns(check):
    """must put into a leaf's .grad what its hooks return"""
    check(
        "x.register_hook(lambda g: g * 2.0); backward(x * x, [1.0, 10.0]); x.grad",
        x=leaf(3.0, 4.0),
        expected=np.array([12.0, 160.0]),
        rule="give_to_leaves goes on with what a hook returns: here twice the gradient that came",
    )


@pytest.mark.exercise("05.9")
def test_backward_accumulates_once_all_hooks_have_seen_their_gradients(check):
    """must leave every leaf alone where the hook of one raises"""
    a, b, c = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    loss = (a + b) + c  # c's gradient arrives before a's, b's behind it

    def refuse(gradient):
        raise ArithmeticError("too large for this hook")

    a.register_hook(refuse)
    check(
        "backward(loss, [1.0, 10.0])",
        loss=loss,
        raises=(ArithmeticError, "too large"),
        rule="what the steps raise, hooks included, is passed on",
    )
    check(
        "a.grad is None, b.grad is None, c.grad is None, len(loss.inputs)",
        a=a,
        b=b,
        c=c,
        loss=loss,
        expected=(True, True, True, 2),
        parts=("a.grad is None", "b.grad is None", "c.grad is None", "inputs of the loss"),
        rule="first the hooks of all leaves, then accumulate for all, and last the graph: give_to_leaves keeps to it",
    )


# 05.10 no_grad.__exit__


@contextmanager
def recording_given_back():
    """Switch recording on, and give it back at the end: a wrong exercise must not disturb other tests."""
    before, recording.enabled = recording.enabled, True
    try:
        yield
    finally:
        recording.enabled = before


@pytest.mark.exercise("05.10")
def test_no_grad_ends_with_its_block(check):
    """must record again behind the block"""
    with recording_given_back():
        check(
            "with no_grad(): inside = x * 2.0\ninside.requires_grad, (x * 2.0).requires_grad",
            x=leaf(1.0),
            expected=(False, True),
            parts=("inside", "behind"),
            rule="before the block operations were recorded, so they are again behind it",
        )


@pytest.mark.exercise("05.10")
def test_no_grad_inside_no_grad(check):
    """must not switch recording on at the end of an inner block"""
    with recording_given_back():
        check(
            "with no_grad():\n    with no_grad(): pass\n    between = x * 2.0\n"
            "between.requires_grad, (x * 2.0).requires_grad",
            x=leaf(1.0),
            expected=(False, True),
            parts=("between", "behind"),
            rule="an end restores what was there at its own beginning; that may have been off",
        )


@pytest.mark.exercise("05.10")
def test_no_grad_lets_exceptions_through(check):
    """must let an exception go on"""
    with recording_given_back():
        check(
            "with no_grad(): 1 / 0\n0",
            raises=(ZeroDivisionError, "division by zero"),
            rule="a true result of __exit__ swallows the exception",
        )


@pytest.mark.exercise("05.10")
def test_no_grad_ends_with_an_exception_too(check):
    """must record again where the block was left by an exception"""
    with recording_given_back():
        check(
            "try:\n    with no_grad(): 1 / 0\nexcept ZeroDivisionError: pass\n(x * 2.0).requires_grad",
            x=leaf(1.0),
            expected=True,
            rule="__exit__ is called in both cases, and does the same",
        )


@pytest.mark.exercise("05.10")
def test_no_grad_object_used_again(check):
    """must take one object entered twice apart again"""
    with recording_given_back():
        check(
            "quiet = no_grad()\nwith quiet:\n    with quiet: pass\n    between = x * 2.0\n"
            "between.requires_grad, (x * 2.0).requires_grad, len(quiet.before)",
            x=leaf(1.0),
            expected=(False, True, 0),
            parts=("between", "behind", "len(before)"),
            rule="the latest entry is left first, and forgotten",
        )


@pytest.mark.exercise("05.10")
def test_no_grad_on_a_function_that_calls_itself(check):
    """must work on a decorated function that calls itself"""
    with recording_given_back():
        check(
            "@no_grad()\ndef down(n): return x * 2.0 if n == 0 else down(n - 1) * 2.0\n"
            "down(3).requires_grad, (x * 2.0).requires_grad",
            x=leaf(1.0),
            expected=(False, True),
            parts=("down(3)", "behind"),
            rule="each call enters and leaves once",
        )


@pytest.mark.exercise("05.10")
def test_no_grad_in_another_thread(check):
    """must leave this thread alone where another one enters and leaves a block"""

    def work():
        with no_grad():
            pass

    with recording_given_back(), ThreadPoolExecutor(1) as others:
        check(
            "with no_grad():\n    elsewhere(work).result()\n    here = x * 2.0\n"
            "here.requires_grad, (x * 2.0).requires_grad",
            x=leaf(1.0),
            work=work,
            elsewhere=others.submit,
            expected=(False, True),
            parts=("here", "behind"),
            rule="recording.enabled is this thread's own switch",
        )
