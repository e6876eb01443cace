"""What PyTorch scripts call of modules 02 and 04: the functions of `F`, `inplace`, keywords, hostile numbers."""

import numpy as np
import pytest
from finite_differences import gradient_error
from pytorch_oracle import compare, needs_torch, torch

import tinytorch
from tinytorch import Tensor, nn
from tinytorch.nn import functional as F

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def numbers(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def both(name, *inputs, **options):
    """Compare our function with PyTorch's of the same name."""
    compare(
        name,
        lambda *x: getattr(F, name)(*x, **options),
        lambda *x: getattr(torch.nn.functional, name)(*x, **options),
        *inputs,
    )


class TestLinear:
    """F.linear has PyTorch's weight, (out_features, in_features)."""

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 4, 5), (2, 0, 5)], ids=str)
    def test_it_is_pytorchs(self, shape, dtype):
        weight, bias = numbers(3, 5, dtype=dtype), numbers(3, dtype=dtype)
        both("linear", numbers(*shape, dtype=dtype), weight, bias)
        both("linear", numbers(*shape, dtype=dtype), weight)
        both("linear", numbers(*shape, dtype=dtype), weight[0])

    def test_gradients_by_finite_differences(self):
        assert gradient_error(F.linear, numbers(2, 4, 5), numbers(3, 5), numbers(3)) < 1e-8

    def test_a_layers_weight_is_given_transposed(self):
        layer, x = nn.Linear(5, 3, seed=0), Tensor(numbers(4, 5, dtype=np.float32))
        np.testing.assert_array_equal(F.linear(x, layer.weight.T, layer.bias).data, layer(x).data)
        with pytest.raises(
            ValueError, match=r"got \(4, 5\) and \(5, 3\); a Linear's own weight is the other way round"
        ):
            F.linear(x, layer.weight, layer.bias)

    def test_another_bias_is_refused(self):
        with pytest.raises(ValueError, match=r"wanted a bias \(3,\) for the weight \(3, 5\), got \(5,\)"):
            F.linear(np.zeros((4, 5)), np.zeros((3, 5)), np.zeros(5))


class TestOneHot:
    """F.one_hot."""

    @needs_torch
    @pytest.mark.parametrize(("classes", "count"), [([0, 2, 1], -1), ([[0, 1], [1, 0]], 4), (1, 3)], ids=str)
    def test_it_is_pytorchs(self, classes, count):
        theirs = torch.nn.functional.one_hot(torch.tensor(classes), count).numpy()
        ours = F.one_hot(Tensor(classes), num_classes=count).data
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype

    def test_what_has_no_place_is_refused(self):
        with pytest.raises(ValueError, match="wanted classes from 0 to 1, got 0 to 2"):
            F.one_hot(Tensor([0, 2]), 2)
        with pytest.raises(ValueError, match="wanted classes from 0 to 2, got -1 to 2"):
            F.one_hot(Tensor([-1, 2]))
        with pytest.raises(ValueError, match=r"wanted a class or more, got num_classes=-1 for \(0,\)"):
            F.one_hot(np.zeros(0, int))
        with pytest.raises(TypeError, match=r"one_hot's num_classes wanted a whole number, got 2\.5"):
            F.one_hot(Tensor([0]), 2.5)
        with pytest.raises(TypeError, match="one_hot wanted integers, got float32"):
            F.one_hot(Tensor([0.0]))


class TestVectors:
    """F.normalize, F.cosine_similarity and F.pad."""

    x = numbers(3, 4, 5)
    x[1, 2] = 0  # a vector without a direction

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("dim", [0, 1, -1])
    @pytest.mark.parametrize("p", [1, 2.0, float("inf"), 3, 0.5])
    def test_normalize_is_pytorchs(self, p, dim, dtype):
        both("normalize", self.x.astype(dtype), p=p, dim=dim)

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("shape", [(4, 5), (1, 5)], ids=str)
    def test_cosine_similarity_is_pytorchs(self, shape, dtype):
        x = self.x[1].astype(dtype)
        both("cosine_similarity", x, numbers(*shape, dtype=dtype))
        both("cosine_similarity", x, numbers(*shape, dtype=dtype), dim=-1, eps=0.1)

    def test_gradients_by_finite_differences(self):
        x, y = numbers(3, 4), numbers(3, 4, seed=1)
        assert gradient_error(F.normalize, x) < 1e-8
        assert gradient_error(F.cosine_similarity, x, y) < 1e-8

    @needs_torch
    def test_pad_is_pytorchs(self):
        both("pad", self.x, pad=(1, 2, 0, 1))
        both("pad", self.x, pad=(1, 2), mode="constant", value=3.0)

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("mode", ["replicate", "reflect", "circular"])
    @pytest.mark.parametrize("widths", [(3, 1), (0, 2), (2, -1), (-1, -2), (1, 2, 0, 1)], ids=str)
    def test_pad_by_the_elements_themselves_is_pytorchs(self, widths, mode, dtype):
        if mode == "circular":
            widths = tuple(max(width, 0) for width in widths)
        shape = (2, 3, 4, 5)[len(widths) == 2 :]  # PyTorch pads one axis of 3, or two of 4
        both("pad", numbers(*shape, dtype=dtype), pad=widths, mode=mode)

    @needs_torch
    @pytest.mark.parametrize("widths", [(-1, 2), (-5, 6), (2, -4), (-2, -2)], ids=str)
    def test_negative_widths_cut_as_in_pytorch(self, widths):
        both("pad", numbers(2, 5), pad=widths, value=3.0)
        both("pad", numbers(2, 3, 5), pad=(*widths, 0, -1))
        both("pad", numbers(2, 3, 5), pad=widths, mode="replicate")

    def test_pads_gradients_by_finite_differences(self):
        x = numbers(2, 3)
        assert gradient_error(lambda x: F.pad(x, (2, 1, 1, 0), "reflect"), x) < 1e-8
        assert gradient_error(lambda x: F.pad(x, (3, 2), "circular"), x) < 1e-8
        assert gradient_error(lambda x: F.pad(x, (5, -1), "replicate"), x) < 1e-8
        assert gradient_error(lambda x: F.pad(x, (-1, 2)), x) < 1e-8

    @pytest.mark.parametrize(
        ("widths", "mode", "said"),
        [
            ((2, 0), "reflect", r"by mode='reflect' wanted -inf to 1 elements around 2, got \(2, 0\)"),
            ((0, 3), "circular", "wanted 0 to 2 elements around 2"),
            ((-1, 0), "circular", "wanted 0 to 2 elements around 2"),
            ((-1, -2), "constant", "pad wanted to cut 1 and 2 elements off an axis of 2"),
            ((1,), "reflect", "pad wanted a pair of widths for each axis"),
        ],
        ids=["reflect", "circular", "circular cut", "cut", "odd"],
    )
    def test_pad_says_what_was_wanted(self, widths, mode, said):
        with pytest.raises(ValueError, match=said):
            F.pad(numbers(3, 2), widths, mode)

    def test_what_is_not_there_is_refused(self):
        with pytest.raises(ValueError, match="norm wanted p as a number of 0 or more"):
            F.normalize(self.x, -1)
        with pytest.raises(ValueError, match=r"pad wanted a mode of constant, .* got 'mirror'"):
            F.pad(self.x, (1, 1), "mirror")
        with pytest.raises(ValueError, match=r"pad wanted a mode of constant, .* got 'reflect' and value=1\.0"):
            F.pad(self.x, (1, 1), "reflect", 1.0)
        with pytest.raises(ValueError, match=r"cannot broadcast \(2, 2\) and \(3,\)"):
            F.cosine_similarity(np.ones((2, 2)), np.ones(3))
        with pytest.raises(TypeError, match="cosine_similarity wanted floats, got int64"):
            F.cosine_similarity(np.ones((2, 2)), np.ones((2, 2), int))


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "relu6", "hardtanh", "silu"])
def test_inplace_gives_the_same_in_a_new_tensor(name):
    x = Tensor([-2.0, 0.5], requires_grad=True)
    y = getattr(F, name)(x, inplace=True)
    assert y.tolist() == getattr(F, name)(x).tolist()
    assert x.tolist() == [-2.0, 0.5]
    y.sum().backward()
    assert x.grad is not None


def test_layers_take_inplace_where_pytorchs_do():
    x = Tensor([-2.0, 0.5])
    for layer in (nn.ReLU(True), nn.LeakyReLU(0.2, True), nn.ELU(1.0, True), nn.ReLU6(inplace=True), nn.SiLU(True)):
        assert layer(x).shape == (2,)
    assert nn.Hardtanh(-1.0, 1.0, True)(x).tolist() == [-1.0, 0.5]
    assert nn.Dropout(0.0, True)(x) is x
    assert F.dropout(x, 0.5, False, True) is x


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss], ids=lambda f: f.__name__)
def test_losses_of_classes_take_pytorchs_names(function):
    x, t = Tensor([[0.5, -1.0]]), Tensor([1])
    assert function(input=x, target=t).item() == function(x, t).item()
    layer = nn.CrossEntropyLoss() if function is F.cross_entropy else nn.NLLLoss()
    assert layer(input=x, target=t).item() == function(x, t).item()


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div"])
def test_other_losses_take_pytorchs_names(name):
    x, t = Tensor([0.5, 1.0]), Tensor([1.0, 0.5])
    assert getattr(F, name)(input=x, target=t, reduction="sum").item() == getattr(F, name)(x, t, "sum").item()


class TestHostileNumbers:
    """Infinity and NaN: PyTorch's values and gradients, and no warning (which would be an error here)."""

    pairs = pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 1e4, -1e4, 1e20, -1e20])
    activations = pytest.mark.parametrize(
        ("name", "options"),
        [
            ("relu", {}),
            ("leaky_relu", {"negative_slope": 0.0}),
            ("leaky_relu", {"negative_slope": 2.0}),
            ("hardtanh", {"min_val": -2.0}),
            ("relu6", {}),
            ("sigmoid", {}),
            ("logsigmoid", {}),
            ("tanh", {}),
            ("silu", {}),
            ("softplus", {"beta": 3.0}),
            ("softmax", {"dim": -1}),
            ("log_softmax", {"dim": -1}),
        ],
        ids=str,
    )

    @needs_torch
    @dtypes
    @pairs
    @activations
    def test_activations(self, name, options, x, dtype):
        both(name, np.array([x, 0.5, -0.5], dtype), **options)

    @dtypes
    @pairs
    @pytest.mark.parametrize("options", [{}, {"approximate": "tanh"}], ids=str)
    def test_gelu_warns_of_nothing(self, options, x, dtype):  # PyTorch's is NaN for infinity, ours infinity
        tensor = Tensor(np.array([x], dtype), requires_grad=True)
        y = F.gelu(tensor, **options)
        y.backward()
        assert y.item() == max(x, 0) or np.isnan(y.item()) == (np.isnan(x) or x == -np.inf)

    @needs_torch
    @dtypes
    @pairs
    @pytest.mark.parametrize("reduction", ["none", "mean"])
    @pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
    @pytest.mark.parametrize("name", ["mse_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits"])
    def test_losses(self, name, target, reduction, x, dtype):
        both(name, np.array([x, 0.5], dtype), np.array([target, 0.5], dtype), reduction=reduction)

    @needs_torch
    @dtypes
    @pairs
    @pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"reduction": "none"}], ids=str)
    def test_cross_entropy(self, options, x, dtype):
        for logits in ([[x, 0.5, -0.5]], [[0.5, x, -0.5]]):
            compare(
                "cross_entropy of hostile logits",
                lambda z: F.cross_entropy(z, [0], **options),
                lambda z: torch.nn.functional.cross_entropy(z, torch.tensor([0]), **options),
                np.array(logits, dtype),
            )

    def test_an_infinite_gradient_stays_away_from_what_relu_cut(self):
        for name in ("relu", "hardtanh"):
            x = Tensor([-2.0, 0.25], requires_grad=True)
            tinytorch.sqrt(getattr(F, name)(x) + (1.0 if name == "hardtanh" else 0.0)).sum().backward()
            assert x.grad.data[0] == 0
            assert np.isfinite(x.grad.data).all()

    @needs_torch
    @dtypes
    @pytest.mark.parametrize("slope", [0.01, 0.3, -1.0, 2.0, 1e9])
    def test_leaky_relus_slopes_are_exact_where_the_gradient_passes(self, slope, dtype):
        x = Tensor(np.array([-1.0, 1.0, 0.0], dtype), requires_grad=True)
        F.leaky_relu(x, slope).sum().backward()
        assert x.grad.tolist() == [dtype(slope), 1.0, dtype(slope)]


def test_integer_one_hot_targets_are_named():
    with pytest.raises(TypeError, match=r"got int64 of shape \(2, 3\), which is the logits'; if it is one-hot"):
        F.cross_entropy(np.zeros((2, 3)), np.eye(3, dtype=int)[:2])


def test_smooth_l1_loss_names_itself():
    with pytest.raises(ValueError, match="smooth_l1_loss wanted a positive beta, got -1"):
        F.smooth_l1_loss(np.zeros(2), np.zeros(2), beta=-1)
    with pytest.raises(ValueError, match=r"smooth_l1_loss wanted an input and a target of one shape"):
        F.smooth_l1_loss(np.zeros(2), np.zeros(3))


def test_tensors_have_the_usual_ones_as_methods():
    x = Tensor([[-1.0, 2.0], [0.5, 0.0]])
    for name in ("relu", "sigmoid", "tanh"):
        assert getattr(x, name)().tolist() == getattr(F, name)(x).tolist()
    for name in ("softmax", "log_softmax"):
        assert getattr(x, name)(dim=0).tolist() == getattr(x, name)(0).tolist() == getattr(F, name)(x, dim=0).tolist()
