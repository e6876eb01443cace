"""Module 01: what comes in, what is computed, in which shape it leaves, and what is recorded."""

import numpy as np
import pytest

from tinytorch import Tensor, from_numpy

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
def test_add_of_numbers(check):
    """must add tensors without axes"""
    a, b = Tensor(2.0), Tensor(0.5)
    check("a + b", a=a, b=b, expected=np.array(2.5, np.float32), rule="shape () is a shape like any other")


@pytest.mark.exercise("01.1")
def test_add_keeps_its_operands(check):
    """must make a new tensor and leave its operands alone"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[0.5, 0.25, 2.0], [-1.0, 3.0, 7.0]])
    expected = (TWO_BY_THREE, b.numpy().copy())
    rule = "a + b is a new tensor; += would change an operand"
    check("c = a + b; a, b", a=a, b=b, expected=expected, parts=("a", "b"), rule=rule)
    check("(a + 0) is a", a=a, expected=False, rule="a new tensor also where nothing is added")


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
def test_add_finds_the_dtype_of_both(check):
    """must not press the sum into the dtype of one operand"""
    a, b, c = Tensor([1, 2]), Tensor([0.5, 0.25]), Tensor([0.125, 0.5], dtype=np.float64)
    check(
        "a + b, b + c",
        a=a,
        b=b,
        c=c,
        expected=(np.array([1.5, 2.25], np.float32), np.array([0.625, 0.75])),
        parts=("int64 + float32", "float32 + float64"),
        rule="NumPy adds in the larger dtype, and record knows integers: hand the sum on as it is",
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


@pytest.mark.exercise("01.1")
def test_add_is_recorded_with_the_operands_themselves(check):
    """must be recorded with the two tensors that were added, not with copies of them"""
    check(
        "c = a + b; c.inputs[0] is a, c.inputs[1] is b",
        a=Tensor([2.0, 3.0], requires_grad=True),
        b=Tensor([5.0, 7.0], requires_grad=True),
        expected=(True, True),
        parts=("self", "other"),
        rule="gradients go to the inputs of the record: Tensor(other) is a copy, as_tensor(other, self) is other",
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
def test_matmul_keeps_float64(check):
    """must keep float64"""
    a, b = Tensor([[1.5, 2.0]], dtype=np.float64), Tensor([[2.0], [4.0]], dtype=np.float64)
    check("a @ b", a=a, b=b, expected=np.array([[11.0]]), rule="two float64 operands give float64")


@pytest.mark.exercise("01.2")
def test_matmul_broadcasts_leading_axes(check):
    """must multiply stacks of matrices, leading axes broadcasting"""
    a, b = Tensor(np.arange(12.0, dtype=np.float32).reshape(2, 2, 3)), Tensor([[1.0], [2.0], [4.0]])
    expected = np.array([[[10], [31]], [[52], [73]]], np.float32)
    check("a @ b", a=a, b=b, expected=expected, rule="(..., n, k) @ (..., k, m) -> (..., n, m)")


@pytest.mark.exercise("01.2")
def test_matmul_of_two_stacks(check):
    """must multiply each matrix of a stack with the one at its place in the other"""
    a = Tensor(np.arange(12.0, dtype=np.float32).reshape(2, 2, 3))
    b = Tensor(np.array([[[1], [2], [4]], [[1], [0], [-1]]], np.float32))
    expected = np.array([[[10], [31]], [[-2], [-2]]], np.float32)
    check("a @ b", a=a, b=b, expected=expected, rule="leading axes pair up: out[s] = a[s] @ b[s]")


@pytest.mark.exercise("01.2")
def test_matmul_refuses_leading_axes_that_do_not_fit(check):
    """must name both shapes where leading axes don't broadcast"""
    a, b = Tensor(np.zeros((2, 4, 3))), Tensor(np.zeros((5, 3, 1)))
    rule = "2 meets 5; NumPy's error writes the shapes in another way, so catch its ValueError and raise your own"
    check("a @ b", a=a, b=b, raises=(ValueError, "(2, 4, 3)", "(5, 3, 1)"), rule=rule)


@pytest.mark.exercise("01.2")
def test_matmul_refuses_numbers(check):
    """must hand an operand without axes to matmul_vector, which refuses it"""
    a = Tensor(TWO_BY_THREE)
    check("a @ 2.0", a=a, raises=(ValueError, "(2, 3)", "()"), rule="a number has fewer than two axes, too")


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


@pytest.mark.exercise("01.2")
def test_matmul_is_recorded_with_the_operands_themselves(check):
    """must be recorded with the two tensors that were multiplied, not with copies of them"""
    check(
        "c = a @ b; c.inputs[0] is a, c.inputs[1] is b",
        a=Tensor([[2.0, 3.0]], requires_grad=True),
        b=Tensor([[5.0], [7.0]], requires_grad=True),
        expected=(True, True),
        parts=("self", "other"),
        rule="gradients go to the inputs of the record: Tensor(other) is a copy, as_tensor(other, self) is other",
    )


@pytest.mark.exercise("01.2")
def test_matmul_of_a_vector_is_recorded_by_matmul_vector(check):
    """must leave both vectors to matmul_vector, record included"""
    a, v = Tensor(TWO_BY_THREE[:, :2].copy(), requires_grad=True), Tensor([1.0, 2.0], requires_grad=True)
    check(
        "recorded(v @ a), recorded(a @ v)",
        a=a,
        v=v,
        expected=("reshape of (1, 2)", "reshape of (2, 1)"),
        parts=("v @ a", "a @ v"),
        rule="matmul_vector records a row or a column: matmul's gradient rule wants two axes on both sides",
    )


# 01.3 Tensor.sum


@pytest.mark.exercise("01.3")
def test_sum_of_everything(check):
    """must add up all elements without an axis"""
    a = Tensor(TWO_BY_THREE)
    check("a.sum()", a=a, expected=np.array(21, np.float32), rule="axis=None means every axis; the result has shape ()")
    rule = "what is no number stays visible: np.nansum would hide it"
    check("b.sum()", b=Tensor([1.0, np.nan]), expected=np.array(np.nan, np.float32), rule=rule)


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
    rule = "keepdims without an axis: every axis stays with length 1, (2, 3) -> (1, 1)"
    check("a.sum(keepdims=True)", a=a, expected=np.array([[21]], np.float32), rule=rule)


@pytest.mark.exercise("01.3")
def test_sum_keeps_float64_and_counts_bools(check):
    """must leave the dtype to the sum: float64 stays, bools are counted"""
    check(
        "a.sum(axis=0), b.sum()",
        a=Tensor([[0.5], [0.25]], dtype=np.float64),
        b=Tensor([True, False, True]),
        expected=(np.array([0.75]), np.array(2)),
        parts=("float64", "bool"),
        rule="floats keep their dtype; the sum of bools is a whole number: hand on what NumPy's sum returns",
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
    rule = "record(sum, array, self, axis=axis, keepdims=keepdims): both as they were given"
    check("recorded(a.sum())", a=a, expected="sum of (2, 3), axis=None, keepdims=False", rule=rule)
    b = Tensor(np.arange(6.0, dtype=np.float32).reshape(1, 2, 3), requires_grad=True)
    rule = "what is recorded, computed again, gives the sum: -1 is the last of three axes, and 1 is not"
    expected = np.array([[3, 12]], np.float32)
    check("s = b.sum(axis=-1); s.op(*s.inputs, **s.attributes)", b=b, expected=expected, rule=rule)


# 01.4 as_tensor


@pytest.mark.exercise("01.4")
def test_as_tensor_gives_a_tensor_back_itself(check):
    """must give a Tensor back itself, not a copy"""
    a, b = Tensor(TWO_BY_THREE), Tensor([1.0, 2.0], dtype=np.float64)
    rule = "gradients go to the tensor that was given; a copy would keep them"
    check("as_tensor(a) is a, as_tensor(a, b) is a", a=a, b=b, expected=(True, True), rule=rule)


@pytest.mark.exercise("01.4")
def test_as_tensor_gives_a_number_the_dtype_of_like(check):
    """must give a Python number the dtype of `like`, a Tensor or an array"""
    a, x = Tensor([1.0, 2.0], dtype=np.float64), np.array([1, 2], np.int16)
    check(
        "as_tensor(0.1, a), as_tensor(3, a), as_tensor(3, x)",
        a=a,
        x=x,
        expected=(np.array(0.1), np.array(3.0), np.array(3, np.int16)),
        parts=("0.1 beside float64", "3 beside float64", "3 beside int16"),
        rule="a Python number takes the dtype that dtype_of_number(value, like.dtype) returns",
        rtol=1e-12,
        atol=0,
    )


@pytest.mark.exercise("01.4")
def test_as_tensor_takes_numpys_float_for_a_number(check):
    """must treat np.float64 as the Python float that it is, and bools as numbers too"""
    check(
        "as_tensor(np.float64(0.1), a), as_tensor(True, a)",
        a=Tensor([1.0, 2.0]),
        expected=(np.array(0.1, np.float32), np.array(1.0, np.float32)),
        parts=("np.float64 beside float32", "True beside float32"),
        rule="isinstance(value, bool | int | float) holds for np.float64; type(value) is float does not",
    )


@pytest.mark.exercise("01.4")
def test_as_tensor_takes_nothing_but_the_dtype_from_like(check):
    """must make a constant of a number, also beside a tensor that requires grad"""
    check(
        "as_tensor(2.0, a).requires_grad",
        a=Tensor([1.0, 2.0], requires_grad=True),
        expected=False,
        rule="nobody asks for the gradient by a number",
    )


@pytest.mark.exercise("01.4")
def test_as_tensor_never_cuts_a_number_to_fit(check):
    """must not cut a number where `like` can't hold it"""
    a, b = Tensor([1, 2]), Tensor([True, False])
    check(
        "as_tensor(0.5, a), as_tensor(3, b), as_tensor(False, b)",
        a=a,
        b=b,
        expected=(np.array(0.5, np.float32), np.array(3), np.array(False)),
        parts=("0.5 beside int64", "3 beside bool", "False beside bool"),
        rule="0.5 is no integer: beside integers a float is float32; dtype_of_number knows",
    )


@pytest.mark.exercise("01.4")
def test_as_tensor_without_like(check):
    """must make a Tensor of a number where `like` is missing, or has no dtype"""
    expected = (np.array(2.5, np.float32), np.array(7), np.array(2.5, np.float32))
    rule = "without a dtype to take, a number is what Tensor(value) makes of it"
    calls = ("as_tensor(2.5)", "as_tensor(7)", "as_tensor(2.5, 1)")
    check(", ".join(calls), expected=expected, parts=calls, rule=rule)


@pytest.mark.exercise("01.4")
def test_as_tensor_copies_an_array(check):
    """must copy an array and keep its dtype, also beside a tensor of another one"""
    a, x = Tensor([1.0, 2.0]), np.array([3.0, 5.0, 8.0])
    rule = "what happens to the array later never reaches the tensor; only numbers take the dtype of `like`"
    check("t = as_tensor(x, a); x[0] = -1; t", a=a, x=x, expected=np.array([3.0, 5.0, 8.0]), rule=rule)
    rule = "an array without axes is an array as well, and a list is no number: both become what Tensor makes of them"
    check(
        "as_tensor(x, a), as_tensor([0.5, 2.0], b)",
        x=np.array(0.1),
        a=a,
        b=Tensor([1.0], dtype=np.float64),
        expected=(np.array(0.1), np.array([0.5, 2.0], np.float32)),
        parts=("0-d float64 beside float32", "a list beside float64"),
        rule=rule,
        rtol=1e-12,
        atol=0,
    )


@pytest.mark.exercise("01.4")
def test_as_tensor_refuses_what_is_no_number(check):
    """must raise TypeError for text"""
    a = Tensor([1.0, 2.0])
    check("as_tensor('two', a)", a=a, raises=(TypeError, "two"), rule="Tensor says what it can't take; let it")


# 01.5 check_broadcast


@pytest.mark.exercise("01.5")
def test_check_broadcast_lets_pass_what_fits(check):
    """must return nothing where each pair of lengths is equal or holds a 1"""
    a, b, c = Tensor(np.zeros((4, 1, 3))), Tensor(np.zeros((2, 3))), Tensor(np.zeros((5, 1, 2, 1)))
    check(
        "check_broadcast('+', b, c) is None, check_broadcast('+', a, b) is None, check_broadcast('+', a, a) is None",
        a=a,
        b=b,
        c=c,
        expected=(True, True, True),
        parts=("(2, 3) + (5, 1, 2, 1)", "(4, 1, 3) + (2, 3)", "(4, 1, 3) + (4, 1, 3)"),
        rule="from the right, lengths fit if they are equal or one is 1; what has no partner fits",
    )


@pytest.mark.exercise("01.5")
def test_check_broadcast_lets_numbers_pass(check):
    """must let a 0-d tensor meet any shape, on either side"""
    a, b, c = Tensor(TWO_BY_THREE), Tensor(5.0), Tensor(np.zeros((0, 3)))
    check(
        "check_broadcast('*', a, b) is None, check_broadcast('*', b, a) is None, check_broadcast('*', c, b) is None",
        a=a,
        b=b,
        c=c,
        expected=(True, True, True),
        parts=("(2, 3) * ()", "() * (2, 3)", "(0, 3) * ()"),
        rule="a shape without axes has no length that could be wrong",
    )


@pytest.mark.exercise("01.5")
def test_check_broadcast_names_shapes_and_lengths(check):
    """must name both shapes with the sign between them, and the lengths that meet"""
    a, b = Tensor(TWO_BY_THREE), Tensor([1.0, 2.0])
    rule = "from the right: 3 meets 2, and neither is 1"
    check("check_broadcast('+', a, b)", a=a, b=b, raises=(ValueError, "(2, 3) + (2,)", "3 meets 2"), rule=rule)


@pytest.mark.exercise("01.5")
def test_check_broadcast_looks_at_every_axis(check):
    """must look beyond the last axis"""
    a, b = Tensor(np.zeros((7, 4, 1))), Tensor(np.zeros((5, 3)))
    rule = "from the right: 1 meets 3, which fits; 4 meets 5"
    check("check_broadcast('-', a, b)", a=a, b=b, raises=(ValueError, "(7, 4, 1) - (5, 3)", "4 meets 5"), rule=rule)


@pytest.mark.exercise("01.5")
def test_check_broadcast_names_the_first_pair_from_the_right(check):
    """must name the first two lengths from the right where several pairs don't fit"""
    a, b = Tensor(np.zeros((5, 4))), Tensor(np.zeros((3, 2)))
    rule = "from the right: 4 meets 2 comes before 5 meets 3; a multiple doesn't fit either"
    check("check_broadcast('*', a, b)", a=a, b=b, raises=(ValueError, "(5, 4) * (3, 2)", "4 meets 2"), rule=rule)


@pytest.mark.exercise("01.5")
def test_check_broadcast_touches_no_element(check):
    """must look at shapes alone, however large the result would be"""
    a, b = (from_numpy(np.broadcast_to(np.float32(0), shape)) for shape in ((10**6, 1, 10**5), (10**6, 1)))
    rule = "a sum of these two would take 400 PB; shapes are a few numbers"
    check("check_broadcast('+', a, b) is None", a=a, b=b, expected=True, rule=rule)


@pytest.mark.exercise("01.5")
def test_check_broadcast_takes_both_orders(check):
    """must look at the same pairs where the shorter shape comes first"""
    a, b = Tensor(np.zeros((2,))), Tensor(np.zeros((2, 3)))
    rule = "shapes meet at their right ends: 2 meets 3"
    check("check_broadcast('/', a, b)", a=a, b=b, raises=(ValueError, "(2,) / (2, 3)", "2 meets 3"), rule=rule)


@pytest.mark.exercise("01.5")
def test_check_broadcast_knows_empty_axes(check):
    """must treat 0 as a length like any other"""
    a, b = Tensor(np.zeros((2, 0))), Tensor(np.zeros((2, 3)))
    rule = "only 1 stretches: 0 meets 3, and they differ"
    check("check_broadcast('+', a, b)", a=a, b=b, raises=(ValueError, "(2, 0) + (2, 3)", "0 meets 3"), rule=rule)


# 01.6 Tensor.mean


@pytest.mark.exercise("01.6")
def test_mean_of_everything(check):
    """must average all elements without an axis"""
    rule = "the sum of all elements divided by their number: 21 / 6"
    check("a.mean()", a=Tensor(TWO_BY_THREE), expected=np.array(3.5, np.float32), rule=rule)


@pytest.mark.exercise("01.6")
def test_mean_along_an_axis(check):
    """must divide by the number of elements along the axes that vanish"""
    a = Tensor(np.arange(12.0, dtype=np.float32).reshape(2, 3, 2))
    check(
        "a.mean(axis=-2), a.mean(axis=(0, 2))",
        a=a,
        expected=(np.array([[2, 3], [8, 9]], np.float32), np.array([3.5, 5.5, 7.5], np.float32)),
        parts=("axis=-2", "axis=(0, 2)"),
        rule="(2, 3, 2): 3 elements make one along axis -2, which is 1, and 4 along the axes 0 and 2",
    )


@pytest.mark.exercise("01.6")
def test_mean_keeps_dimensions_and_dtype(check):
    """must keep the averaged axis with length 1 if keepdims is true, and float64"""
    a = Tensor([[1.0, 2.0, 4.5], [3.0, 5.0, 8.5]], dtype=np.float64)
    check(
        "a.mean(axis=1, keepdims=True)",
        a=a,
        expected=np.array([[2.5], [5.5]]),
        rule="keepdims: (2, 3) -> (2, 1); float64 stays float64",
        rtol=1e-12,
        atol=0,
    )


@pytest.mark.exercise("01.6")
def test_mean_is_recorded_as_what_it_computes(check):
    """must be recorded by operations that have a gradient rule and give the same numbers again"""
    a = Tensor(TWO_BY_THREE, requires_grad=True)
    check(
        "m = a.mean(axis=1); m.op is None, m.op is mean",
        a=a,
        expected=(False, False),
        parts=("m.op is None", "m.op is mean"),
        rule="the Tensor's own operations record themselves; mean has no gradient rule",
    )
    rule = "the operation that is noted, computed again from the inputs that are noted, must give the mean"
    expected = np.array([2, 5], np.float32)
    again = "m = m.inputs[0] if m.op is reshape else m; m.op(*m.inputs, **m.attributes).reshape(2)"
    check(f"m = a.mean(axis=1); {again}", a=a, expected=expected, rule=rule)


@pytest.mark.exercise("01.6")
def test_mean_leaves_its_operand_alone(check):
    """must not change the tensor"""
    a = Tensor(TWO_BY_THREE)
    rule = "divide a tensor of your own: self / n makes a new one, self.data /= n does not"
    check("m = a.mean(axis=0); a", a=a, expected=TWO_BY_THREE, rule=rule)


@pytest.mark.exercise("01.6")
def test_mean_refuses_an_axis_that_is_not_there(check):
    """must raise as sum does for an axis that isn't there"""
    rule = "count_along and sum raise it; an IndexError of a shape is no ValueError"
    check("a.mean(axis=2)", a=Tensor(TWO_BY_THREE), raises=(ValueError, "axis 2"), rule=rule)


@pytest.mark.exercise("01.6")
def test_mean_refuses_integers(check):
    """must raise TypeError for integers"""
    check("a.mean()", a=Tensor([1, 2]), raises=(TypeError, "int64"), rule="the mean of 1 and 2 is no integer")


@pytest.mark.exercise("01.6")
def test_mean_of_nothing(check):
    """must raise ValueError where there are no elements to average, and only there"""
    a = Tensor(np.zeros((0, 3), np.float32))
    check("a.mean(axis=0)", a=a, raises=(ValueError, "(0, 3)"), rule="3 means of no elements each: 0 / 0")
    rule = "no rows: no means, and no 0 / 0 either"
    check("a.mean(axis=1)", a=a, expected=np.zeros(0, np.float32), rule=rule)
    b = Tensor(np.zeros((0, 0), np.float32))
    check("b.mean(axis=1)", b=b, raises=(ValueError, "(0, 0)"), rule="count_along((0, 0), 1) is 0")


# 01.7 var


@pytest.mark.exercise("01.7")
def test_var_of_everything(check):
    """must divide the squared distances from the mean by n - 1"""
    check(
        "var(a)",
        a=Tensor([1.0, 2.0, 6.0]),
        expected=np.array(7, np.float32),
        rule="mean 3; (4 + 1 + 9) / (3 - 1) = 7",
    )


@pytest.mark.exercise("01.7")
def test_var_with_another_correction(check):
    """must divide by n - correction"""
    a = Tensor([[1.0, 2.0, 6.0], [4.0, 0.0, 5.0]])
    check(
        "var(a, correction=0), var(a, axis=1, correction=2)",
        a=a,
        expected=(np.array(28 / 6, np.float32), np.array([14, 14], np.float32)),
        parts=("correction=0", "axis=1, correction=2"),
        rule="n is 6, and 3 along axis 1: the divisors are 6 - 0 and 3 - 2",
    )


@pytest.mark.exercise("01.7")
def test_var_of_one_element_without_correction(check):
    """must be 0 for a single element where correction is 0"""
    rule = "n - correction is 1: what isn't above 0 is refused, and nothing else"
    check("var(a, correction=0)", a=Tensor([5.0]), expected=np.array(0, np.float32), rule=rule)


@pytest.mark.exercise("01.7")
def test_var_takes_arrays(check):
    """must take an array"""
    x = np.array([1.0, 2.0, 6.0], np.float32)
    check("var(x)", x=x, expected=np.array(7, np.float32), rule="as_tensor(a) first")


@pytest.mark.exercise("01.7")
def test_var_along_axes(check):
    """must measure from the mean along the same axis, and keep it if keepdims is true"""
    a = Tensor(np.array([[[1, 2], [4, 8], [1, 5]], [[3, 2], [4, 4], [7, 5]]], np.float32))
    expected = (np.array([[3, 9], [13 / 3, 7 / 3]], np.float32), np.array([[[2 / 3], [4], [19 / 3]]], np.float32))
    check(
        "var(a, axis=-2), var(a, (0, 2), keepdims=True)",
        a=a,
        expected=expected,
        parts=("axis=-2", "axis=(0, 2), keepdims"),
        rule="(2, 3, 2) -> (2, 2) from 3 elements each, and -> (1, 3, 1) from 4 each",
    )


@pytest.mark.exercise("01.7")
def test_var_far_from_zero(check):
    """must be right where the mean is large beside the spread, in the tensor's dtype"""
    a = Tensor([10000.0, 10001.0, 10002.0, 10003.0])
    rule = "subtract the mean before you square: mean(x * x) - mean(x) ** 2 cancels, float32 has 7 digits"
    check("var(a)", a=a, expected=np.array(5 / 3, np.float32), rule=rule)


@pytest.mark.exercise("01.7")
def test_var_leaves_its_operand_alone(check):
    """must not change the tensor, and keep float64"""
    a = Tensor([[1.0, 2.0, 6.0]], dtype=np.float64)
    expected = (np.array([[7.0]]), np.array([[1.0, 2.0, 6.0]]))
    rule = "what is computed in place must be an array of your own"
    check("var(a, 1, keepdims=True), a", a=a, expected=expected, parts=("the variance", "a afterwards"), rule=rule)


@pytest.mark.exercise("01.7")
def test_var_is_recorded_with_its_attributes(check):
    """must be recorded as one operation, with axis, keepdims and correction"""
    check(
        "recorded(var(a, axis=1, correction=0))",
        a=Tensor(TWO_BY_THREE, requires_grad=True),
        expected="var of (2, 3), axis=1, correction=0, keepdims=False",
        rule="record(var, array, a, axis=axis, keepdims=keepdims, correction=correction)",
    )
    check(
        "recorded(var(a, keepdims=True))",
        a=Tensor(TWO_BY_THREE, requires_grad=True),
        expected="var of (2, 3), axis=None, correction=1, keepdims=True",
        rule="all three as they were given",
    )


@pytest.mark.exercise("01.7")
def test_var_refuses_what_has_no_variance(check):
    """must raise TypeError for integers, and ValueError where n - correction isn't above 0"""
    check("var(a)", a=Tensor([1, 2]), raises=(TypeError, "int64"), rule="the variance of integers is no integer")
    a = Tensor(TWO_BY_THREE[:1])
    check("var(a, axis=0)", a=a, raises=(ValueError, "(1, 3)"), rule="one element says nothing about spread: 0 / 0")
    b, rule = Tensor(TWO_BY_THREE), "2 - 2 is 0, and 2 - 3 is below: there is nothing to divide by"
    check("var(b, axis=0, correction=2)", b=b, raises=(ValueError, "(2, 3)"), rule=rule)
    check("var(b, axis=0, correction=3)", b=b, raises=(ValueError, "(2, 3)"), rule=rule)


@pytest.mark.exercise("01.7")
def test_var_refuses_an_axis_that_is_not_there(check):
    """must raise as sum does for an axis that isn't there"""
    rule = "count_along and NumPy's sum raise it; an IndexError of a shape is no ValueError"
    check("var(a, axis=2)", a=Tensor(TWO_BY_THREE), raises=(ValueError, "axis 2"), rule=rule)


# 01.8 matmul_vector


@pytest.mark.exercise("01.8")
def test_matmul_vector_on_the_right(check):
    """must take a vector on the right as one column"""
    a, b = Tensor(TWO_BY_THREE), Tensor([1.0, 0.0, -2.0])
    rule = "(2, 3) @ (3, 1) -> (2, 1), and the column's axis goes again: (2,)"
    check("matmul_vector(a, b)", a=a, b=b, expected=np.array([-5, -8], np.float32), rule=rule)


@pytest.mark.exercise("01.8")
def test_matmul_vector_on_the_left(check):
    """must take a vector on the left as one row"""
    a, b = Tensor([1.0, 2.0]), Tensor(TWO_BY_THREE)
    rule = "(1, 2) @ (2, 3) -> (1, 3), and the row's axis goes again: (3,)"
    check("matmul_vector(a, b)", a=a, b=b, expected=np.array([9, 12, 15], np.float32), rule=rule)


@pytest.mark.exercise("01.8")
def test_matmul_vector_with_a_vector(check):
    """must give a 0-d tensor for two vectors"""
    a, b = Tensor([1.0, 2.0, 3.0]), Tensor([4.0, 0.5, -1.0])
    rule = "(1, 3) @ (3, 1) -> (1, 1), and both axes go again: ()"
    check("matmul_vector(a, b)", a=a, b=b, expected=np.array(2, np.float32), rule=rule)


@pytest.mark.exercise("01.8")
def test_matmul_vector_beside_a_stack(check):
    """must take away only the axis that it added, in stacks with axes of length 1 as well"""
    a, b = Tensor(np.arange(6.0, dtype=np.float32).reshape(2, 1, 3)), Tensor([1.0, 0.0, 2.0])
    c, d = Tensor([1.0, 10.0, 100.0]), Tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3, 1))
    check(
        "matmul_vector(a, b), matmul_vector(c, d)",
        a=a,
        b=b,
        c=c,
        d=d,
        expected=(np.array([[4], [13]], np.float32), np.array([[210], [543]], np.float32)),
        parts=("a @ b", "c @ d"),
        rule="(2, 1, 3) @ (3,) -> (2, 1), and (3,) @ (2, 3, 1) -> (2, 1)",
    )


@pytest.mark.exercise("01.8")
def test_matmul_vector_refuses_lengths_that_differ(check):
    """must name the shapes that came in where the inner lengths differ"""
    a, b = Tensor(TWO_BY_THREE), Tensor([1.0, 2.0])
    rule = "the reader knows (2,), not the column (2, 1) that you made of it"
    check("matmul_vector(a, b)", a=a, b=b, raises=(ValueError, "(2, 3)", "(2,)"), rule=rule)
    c = Tensor([1.0, 2.0, 3.0])
    check("matmul_vector(c, a)", c=c, a=a, raises=(ValueError, "(3,)", "(2, 3)"), rule="3 meets 2")
    rule = "3 meets 1: a product of vectors doesn't broadcast"
    check("matmul_vector(c, d)", c=c, d=Tensor([2.0]), raises=(ValueError, "(3,)", "(1,)"), rule=rule)


@pytest.mark.exercise("01.8")
def test_matmul_vector_refuses_numbers(check):
    """must raise ValueError for an operand without axes"""
    a, b = Tensor([1.0, 2.0]), Tensor(3.0)
    check("matmul_vector(a, b)", a=a, b=b, raises=(ValueError, "(2,)", "()"), rule="a number has no axis to pair")
    rule = "a number is no vector of one element"
    check("matmul_vector(b, c)", b=b, c=Tensor([1.0]), raises=(ValueError, "()", "(1,)"), rule=rule)


@pytest.mark.exercise("01.8")
def test_matmul_vector_is_recorded_as_a_product_of_matrices(check):
    """must be made of reshape and @ of Tensors, so that gradients find their way"""
    a, b = Tensor(TWO_BY_THREE, requires_grad=True), Tensor([1.0, 0.0, -2.0], requires_grad=True)
    rule = "the gradient rule of matmul wants two axes or more: record the column, and let reshape record itself"
    check(
        "recorded(matmul_vector(a, b))",
        a=a,
        b=b,
        expected="reshape of (2, 1)",
        rule="the last step takes the column's axis away, by the Tensor's reshape",
    )
    check(
        "c = matmul_vector(a, b); recorded(c.inputs[0]), recorded(c.inputs[0].inputs[1])",
        a=a,
        b=b,
        expected=("matmul of (2, 3) and (3, 1)", "reshape of (3,)"),
        parts=("before the reshape", "the column"),
        rule=rule,
    )
    check(
        "c = matmul_vector(d, a); recorded(c.inputs[0]), recorded(c.inputs[0].inputs[0])",
        a=a,
        d=Tensor([5.0, 7.0], requires_grad=True),
        expected=("matmul of (1, 2) and (2, 3)", "reshape of (2,)"),
        parts=("before the reshape", "the row"),
        rule="the row is the Tensor's reshape as well: gradients find back to the vector on the left",
    )


# 01.9 transpose


@pytest.mark.exercise("01.9")
def test_transpose_reverses_all_axes(check):
    """must reverse the axes where no order is given"""
    a = Tensor(TWO_BY_THREE)
    expected = np.array([[1, 4], [2, 5], [3, 6]], np.float32)
    check("transpose(a)", a=a, expected=expected, rule="out[j, i] = a[i, j]")


@pytest.mark.exercise("01.9")
def test_transpose_puts_axes_in_order(check):
    """must put the axes in the order that is given"""
    a = Tensor(np.arange(6.0, dtype=np.float32).reshape(1, 2, 3))
    expected = np.array([[[0], [3]], [[1], [4]], [[2], [5]]], np.float32)
    check("transpose(a, (2, 1, 0))", a=a, expected=expected, rule="(1, 2, 3) -> (3, 2, 1)")
    expected = np.array([[[0, 3]], [[1, 4]], [[2, 5]]], np.float32)
    check("transpose(a, [2, 0, 1])", a=a, expected=expected, rule="axis 2 of a stands first, then 0, then 1: (3, 1, 2)")


@pytest.mark.exercise("01.9")
def test_transpose_counts_negative_axes_from_the_end(check):
    """must count negative axes from the end, and record them from the start"""
    a = Tensor(np.zeros((2, 3, 5)), requires_grad=True)
    rule = "of three axes, -1 is 2: the gradient rule sorts the axes, so none may be negative in the record"
    check("transpose(a, (1, -1, -3)).shape", a=a, expected=(3, 5, 2), rule="axes 1, 2, 0 of (2, 3, 5)")
    check("recorded(transpose(a, (1, -1, -3)))", a=a, expected="transpose of (2, 3, 5), axes=(1, 2, 0)", rule=rule)


@pytest.mark.exercise("01.9")
def test_transpose_is_recorded_without_an_order(check):
    """must be recorded with axes=None where no order was given"""
    a = Tensor(TWO_BY_THREE, requires_grad=True)
    rule = "record(transpose, array, a, axes=axes)"
    check("recorded(transpose(a))", a=a, expected="transpose of (2, 3), axes=None", rule=rule)


@pytest.mark.exercise("01.9")
def test_transpose_is_a_view(check):
    """must copy no element"""
    a = Tensor(TWO_BY_THREE)
    rule = "a view reads the same memory in another order, whatever its size"
    check(
        "np.shares_memory(transpose(a, (1, 0)).data, a.data), np.shares_memory(transpose(a).data, a.data)",
        a=a,
        expected=(True, True),
        parts=("with an order", "without"),
        rule=rule,
    )


@pytest.mark.exercise("01.9")
def test_transpose_refuses_what_is_no_order(check):
    """must raise ValueError where an axis is missing, doubled, or isn't there"""
    a = Tensor(np.zeros((2, 3, 5)))
    rule = "each axis of a stands in the order once"
    check("transpose(a, (0, 1))", a=a, raises=(ValueError, "(2, 3, 5)"), rule=rule)
    check("transpose(a, (0, 2, -1))", a=a, raises=(ValueError, "(2, 3, 5)"), rule=rule)
    check("transpose(a, (0, 1, 3))", a=a, raises=(ValueError, "(2, 3, 5)"), rule=rule)
    check("transpose(a, (0, 1, -4))", a=a, raises=(ValueError, "(2, 3, 5)"), rule=rule)
    check("transpose(a, (1, 2, 3))", a=a, raises=(ValueError, "(2, 3, 5)"), rule="there is no axis 3, and 3 % 3 is 0")
    check(
        "transpose(a, ())", a=a, raises=(ValueError, "(2, 3, 5)"), rule="no axis stands there; None alone is no order"
    )


@pytest.mark.exercise("01.9")
def test_transpose_leaves_what_it_got_alone(check):
    """must change neither the tensor nor a list of axes"""
    check(
        "t = transpose(a, axes); a, axes",
        a=Tensor(TWO_BY_THREE),
        axes=[-1, 0],
        expected=(TWO_BY_THREE, [-1, 0]),
        parts=("a", "axes"),
        rule="count negative axes in a tuple of your own",
    )


@pytest.mark.exercise("01.9")
def test_transpose_takes_arrays(check):
    """must take an array"""
    check("transpose(x)", x=TWO_BY_THREE[:1], expected=np.array([[1], [2], [3]], np.float32), rule="as_tensor(a) first")


# 01.10 concatenate


@pytest.mark.exercise("01.10")
def test_concatenate_rows(check):
    """must put the rows of all tensors one below the other"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[7.0, 8.0, 9.0]])
    expected = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32)
    check("concatenate([a, b])", a=a, b=b, expected=expected, rule="along axis 0: (2, 3) and (1, 3) -> (3, 3)")


@pytest.mark.exercise("01.10")
def test_concatenate_along_another_axis(check):
    """must join along the axis that is asked for"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[7.0], [8.0]])
    expected = np.array([[7, 1, 2, 3, 7], [8, 4, 5, 6, 8]], np.float32)
    check("concatenate((b, a, b), axis=-1)", a=a, b=b, expected=expected, rule="(2, 1), (2, 3), (2, 1) -> (2, 5)")


@pytest.mark.exercise("01.10")
def test_concatenate_takes_arrays(check):
    """must take arrays as well, and keep float32"""
    a, x = Tensor([1.0, 2.0]), np.array([3.0], np.float32)
    check("concatenate([x, a])", a=a, x=x, expected=np.array([3, 1, 2], np.float32), rule="as_tensor(part) for each")
    rule = "the list belongs to the caller: tensors go into one of your own"
    check("parts = [x, a]; concatenate(parts); parts[0] is x", a=a, x=x, expected=True, rule=rule)


@pytest.mark.exercise("01.10")
def test_concatenate_finds_the_dtype_of_all(check):
    """must not press the parts into the dtype of the first"""
    a, b, c = Tensor([1, 2]), Tensor([0.5]), Tensor([0.25], dtype=np.float64)
    check(
        "concatenate([a, b]), concatenate([b, c])",
        a=a,
        b=b,
        c=c,
        expected=(np.array([1, 2, 0.5], np.float32), np.array([0.5, 0.25])),
        parts=("int64 and float32", "float32 and float64"),
        rule="NumPy joins in the larger dtype, and record knows integers: hand the array on as it is",
    )


@pytest.mark.exercise("01.10")
def test_concatenate_makes_a_new_array(check):
    """must copy, also where there is one tensor alone"""
    a = Tensor(TWO_BY_THREE)
    rule = "a later write into the result must not reach a"
    check("np.shares_memory(concatenate([a]).data, a.data)", a=a, expected=False, rule=rule)


@pytest.mark.exercise("01.10")
def test_concatenate_is_recorded_with_all_inputs(check):
    """must be recorded with every tensor as an input, and axis"""
    a, b = Tensor(TWO_BY_THREE, requires_grad=True), Tensor([[7.0], [8.0]])
    check(
        "recorded(concatenate([a, b, a], axis=1))",
        a=a,
        b=b,
        expected="concatenate of (2, 3) and (2, 1) and (2, 3), axis=1",
        rule="record(concatenate, array, *parts, axis=axis)",
    )
    check(
        "recorded(concatenate([a, a])), recorded(concatenate([a, b], axis=-1))",
        a=a,
        b=b,
        expected=("concatenate of (2, 3) and (2, 3), axis=0", "concatenate of (2, 3) and (2, 1), axis=-1"),
        parts=("axis 0", "axis -1"),
        rule="axis as it was given, and 0 where it was left out",
    )


@pytest.mark.exercise("01.10")
def test_concatenate_refuses_shapes_that_do_not_fit(check):
    """must name every shape where lengths differ, and where the axis isn't there"""
    a, b = Tensor(TWO_BY_THREE), Tensor([[7.0], [8.0]])
    rule = "along axis 0 the other lengths agree: 3 and 1 don't"
    check("concatenate([a, b])", a=a, b=b, raises=(ValueError, "(2, 3)", "(2, 1)"), rule=rule)
    rule = "three tensors, three shapes: the reader looks for the one that doesn't fit"
    check("concatenate([a, a, b])", a=a, b=b, raises=(ValueError, "(2, 3)", "(2, 1)"), rule=rule)
    check("concatenate([a, a], axis=2)", a=a, raises=(ValueError, "(2, 3)"), rule="(2, 3) has the axes 0 and 1")


@pytest.mark.exercise("01.10")
def test_concatenate_refuses_what_is_no_list_of_tensors(check):
    """must raise ValueError for an empty list, and for a Tensor in place of one"""
    check("concatenate([])", raises=(ValueError, "concatenate"), rule="the shape of nothing is unknown")
    rule = "a Tensor is no list: its rows would be joined, which hardly anybody means"
    check("concatenate(a)", a=Tensor(TWO_BY_THREE), raises=(ValueError, "concatenate"), rule=rule)
