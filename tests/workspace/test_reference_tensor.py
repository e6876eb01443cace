"""Module 01, the Tensor itself: creation, attributes, numbers, text, matrix products, dtypes, warnings, imports."""

import copy
import gc
import operator
import pickle
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from beyond import beyond
from finite_differences import gradient_error
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytorch_oracle import arrays, compare, dtypes, needs_torch, same, steady, torch

import tinytorch
from tinytorch import Tensor, as_tensor, no_grad
from tinytorch.tensor import from_numpy, record

many = settings(steady, max_examples=150)
ROOT = Path(tinytorch.__file__).parent.parent


def described(tensor):
    """Return a tensor's dtype, shape and values."""
    return str(tensor.dtype), tensor.shape, tensor.tolist()


# Creation

CREATED = {
    "zeros": (lambda t: t.zeros(2, 3), lambda t: t.zeros((2, 3))),
    "zeros of no axes": (lambda t: t.zeros(()),),
    "zeros of no elements": (lambda t: t.zeros(0, 3),),
    "ones": (lambda t: t.ones(2), lambda t: t.ones((2,)), lambda t: t.ones([2])),
    "full of a float": (lambda t: t.full((2, 1), 1.5),),
    "full of an int": (lambda t: t.full((2,), 7),),
    "full of a bool": (lambda t: t.full((2,), True),),
    "arange": (lambda t: t.arange(4), lambda t: t.arange(0, 4), lambda t: t.arange(0, 4, 1)),
    "arange of floats": (lambda t: t.arange(4.0), lambda t: t.arange(0, 4.0)),
    "arange in steps": (lambda t: t.arange(1, 2, 0.25),),
    "arange backwards": (lambda t: t.arange(5, 0, -2),),
    "arange of nothing": (lambda t: t.arange(0),),
    "linspace": (lambda t: t.linspace(-1, 1, 7),),
    "linspace of one": (lambda t: t.linspace(2, 3, 1),),
    "eye": (lambda t: t.eye(3), lambda t: t.eye(3, 3)),
    "eye, not square": (lambda t: t.eye(2, 3),),
}


@needs_torch
@pytest.mark.parametrize("name", CREATED)
def test_creation_as_pytorch(name):
    for f in CREATED[name]:
        ours, theirs = f(tinytorch), f(torch)
        assert (str(ours.dtype), ours.shape) == (str(theirs.dtype).removeprefix("torch."), tuple(theirs.shape))
        np.testing.assert_allclose(ours.data, theirs.numpy(), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("f", [tinytorch.zeros, tinytorch.ones, tinytorch.rand, tinytorch.randn])
def test_creation_takes_dtype_and_requires_grad(f):
    x = f(2, 3, dtype=np.float64, requires_grad=True)
    assert (x.dtype, x.requires_grad, f(2).requires_grad) == (np.float64, True, False)


def test_creation_in_the_likeness_of_another():
    x = Tensor([[1, 2, 3]], dtype=np.int32)
    assert described(tinytorch.zeros_like(x)) == ("int32", (1, 3), [[0, 0, 0]])
    assert described(tinytorch.ones_like(x, dtype=np.float32)) == ("float32", (1, 3), [[1.0, 1.0, 1.0]])
    assert tinytorch.zeros_like(np.zeros(2)).dtype == np.float64


def test_arange_and_full_with_a_dtype():
    assert tinytorch.arange(3, dtype=np.float64).dtype == np.float64
    assert tinytorch.full(2, 1, dtype=np.float32).tolist() == [1.0, 1.0]
    assert tinytorch.eye(2, dtype=np.int64).tolist() == [[1, 0], [0, 1]]


def test_tensors_as_the_numbers_of_new_tensors():
    half, whole = Tensor(1.5), Tensor(2)
    assert described(tinytorch.full((2,), half)) == described(Tensor([1.5, 1.5]))
    assert described(tinytorch.full((2,), whole)) == described(Tensor([2, 2]))
    assert described(tinytorch.full((1,), np.float64(1.5))) == described(Tensor([1.5]))
    assert described(tinytorch.arange(half)) == described(Tensor([0.0, 1.0]))
    assert described(tinytorch.arange(whole, 6, whole)) == described(Tensor([2, 4]))
    assert described(tinytorch.linspace(half, whole, 3)) == described(Tensor([1.5, 1.75, 2.0]))
    assert tinytorch.arange(0.0, 1.0, 0.1, dtype=np.float64).tolist() == np.arange(0.0, 1.0, 0.1).tolist()
    with pytest.raises(ValueError, match="exactly one element"):
        tinytorch.full((2,), Tensor([1.0, 2.0]))


def test_random_numbers_come_from_the_seed_or_the_generator():
    assert tinytorch.rand(3, seed=1).tolist() == tinytorch.rand(3, seed=1).tolist()
    assert tinytorch.randn(3, seed=1).tolist() != tinytorch.randn(3, seed=2).tolist()
    generator = np.random.default_rng(0)
    assert tinytorch.randn(3, seed=generator).tolist() != tinytorch.randn(3, seed=generator).tolist()
    assert tinytorch.rand(3).tolist() != tinytorch.rand(3).tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_numbers_are_numpys_of_their_dtype(dtype):
    uniform, normal = (np.random.default_rng(3) for _ in range(2))
    assert np.array_equal(tinytorch.rand(5, dtype=dtype, seed=3).data, uniform.random(5, dtype))
    assert np.array_equal(tinytorch.randn(5, dtype=dtype, seed=3).data, normal.standard_normal(5, dtype))


def test_random_numbers_are_spread_as_they_should():
    uniform, normal = tinytorch.rand(10000, seed=0).data, tinytorch.randn(10000, seed=0, dtype=np.float64).data
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.02)
    assert (normal.mean(), normal.std()) == pytest.approx((0, 1), abs=0.04)
    assert tinytorch.rand(2, dtype=np.float16, seed=0).dtype == np.float16


# The Tensor


def test_data_is_copied():
    array = np.array([1.0, 2.0])
    x, y = Tensor(array), Tensor([0.0]) + array
    array[0] = 9
    assert (x.tolist(), y.tolist()) == ([1.0, 2.0], [1.0, 2.0])
    assert not np.shares_memory(Tensor(x).data, x.data)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(1.5, "float32"), ([1, 2], "int64"), ([True], "bool"), ([1, 2.5], "float32"), (np.float64(2), "float64"),
     (np.zeros(2), "float64"), (np.zeros(2, np.float16), "float16"), ([np.zeros(2)], "float64"),
     ([[Tensor(np.zeros(2))]], "float64"), ([np.float64(2)], "float32"), ([], "float32")],
)  # fmt: skip
def test_dtype_of_data(data, dtype):
    assert Tensor(data).dtype == dtype


def test_a_tensor_of_tensors():
    assert Tensor([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(RuntimeError, match=r"remembers no gradients.*stack\(\)"):
        Tensor([Tensor([1.0], requires_grad=True)])


def test_attributes():
    x = Tensor([[1.0, 2.0, 3.0]])
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((1, 3), 2, 3, np.float32, 1)
    assert x.grad is None
    assert x.numpy() is x.data
    assert x.T.shape == (3, 1)
    assert (x.tolist(), Tensor(2.5).tolist()) == ([[1.0, 2.0, 3.0]], 2.5)


def test_detach_shares_memory_and_forgets():
    x = Tensor([1.0], requires_grad=True)
    y = (x * 2).detach()
    assert (y.requires_grad, y.op) == (False, None)
    assert x.detach().data is x.data


TEXTS = {
    "a matrix": (Tensor([[1.0, 2.0], [3.0, 4.0]]), "Tensor([[1., 2.],\n        [3., 4.]])"),
    "a number": (Tensor(2.5), "Tensor(2.5)"),
    "integers": (Tensor([1, 2]), "Tensor([1, 2], dtype=int64)"),
    "bools": (Tensor([True, False]), "Tensor([ True, False])"),
    "float64": (Tensor([1.0], dtype=np.float64), "Tensor([1.], dtype=float64)"),
    "nothing": (Tensor(np.zeros((0, 3), np.float32)), "Tensor([], shape=(0, 3))"),
    "a leaf": (Tensor([1.0], requires_grad=True), "Tensor([1.], requires_grad=True)"),
    "a result": (Tensor([1.0], requires_grad=True) + 1, "Tensor([2.], from add)"),
    "much": (tinytorch.zeros(2000), "Tensor([0., 0., 0., ..., 0., 0., 0.], shape=(2000,))"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_repr(name):
    tensor, text = TEXTS[name]
    assert repr(tensor) == str(tensor) == text
    assert f"{tensor}" == (text if tensor.ndim else str(tensor.item()))


def test_a_single_element_is_a_number():
    x = Tensor([[2.5]], requires_grad=True)
    assert (x.item(), float(x), int(x), bool(x), f"{x:.3f}") == (2.5, 2.5, 2, True, "2.500")
    assert not Tensor(0)
    assert [10, 20, 30][Tensor(1)] == 20
    assert list(range(Tensor(2))) == [0, 1]


def test_tensors_can_be_walked_and_looked_into():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert [row.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    assert 3.0 in x
    assert 5 not in x
    _, second = x
    assert second.tolist() == [3.0, 4.0]


def test_equality_is_elementwise_and_the_hash_by_identity():
    x, y = Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    assert (x == y).tolist() == [True, True]
    assert (x != 1).tolist() == [False, True]
    assert len({x, y}) == 2
    assert {x: 1}[x] == 1
    assert x != None  # noqa: E711
    assert x != "text"


def test_arrays_are_made_of_tensors_without_grad():
    x = Tensor([1.0, 2.0])
    assert np.asarray(x) is x.data
    assert np.array(x, dtype=np.float64).dtype == np.float64
    with pytest.raises(RuntimeError, match=r"try .detach\(\)"):
        np.asarray(Tensor([1.0], requires_grad=True))


def test_tensors_survive_pickle_and_copy():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert (y.tolist(), y.requires_grad, y.grad) == ([1.0, 2.0], True, None)
        assert not np.shares_memory(x.data, y.data)


def test_tensors_are_freed_without_the_garbage_collector():
    gc.disable()
    try:
        x = Tensor([1.0, 2.0], requires_grad=True)
        y = (x.exp()[0] / 2).sum()
        gone = weakref.ref(y)
        del y
        assert gone() is None
    finally:
        gc.enable()


# Operations


@st.composite
def factors(draw):
    """Return two arrays that can be multiplied as matrices, stacks and vectors among them."""
    shapes = draw(hnp.mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, max_side=3))
    dtype = draw(dtypes)
    return [draw(arrays(shape, dtype, (0.0, 1.0))) for shape in shapes.input_shapes]


@needs_torch
@many
@given(factors(), st.integers(0, 9))
def test_matmul_of_all_ranks_as_pytorch(both, seed):
    compare("matmul", lambda a, b: a @ b, lambda a, b: a @ b, *both, seed=seed)


@pytest.mark.parametrize(
    ("a", "b"),
    [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (2, 3, 4)), ((2, 2, 3), (3,)), ((2, 1, 2, 3), (5, 3, 2))],
    ids=str,
)
def test_matmuls_gradient_by_finite_differences(a, b):
    generator = np.random.default_rng(0)
    assert gradient_error(lambda a, b: a @ b, generator.standard_normal(a), generator.standard_normal(b)) < 1e-7


def test_matmul_with_arrays_and_integers():
    a = Tensor([[1.0, 2.0]])
    assert (np.array([[1.0], [2.0]], np.float32) @ a).tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert described(Tensor([[1, 2]]) @ Tensor([[1], [2]])) == ("int64", (1, 1), [[5]])
    assert (a @ Tensor([[1], [2]])).dtype == np.float32


def test_matmul_with_lists_on_either_side():
    a = Tensor([[1.0, 3.0], [2.0, 5.0]])
    assert ([[1.0, 2.0]] @ a).tolist() == [[5.0, 13.0]]
    assert (a @ [[1.0], [2.0]]).tolist() == [[7.0], [12.0]]


@pytest.mark.parametrize("f", [operator.add, operator.mul])
def test_a_result_too_large_for_any_array_is_numpys_error(f):
    row = from_numpy(np.broadcast_to(np.float32(1), (2**40,)))
    with pytest.raises(ValueError, match=r"too large|too big"):
        f(row, row.reshape(-1, 1))


@needs_torch
def test_functions_and_methods_agree():
    x = from_numpy(np.arange(6.0).reshape(2, 3))
    for name in ("sum", "mean", "max", "exp", "sqrt", "abs", "argmax", "squeeze", "flatten"):
        assert described(getattr(tinytorch, name)(x)) == described(getattr(x, name)())
        same(name, getattr(tinytorch, name)(x).data.astype(float), getattr(torch, name)(torch.tensor(x.data)).double())


def test_round_of_a_tensor():
    x = Tensor([1.26, -2.51, 0.5, 1.5], dtype=np.float64)
    assert round(x, 1).tolist() == [1.3, -2.5, 0.5, 1.5]
    assert round(x).tolist() == [1.0, -3.0, 0.0, 2.0]  # halves to even


def test_functions_take_arrays_and_numbers():
    assert tinytorch.sum([1.0, 2.0]).item() == 3.0
    assert tinytorch.transpose(np.zeros((2, 3))).shape == (3, 2)
    assert tinytorch.reshape(np.zeros((2, 3)), 6).shape == (6,)
    assert tinytorch.exp(0).item() == 1.0
    assert tinytorch.mean(np.array([1.0, 3.0])).item() == 2.0


def test_integers_make_no_float64():
    whole, half = Tensor([1, 2]), Tensor([0.5, 0.5])
    for result in (
        whole + half,
        half * whole,
        whole - 0.5,
        0.5 * whole,
        whole / 3,
        whole / whole,
        whole @ half,
        whole**half,
    ):
        assert result.dtype == np.float32
    assert (whole + Tensor([0.5, 0.5], dtype=np.float64)).dtype == np.float64
    assert tinytorch.concatenate([whole, half]).dtype == np.float32


def test_a_result_in_float64_of_floats_stays():
    x = Tensor([1.0])
    assert record(tinytorch.exp, np.array([1.0]), x).dtype == np.float64


def test_gradients_have_their_leafs_dtype():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * Tensor([3, 4])).sum().backward()
    assert described(x.grad) == ("float32", (2,), [3.0, 4.0])


def test_numbers_take_the_dtype_of_their_neighbour():
    assert as_tensor(2, Tensor([True])).dtype == np.int64
    assert as_tensor(True, Tensor([True])).dtype == np.bool
    assert as_tensor(2, Tensor([1], dtype=np.int8)).dtype == np.int8
    assert as_tensor(0.1, Tensor([1.0], dtype=np.float64)).item() == 0.1
    assert as_tensor(0.1).dtype == np.float32


def test_nothing_is_recorded_inside_no_grad():
    x = Tensor([1.0], requires_grad=True)
    with no_grad():
        y = (x.exp() / 2)[0]
    assert (y.requires_grad, y.op, y.inputs) == (False, None, ())


# Errors

T = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
ERRORS = {
    "text": (lambda: Tensor("text"), TypeError, "needs numbers, got str"),
    "None": (lambda: Tensor(None), TypeError, "needs numbers, got NoneType"),
    "ragged lists": (lambda: Tensor([[1, 2], [3]]), TypeError, "regular shape"),
    "complex": (lambda: Tensor([1j]), TypeError, "of dtype complex128"),
    "gradients of integers": (lambda: Tensor([1], requires_grad=True), TypeError, "floating-point.*int64"),
    "gradients of new integers": (
        lambda: tinytorch.zeros(2, dtype=int, requires_grad=True),
        TypeError,
        "floating-point",
    ),
    "complex zeros": (lambda: tinytorch.zeros(2, dtype=complex), TypeError, "needs numbers"),
    "random integers": (lambda: tinytorch.rand(2, dtype=int), TypeError, "wanted a float dtype, got int64"),
    "arange of step 0": (lambda: tinytorch.arange(1, 2, 0), ValueError, "a step other than 0"),
    "item of many": (lambda: T.item(), ValueError, r"exactly one element, got shape \(2, 3\)"),
    "item of none": (lambda: tinytorch.zeros(0).item(), ValueError, r"got shape \(0,\)"),
    "bool of many": (lambda: bool(T), ValueError, r"\(2, 3\) is neither true nor false; try .all\(\) or .any\(\)"),
    "bool of none": (lambda: bool(tinytorch.zeros(0)), ValueError, "neither true nor false"),
    "float of many": (lambda: float(T), ValueError, "exactly one element"),
    "format of many": (lambda: f"{T:.2f}", ValueError, "the format '.2f' wanted one element"),
    "len of a number": (lambda: len(Tensor(1.0)), TypeError, "0-d"),
    "walk over a number": (lambda: list(Tensor(1.0)), TypeError, "0-d"),
    "a float as an index": (
        lambda: [1, 2][Tensor(1.0)],
        TypeError,
        r"0-d tensor of integers, got shape \(\) of float32",
    ),
    "hooks without grad": (lambda: T.register_hook(print), RuntimeError, "requires no grad"),
    "matmul of numbers": (lambda: T @ 2.0, ValueError, r"\(2, 3\) @ \(\).*use \*"),
    "matmul of lengths": (lambda: T @ T, ValueError, r"\(2, 3\) @ \(2, 3\).*inner lengths"),
    "matmul of stacks": (
        lambda: tinytorch.zeros(2, 3, 4) @ tinytorch.zeros(3, 4, 5),
        ValueError,
        r"\(2, 3, 4\) @ \(3, 4, 5\).*leading axes",
    ),
    "matmul of a vector": (lambda: T @ Tensor([1.0, 2.0]), ValueError, r"\(2, 3\) @ \(2,\).*lengths"),
    "a number too large": (lambda: Tensor([1], dtype=np.int8) + 300, OverflowError, "300 out of bounds for int8"),
}


@beyond("01.2", "01.8")
@pytest.mark.parametrize("other", [T, Tensor([1.0, 2.0])], ids=["a matrix", "a vector"])
def test_the_lengths_that_meet_in_a_product_are_named(other):
    with pytest.raises(ValueError, match="lengths 3 and 2 differ"):
        T @ other


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    f, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        f()


# Imports

FILES = (
    "tensor",
    "tensor_methods",
    "tensor_protocols",
    "elementwise",
    "shapes",
    "indexing",
    "reductions",
    "contraction",
    "creation",
    "sorting",
    "torch_methods",
    "torch_in_place",
    "torch_shapes",
    "torch_indexing",
    "trigonometry",
)


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_every_file_can_be_imported_first():
    lines = [
        "import sys",
        f"for name in {(*FILES, 'tensor_gradients')}:",
        "    __import__(f'tinytorch.{name}')",
        "    [sys.modules.pop(name) for name in list(sys.modules) if name.startswith('tinytorch')]",
    ]
    done = run("-c", "\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_file_itself_can_be_run():
    done = run("modules/01_tensor/tensor.py")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", FILES)
def test_module_01_knows_no_calculus(name):
    source = (ROOT / "tinytorch" / f"{name}.py").read_text(encoding="utf-8")
    assert "vjp" not in source
    assert "gradients import" not in source


def test_every_public_operation_stands_at_tinytorch():
    assert set(tinytorch.__all__) <= set(dir(tinytorch))
    for name in ("zeros_like", "randn", "einsum", "gather", "pad", "allclose", "mean", "subtract"):
        assert name in tinytorch.__all__
