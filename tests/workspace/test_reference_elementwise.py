"""Module 01, elementwise operations, against PyTorch and finite differences: broadcasting, ties, kinks, errors."""

import itertools

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytorch_oracle import arrays, compare, dtypes, needs_torch, steady, torch

import tinytorch
from tinytorch import Tensor
from tinytorch.tensor import from_numpy

many = settings(steady, max_examples=150)
SMALL = (0.0, -0.0, 1.0, -1.0, 2.0)  # ties, kinks
ALL = (*SMALL, 1e4, -1e4, np.inf, -np.inf, np.nan)
shapes_together = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3)

# name: our function, PyTorch's by text
UNARY = {
    "exp": (tinytorch.exp, "exp"),
    "log": (tinytorch.log, "log"),
    "sqrt": (tinytorch.sqrt, "sqrt"),
    "abs": (tinytorch.abs, "abs"),
    "sign": (tinytorch.sign, "sign"),
    "sin": (tinytorch.sin, "sin"),
    "cos": (tinytorch.cos, "cos"),
    "negative": (tinytorch.negative, "neg"),
    "copy": (tinytorch.copy, "clone"),
    "tanh": (lambda x: x.tanh(), "tanh"),
}
BINARY = {
    "add": (tinytorch.add, "add"),
    "subtract": (tinytorch.subtract, "sub"),
    "multiply": (tinytorch.multiply, "mul"),
    "divide": (tinytorch.divide, "div"),
    "remainder": (tinytorch.remainder, "remainder"),
    "maximum": (tinytorch.maximum, "maximum"),
    "minimum": (tinytorch.minimum, "minimum"),
}
SYMBOLS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}
COMPARISONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@st.composite
def pairs(draw, special=SMALL):
    """Return two arrays of one dtype whose shapes broadcast."""
    first, second = draw(shapes_together).input_shapes
    dtype = draw(dtypes)
    return draw(arrays(first, dtype, special)), draw(arrays(second, dtype, special))


def bounded(x):
    """Return x without the large numbers of which sine and cosine are a matter of taste in float32."""
    return np.where(np.abs(x) > 100, np.sign(x), x).astype(x.dtype)


def away_from_0(x):
    """Return x with small numbers made 0: beside their quotients, rounding is large."""
    return np.where(np.abs(x) < 0.25, 0, x).astype(x.dtype)


def alike(ours, theirs):
    """Assert that a tensor has PyTorch's dtype and values."""
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ours.data, theirs.numpy(), rtol=1e-6)


@needs_torch
@pytest.mark.parametrize("name", UNARY)
def test_unary_as_pytorch(name):
    ours, theirs = UNARY[name]

    @many
    @given(arrays(special=ALL), st.integers(0, 9))
    def check(x, seed):
        if name in ("abs", "sign"):  # where PyTorch makes numbers of NaN
            x = np.where(np.isnan(x), 0, x).astype(x.dtype)
        x = bounded(x) if name in ("sin", "cos") else x
        compare(name, ours, getattr(torch, theirs), x, seed=seed)

    check()


@needs_torch
@pytest.mark.parametrize("name", BINARY)
def test_binary_as_pytorch(name):
    ours, theirs = BINARY[name]

    @many
    @given(pairs(), st.integers(0, 9))
    def check(both, seed):
        a, b = both
        if name in ("divide", "remainder"):
            a, b = away_from_0(a), np.where(np.abs(b) < 0.25, 1, b).astype(b.dtype)
        compare(name, ours, getattr(torch, theirs), a, b, seed=seed)

    check()


@needs_torch
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_as_pytorch_without_warnings(name, dtype):
    """Every pair of special numbers: 1 / 0, 0 / 0, infinity - infinity, NaN on either side."""
    special = [0.0, 1.0, -2.0, np.inf, -np.inf, np.nan]
    if name in ("add", "subtract", "multiply"):
        special = [0.0, 1.0, -2.0, np.nan]  # NumPy warns of infinity - infinity: they are the learner's own lines
    a, b = np.array(list(itertools.product(special, repeat=2)), dtype).T
    ours, theirs = BINARY[name]
    compare(name, ours, getattr(torch, theirs), a, b)


@needs_torch
@many
@given(pairs(special=(0.0, 1.0, -1.0, 2.0, 3.0, 0.5)), st.integers(0, 9))
def test_power_as_pytorch(both, seed):
    base, exponent = (away_from_0(np.clip(x, -2, 2)) for x in both)
    compare("power", tinytorch.power, torch.pow, base, exponent, seed=seed)


@needs_torch
@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0, 0.5, 1, 2, 2.5, 3, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_power_by_a_number_as_pytorch(exponent, dtype):
    x = np.array([0.0, 1.0, -1.0, 0.5, -2.5, 7.0, np.inf, np.nan], dtype)
    compare("power by a number", lambda x: x**exponent, lambda x: x**exponent, x)


@needs_torch
@pytest.mark.parametrize("base", [0, 0.5, 2, 3.0])
def test_number_to_a_power_as_pytorch(base):
    x = np.array([0.0, 1.0, -1.0, 0.5, 2.5], np.float64)
    compare("number to a power", lambda x: base**x, lambda x: base**x, x)


@needs_torch
@many
@given(pairs())
def test_floor_divide_as_pytorch(both):
    a, b = both
    alike(from_numpy(a) // from_numpy(b), torch.tensor(a.copy()) // torch.tensor(b.copy()))


def test_floor_divide_has_gradient_0():
    a, b = Tensor([7.0, -7.0], requires_grad=True), Tensor([2.0, 2.0], requires_grad=True)
    (a // b).backward(np.ones(2))
    assert a.grad.tolist() == b.grad.tolist() == [0.0, 0.0]


@needs_torch
@many
@given(pairs(), st.integers(0, 9))
def test_where_as_pytorch(both, seed):
    a, b = both
    shape = np.broadcast_shapes(a.shape, b.shape)
    condition = np.random.default_rng(seed).random(shape) < 0.5
    compare(
        "where",
        lambda a, b: tinytorch.where(condition, a, b),
        lambda a, b: torch.where(torch.tensor(condition), a, b),
        a,
        b,
        seed=seed,
    )


@needs_torch
@pytest.mark.parametrize("limits", [(-1, 1), (0, None), (None, 0.5), (1, -1), (-1.0, -1.0)], ids=str)
@many
@given(x=arrays(special=(*SMALL, np.inf, np.nan)), seed=st.integers(0, 9))
def test_clip_as_pytorch(limits, x, seed):
    compare("clip", lambda x: x.clip(*limits), lambda x: torch.clip(x, *limits), x, seed=seed)


@needs_torch
@pytest.mark.parametrize("symbol", COMPARISONS)
@many
@given(both=pairs(special=(*SMALL, np.nan)))
def test_comparisons_as_pytorch(symbol, both):
    a, b = both
    ours = COMPARISONS[symbol](from_numpy(a), from_numpy(b))
    theirs = COMPARISONS[symbol](torch.tensor(a.copy()), torch.tensor(b.copy()))
    assert ours.dtype == np.bool
    assert not ours.requires_grad
    np.testing.assert_array_equal(ours.data, theirs.numpy())


# dtypes

KINDS = {"bool": True, "int64": 3, "float32": 2.5, "float64": 2.5}
WHOLE = {"bool": True, "int": 3}


@needs_torch
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("a", "b"), [*itertools.product(KINDS, repeat=2)])
def test_dtype_of_two_tensors_as_pytorch(symbol, a, b):
    f = SYMBOLS[symbol]
    if (a == b == "bool" and symbol in ("//", "%", "**")) or (symbol == "-" and "bool" in (a, b)):
        pytest.skip("of bools: an error here or there")
    ours = f(Tensor([KINDS[a]], dtype=a), Tensor([KINDS[b]], dtype=b))
    theirs = f(torch.tensor([KINDS[a]], dtype=getattr(torch, a)), torch.tensor([KINDS[b]], dtype=getattr(torch, b)))
    alike(ours, theirs)


@needs_torch
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("number", [True, 2, 1.5], ids=["bool", "int", "float"])
@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_dtype_with_a_number_as_pytorch(symbol, number, dtype, side):
    f = SYMBOLS[symbol]
    if dtype == "bool" and isinstance(number, bool):
        pytest.skip("of two bools: see above")
    x, y = Tensor([KINDS[dtype]], dtype=dtype), torch.tensor([KINDS[dtype]], dtype=getattr(torch, dtype))
    if symbol == "-" and (isinstance(number, bool) or dtype == "bool"):
        pytest.skip("PyTorch refuses to subtract bools")
    ours, theirs = (f(number, x), f(number, y)) if side == "left" else (f(x, number), f(y, number))
    alike(ours, theirs)


@needs_torch
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "int64"])
def test_functions_of_integers_give_float32(name, dtype):
    alike(UNARY[name][0](Tensor([1, 1], dtype=dtype)), getattr(torch, name)(torch.ones(2, dtype=getattr(torch, dtype))))


def test_arrays_on_either_side():
    x, array = Tensor([1.0, 4.0]), np.array([2.0, 8.0], np.float32)
    for f in (*SYMBOLS.values(), *COMPARISONS.values()):
        for ours, theirs in ((f(x, array), f(x.data, array)), (f(array, x), f(array, x.data))):
            assert type(ours) is Tensor
            np.testing.assert_array_equal(ours.data, theirs)


def test_a_number_takes_an_arrays_dtype_too():
    assert tinytorch.maximum(0.1, np.array([0.0])).item() == 0.1
    assert tinytorch.add(0.1, Tensor([0.0], dtype=np.float64)).item() == 0.1


def test_numpys_functions_refuse_a_tensor():
    with pytest.raises(TypeError, match=r"np\.exp wanted arrays, got a Tensor"):
        np.exp(Tensor([1.0]))


# astype


@needs_torch
@pytest.mark.parametrize(("a", "b"), [*itertools.product(["float32", "float64"], repeat=2)])
def test_astype_between_floats_has_a_gradient(a, b):
    x = np.array([[1.5, -2.25], [0.1, 3.0]], a)
    compare("astype", lambda x: x.astype(b), lambda y: y.to(getattr(torch, b)), x)


def test_astype_to_integers_has_none_and_truncates():
    x = Tensor([1.7, -1.7], requires_grad=True)
    assert x.astype(np.int64).tolist() == [1, -1]
    assert not x.astype(np.int64).requires_grad
    assert x.astype(bool).dtype == np.bool
    assert Tensor([3]).astype(np.float64).dtype == np.float64


def test_astype_and_copy_never_share_memory():
    x = Tensor([1.0, 2.0])
    assert not np.shares_memory(x.astype(np.float32).data, x.data)
    assert not np.shares_memory(x.copy().data, x.data)


# Finite differences

DIFFERENTIABLE = {
    "exp": (tinytorch.exp, 1),
    "log": (lambda a: tinytorch.log(tinytorch.abs(a)), 1),
    "sqrt": (lambda a: tinytorch.sqrt(tinytorch.abs(a)), 1),
    "abs": (abs, 1),
    "sin": (tinytorch.sin, 1),
    "cos": (tinytorch.cos, 1),
    "clip": (lambda a: a.clip(-0.4, 0.7), 1),
    "subtract": (SYMBOLS["-"], 2),
    "divide": (SYMBOLS["/"], 2),
    "remainder": (SYMBOLS["%"], 2),
    "power": (lambda a, b: tinytorch.abs(a) ** b, 2),
    "maximum": (tinytorch.maximum, 2),
    "minimum": (tinytorch.minimum, 2),
    "where": (lambda a, b: tinytorch.where(np.array([True, False, True]), a, b), 2),
}


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3))], ids=str)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_by_finite_differences(name, shapes):
    f, count = DIFFERENTIABLE[name]
    generator = np.random.default_rng(1)
    inputs = [generator.uniform(0.3, 2, shape) * generator.choice([-1, 1], shape) for shape in shapes[:count]]
    assert gradient_error(f, *inputs) < 1e-7


# Errors


@pytest.mark.parametrize("symbol", [*SYMBOLS, *COMPARISONS])
def test_shapes_that_do_not_broadcast_are_named(symbol):
    f = {**SYMBOLS, **COMPARISONS}[symbol]
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2,\).*3 meets 2"):
        f(Tensor(np.ones((2, 3))), Tensor(np.ones(2)))


ERRORS = {
    "integers to negative powers": (lambda: Tensor([2]) ** -1, ValueError, "negative powers.*astype"),
    "integers divided by 0": (lambda: Tensor([2]) // 0, ZeroDivisionError, "// 0.*floats"),
    "remainder by 0": (lambda: Tensor([2]) % Tensor([0]), ZeroDivisionError, "% 0.*floats"),
    "bools divided": (lambda: Tensor([True]) // Tensor([True]), TypeError, "// wanted numbers, got bools"),
    "bools subtracted": (lambda: Tensor([True]) - Tensor([True]), TypeError, "a != b"),
    "sign of bools": (lambda: tinytorch.sign(Tensor([True])), TypeError, "wanted numbers, got bools"),
    "minus bools": (lambda: -Tensor([True]), TypeError, "~x"),
    "& of numbers": (lambda: Tensor([1.0]) & Tensor([1.0]), TypeError, "& wanted bools, got float32"),
    "| of numbers": (lambda: Tensor([True]) | 1, TypeError, "wanted bools, got int64"),
    "~ of numbers": (lambda: ~Tensor([1]), TypeError, "~ wanted bools, got int64"),
    "clip without limits": (lambda: Tensor([1.0]).clip(), ValueError, "wanted a limit"),
    "condition of numbers": (lambda: tinytorch.where(Tensor([1.0]), 1, 2), TypeError, "bools, got float32"),
    "where's shapes": (
        lambda: tinytorch.where(Tensor([True]), Tensor([1.0, 2.0]), Tensor(np.ones(3))),
        ValueError,
        r"\(1,\) \(condition\), \(2,\) and \(3,\)",
    ),
    "astype to text": (lambda: Tensor([1.0]).astype(str), TypeError, "wanted a dtype of numbers"),
    "astype to complex": (lambda: Tensor([1.0]).astype(complex), TypeError, "wanted a dtype of numbers"),
    "text added": (lambda: Tensor([1.0]) + "a", TypeError, "a tensor needs numbers"),
    "None added": (lambda: Tensor([1.0]) + None, TypeError, "a tensor needs numbers"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    f, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        f()


def test_where_keeps_its_condition():
    condition, x = Tensor([True, False]), Tensor([1.0, 2.0], requires_grad=True)
    y = tinytorch.where(condition, x, 0.0)
    assert y.dtype == np.float32
    y.backward(np.ones(2))
    assert x.grad.tolist() == [1.0, 0.0]


def test_logic():
    a, b = Tensor([True, True, False]), np.array([True, False, False])
    assert (a & b).tolist() == (b & a).tolist() == [True, False, False]
    assert (a | b).tolist() == (b | a).tolist() == [True, True, False]
    assert (~a).tolist() == [False, False, True]
    assert (a & True).tolist() == a.tolist()


def test_allclose():
    a = Tensor([1.0, np.nan])
    assert not tinytorch.allclose(a, a)
    assert tinytorch.allclose(a, a, equal_nan=True)
    assert tinytorch.allclose(Tensor([1.0]), 1.0 + 1e-6)
    assert not tinytorch.allclose(Tensor([1.0]), 1.1)
    assert tinytorch.allclose(Tensor([1.0]), 1.1, atol=0.2)


# What belongs to the caller may change before backward


def test_wheres_condition_may_change():
    condition, x = Tensor([True, False]), Tensor([1.0, 2.0], requires_grad=True)
    y = tinytorch.where(condition, x, 0.0)
    condition[0] = False
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_clips_limits_may_change():
    low, high, x = np.zeros(2), Tensor([9.0, 9.0]), Tensor([1.0, 2.0], requires_grad=True)
    y = x.clip(low, high)
    low[0], high[1] = 5.0, 1.0
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


@needs_torch
@pytest.mark.parametrize("learns", list(itertools.product([False, True], repeat=3)))
def test_limits_that_learn_as_pytorch(learns):
    numbers = [[-2.0, -1.0, 0.5, 2.0, np.nan, 5.0], [-1.0, -1.0, 0.0, 0.0, 0.0, 3.0], [1.0, 1.0, 1.0, 1.0, 1.0, 2.0]]
    ours = [Tensor(x, requires_grad=learn) for x, learn in zip(numbers, learns, strict=True)]
    theirs = [torch.tensor(x, requires_grad=learn) for x, learn in zip(numbers, learns, strict=True)]
    weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    results = [ours[0].clip(ours[1], ours[2]), theirs[0].clamp(theirs[1], theirs[2])]
    assert np.array_equal(results[0].data, results[1].detach().numpy(), equal_nan=True)
    if any(learns):
        (results[0] * Tensor(weights)).sum().backward()
        (results[1] * torch.tensor(weights)).sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        assert (x.grad is None) == (y.grad is None)
        if y.grad is not None:
            same = ~np.isnan(numbers[0])  # at NaN PyTorch's gradient is 0, ours passes
            assert np.array_equal(x.grad.data[same], y.grad.numpy()[same])


def test_one_limit_that_learns():
    x, low, high = (
        Tensor([1.0, 2.0], requires_grad=True),
        Tensor(1.5, requires_grad=True),
        Tensor(1.5, requires_grad=True),
    )
    (x.clip(low) + x.clip(max=high)).sum().backward()
    assert [t.grad.tolist() for t in (x, low, high)] == [[1.0, 1.0], 1.0, 1.0]
