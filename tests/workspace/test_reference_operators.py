"""Module 01, operators that ONNX and PyTorch have besides the daily ones, against PyTorch and finite differences."""

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given
from hypothesis import strategies as st
from pytorch_oracle import arrays, compare, needs_torch, shapes, steady, torch

import tinytorch
from tinytorch import Tensor

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
ANYWHERE = np.array([[-2.5, -1.0, -0.3, 0.0], [0.2, 0.75, 1.0, 3.0]])
INSIDE = ANYWHERE / 4  # where all inverse functions but acosh are defined
ODD = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, np.inf, -np.inf, np.nan)
TABLE = np.array([[2, 1, 2], [0, 3, 0], [2, 1, 2], [0, 1, 0]])


class TestTrigonometry:
    """tan and the hyperbolic and inverse functions."""

    @needs_torch
    @pytest.mark.parametrize("name", ["tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"])
    def test_they_are_pytorchs_also_where_nothing_is_defined(self, name):
        @steady
        @given(x=arrays(special=ODD))
        def check(x):
            if name == "tan":  # whose poles magnify all rounding
                with np.errstate(invalid="ignore"):
                    x = np.where(np.abs(np.cos(x)) < 0.2, 0, x).astype(x.dtype)
            compare(name, getattr(tinytorch, name), getattr(torch, name), x)
            compare(name, lambda x: getattr(x, name)(), lambda x: getattr(x, name)(), x)

        check()

    @pytest.mark.parametrize("name", ["tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "atanh"])
    def test_gradients_by_finite_differences(self, name):
        assert gradient_error(getattr(tinytorch, name), INSIDE) < 1e-7

    def test_acoshs_gradient_by_finite_differences(self):
        assert gradient_error(tinytorch.acosh, np.abs(ANYWHERE) + 1.5) < 1e-7

    def test_integers_become_float32(self):
        assert tinytorch.atan([1, 2]).dtype == np.float32


class TestDivision:
    """div with rounding_mode, and fmod."""

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("mode", ["floor", "trunc", None])
    def test_div_of_floats_is_pytorchs(self, mode, dtype):
        a, b = ANYWHERE.astype(dtype), np.array([2.0, -0.75, 1.0, -2.0], dtype)
        compare(
            f"div {mode}",
            lambda a, b: tinytorch.div(a, b, rounding_mode=mode) + a.div(2, rounding_mode=mode),
            lambda a, b: torch.div(a, b, rounding_mode=mode) + a.div(2, rounding_mode=mode),
            a,
            b,
        )

    @needs_torch
    @pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8, np.uint8])
    def test_integers_stay_exact(self, dtype):
        largest = np.iinfo(dtype).max
        a, b = np.array([7, largest, largest - 1, 3], dtype), np.array([2, 3, largest, 5], dtype)
        a, b = (np.concatenate([a, 0 - a]), np.concatenate([b, b])) if np.iinfo(dtype).min else (a, b)
        others = torch.tensor(a), torch.tensor(b)
        for ours, theirs in (
            (tinytorch.div(a, b, "floor"), torch.div(*others, rounding_mode="floor")),
            (tinytorch.div(a, b, "trunc"), torch.div(*others, rounding_mode="trunc")),
            (tinytorch.fmod(a, b), torch.fmod(*others)),
        ):
            assert ours.dtype == dtype
            np.testing.assert_array_equal(ours.data, theirs.numpy())

    @needs_torch
    @steady
    @given(x=arrays(special=ODD))
    def test_fmod_is_pytorchs(self, x):
        compare("fmod", lambda x: x.fmod(1.75), lambda x: x.fmod(1.75), x)

    def test_fmods_gradients_by_finite_differences(self):
        assert gradient_error(tinytorch.fmod, ANYWHERE + 0.1, np.array([2.0, -0.75, 0.625, -2.0])) < 1e-7

    def test_what_is_wrong_is_said(self):
        with pytest.raises(ValueError, match='wanted rounding_mode="floor", "trunc" or None, got \'up\''):
            tinytorch.div(1.0, 2.0, rounding_mode="up")
        with pytest.raises(ZeroDivisionError, match="integers fmod 0"):
            tinytorch.fmod(Tensor([1]), 0)
        with pytest.raises(ZeroDivisionError, match="integers div 0"):
            tinytorch.div(Tensor([1]), 0, rounding_mode="trunc")


class TestCumprod:
    """cumprod."""

    @needs_torch
    @steady
    @given(x=arrays(shape=shapes, special=(0.0, -0.0, 1.0, -1.0)), data=st.data())
    def test_it_is_pytorchs_with_zeros(self, x, data):
        axis = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
        compare("cumprod", lambda x: tinytorch.cumprod(x, dim=axis), lambda x: torch.cumprod(x, dim=axis), x)

    def test_gradients_by_finite_differences(self):
        assert gradient_error(lambda x: x.cumprod(1), ANYWHERE) < 1e-7

    def test_integers_are_multiplied_in_int64(self):
        product = tinytorch.cumprod(np.array([100, 100], np.int8), 0)
        assert product.dtype == np.int64
        assert product.tolist() == [100, 10000]

    def test_an_axis_that_is_not_there_is_named(self):
        with pytest.raises(ValueError, match="cumprod: axis 2 is out of bounds"):
            tinytorch.cumprod(ANYWHERE, 2)


class TestScatterAdd:
    """scatter_add, also in place."""

    X, SRC = np.arange(12.0).reshape(3, 4), np.linspace(-1, 1, 12).reshape(3, 4)
    INDEX = np.array([[0, 2, 2], [2, 2, 1]])

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_it_is_pytorchs_with_places_named_twice(self, axis, dtype):
        compare(
            "scatter_add",
            lambda x, src: tinytorch.scatter_add(x, axis, Tensor(self.INDEX), src),
            lambda x, src: x.scatter_add(axis, torch.tensor(self.INDEX), src),
            self.X.astype(dtype),
            self.SRC[:2, :3].astype(dtype),  # PyTorch's own gradient fails where src is longer than index
        )

    def test_gradients_by_finite_differences(self):
        assert gradient_error(lambda x, src: x.scatter_add(1, self.INDEX, src), self.X, self.SRC) < 1e-7

    def test_in_place(self):
        counts = tinytorch.zeros(3)
        assert counts.scatter_add_(0, Tensor([2, 0, 2]), tinytorch.ones(3)) is counts
        assert counts.tolist() == [1, 0, 2]
        with pytest.raises(RuntimeError, match="scatter_add_ on a tensor that requires grad"):
            tinytorch.zeros(3, requires_grad=True).scatter_add_(0, Tensor([2]), tinytorch.ones(1))

    def test_what_does_not_fit_is_refused(self):
        with pytest.raises(ValueError, match=r"wanted a src no shorter than the index \(2, 3\), got \(2, 2\)"):
            tinytorch.scatter_add(self.X, 0, self.INDEX, self.SRC[:2, :2])
        with pytest.raises(TypeError, match="wanted a src of x's dtype float64, got int64"):
            tinytorch.scatter_add(self.X, 0, self.INDEX, self.X.astype(int))


class TestUnique:
    """unique with places and counts, of elements and of slices."""

    @needs_torch
    @pytest.mark.parametrize("axis", [None, 0, 1, -1])
    @pytest.mark.parametrize("x", [TABLE, TABLE / 2, TABLE[:0], TABLE > 1], ids=["ints", "floats", "empty", "bools"])
    def test_it_is_pytorchs(self, x, axis):
        if not x.size and axis in (1, -1):
            x = x.T  # PyTorch takes slices of no elements for an error
        ours = tinytorch.unique(x, return_inverse=True, return_counts=True, dim=axis)
        theirs = torch.unique(torch.tensor(x), return_inverse=True, return_counts=True, dim=axis)
        for name, mine, other in zip(("values", "places", "counts"), ours, theirs, strict=True):
            assert mine.dtype == other.numpy().dtype, name
            np.testing.assert_array_equal(mine.data, other.numpy())

    def test_what_is_asked_for_comes_back(self):
        x = Tensor(TABLE)
        assert x.unique().tolist() == [0, 1, 2, 3]
        assert [part.tolist() for part in x.unique(return_counts=True)] == [[0, 1, 2, 3], [4, 3, 4, 1]]
        values, places = x.unique(return_inverse=True)
        np.testing.assert_array_equal(values[places].data, TABLE)
