"""Module 01, reductions and einsum, against PyTorch and finite differences: axes, ties, zeros, no elements, errors."""

import re

import numpy as np
import pytest
from beyond import beyond
from finite_differences import gradient_error
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytorch_oracle import arrays, compare, dtypes, needs_torch, same, steady, torch

import tinytorch
from tinytorch import Tensor

many = settings(steady, max_examples=150)
SMALL = (0.0, 1.0, -1.0, 2.0)  # ties and zeros
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)

X = np.array([[[3.0, 1.5, -2.0, 0.5], [0.25, 4.0, 1.0, -1.0], [2.0, -3.0, 0.75, 5.0]]] * 2) * [[[1.0]], [[-0.5]]]


@st.composite
def reduced(draw, special=SMALL, shape=shapes):
    """Return an array, axes that it has (an int, a tuple or None), and keepdims."""
    x = draw(arrays(shape, dtypes, special))
    axes = st.none()
    if x.ndim:
        axes |= st.integers(-x.ndim, x.ndim - 1) | hnp.valid_tuple_axes(x.ndim, min_size=1)
    return x, draw(axes), draw(st.booleans())


def every(x, axis):
    """Return axes as PyTorch takes them: it has no None."""
    return tuple(range(x.ndim)) if axis is None else axis


def by_dim(name):
    """Return PyTorch's reduction as a function of axis and keepdims."""
    return lambda x, axis, keepdims: getattr(torch, name)(x, dim=every(x, axis), keepdim=keepdims)


REDUCTIONS = {"sum": "sum", "mean": "mean", "max": "amax", "min": "amin"}


@needs_torch
@pytest.mark.parametrize("name", REDUCTIONS)
@many
@given(case=reduced(), seed=st.integers(0, 9))
def test_reductions_as_pytorch(name, case, seed):
    x, axis, keepdims = case
    f = by_dim(REDUCTIONS[name])
    compare(name, lambda x: getattr(x, name)(axis, keepdims), lambda x: f(x, axis, keepdims), x, seed=seed)


@needs_torch
@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_of_all_share_the_gradient_as_pytorchs(name):
    x = np.array([[1.0, 3.0, 3.0], [-2.0, 3.0, -2.0]])
    compare(f"{name} of all", lambda x: getattr(x, name)(), lambda x: getattr(x, name)(), x)


def test_extremes_of_nan_are_nan():
    assert np.isnan(Tensor([1.0, np.nan]).max().item())
    x = Tensor([[1.0, np.nan], [2.0, 2.0]], requires_grad=True)
    x.min(1).backward(np.ones(2))
    assert x.grad[1].tolist() == [0.5, 0.5]


@needs_torch
@pytest.mark.parametrize("name", ["var", "std"])
@many
@given(case=reduced(), correction=st.sampled_from([0, 1]), seed=st.integers(0, 9))
def test_spread_as_pytorch(name, case, correction, seed):
    x, axis, keepdims = case
    count = np.ones(x.shape).sum(every(x, axis), keepdims=True)
    if count.max() <= correction:
        with pytest.raises(ValueError, match=rf"{re.escape(str(x.shape))}"):
            getattr(Tensor(x), name)(axis, keepdims, correction)
        return
    compare(
        name,
        lambda x: getattr(x, name)(axis, keepdims, correction),
        lambda x: getattr(torch, name)(x, dim=every(x, axis), keepdim=keepdims, correction=correction),
        x,
        seed=seed,
    )


@needs_torch
def test_std_of_equal_numbers_has_gradient_0():
    compare(
        "std of equal numbers", lambda x: x.std(1), lambda x: x.std(1), np.array([[2.0, 2.0, 2.0], [1.0, 1.0, 3.0]])
    )


@needs_torch
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("keepdims", [False, True])
@many
@given(x=arrays(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=4), dtypes, SMALL))
def test_prod_along_an_axis_as_pytorch(axis, keepdims, x):
    x = np.clip(x, -3, 3)
    compare("prod", lambda x: x.prod(axis, keepdims), lambda x: x.prod(axis, keepdims), x)


@needs_torch
@pytest.mark.parametrize("zeros", [0, 1, 2, 5])
def test_prod_of_all_with_zeros_as_pytorch(zeros):
    x = np.array([1.5, -2.0, 0.5, 3.0, 0.25])
    x[:zeros] = 0
    compare("prod of all", lambda x: x.prod(), lambda x: x.prod(), x)


@needs_torch
@many
@given(x=arrays(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4), dtypes, SMALL), data=st.data())
def test_cumsum_as_pytorch(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    compare("cumsum", lambda x: x.cumsum(axis), lambda x: x.cumsum(axis), x)


@needs_torch
@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_places_of_extremes_as_pytorch(name, axis, keepdims):
    ours = getattr(Tensor(X), name)(axis, keepdims)
    theirs = getattr(torch.tensor(X), name)(axis, keepdims)
    assert ours.dtype == np.int64
    assert not ours.requires_grad
    same(name, ours.data.astype(float), theirs.double())


def test_places_of_equal_extremes_are_the_first():
    assert Tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]]).argmax(1).tolist() == [1, 0]
    assert Tensor([[1.0, 1.0, 3.0], [2.0, 0.0, 0.0]]).argmin(1).tolist() == [0, 1]


@needs_torch
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "all", "any"])
@pytest.mark.parametrize("dtype", ["bool", "int32", "int64"])
def test_reductions_of_integers_as_pytorch(name, dtype):
    ours = getattr(Tensor([[1, 0, 1]], dtype=dtype), name)()
    theirs = getattr(torch.tensor([[1, 0, 1]], dtype=getattr(torch, dtype)), name)()
    assert (str(ours.dtype), ours.item()) == (str(theirs.dtype).removeprefix("torch."), theirs.item())


@needs_torch
def test_running_totals_of_integers_are_int64():
    assert Tensor([True, True]).cumsum(0).tolist() == [1, 2]
    assert Tensor([1, 2], dtype=np.int32).cumsum(0).dtype == np.int64


def test_all_and_any():
    x = Tensor([[1.0, 0.0], [2.0, 3.0]])
    assert x.all(1).tolist() == [False, True]
    assert x.any((0, 1)).item() is True
    assert x.all(keepdims=True).shape == (1, 1)


@pytest.mark.parametrize(("name", "value"), [("sum", 0.0), ("prod", 1.0), ("all", True), ("any", False)])
def test_reductions_of_nothing(name, value):
    nothing = Tensor(np.zeros((0, 2)))
    assert getattr(nothing, name)().item() == value
    assert getattr(nothing, name)(0).tolist() == [value, value]
    assert getattr(nothing, name)(1).shape == (0,)


def test_reductions_along_an_axis_with_elements_of_a_tensor_without():
    for name in ("mean", "max", "min", "argmax", "var", "std"):
        assert getattr(Tensor(np.zeros((0, 2))), name)(1).shape == (0,)


DIFFERENTIABLE = {
    "sum": lambda x: x.sum((0, 2)),
    "mean": lambda x: x.mean(1, keepdims=True),
    "max": lambda x: x.max(1),
    "min": lambda x: x.min((0, 1)),
    "prod": lambda x: x.prod((2, 0)),
    "prod, one axis": lambda x: x.prod(1, keepdims=True),
    "prod of all": lambda x: x.prod(),
    "cumsum": lambda x: x.cumsum(1),
    "var": lambda x: x.var((0, 1)),
    "std": lambda x: x.std(-1, keepdims=True),
    "std of the elements": lambda x: x.std(correction=0),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_by_finite_differences(name):
    assert gradient_error(DIFFERENTIABLE[name], X + np.arange(24.0).reshape(X.shape) * 0.01) < 1e-6


@pytest.mark.parametrize("places", [[0], [0, 5], [0, 1, 2], range(24)], ids=str)
def test_prods_gradient_with_zeros_by_finite_differences(places):
    x = X.copy()
    x.reshape(-1)[list(places)] = 0
    assert gradient_error(lambda x: x.prod((0, 2)), x) < 1e-6


# einsum; the letters' lengths: b 2, i 3, j 4, k 5, l 1
LENGTHS = {"b": 2, "i": 3, "j": 4, "k": 5, "l": 1}
EINSUMS = """
    i->i i-> ij->ji ij-> ij->i ij ji ii->i ii-> ii iij->ij iji->j iii->i bii->b i,i-> i,i->i i,j->ij i,j->ji
    ij,jk->ik ij,jk->ki ij,jk ik,ij,jk-> ij,kj->ik bij,bjk->bik bij,jk->bik bij,bij->b bij,bij-> bij,ij->bij
    ij,ij->ij ij,j->i ij,k->ij ij,k->k ij,bk->ji ii,ij->j ij,jj->i ij,jk,kb->ib i,i,i->i bi,bj,bk->bijk ij,j,k->
    ijk,bij->kb lj,ij->ij li,ij->l
"""


@needs_torch
@pytest.mark.parametrize("subscripts", EINSUMS.split())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_einsum_as_pytorch(subscripts, dtype):
    generator = np.random.default_rng(0)
    terms = subscripts.partition("->")[0].split(",")
    operands = [generator.standard_normal([LENGTHS[letter] for letter in term]).astype(dtype) for term in terms]
    compare("einsum", lambda *x: tinytorch.einsum(subscripts, *x), lambda *x: torch.einsum(subscripts, *x), *operands)


ELLIPSES = [
    ("...ij,...jk->...ik", (2, 5, 3, 4), (2, 5, 4, 2)),
    ("...ij,...jk->...ik", (2, 5, 3, 4), (4, 2)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
    ("...i,i", (2, 3, 4), (4,)),
    ("i...->...i", (2, 3, 4)),
    ("...->", (2, 3)),
    ("i...->i", (2, 3, 4)),
    ("...ii->...i", (2, 3, 3)),
    ("b...i,b...i->b...", (2, 3, 4), (2, 3, 4)),
    (" b i , b i -> b ", (2, 3), (2, 3)),
    ("ij,ij->ij", (1, 4), (3, 1)),
    ("ij,ij->", (1, 4), (3, 1)),
    ("ij,jk->ik", (3, 1), (4, 2)),
    ("ij,jk->ik", (0, 4), (4, 2)),
    ("ij,jk->ik", (3, 0), (0, 2)),
    ("Ab,bA->A", (2, 3), (3, 2)),
    ("bA,A", (2, 3), (3,)),
]


@needs_torch
@pytest.mark.parametrize("case", ELLIPSES, ids=str)
def test_einsum_with_dots_and_lengths_of_1_as_pytorch(case):
    subscripts, *shapes = case
    operands = [np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate(shapes)]
    compare(
        "einsum with dots",
        lambda *x: tinytorch.einsum(subscripts, *x),
        lambda *x: torch.einsum(subscripts, *x),
        *operands,
    )


@pytest.mark.parametrize("subscripts", ["iij->ij", "ij,jk->i", "bij,bjk->bik", "ij,jk,kb->ib", "ij,k->", "ii,ij->j"])
def test_einsums_gradients_by_finite_differences(subscripts):
    terms = subscripts.partition("->")[0].split(",")
    generator = np.random.default_rng(0)
    operands = [generator.standard_normal([LENGTHS[letter] for letter in term]) for term in terms]
    assert gradient_error(lambda *x: tinytorch.einsum(subscripts, *x), *operands) < 1e-6


def test_einsum_of_integers():
    assert tinytorch.einsum("i,i", Tensor([1, 2]), Tensor([3, 4])).tolist() == 11


# Errors

T = Tensor(X)
NOTHING = Tensor(np.zeros((0, 2)))
ERRORS = {
    "mean of integers": (lambda: Tensor([1, 2]).mean(), TypeError, "int64"),
    "mean of nothing": (lambda: NOTHING.mean(), ValueError, r"mean of no elements: shape \(0, 2\)"),
    "max of nothing": (lambda: NOTHING.max(), ValueError, r"max of no elements: shape \(0, 2\), axis None"),
    "min of nothing": (lambda: NOTHING.min(0), ValueError, r"min of no elements: shape \(0, 2\), axis 0"),
    "argmax of nothing": (lambda: NOTHING.argmax(), ValueError, "argmax of no elements"),
    "argmax along two": (lambda: T.argmax((0, 1)), TypeError, r"one axis or None, got \(0, 1\)"),
    "var of integers": (lambda: Tensor([1, 2]).var(), TypeError, "int64"),
    "std of one": (lambda: Tensor([1.0]).std(), ValueError, "more than 1 elements each"),
    "einsum of a wrong count": (lambda: tinytorch.einsum("ij,jk", T), ValueError, "wanted 2 operands, got 1"),
    "einsum of too few letters": (lambda: tinytorch.einsum("ij", T), ValueError, r"a letter an axis.*\(2, 3, 4\)"),
    "einsum of too many": (lambda: tinytorch.einsum("...ijkl", T), ValueError, "a letter an axis"),
    "einsum of digits": (lambda: tinytorch.einsum("1jk", T), ValueError, "a letter an axis"),
    "einsum of lengths": (lambda: tinytorch.einsum("ijj", T), ValueError, r"'j' is 3 and 4 long"),
    "einsum of an unknown result": (lambda: tinytorch.einsum("ijk->z", T), ValueError, "each once; got 'z'"),
    "einsum of a result twice": (lambda: tinytorch.einsum("ijk->ii", T), ValueError, "each once; got 'ii'"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    f, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        f()


@pytest.mark.parametrize("name", ["sum", "mean", "max", "argmax", "prod", "cumsum", "var", "std", "all"])
def test_an_axis_that_is_not_there_is_named(name):
    with pytest.raises(ValueError, match="axis 3 is out of bounds"):
        getattr(T, name)(3)


# Sums that keep their digits


LONG = {
    "rows": ((300_000, 2), 0),
    "a middle axis": ((2, 100_003, 3), 1),
    "two axes": ((600, 700, 3), (0, 1)),
    "the ends": ((70_000, 2, 3), (0, -1)),
    "in another order": ((3, 200_000), 0),
}


@beyond("01.3")
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", LONG)
def test_sums_of_many_float32_numbers_keep_six_digits(name, keepdims):
    shape, axis = LONG[name]
    x = tinytorch.rand(*shape, seed=0)
    x = x.T if name == "in another order" else x
    exact = x.data.astype(np.float64)
    for f, theirs in (("sum", exact.sum), ("mean", exact.mean), ("var", lambda **k: exact.var(ddof=1, **k))):
        result = getattr(x, f)(axis=axis, keepdims=keepdims)
        assert result.dtype == np.float32
        assert np.allclose(result.data, theirs(axis=axis, keepdims=keepdims), rtol=1e-6, atol=0)
        assert result.shape == theirs(axis=axis, keepdims=keepdims).shape


def test_a_biass_gradient_of_many_rows_keeps_six_digits():
    x, bias = tinytorch.rand(400_000, 2, seed=0), tinytorch.zeros(2, requires_grad=True)
    (bias * x).sum().backward()
    assert np.allclose(bias.grad.data, x.data.astype(np.float64).sum(0), rtol=1e-6, atol=0)


def test_running_totals_of_many_numbers_keep_six_digits():
    x = tinytorch.rand(400_000, seed=0)
    x.requires_grad = True
    totals = x.cumsum(0)
    totals.backward(x.data)
    numbers = x.data.astype(np.float64)
    assert np.allclose(totals.data, np.cumsum(numbers), rtol=1e-6, atol=0)
    assert np.allclose(x.grad.data, np.cumsum(numbers[::-1])[::-1], rtol=1e-6, atol=0)


@beyond("01.6", "01.7")
@needs_torch
@pytest.mark.parametrize("numbers", [np.full(100_000, 1.0), np.array([60_000.0, 60_000.0]), np.full((70, 1000), 100.0)])
@pytest.mark.parametrize("f", ["mean", "var", "std"])
def test_float16_has_room_for_means_as_pytorch(numbers, f):
    ours = Tensor(numbers, dtype=np.float16, requires_grad=True)
    theirs = torch.tensor(numbers, dtype=torch.float16, requires_grad=True)
    results = getattr(ours, f)(axis=0), getattr(theirs, f)(dim=0)
    assert results[0].dtype == np.float16
    assert np.array_equal(results[0].data, results[1].detach().numpy())
    if f == "mean":
        results[0].backward(np.ones(results[0].shape))
        results[1].backward(torch.ones_like(results[1]))
        assert np.array_equal(ours.grad.data, theirs.grad.numpy())


@needs_torch
@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("axis", [0, -1])
def test_a_number_has_an_axis_to_sum_along_as_in_pytorch(name, axis):
    x, theirs = Tensor(2.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    getattr(x, name)(axis).backward()
    getattr(theirs, name)(axis).backward()
    assert x.grad.item() == theirs.grad.item() == 1.0


@needs_torch
@pytest.mark.parametrize("subscripts", ["...ii,...->...i", "...ii,...->i", "...ii,...->..."])
def test_einsums_diagonals_that_broadcast_as_pytorch(subscripts):
    a, b = np.arange(4.0).reshape(1, 2, 2), np.array([1.0, 10.0, 100.0])
    ours = [Tensor(x, requires_grad=True) for x in (a, b)]
    theirs = [torch.tensor(x, requires_grad=True) for x in (a, b)]
    for library, operands in ((tinytorch, ours), (torch, theirs)):
        result = library.einsum(subscripts, *operands)
        (result * result).sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        assert np.allclose(x.grad.data, y.grad.numpy())
