"""Module 02 of the reference: every activation against PyTorch, against finite differences, and at its limits."""

import ast
from pathlib import Path

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given
from hypothesis import strategies as st
from pytorch_oracle import arrays, compare, needs_torch, same, steady, torch

import tinytorch
from tinytorch import Tensor, nn
from tinytorch.autograd import RULES
from tinytorch.normal import erf, normal_cdf


def theirs(name):
    """Return PyTorch's function; named by text, so that this file can be read without PyTorch."""
    return getattr(torch.nn.functional, name)


# id: our function, their name, keyword arguments
ELEMENTWISE = {
    "relu": (tinytorch.relu, "relu", {}),
    "leaky_relu": (tinytorch.leaky_relu, "leaky_relu", {}),
    "leaky_relu, slope 0.3": (tinytorch.leaky_relu, "leaky_relu", {"negative_slope": 0.3}),
    "leaky_relu, slope 2": (tinytorch.leaky_relu, "leaky_relu", {"negative_slope": 2.0}),
    "leaky_relu, slope -1": (tinytorch.leaky_relu, "leaky_relu", {"negative_slope": -1.0}),
    "elu": (tinytorch.elu, "elu", {}),
    "elu, alpha 2.5": (tinytorch.elu, "elu", {"alpha": 2.5}),
    "relu6": (tinytorch.relu6, "relu6", {}),
    "hardtanh": (tinytorch.hardtanh, "hardtanh", {}),
    "hardtanh, -2 to 0.5": (tinytorch.hardtanh, "hardtanh", {"min_val": -2.0, "max_val": 0.5}),
    "sigmoid": (tinytorch.sigmoid, "sigmoid", {}),
    "logsigmoid": (tinytorch.logsigmoid, "logsigmoid", {}),
    "tanh": (tinytorch.tanh, "tanh", {}),
    "gelu": (tinytorch.gelu, "gelu", {}),
    "gelu by tanh": (tinytorch.gelu, "gelu", {"approximate": "tanh"}),
    "silu": (tinytorch.silu, "silu", {}),
    "softplus": (tinytorch.softplus, "softplus", {}),
    "softplus, beta 3": (tinytorch.softplus, "softplus", {"beta": 3.0}),
    "softplus, threshold 1": (tinytorch.softplus, "softplus", {"beta": 0.5, "threshold": 1.0}),
    "hardtanh of one value": (tinytorch.hardtanh, "hardtanh", {"min_val": 0.5, "max_val": 0.5}),
    "selu": (nn.functional.selu, "selu", {}),
    "celu": (nn.functional.celu, "celu", {}),
    "celu, alpha 2": (nn.functional.celu, "celu", {"alpha": 2.0}),
    "mish": (nn.functional.mish, "mish", {}),
    "hardswish": (nn.functional.hardswish, "hardswish", {}),
    "softsign": (nn.functional.softsign, "softsign", {}),
}
ALONG_AXIS = {"softmax": tinytorch.softmax, "log_softmax": tinytorch.log_softmax}
LAYERS = [
    ("ReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("ELU", {"alpha": 0.5}),
    ("ReLU6", {}),
    ("Hardtanh", {"max_val": 0.5}),
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Tanh", {}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("SiLU", {}),
    ("Softplus", {"beta": 2.0, "threshold": 5.0}),
    ("SELU", {}),
    ("CELU", {"alpha": 2.0}),
    ("Mish", {}),
    ("Hardswish", {}),
    ("Softsign", {}),
    ("PReLU", {"init": 0.5}),
    ("PReLU", {"num_parameters": 4}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": 1}),
]
layers = pytest.mark.parametrize(
    ("name", "options"), LAYERS, ids=[f"{name}{options or ''}" for name, options in LAYERS]
)
elementwise = pytest.mark.parametrize("case", ELEMENTWISE)


@needs_torch
@elementwise
@steady
@given(data=st.data())
def test_values_and_gradients_are_pytorchs(case, data):
    ours, name, options = ELEMENTWISE[case]
    x = data.draw(arrays())
    compare(case, lambda x: ours(x, **options), lambda x: theirs(name)(x, **options), x)


@needs_torch
@pytest.mark.parametrize("case", ALONG_AXIS)
@steady
@given(data=st.data())
def test_softmaxes_are_pytorchs_along_every_axis(case, data):
    x = data.draw(arrays())
    axis = data.draw(st.sampled_from(range(-max(x.ndim, 1), max(x.ndim, 1))))
    compare(case, lambda x: ALONG_AXIS[case](x, axis), lambda x: theirs(case)(x, dim=axis), x)


@needs_torch
@layers
def test_layers_are_pytorchs(name, options):
    x = np.random.default_rng(0).standard_normal((3, 4, 5))
    ours, other = getattr(nn, name)(**options).double(), getattr(torch.nn, name)(**options).double()
    compare(f"{name} as a layer", ours, other, x)


@needs_torch
@pytest.mark.parametrize("case", [case for case in ELEMENTWISE if case != "gelu"])  # PyTorch's gelu(inf) is NaN
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_infinite_and_missing_numbers_are_pytorchs(case, dtype):
    ours, name, options = ELEMENTWISE[case]
    x = np.array([np.inf, -np.inf, np.nan, 0.0], dtype)
    same(f"{case} of inf", ours(Tensor(x), **options).data, theirs(name)(torch.tensor(x), **options))


@needs_torch
@pytest.mark.parametrize("case", ALONG_AXIS)
def test_softmaxes_of_masked_scores_are_pytorchs(case):
    x = np.array([[1.0, -np.inf, 2.0], [-np.inf, -np.inf, 0.0]])
    same(f"{case} of -inf", ALONG_AXIS[case](Tensor(x)).data, theirs(case)(torch.tensor(x), dim=-1))
    compare(f"{case} of -1e30", ALONG_AXIS[case], lambda x: theirs(case)(x, dim=-1), np.maximum(x, -1e30))


@elementwise
def test_gradients_by_finite_differences(case):
    ours, _, options = ELEMENTWISE[case]
    x = np.random.default_rng(1).standard_normal((3, 4)) * 2
    x += np.sign(x) * 0.1  # away from the kinks at 0
    assert gradient_error(lambda x: ours(x, **options), x) < 1e-8


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("case", ALONG_AXIS)
def test_softmax_gradients_by_finite_differences(case, axis):
    x = np.random.default_rng(2).standard_normal((3, 4, 2))
    assert gradient_error(lambda x: ALONG_AXIS[case](x, axis), x) < 1e-8


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64], ids=["float16", "float32", "float64"])
@pytest.mark.parametrize("case", [*ELEMENTWISE, *ALONG_AXIS])
def test_dtype_and_shape_stay(case, dtype):
    ours, _, options = ELEMENTWISE.get(case, (ALONG_AXIS.get(case), None, {}))
    for shape in ((), (3,), (2, 0, 3)):
        x = Tensor(np.zeros(shape, dtype), requires_grad=True)
        y = ours(x, **options)
        y.sum().backward()
        assert (y.dtype, y.shape, x.grad.dtype, x.grad.shape) == (dtype, shape, dtype, shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("case", [*ELEMENTWISE, *ALONG_AXIS])
def test_large_numbers_have_finite_results_and_gradients(case, dtype):
    ours, _, options = ELEMENTWISE.get(case, (ALONG_AXIS.get(case), None, {}))
    x = Tensor(np.array([1e4, -1e4, 88.0, -89.0, 745.0, -746.0], dtype), requires_grad=True)
    y = ours(x, **options)
    y.sum().backward()
    assert np.isfinite(y.data).all()
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize(
    ("ours", "limits"),
    [
        (tinytorch.relu, [0.0, 1e4]),
        (tinytorch.sigmoid, [0.0, 1.0]),
        (tinytorch.tanh, [-1.0, 1.0]),
        (tinytorch.gelu, [0.0, 1e4]),
        (tinytorch.silu, [0.0, 1e4]),
        (tinytorch.softplus, [0.0, 1e4]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_limits_are_exact_in_float32(ours, limits):
    assert ours(Tensor([-1e4, 1e4])).tolist() == limits


def test_gelu_of_infinity_is_infinite():
    assert tinytorch.gelu(Tensor([np.inf, 3e38])).tolist() == [np.inf, pytest.approx(3e38)]


def test_sigmoid_keeps_its_digits_far_below_0():
    assert sigmoid_of(-40.0, np.float32) == pytest.approx(np.exp(-40.0), rel=1e-6)
    assert sigmoid_of(-700.0, np.float64) == pytest.approx(np.exp(-700.0), rel=1e-14)


def sigmoid_of(x, dtype):
    return tinytorch.sigmoid(Tensor(x, dtype)).item()


def test_a_gradient_of_the_input_alone_leaves_the_input_as_it_is():
    x = np.array([-1.0, 0.0, 2.0])
    for ours, _, options in ELEMENTWISE.values():
        tensor = Tensor(x, requires_grad=True)
        y = ours(tensor, **options)
        before = y.data.copy()
        y.sum().backward(retain_graph=True)
        once = tensor.grad.data.copy()
        y.sum().backward()
        np.testing.assert_array_equal(tensor.data, x)
        np.testing.assert_array_equal(y.data, before)
        np.testing.assert_allclose(tensor.grad.data, 2 * once, rtol=1e-14)


def test_softmax_sums_to_1_and_keeps_ties_equal():
    p = tinytorch.softmax(Tensor(np.array([[7.0, 7.0, 7.0, 7.0], [1e4, 1e4, -1e4, 0.0]]))).data
    assert p.tolist() == [[0.25] * 4, [0.5, 0.5, 0.0, 0.0]]


def test_axis_and_dim_are_the_same():
    x = Tensor(np.arange(6.0).reshape(2, 3))
    for ours in ALONG_AXIS.values():
        assert ours(x, dim=0).tolist() == ours(x, axis=0).tolist() == ours(x, 0).tolist()
    assert repr(nn.Softmax(dim=1)) == repr(nn.Softmax(1)) == "Softmax(axis=1)"


def test_reprs_show_the_options():
    shown = [
        nn.ReLU(),
        nn.LeakyReLU(0.2),
        nn.GELU("tanh"),
        nn.Softplus(),
        nn.LogSoftmax(),
        nn.Sigmoid(),
        nn.Tanh(),
        nn.SiLU(),
    ]
    assert list(map(repr, shown)) == [
        "ReLU()",
        "LeakyReLU(negative_slope=0.2)",
        "GELU(approximate='tanh')",
        "Softplus(beta=1.0, threshold=20.0)",
        "LogSoftmax(axis=-1)",
        "Sigmoid()",
        "Tanh()",
        "SiLU()",
    ]


@pytest.mark.parametrize(
    "ours",
    [
        tinytorch.leaky_relu,
        tinytorch.relu6,
        tinytorch.gelu,
        tinytorch.silu,
        tinytorch.softplus,
        tinytorch.softmax,
        tinytorch.log_softmax,
    ],
    ids=lambda f: f.__name__,
)
def test_integers_are_refused(ours):
    with pytest.raises(TypeError, match=rf"{ours.__name__} wanted floats, got int64; try dtype=np.float32"):
        ours(Tensor([1, 2]))


def test_relu_takes_integers_as_they_are():
    assert tinytorch.relu(Tensor([-1, 2])).tolist() == [0, 2]
    with pytest.raises(TypeError, match=r"relu wanted numbers, got bool; try dtype=np\.float32"):
        tinytorch.relu(Tensor([True]))


@needs_torch
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_sigmoid_and_tanh_of_integers_are_float32_as_pytorchs(name, dtype):
    x = np.array([0, 1], dtype)
    same(f"{name} of integers", getattr(tinytorch, name)(Tensor(x)).data, getattr(torch, name)(torch.tensor(x)))


@needs_torch
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_prelu_and_both_gradients_are_pytorchs(dtype):
    generator = np.random.default_rng(5)
    for shape in ((), (4,), (0,), (2, 3), (2, 3, 4), (2, 3, 2, 2), (0, 3)):
        x = np.asarray(generator.choice([-2.0, -0.5, 0.0, 1.5, 1e4, -1e4], shape)).astype(dtype)
        for weight in ([0.25], [0.0], [-1.0], *([[0.5, -0.25, 2.0]] if len(shape) > 1 else [])):
            compare("prelu", nn.functional.prelu, theirs("prelu"), x, np.array(weight, dtype))
    infinite = Tensor(np.array([np.inf, -1.0], dtype))
    weight = Tensor(np.array(0.5, dtype), requires_grad=True)
    nn.functional.prelu(infinite, weight).sum().backward()
    assert weight.grad.item() == -1


def test_prelu_refuses_weights_that_fit_nothing():
    for shape in ((2,), (1, 3)):
        with pytest.raises(ValueError, match=r"prelu wanted a weight \(1,\) or \(3,\) for the shape \(2, 3\), got"):
            nn.functional.prelu(Tensor(np.zeros((2, 3))), np.zeros(shape))


@needs_torch
def test_hardsigmoid_is_pytorchs_in_float32():
    """PyTorch's gradient in float64 has a sixth that was rounded to float32."""
    x = np.array([-1e4, -3.0, -2.5, 0.0, 1.0, 2.9, 3.0, 1e4], np.float32)
    compare("hardsigmoid", nn.functional.hardsigmoid, theirs("hardsigmoid"), x)
    assert gradient_error(nn.functional.hardsigmoid, np.array([-4.0, -2.5, 0.0, 1.0, 5.0])) < 1e-8


@needs_torch
@pytest.mark.parametrize("case", ALONG_AXIS)
def test_softmaxes_in_another_dtype_are_pytorchs(case):
    x = np.random.default_rng(6).standard_normal((2, 3)).astype(np.float32)
    for dtype, other in ((np.float64, torch.float64), (np.float32, torch.float32)):
        compare(
            f"{case} in another dtype",
            lambda x, dtype=dtype: ALONG_AXIS[case](x, dim=1, dtype=dtype),
            lambda x, other=other: theirs(case)(x, dim=1, dtype=other),
            x,
        )
    assert ALONG_AXIS[case](Tensor([1, 2]), dtype=np.float32).dtype == np.float32


@elementwise
def test_the_input_has_pytorchs_name(case):
    ours, _, options = ELEMENTWISE[case]
    assert ours(input=Tensor([1.0]), **options).tolist() == ours(Tensor([1.0]), **options).tolist()


def test_without_an_axis_it_is_the_last():
    x = Tensor(np.random.default_rng(7).standard_normal((2, 3, 4)))
    for ours, layer in zip(ALONG_AXIS.values(), (nn.Softmax, nn.LogSoftmax), strict=True):
        assert ours(x).tolist() == ours(x, None).tolist() == layer(None)(x).tolist() == ours(x, 2).tolist()


@pytest.mark.parametrize("case", ALONG_AXIS)
def test_an_axis_that_is_not_there_is_refused(case):
    with pytest.raises(ValueError, match=rf"{case} wanted an axis from -2 to 1 for the shape \(2, 3\), got 2"):
        ALONG_AXIS[case](Tensor(np.zeros((2, 3))), 2)


OPTIONS = [
    ("leaky_relu", "negative_slope"),
    ("elu", "alpha"),
    ("celu", "alpha"),
    ("hardtanh", "min_val"),
    ("hardtanh", "max_val"),
    ("softplus", "beta"),
    ("softplus", "threshold"),
]


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=str)
def test_options_are_numbers_that_leave_the_dtype(name, option):
    ours = getattr(nn.functional, name)
    for wrong in ("a", None, Tensor([1.0, 2.0])):
        with pytest.raises(TypeError, match=f"{name}'s {option} wanted a number, got"):
            ours(Tensor([1.0]), **{option: wrong})
    x = Tensor([-2.0, 3.0], requires_grad=True)
    y = ours(x, **{option: np.float64(0.5)})
    assert (y.dtype, y.tolist()) == (np.float32, ours(x, **{option: 0.5}).tolist())
    y.sum().backward()
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize("case", ALONG_AXIS)
def test_an_axis_that_is_no_whole_number_is_refused(case):
    for wrong in ("a", 1.5, (0, 1)):
        with pytest.raises(TypeError, match=f"{case}'s axis wanted a whole number, got"):
            ALONG_AXIS[case](Tensor([[1.0]]), wrong)


def test_options_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match='gelu wanted approximate="none" or "tanh", got \'erf\''):
        tinytorch.gelu(Tensor([1.0]), "erf")
    with pytest.raises(ValueError, match="softplus wanted a positive beta, got 0"):
        tinytorch.softplus(Tensor([1.0]), beta=0)
    with pytest.raises(ValueError, match="hardtanh wanted min_val <= max_val, got 2 and 1"):
        tinytorch.hardtanh(Tensor([1.0]), 2, 1)
    with pytest.raises(ValueError, match="PReLU's num_parameters must be an integer from 1 on, got 0"):
        nn.PReLU(0)
    with pytest.raises(ValueError, match="celu wanted an alpha other than 0, got 0"):
        nn.functional.celu(Tensor([1.0]), 0)


class TestErf:
    """Against PyTorch's in float64 and series: erf and Phi are this project's own."""

    x = np.concatenate([np.linspace(-7, 7, 2001), np.linspace(0.46, 0.48, 101), 10.0 ** np.linspace(-300, 0, 50)])

    @needs_torch
    def test_erf_is_pytorchs_within_a_few_units_in_the_last_place(self):
        expected = torch.erf(torch.tensor(self.x)).numpy()
        assert np.abs((erf(self.x) - expected) / np.spacing(np.abs(expected))).max() <= 4

    def test_erf_in_float32_is_rounded_from_float64(self):
        x = self.x.astype(np.float32)
        assert erf(x).dtype == np.float32
        np.testing.assert_array_equal(erf(x), erf(x.astype(np.float64)).astype(np.float32))

    def test_the_short_cut_in_float32_is_exact_to_a_unit_of_1(self):
        x = self.x.astype(np.float32)
        assert np.abs(normal_cdf(x) - normal_cdf(x.astype(np.float64))).max() < 1.2e-7

    def test_limits_and_symmetry(self):
        assert erf(np.array([-np.inf, -10.0, 0.0, 10.0, np.inf])).tolist() == [-1.0, -1.0, 0.0, 1.0, 1.0]
        assert normal_cdf(np.array([-1e4, 0.0, 1e4], np.float32)).tolist() == [0.0, 0.5, 1.0]
        np.testing.assert_array_equal(erf(-self.x), -erf(self.x))
        assert np.isnan(erf(np.array([np.nan]))).all()

    def test_more_elements_than_a_chunk(self):
        x = np.linspace(-6, 6, 70_001, dtype=np.float32).reshape(1, -1).T
        y = normal_cdf(x)
        assert y.shape == x.shape
        assert (np.diff(y[:, 0]) >= -6e-8).all()


def test_every_operation_of_modules_01_to_04_has_a_rule():
    recorded = [
        node.args[0].id
        for name in ("tensor", "activations", "layers", "losses")
        for node in ast.walk(ast.parse(Path(tinytorch.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record"
        if isinstance(node.args[0], ast.Name)
    ]
    assert {"relu", "dropout", "kl_div"} <= set(recorded)
    assert set(recorded) <= {op.__name__ for op in RULES}
