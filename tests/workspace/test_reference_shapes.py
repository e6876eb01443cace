"""Module 01, shapes and indices, against PyTorch and finite differences: views, repeated indices, writes, errors."""

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytorch_oracle import arrays, compare, needs_torch, same, steady, torch

import tinytorch
from tinytorch import Tensor, no_grad
from tinytorch.recording import written, written_after
from tinytorch.tensor import from_numpy

many = settings(steady, max_examples=150)
X = np.arange(24.0).reshape(2, 3, 4)


def as_torch(index):
    """Return an index with PyTorch's tensors where NumPy's arrays stand."""
    if isinstance(index, tuple):
        return tuple([as_torch(part) for part in index])
    return torch.tensor(index) if isinstance(index, np.ndarray) else index


# Shapes; every name: ours, theirs, on an array of shape (2, 3, 4)
MOVES = {
    "reshape": (lambda x: x.reshape(4, -1), lambda x: x.reshape(4, -1)),
    "reshape by a tuple": (lambda x: x.reshape((6, 4)), lambda x: x.reshape((6, 4))),
    "view": (lambda x: x.view(-1), lambda x: x.reshape(-1)),
    "transpose of two": (lambda x: x.transpose(0, 2), lambda x: x.transpose(0, 2)),
    "transpose of the last": (lambda x: x.transpose(-1, -2), lambda x: x.transpose(-1, -2)),
    "transpose of all": (lambda x: x.transpose(2, 0, 1), lambda x: x.permute(2, 0, 1)),
    "transpose, negative": (lambda x: x.transpose(-1, -3, -2), lambda x: x.permute(-1, -3, -2)),
    "T": (lambda x: x.T, lambda x: x.permute(2, 1, 0)),
    "permute": (lambda x: x.permute(1, 2, 0), lambda x: x.permute(1, 2, 0)),
    "permute by a tuple": (lambda x: x.permute((0, -1, 1)), lambda x: x.permute((0, -1, 1))),
    "swapaxes": (lambda x: x.swapaxes(0, -1), lambda x: x.swapaxes(0, -1)),
    "unsqueeze": (lambda x: x.unsqueeze(1), lambda x: x.unsqueeze(1)),
    "unsqueeze at the end": (lambda x: x.unsqueeze(-1), lambda x: x.unsqueeze(-1)),
    "squeeze": (lambda x: x[:1, :, None].squeeze(), lambda x: x[:1, :, None].squeeze()),
    "squeeze one": (lambda x: x[:1, :, None].squeeze(2), lambda x: x[:1, :, None].squeeze(2)),
    "squeeze two": (lambda x: x[:1, :, None].squeeze((0, 2)), lambda x: x[:1, :, None].squeeze((0, 2))),
    "squeeze none": (lambda x: x.squeeze(1), lambda x: x.squeeze(1)),
    "flatten": (lambda x: x.flatten(), lambda x: x.flatten()),
    "flatten the last": (lambda x: x.flatten(1), lambda x: x.flatten(1)),
    "flatten the first": (lambda x: x.flatten(0, 1), lambda x: x.flatten(0, 1)),
    "flatten a number": (lambda x: x[1, 2, 3].flatten(), lambda x: x[1, 2, 3].flatten()),
    "expand": (lambda x: x[:, :1].expand(-1, 5, 4), lambda x: x[:, :1].expand(-1, 5, 4)),
    "expand to more axes": (lambda x: x.expand(3, 1, -1, -1, -1), lambda x: x.expand(3, 1, -1, -1, -1)),
    "expand to nothing": (lambda x: x[:, :1].expand(2, 0, 4), lambda x: x[:, :1].expand(2, 0, 4)),
    "pad": (lambda x: tinytorch.pad(x, (1, 2)), lambda x: torch.nn.functional.pad(x, (1, 2))),
    "pad two axes": (
        lambda x: tinytorch.pad(x, (1, 0, 0, 3), value=-2.5),
        lambda x: torch.nn.functional.pad(x, (1, 0, 0, 3), value=-2.5),
    ),
    "pad all axes": (
        lambda x: tinytorch.pad(x, (0, 1, 2, 0, 1, 1)),
        lambda x: torch.nn.functional.pad(x, (0, 1, 2, 0, 1, 1)),
    ),
}


@needs_torch
@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_moves_as_pytorch(name, dtype, order):
    compare(name, *MOVES[name], np.asarray(X, dtype, order=order))


@pytest.mark.parametrize("name", [name for name in MOVES if "pad" not in name])
def test_moves_are_views(name):
    x = Tensor(X)
    y = MOVES[name][0](x)
    assert y.size == 0 or np.shares_memory(x.data, y.data)


@pytest.mark.parametrize("name", MOVES)
def test_moves_by_finite_differences(name):
    assert gradient_error(MOVES[name][0], X) < 1e-7


@needs_torch
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("lengths", [(1, 2), (3,), (0, 2), (1, 1, 4)], ids=str)
def test_concatenate_as_pytorch(axis, lengths):
    generator = np.random.default_rng(0)
    shapes = [[*[2, 3, 4][:axis], length, *[2, 3, 4][axis:][1:]] for length in lengths]
    parts = [generator.standard_normal(shape) for shape in shapes]
    compare("concatenate", lambda *x: tinytorch.concatenate(x, axis), lambda *x: torch.cat(x, axis), *parts)


@needs_torch
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(2, 3), (2, 0), (4,)], ids=str)
def test_stack_as_pytorch(axis, shape):
    parts = np.random.default_rng(0).standard_normal((3, *shape))
    compare("stack", lambda *x: tinytorch.stack(x, axis), lambda *x: torch.stack(x, axis), *parts)


@needs_torch
def test_stack_of_numbers():
    parts = [np.array(1.0), np.array(2.0)]
    compare("stack of numbers", lambda *x: tinytorch.stack(x), lambda *x: torch.stack(x), *parts)


@needs_torch
@pytest.mark.parametrize(
    ("sizes", "axis"), [(2, 0), (3, 1), (1, 2), (10, -1), ([1, 3], 2), ([0, 3, 0], 1), ((2,), 0)], ids=str
)
def test_split_as_pytorch(sizes, axis):
    lengths = list(sizes) if isinstance(sizes, tuple) else sizes
    expected = torch.split(torch.tensor(X), lengths, axis)
    assert [piece.shape for piece in from_numpy(X).split(sizes, axis)] == [tuple(piece.shape) for piece in expected]
    for i in range(len(expected)):
        compare("split", lambda x, i=i: x.split(sizes, axis)[i], lambda x, i=i: x.split(lengths, axis)[i], X)


def test_split_of_nothing():
    assert [piece.shape for piece in Tensor(np.zeros((0, 2))).split(3)] == [(0, 2)]


# Reading by an index

INDICES = {
    "an int": 1,
    "a negative int": -1,
    "a NumPy int": np.int64(1),
    "a slice": slice(1, None),
    "a step": (slice(None), slice(None, None, 2)),
    "all ints": (1, 2, 3),
    "ellipsis": (..., -1),
    "None": (None, 1, ..., None),
    "nothing": (slice(0, 0),),
    "no index": (),
    "an array": np.array([1, 0, 1, 1]),
    "negative ints": np.array([-1, 0, -2, 1]),
    "a matrix": np.array([[1, 0], [1, 1]]),
    "an empty array": np.array([], np.int64),
    "a 0-d array": np.array(1),
    "two arrays": (np.array([0, 1, 1]), np.array([2, 0, 0])),
    "three arrays": (np.array([0, 1, 1]), np.array([2, 0, 0]), np.array([3, -1, 3])),
    "arrays that broadcast": (np.array([[0], [1]]), np.array([2, 0, 0])),
    "an array behind a slice": (slice(None), np.array([0, 0, 2])),
    "an array behind an ellipsis": (..., np.array([0, 0, 3])),
    "arrays apart": (np.array([0, 1, 1]), slice(None), np.array([3, 0, 0])),
    "an array and an int": (1, np.array([2, 2, 0])),
    "an array, a slice and None": (np.array([1, 1]), None, slice(1, 3)),
    "a mask": X % 3 == 0,
    "a mask of rows": np.array([True, False]),
    "a mask behind a slice": (slice(None), np.array([True, False, True])),
    "a mask and an array": (np.array([True, True]), np.array([1, 1])),
    "an empty mask": np.zeros((2, 3, 4), bool),
}


@needs_torch
@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_getitem_as_pytorch(name, dtype):
    index = INDICES[name]
    compare("getitem", lambda x: x[index], lambda x: x[as_torch(index)], X.astype(dtype))


@pytest.mark.parametrize("name", INDICES)
def test_getitem_by_finite_differences(name):
    assert gradient_error(lambda x: x[INDICES[name]], X) < 1e-7


@many
@given(st.data())
def test_getitem_as_numpy(data):
    x = data.draw(arrays(hnp.array_shapes(max_dims=3, max_side=4)))
    index = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True) | hnp.integer_array_indices(x.shape))
    ours = Tensor(x, requires_grad=True)
    y = ours[index]
    np.testing.assert_array_equal(y.data, x[index])
    y.backward(np.ones(y.shape))
    counts = np.zeros(x.shape, x.dtype)
    np.add.at(counts, index, 1)
    np.testing.assert_array_equal(ours.grad.data, counts)


def test_indices_that_numpy_has_and_pytorch_has_not():
    x = Tensor(X)
    assert x[::-1].tolist() == X[::-1].tolist()
    assert x[[]].shape == (0, 3, 4)
    assert x[[1, 0]].tolist() == X[[1, 0]].tolist()
    assert x[[True, False]].tolist() == X[[True, False]].tolist()


def test_tensors_as_indices():
    x = Tensor(X)
    assert x[Tensor([1, 0, 1])].tolist() == X[[1, 0, 1]].tolist()
    assert x[x > 20].tolist() == X[X > 20].tolist()
    assert x[:, Tensor([2, 2])].tolist() == X[:, [2, 2]].tolist()
    assert x[Tensor(1)].tolist() == X[1].tolist()
    assert x[: Tensor(1)].tolist() == X[:1].tolist()


@pytest.mark.parametrize("index", [0, (1, 2), (1, 2, 3), (..., 1), (slice(None), 1)], ids=str)
def test_ints_and_slices_give_views(index):
    x = Tensor(X)
    x[index][...] = -1.0
    expected = X.copy()
    expected[index] = -1.0
    assert x.tolist() == expected.tolist()


def test_an_index_that_changes_later_leaves_the_gradient_alone():
    index, x = np.array([0, 1]), Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[index]
    index[:] = 2
    y.backward(np.ones(2))
    assert x.grad.tolist() == [1.0, 1.0, 0.0]


# gather


@needs_torch
@many
@given(st.data())
def test_gather_as_pytorch(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    x = data.draw(arrays(shape))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    lengths = [data.draw(st.integers(0, length)) for length in shape]
    lengths[axis] = data.draw(st.integers(0, 5))
    index = data.draw(hnp.arrays(np.int64, tuple(lengths), elements=st.integers(0, shape[axis] - 1)))
    compare("gather", lambda x: x.gather(axis, index), lambda x: x.gather(axis, torch.tensor(index)), x)


def test_gather_of_a_number():
    x = Tensor(3.0, requires_grad=True)
    y = x.gather(0, Tensor(0))
    y.backward()
    assert (y.item(), x.grad.item()) == (3.0, 1.0)


# Writing


@needs_torch
@pytest.mark.parametrize("name", [name for name in INDICES if name not in ("a NumPy int",)])
def test_setitem_as_pytorch(name):
    index = INDICES[name]
    ours, theirs = Tensor(X), torch.tensor(X)
    ours[index] = -7
    theirs[as_torch(index)] = -7
    same("setitem", ours.data, theirs)


def test_setitem_broadcasts_and_keeps_the_dtype():
    x = Tensor(X, dtype=np.float32)
    x[:, 0] = Tensor([1.0, 2.0, 3.0, 4.0], dtype=np.float64)
    assert x.dtype == np.float32
    assert x[1, 0].tolist() == [1.0, 2.0, 3.0, 4.0]
    x[x > 20] = np.inf
    assert x[1, 2, 3].item() == np.inf


@pytest.mark.parametrize(
    ("x", "value"),
    [
        (Tensor([1.0, 2.0], requires_grad=True), 0.0),
        (Tensor([1.0, 2.0], requires_grad=True) * 2, 0.0),
        (Tensor([1.0, 2.0]), Tensor(3.0, requires_grad=True)),
    ],
    ids=["into a leaf", "into a result", "of a value"],
)
def test_writes_that_would_lose_gradients_are_refused(x, value):
    before = x.tolist()
    with pytest.raises(RuntimeError, match=r"lose gradients; try no_grad\(\)"):
        x[0] = value
    assert x.tolist() == before


def test_writes_inside_no_grad_are_made():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with no_grad():
        x[0] = Tensor(5.0, requires_grad=True)
    assert x.tolist() == [5.0, 2.0]


def test_a_write_is_noted_for_all_views_of_the_memory_and_forgotten_with_it():
    x = Tensor(X)
    view, other, count = x[0, 1:], Tensor(X), len(written)
    y = Tensor([1.0], requires_grad=True) * 1.0
    assert not written_after(x.data, y.serial)
    view[1] = 3.0
    assert written_after(x.data, y.serial)
    assert written_after(x.T.data, y.serial)
    assert not written_after(other.data, y.serial)
    z = y * 1.0
    assert not written_after(x.data, z.serial)
    x[0] = 1.0
    assert written_after(view.data, z.serial)
    assert len(written) == count + 1
    del x, view
    assert len(written) == count


def test_backward_refuses_what_was_written_into_since():
    x, w = Tensor([1.0, 2.0]), Tensor([3.0, 4.0], requires_grad=True)
    y = (x * w).sum()
    x[0] = 9.0
    with pytest.raises(RuntimeError, match="written into"):
        y.backward()
    assert w.grad is None


# Errors

T = Tensor(X)
ERRORS = {
    "reshape": (lambda: T.reshape(5, -1), ValueError, r"cannot reshape \(2, 3, 4\) with 24 elements to \(5, -1\)"),
    "reshape to text": (lambda: T.reshape("a"), ValueError, r"cannot reshape \(2, 3, 4\)"),
    "transpose": (lambda: T.transpose(0, 0, 1), ValueError, r"transpose.*\(2, 3, 4\)|\(2, 3, 4\).*\(0, 0, 1\)"),
    "transpose too few": (lambda: T.permute(0), ValueError, r"transpose.*\(2, 3, 4\)|\(2, 3, 4\).*\(0,\)"),
    "swapaxes": (lambda: T.swapaxes(0, 3), ValueError, "swapaxes: axis 3 is out of bounds"),
    "unsqueeze": (lambda: T.unsqueeze(5), ValueError, "unsqueeze: axis 5 is out of bounds"),
    "squeeze": (lambda: T.squeeze(3), ValueError, "squeeze: axis 3 is out of bounds"),
    "flatten": (lambda: T.flatten(2, 1), ValueError, "start_axis before end_axis, got 2 and 1"),
    "expand": (lambda: T.expand(2, 3, 5), ValueError, r"cannot expand \(2, 3, 4\) to \(2, 3, 5\)"),
    "expand to fewer": (lambda: T.expand(4), ValueError, r"cannot expand \(2, 3, 4\) to \(4,\)"),
    "expand a new axis by -1": (lambda: T.expand(-1, 2, 3, 4), ValueError, "cannot expand"),
    "concatenate": (
        lambda: tinytorch.concatenate([T, Tensor([1.0])]),
        ValueError,
        r"cannot concatenate \(2, 3, 4\), \(1,\) along axis 0",
    ),
    "concatenate a tensor": (lambda: tinytorch.concatenate(T), ValueError, "concatenate .* list"),
    "concatenate nothing": (lambda: tinytorch.concatenate([]), ValueError, "concatenate .* list"),
    "stack": (lambda: tinytorch.stack([T, T[0]]), ValueError, r"cannot stack \(2, 3, 4\), \(3, 4\)"),
    "split by 0": (lambda: T.split(0), ValueError, "length 1 or more, got 0"),
    "split by a wrong sum": (lambda: T.split([1, 2]), ValueError, r"sum is 2, axis 0 of \(2, 3, 4\); got \[1, 2\]"),
    "split by negative lengths": (lambda: T.split([3, -1]), ValueError, "sum is 2"),
    "split of no such axis": (lambda: T.split(1, 3), ValueError, "split: axis 3 is out of bounds"),
    "pad by odd widths": (lambda: tinytorch.pad(T, (1,)), ValueError, r"a pair of widths .* got \(1,\)"),
    "pad by too many": (lambda: tinytorch.pad(T, (1,) * 8), ValueError, "at most 6"),
    "pad by negative ones": (lambda: tinytorch.pad(T, (-1, 0)), ValueError, "none negative"),
    "getitem beyond": (lambda: T[2], IndexError, r"cannot read 2 of a tensor of shape \(2, 3, 4\): .*out of bounds"),
    "getitem of too many": (lambda: T[0, 0, 0, 0], IndexError, "too many indices"),
    "getitem by floats": (lambda: T[Tensor([1.0])], IndexError, "integer"),
    "getitem by a float": (lambda: T[1.0], IndexError, "cannot read 1.0"),
    "getitem by text": (lambda: T["a"], IndexError, "cannot read 'a'"),
    "getitem by a mask of another shape": (lambda: T[Tensor([True])], IndexError, "boolean"),
    "setitem beyond": (lambda: T.__setitem__(2, 0.0), IndexError, r"cannot write 2 of a tensor of shape \(2, 3, 4\)"),
    "setitem of another shape": (
        lambda: T.__setitem__(0, Tensor([1.0, 2.0])),
        ValueError,
        r"cannot write 0 .*the value's shape is \(2,\)",
    ),
    "setitem into a stretched view": (lambda: T.expand(5, 2, 3, 4).__setitem__(0, 1.0), ValueError, "read-only"),
    "gather by floats": (lambda: T.gather(0, Tensor([[[0.0]]])), TypeError, "integers, got float32"),
    "gather by another shape": (lambda: T.gather(0, Tensor([0])), ValueError, r"axes of \(2, 3, 4\).*got \(1,\)"),
    "gather by a longer index": (lambda: T.gather(0, np.zeros((1, 4, 1), int)), ValueError, r"got \(1, 4, 1\)"),
    "gather beyond": (lambda: T.gather(0, np.full((1, 1, 1), 2)), IndexError, "from 0 to 1, got some from 2 to 2"),
    "gather below": (lambda: T.gather(0, np.full((1, 1, 1), -1)), IndexError, "from 0 to 1, got some from -1"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    f, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        f()
    assert T.tolist() == X.tolist()
