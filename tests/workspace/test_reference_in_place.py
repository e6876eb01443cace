"""Writing into tensors by `+=` and its like, arrays beside tensors, copies: as in PyTorch, or refused in words."""

import copy
import operator
import pickle

import numpy as np
import pytest
from pytorch_oracle import needs_torch, torch

import tinytorch
from tinytorch import Tensor, no_grad
from tinytorch.layers import Buffer, Parameter

OPERATORS = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": operator.ipow,
}


def leaf(*values: float) -> Tensor:
    return Tensor(list(values), requires_grad=True)


# x += y


@needs_torch
@pytest.mark.parametrize("symbol", OPERATORS)
def test_an_operator_in_place_changes_all_views_as_pytorchs(symbol):
    found = []
    for library in (tinytorch.Tensor, torch.tensor):
        x = library([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
        row = before = x[1]
        row = OPERATORS[symbol](row, library([2.0, 3.0, 2.0]))
        assert row is before
        found.append(x.tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize("symbol", OPERATORS)
def test_a_parameter_in_no_grad_stays_one(symbol):
    w = before = leaf(4.0, 9.0)
    with no_grad():
        w = OPERATORS[symbol](w, Tensor([2.0, 2.0]))
    assert w is before
    assert w.requires_grad
    assert w.tolist() == OPERATORS[symbol](np.array([4.0, 9.0]), 2.0).tolist()


def test_gradient_descent_written_by_hand_learns():
    parameters = [leaf(1.0), leaf(5.0)]
    for _ in range(50):
        sum(((p - 3.0) * (p - 3.0)).sum() for p in parameters).backward()
        with no_grad():
            for p in parameters:
                p -= 0.1 * p.grad
                p.grad = None
    assert np.allclose([p.item() for p in parameters], 3.0, atol=1e-3)


@pytest.mark.parametrize("symbol", OPERATORS)
def test_a_leaf_that_requires_grad_is_refused_where_operations_are_recorded(symbol):
    w = leaf(1.0)
    with pytest.raises(RuntimeError, match=r"requires grad would lose .*no_grad\(\)"):
        OPERATORS[symbol](w, 2.0)
    assert w.tolist() == [1.0]


def test_a_recorded_sum_is_a_new_tensor():
    x = leaf(3.0)
    total = kept = Tensor([0.0])
    for _ in range(3):
        total += x * x
    total.sum().backward()
    assert x.grad.tolist() == [18.0]
    assert kept.tolist() == [0.0]


def test_backward_refuses_what_an_operator_wrote_into():
    x = leaf(3.0)
    factor = Tensor([2.0])
    y = x * factor
    factor += 1.0
    with pytest.raises(RuntimeError, match="written into"):
        y.sum().backward()


def test_bools_are_combined_in_place():
    mask = kept = Tensor([True, True, False])
    mask &= Tensor([True, False, True])
    mask |= Tensor([False, False, True])
    assert mask is kept
    assert mask.tolist() == [True, False, True]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.uint8])
def test_the_dtype_stays(dtype):
    x = Tensor([1, 2], dtype=dtype)
    x += Tensor([1, 2], dtype=np.int64)
    assert (x.dtype, x.tolist()) == (dtype, [2, 4])


IN_PLACE_ERRORS = {
    "floats into integers": (lambda: operator.iadd(Tensor([1]), 0.5), TypeError, "can't write float32 into int64"),
    "a quotient of integers": (lambda: operator.itruediv(Tensor([1]), 2), TypeError, "can't write float32 into int64"),
    "a larger shape": (
        lambda: operator.iadd(tinytorch.zeros(3), tinytorch.zeros(2, 3)),
        ValueError,
        r"wanted a result of shape \(3,\), got \(2, 3\)",
    ),
    "one more axis": (
        lambda: operator.imul(tinytorch.zeros(3), tinytorch.zeros(1, 3)),
        ValueError,
        r"wanted a result of shape \(3,\), got \(1, 3\)",
    ),
}


@pytest.mark.parametrize("name", IN_PLACE_ERRORS)
def test_errors_in_place(name):
    f, kind, message = IN_PLACE_ERRORS[name]
    with pytest.raises(kind, match=message):
        f()


# Arrays and tensors

PAIRS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.matmul,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


@pytest.mark.parametrize("f", PAIRS, ids=lambda f: f.__name__)
def test_an_array_beside_a_tensor_is_a_tensor(f):
    a, b = np.array([[5.0, 2.0], [3.0, 7.0]]), np.array([[2.0, 2.0], [4.0, 3.0]])
    result = f(a, Tensor(b, requires_grad=True))
    assert isinstance(result, Tensor)
    assert result.requires_grad == (result.dtype != np.bool)
    assert np.array_equal(result.data, f(a, b))


@pytest.mark.parametrize("number", [np.float32(3.0), np.float64(3.0), np.int64(3)], ids=lambda n: type(n).__name__)
def test_numpys_scalar_beside_a_tensor_is_a_tensor(number):
    x = leaf(2.0)
    (number * x).sum().backward()
    assert (number - x).tolist() == [1.0]
    assert x.grad.tolist() == [3.0]


def test_bool_arrays_beside_a_tensor():
    assert (np.array([True, True]) & Tensor([True, False])).tolist() == [True, False]
    assert (np.array([False, False]) | Tensor([True, False])).tolist() == [True, False]


def test_data_can_be_changed_by_a_tensor_as_in_pytorch():
    w = leaf(1.0, 2.0)
    w.grad = Tensor([1.0, 1.0])
    array = w.data
    w.data -= 0.5 * w.grad
    w.data[0] *= Tensor(4.0)
    assert w.data is array
    assert w.tolist() == [2.0, 1.5]


def test_backward_refuses_what_a_tensor_was_written_into_as_data():
    x = leaf(3.0)
    factor = Tensor([2.0])
    y = x * factor
    factor.data += Tensor([1.0])
    with pytest.raises(RuntimeError, match="written into"):
        y.sum().backward()


def test_an_array_that_is_computed_with_refuses_to_lose_a_gradient():
    array = np.zeros(1)
    with pytest.raises(RuntimeError, match=r"remembers no gradients.*detach\(\)"):
        array += leaf(1.0)


ARRAY_ERRORS = {
    "a reduction": (lambda: np.add.reduce(Tensor([1.0])), "np.add.reduce wanted arrays"),
    "a function": (lambda: np.hypot(Tensor([1.0]), 2.0), "np.hypot wanted arrays"),
    "out": (lambda: np.add([1.0], [2.0], out=Tensor([1.0])), "np.add wanted an array as out"),
}


@pytest.mark.parametrize("name", ARRAY_ERRORS)
def test_numpys_functions_refuse_a_tensor(name):
    f, message = ARRAY_ERRORS[name]
    with pytest.raises(TypeError, match=message):
        f()


def test_a_tensor_as_data_is_found_at_its_first_use():
    w = leaf(1.0)
    w.data = w.data - 0.1 * Tensor([1.0])
    for use in (lambda: w * 2.0, lambda: w - 1.0, lambda: -w, lambda: w @ w, w.sum, w.exp, w.detach):
        with pytest.raises(TypeError, match=r"wanted (an array|arrays), got a Tensor; .*\.data"):
            use()
    assert "0.9" in repr(w)


def test_a_tensor_as_data_is_found_by_backward():
    w = leaf(1.0)
    y = (w + 1.0).sum()
    w.data = Tensor([1.0])
    with pytest.raises(TypeError, match=r"\.data wanted an array, got Tensor"):
        y.backward()


def test_lists_are_compared_elementwise():
    assert (Tensor([1.0, 2.0]) == [1.0, 3.0]).tolist() == [True, False]
    assert (Tensor([1.0, 2.0]) != (1.0, 3.0)).tolist() == [False, True]


# Copies

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x))}


@pytest.mark.parametrize("name", COPIES)
def test_results_are_not_copied_with_their_graph(name):
    y = leaf(1.0)
    for _ in range(2000):
        y = y + 1.0
    with pytest.raises(RuntimeError, match=r"the result of add can't be copied or pickled.*try .detach\(\)"):
        COPIES[name](y)
    assert COPIES[name](y.detach()).tolist() == [2001.0]


@pytest.mark.parametrize("name", COPIES)
def test_leaves_are_copied_as_what_they_are(name):
    frozen, mean = Parameter([1.0]), Buffer([2.0], persistent=False)
    frozen.requires_grad = False
    frozen, mean = COPIES[name]([frozen, mean])
    assert (type(frozen), frozen.requires_grad, frozen.tolist()) == (Parameter, False, [1.0])
    assert (type(mean), mean.persistent, mean.tolist()) == (Buffer, False, [2.0])
