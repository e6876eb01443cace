"""Module 05: gradient rules, and gradients of the shape of their values."""

import numpy as np
import pytest

from tinytorch import Tensor

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
