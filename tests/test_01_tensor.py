"""Module 01: adding, multiplying matrices, summing."""

import numpy as np
import pytest

from tinytorch import Tensor

TWO_BY_THREE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)


# 01.1 Tensor.__add__


@pytest.mark.exercise("01.1")
def test_add_equal_shapes(check):
    """must add elementwise"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[0.5, 0.25, 2.0], [-1.0, 3.0, 7.0]])
    check(
        "a + b",
        a=a,
        b=b,
        expected=np.array([[1.5, 2.25, 5], [3, 8, 13]], np.float32),
        rule="out[i, j] = a[i, j] + b[i, j]",
    )


@pytest.mark.exercise("01.1")
def test_add_broadcasts_a_row(check):
    """must broadcast a row over the rows of a matrix"""
    a, b = Tensor(TWO_BY_THREE), Tensor([10.0, 20.0, 30.0])
    expected = np.array([[11, 22, 33], [14, 25, 36]], np.float32)
    check("a + b", a=a, b=b, expected=expected, rule="lengths are compared from the right: (3,) meets the 3 of (2, 3)")


@pytest.mark.exercise("01.1")
def test_add_keeps_its_operands(check):
    """must make a new tensor and leave its operands alone"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[0.5, 0.25, 2.0], [-1.0, 3.0, 7.0]])
    check("c = a + b; a", a=a, b=b, expected=TWO_BY_THREE, rule="a + b is a new tensor; += would change a")


@pytest.mark.exercise("01.1")
def test_add_takes_numbers_in_the_tensors_dtype(check):
    """must take a number, in the tensor's own dtype"""
    a = Tensor([[1.0, 2.0, 3.0]], dtype=np.float64)
    check(
        "a + 0.1",
        a=a,
        expected=np.array([[1.1, 2.1, 3.1]]),
        rule="a number takes the tensor's dtype",
        rtol=1e-12,
        atol=0,
    )


@pytest.mark.exercise("01.1")
def test_add_takes_arrays_on_both_sides(check):
    """must take an array on either side"""
    a, b = Tensor([1.0, 2.0]), np.array([5.0, 8.0], np.float32)
    expected = (np.array([6, 10], np.float32), np.array([6, 10], np.float32))
    check(
        "a + b, b + a",
        a=a,
        b=b,
        expected=expected,
        parts=("a + b", "b + a"),
        rule="tensor + array and array + tensor are tensors",
    )


@pytest.mark.exercise("01.1")
def test_add_refuses_shapes_that_do_not_broadcast(check):
    """must name both shapes where they don't broadcast"""
    a, b = Tensor(TWO_BY_THREE), Tensor([1.0, 2.0])
    check("a + b", a=a, b=b, raises=(ValueError, "(2, 3)", "(2,)"), rule="an error says what came: both shapes")


@pytest.mark.exercise("01.1")
def test_add_is_recorded(check):
    """must be recorded, so that gradients can be asked for later"""
    a = Tensor([[2.0, 3.0]], requires_grad=True)
    check(
        "recorded(a + 5.0)",
        a=a,
        expected="add of (1, 2) and ()",
        rule="the result goes through record(add, array, self, other)",
    )


# 01.2 Tensor.__matmul__


@pytest.mark.exercise("01.2")
def test_matmul_of_two_matrices(check):
    """must multiply rows with columns"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0]])
    check(
        "a @ b",
        a=a,
        b=b,
        expected=np.array([[7, 1], [16, 7]], np.float32),
        rule="out[i, j] = sum over k of a[i, k] * b[k, j]",
    )


@pytest.mark.exercise("01.2")
def test_matmul_keeps_float32(check):
    """must keep float32, and take arrays"""
    a, b = Tensor([[1.5, 2.0]]), np.array([[2.0], [4.0]], np.float32)
    check("a @ b", a=a, b=b, expected=np.array([[11]], np.float32), rule="two float32 operands give float32")


@pytest.mark.exercise("01.2")
def test_matmul_broadcasts_leading_axes(check):
    """must multiply stacks of matrices, leading axes broadcasting"""
    a, b = Tensor(np.arange(12.0, dtype=np.float32).reshape(2, 2, 3)), Tensor([[1.0], [2.0], [4.0]])
    expected = np.array([[[10], [31]], [[52], [73]]], np.float32)
    check("a @ b", a=a, b=b, expected=expected, rule="(..., n, k) @ (..., k, m) -> (..., n, m)")


@pytest.mark.exercise("01.2")
def test_matmul_takes_vectors(check):
    """must take a vector on either side"""
    a, b, c = Tensor(TWO_BY_THREE), Tensor([1.0, 0.0, -1.0]), Tensor([1.0, 2.0])
    expected = (np.array([-2, -2], np.float32), np.array([9, 12, 15], np.float32))
    rule = "a vector counts as one column (right) or one row (left); matmul_vector does it"
    check("a @ b, c @ a", a=a, b=b, c=c, expected=expected, parts=("a @ b", "c @ a"), rule=rule)


@pytest.mark.exercise("01.2")
def test_matmul_refuses_inner_lengths_that_differ(check):
    """must name both shapes where the inner lengths differ"""
    a, b = Tensor(TWO_BY_THREE), Tensor(np.zeros((4, 5)))
    check("a @ b", a=a, b=b, raises=(ValueError, "(2, 3)", "(4, 5)"), rule="(2, 3) @ (4, 5): 3 meets 4")


@pytest.mark.exercise("01.2")
def test_matmul_refuses_before_it_computes(check):
    """must look at the last axis of the left and the last but one of the right, also in stacks"""
    a, b = Tensor(np.zeros((4, 2, 3))), Tensor(np.zeros((4, 2, 5)))
    check("a @ b", a=a, b=b, raises=(ValueError, "(4, 2, 3)", "(4, 2, 5)"), rule="the inner lengths are 3 and 2")


@pytest.mark.exercise("01.2")
def test_matmul_is_recorded(check):
    """must be recorded, so that gradients can be asked for later"""
    a, b = Tensor([[2.0, 3.0]], requires_grad=True), Tensor([[1.0], [4.0]])
    check(
        "recorded(a @ b)",
        a=a,
        b=b,
        expected="matmul of (1, 2) and (2, 1)",
        rule="the result goes through record(matmul, array, self, other)",
    )


# 01.3 Tensor.sum


@pytest.mark.exercise("01.3")
def test_sum_of_everything(check):
    """must add up all elements without an axis"""
    a = Tensor(TWO_BY_THREE)
    check("a.sum()", a=a, expected=np.array(21, np.float32), rule="axis=None means every axis; the result has shape ()")


@pytest.mark.exercise("01.3")
def test_sum_along_an_axis(check):
    """must sum the axis that is asked for, and only that one"""
    a = Tensor(TWO_BY_THREE)
    expected = (np.array([5, 7, 9], np.float32), np.array([6, 15], np.float32))
    check(
        "a.sum(axis=0), a.sum(axis=-1)",
        a=a,
        expected=expected,
        parts=("axis=0", "axis=-1"),
        rule="the axis that is summed vanishes",
    )


@pytest.mark.exercise("01.3")
def test_sum_keeps_dimensions(check):
    """must keep the summed axis with length 1 if keepdims is true"""
    a = Tensor(TWO_BY_THREE)
    check(
        "a.sum(axis=1, keepdims=True)",
        a=a,
        expected=np.array([[6], [15]], np.float32),
        rule="keepdims: (2, 3) -> (2, 1)",
    )


@pytest.mark.exercise("01.3")
def test_sum_over_several_axes(check):
    """must take a tuple of axes"""
    a = Tensor(np.arange(12.0, dtype=np.float32).reshape(2, 3, 2))
    check(
        "a.sum(axis=(0, 2))", a=a, expected=np.array([14, 22, 30], np.float32), rule="every axis of the tuple vanishes"
    )


@pytest.mark.exercise("01.3")
def test_sum_refuses_an_axis_that_is_not_there(check):
    """must raise for an axis that isn't there"""
    check("a.sum(axis=2)", a=Tensor(TWO_BY_THREE), raises=(ValueError, "axis 2"), rule="(2, 3) has the axes 0 and 1")


@pytest.mark.exercise("01.3")
def test_sum_is_recorded_with_its_axis(check):
    """must be recorded together with axis and keepdims"""
    a = Tensor(TWO_BY_THREE, requires_grad=True)
    check(
        "recorded(a.sum(axis=1, keepdims=True))",
        a=a,
        expected="sum of (2, 3), axis=1, keepdims=True",
        rule="the gradient rule needs both: record(sum, array, self, axis=axis, keepdims=keepdims)",
    )
