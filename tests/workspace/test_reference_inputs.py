"""What a user may hand over: odd arrays become tensors of plain ones, and what is wrong is named in one clear error."""

import copy
import importlib
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from beyond import beyond
from pytorch_oracle import needs_torch, torch
from workspace_copy import ROOT

import tinytorch
import tinytorch.tensor as module
from tinytorch import Tensor

MATRIX = np.arange(6.0, dtype=np.float32).reshape(2, 3)


class Own(np.ndarray):
    """A subclass of NumPy's array."""


def read_only(array):
    array.flags.writeable = False
    return array


ARRAYS = {
    "big-endian floats": MATRIX.astype(">f4"),
    "big-endian ints": np.array([1, 2], ">i8"),
    "read-only": read_only(MATRIX.copy()),
    "Fortran's order": np.asfortranarray(MATRIX),
    "every second": MATRIX[:, ::2],
    "backwards": MATRIX[::-1, ::-1],
    "a subclass": MATRIX.view(Own),
    "float16": MATRIX.astype(np.float16),
    "no element": np.zeros((0, 3), np.float32),
    "no axis": np.array(2.5),
    "one number stretched": np.broadcast_to(np.float32(1.5), (2, 3)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_odd_arrays_become_plain_ones_of_the_tensors_own(name):
    array = ARRAYS[name]
    data = Tensor(array).data
    assert type(data) is np.ndarray
    assert data.flags.writeable
    assert data.dtype == array.dtype.newbyteorder("=")
    assert not np.shares_memory(data, array)
    np.testing.assert_array_equal(data, np.asarray(array))


def test_a_file_in_memory(tmp_path):
    np.save(tmp_path / "x.npy", MATRIX)
    x = Tensor(np.load(tmp_path / "x.npy", mmap_mode="r"))
    x += 1
    assert type(x.data) is np.ndarray
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), MATRIX)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_is_multiplied_elementwise_as_all_tensors():
    matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    assert (Tensor(matrix) * matrix).tolist() == [[1.0, 4.0], [9.0, 16.0]]
    assert (matrix * Tensor(matrix)).tolist() == [[1.0, 4.0], [9.0, 16.0]]


NO_NUMBERS = {
    "None": None,
    "text": "abc",
    "a number as text": "1.5",
    "bytes": b"1",
    "a complex number": 1j,
    "objects": np.array([1, 2], dtype=object),
    "a list with None": [1.0, None],
    "a list with text": [1, "2"],
    "lists of two lengths": [[1.0], [1.0, 2.0]],
    "a set": {1, 2},
    "a generator": (i for i in range(3)),
    "a dict": {1: 2},
    "an int of 100 bits": 2**100,
    "a date": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": np.zeros(2, dtype=[("a", "f4")]),
    "a fraction": Fraction(1, 2),
    "a decimal": Decimal("1.5"),
    "a long double": np.longdouble(1.5),
    "a function": len,
}


@pytest.mark.parametrize("dtype", [None, np.float32], ids=["no dtype", "a dtype"])
@pytest.mark.parametrize("name", NO_NUMBERS)
def test_what_holds_no_numbers_is_no_tensor(name, dtype):
    with pytest.raises(TypeError, match="a tensor needs numbers"):
        Tensor(NO_NUMBERS[name], dtype)


@pytest.mark.parametrize("name", [name for name in NO_NUMBERS if name != "an int of 100 bits"])  # a float can be it
def test_nor_is_it_an_operand_and_nothing_is_half_changed(name):
    x, leaf = Tensor([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)
    operations = [x.add_, x.mul_, x.copy_, x.fill_, lambda y: x.__setitem__(0, y), lambda y: y in x]
    operations += [(leaf * 2).backward] if name != "None" else []  # which is no seed
    for operation in operations:
        with pytest.raises(TypeError, match="a tensor needs numbers"):
            operation(NO_NUMBERS[name])
    assert x.tolist() == [1.0, 2.0]
    assert leaf.grad is None


def test_masked_arrays_are_refused():
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(TypeError, match=r"can't hide elements as a masked array does; try \.filled\(0\)"):
        Tensor(masked)
    with pytest.raises(TypeError, match="masked array"):
        Tensor([1.0, 2.0]) + masked


@pytest.mark.parametrize("dtype", ["foo", 3, (2, 3), object, complex, str, "datetime64[s]", np.longdouble])
def test_a_dtype_is_one_of_numbers(dtype):
    for f in (lambda: Tensor([1.0], dtype), lambda: Tensor([1.0]).astype(dtype)):
        with pytest.raises(TypeError, match=r"wanted a dtype of numbers such as np\.float32, got"):
            f()


X = Tensor(MATRIX)
ERRORS = {
    "cumsum without an axis": (lambda: X.cumsum(None), TypeError, "cumsum: an axis wanted a whole number, got None"),
    "an axis of text": (lambda: X.squeeze("a"), TypeError, "squeeze wanted an axis as an int, .* got 'a'"),
    "flatten from a fraction": (lambda: X.flatten(0.5), TypeError, "flatten: an axis wanted a whole number, got 0.5"),
    "an axis of 100 bits": (lambda: X.unsqueeze(2**100), ValueError, "unsqueeze: axis 1267.* out of bounds"),
    "an axis twice": (lambda: X.flip(0, -2), ValueError, r"flip wanted each axis once, got \(0, -2\)"),
    "permute of text": (lambda: X.permute("ab"), TypeError, "permute wanted a whole number, got 'ab'"),
    "expand to fractions": (lambda: X.expand(2.0, 3), TypeError, "expand wanted a whole number, got 2.0"),
    "repeat of a fraction": (lambda: X.repeat(1.5, 1), TypeError, "repeat wanted a whole number, got 1.5"),
    "roll by text": (lambda: X.roll("a"), TypeError, "roll wanted a whole number, got 'a'"),
    "split into fractions": (lambda: X.split([1.5, 0.5]), TypeError, "split wanted a whole number, got 1.5"),
    "pad by fractions": (lambda: tinytorch.pad(X, (0.5, 1)), TypeError, "pad wanted a whole number, got 0.5"),
    "a fraction of the best": (lambda: X.topk(1.5), TypeError, "topk's k wanted a whole number, got 1.5"),
    "chunks of text": (lambda: X.chunk("2"), TypeError, "chunk wanted a whole number, got '2'"),
    "half a diagonal": (lambda: X.tril(0.5), TypeError, "tril's diagonal wanted a whole number, got 0.5"),
    "half a decimal": (lambda: X.round(0.5), TypeError, "round's decimals wanted a whole number, got 0.5"),
    "a norm of None": (lambda: X.norm(None), ValueError, "norm wanted p as a number of 0 or more"),
    "linspace of fractions": (
        lambda: tinytorch.linspace(0, 1, 2.5),
        TypeError,
        "linspace's steps wanted a whole number",
    ),
    "linspace below 0": (lambda: tinytorch.linspace(0, 1, -1), ValueError, "linspace wanted lengths of 0 or more"),
    "arange to infinity": (lambda: tinytorch.arange(np.inf), ValueError, "arange wanted finite numbers .* inf and 1"),
    "arange to NaN": (lambda: tinytorch.arange(np.nan), ValueError, "arange wanted finite numbers"),
    "cat of a number": (lambda: tinytorch.cat(3), TypeError, "cat wanted a list of tensors, got 3"),
    "concatenate of a generator": (
        lambda: tinytorch.concatenate(x for x in [X]),
        ValueError,
        "concatenate wanted a list of tensors, one or more; got <generator",
    ),
    "stack of a generator": (lambda: tinytorch.stack(x for x in [X]), ValueError, "stack wanted a list of tensors"),
    "limits of another length": (
        lambda: X.clip(np.zeros(2), None),
        ValueError,
        r"cannot broadcast \(2, 3\) clip \(2,\): .* 3 meets 2",
    ),
    "an index of 100 bits": (lambda: X[2**100], IndexError, "cannot read 12676506"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=beyond("01.10")) if n == "concatenate of a generator" else n for n in ERRORS]
)
def test_errors_say_what_was_wanted(name):
    f, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        f()


def test_lengths_may_be_tensors_of_integers():
    two = tinytorch.tensor(2)
    assert tinytorch.zeros(two, 3).shape == X.expand(two, 3).shape == (2, 3)
    assert X.repeat(two, 1).shape == (4, 3)


def test_integers_get_no_gradient_however_they_came_to_require_one():
    x, w = Tensor([1, 2]), Tensor([1.0, 2.0], requires_grad=True)
    x.requires_grad = True
    with pytest.raises(TypeError, match="only floating-point tensors can require grad, got int64"):
        (x * w).sum().backward()
    assert x.grad is None
    assert w.grad is None


# Calling the module `tinytorch.tensor`, as PyTorch's scripts call the function of that name

DATA = [1.5, 3, True, [1, 2], [1.0, 2], [True, 2], [[1.0], [2.0]], [], (1, 2.5), range(3), np.float64(2), np.int8([1]),
        np.zeros(2), np.float16([1.5]), np.array([True]), [np.int32(1)], [np.zeros(2)]]  # fmt: skip


@needs_torch
@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy.ndarrays")
@pytest.mark.parametrize("data", DATA, ids=repr)
def test_tensor_infers_dtypes_as_pytorchs(data):
    ours, theirs = tinytorch.tensor(data), torch.tensor(data)
    assert ours.dtype == theirs.numpy().dtype
    assert ours.tolist() == theirs.tolist()


def test_tensor_takes_pytorchs_arguments():
    x = tinytorch.tensor([1, 2], dtype=tinytorch.float64, device="cpu", requires_grad=True)
    assert (x.dtype, x.requires_grad, x.is_leaf) == (np.float64, True, True)
    array = np.array([1.0, 2.0])
    assert not np.shares_memory(tinytorch.tensor(array).data, array)
    with pytest.raises(TypeError, match="only floating-point tensors can require grad"):
        tinytorch.tensor([1, 2], requires_grad=True)


def test_tensors_errors_show_what_was_given():
    with pytest.raises(TypeError, match=r"numbers in a regular shape, got \[\[1\.0\], \[1\.0, 2\.0\]\]"):
        tinytorch.tensor([[1.0], [1.0, 2.0]])


def test_tensor_is_the_module_still():
    assert module is tinytorch.tensor is sys.modules["tinytorch.tensor"]
    assert module.Tensor is Tensor
    assert module(1.5).item() == 1.5
    x = tinytorch.tensor([1.0, 2.0])
    assert type(pickle.loads(pickle.dumps(x))) is type(copy.deepcopy(x)) is Tensor


def test_a_reloaded_module_can_be_called():
    lines = """
import importlib, tinytorch
from tinytorch import tensor
importlib.reload(tinytorch.tensor)
print(tensor([1.0]).tolist(), tinytorch.tensor([2.0]).tolist())
importlib.reload(tinytorch)
print(tinytorch.tensor([3.0]).tolist())
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("[1.0] [2.0]\n[3.0]\n", "")
    assert importlib.import_module("tinytorch.tensor") is module


# Numbers in text, and NumPy's functions that call methods


@needs_torch
@pytest.mark.parametrize("value", [0.1, 2.5, 3, True, float("nan")])
def test_a_tensor_without_axes_is_its_number_in_text_as_pytorchs(value):
    ours, theirs = Tensor(value), torch.tensor(value)
    assert f"{ours}" == f"{theirs}"
    assert f"{ours:8.3f}" == f"{theirs:8.3f}"
    assert f"{Tensor(0.5, requires_grad=True) * 3}" == "1.5"


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "std", "var", "all", "any"])
def test_numpys_reductions_reach_the_tensors_own(name):
    for options in ({}, {"axis": 1}):
        result = getattr(np, name)(X, **options)
        assert isinstance(result, Tensor)
        np.testing.assert_allclose(result.data, getattr(np, name)(MATRIX, **options), rtol=1e-6)


@needs_torch
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "bool"])
@pytest.mark.parametrize("name", [pytest.param("sum", marks=beyond("01.3")), "prod", "cumsum"])
def test_integers_are_added_in_int64_as_in_pytorch(name, dtype):
    array = np.array([[1, 0, 1], [1, 1, 1]], dtype)
    ours, theirs = getattr(Tensor(array), name)(axis=1), getattr(torch.tensor(array), name)(dim=1)
    assert ours.dtype == theirs.numpy().dtype == np.int64
    assert ours.tolist() == theirs.tolist()


@needs_torch
@pytest.mark.parametrize("name", ["sum", "mean", "std"])
def test_float16_is_added_in_float32_as_in_pytorch(name):
    array = np.array([[6e4, -6e4, 0.5, 2.0], [1e4, 9e3, -1e4, 2048.5]], np.float16)
    ours, theirs = getattr(Tensor(array), name)(axis=1), getattr(torch.tensor(array), name)(dim=1)
    assert ours.dtype == np.float16
    np.testing.assert_array_equal(ours.data, theirs.numpy())


def test_a_dtype_of_none_is_the_default():
    assert tinytorch.zeros(2, dtype=None).dtype == tinytorch.eye(2, dtype=None).dtype == np.float32


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([None]), np.array([1j]), [1.0], None, X], ids=str)
def test_from_numpy_wants_an_array_of_numbers(array):
    with pytest.raises(TypeError, match="from_numpy wanted an array of numbers, got"):
        tinytorch.from_numpy(array)


def test_from_numpy_shares_memory():
    array = np.zeros(2)
    x = tinytorch.from_numpy(array)
    x[0] = 1
    array[1] = 2
    assert x.tolist() == array.tolist() == [1, 2]


@beyond("01.1")  # reshape stands in module 01's file, and an older one has an older reshape
def test_reshape_takes_one_unknown_length():
    with pytest.raises(ValueError, match=r"cannot reshape \(2, 3\) with 6 elements to \(-2, 3\)"):
        X.reshape(-2, 3)


def test_odd_arguments_of_reductions():
    with pytest.raises(TypeError, match="var wanted a number as correction, got 'a'"):
        X.var(0, correction="a")
    with pytest.raises(TypeError, match="std wanted an axis as an int, a tuple of ints or None, got True"):
        X.std(True)
