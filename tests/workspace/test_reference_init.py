"""Module 03 of the reference: first values for parameters, against PyTorch's."""

import inspect

import numpy as np
import pytest
from pytorch_oracle import needs_torch, torch

from tinytorch import Linear, Parameter, Tensor
from tinytorch.nn import init

INITIALIZERS = [
    ("uniform_", (-1.0, 3.0), {}),
    ("normal_", (1.0, 0.5), {}),
    ("uniform_", (), {"a": -1.0, "b": 3.0}),
    ("trunc_normal_", (), {"mean": 1.0, "std": 2.0, "a": -1.0, "b": 2.0}),
    ("xavier_uniform_", (), {"gain": 2.0}),
    ("xavier_normal_", (), {}),
    ("kaiming_uniform_", (), {"nonlinearity": "relu"}),
    ("kaiming_uniform_", (0.3,), {"mode": "fan_out"}),
    ("kaiming_normal_", (), {"mode": "fan_out", "nonlinearity": "tanh"}),
    ("kaiming_normal_", (), {}),
    ("orthogonal_", (), {"gain": 3.0}),
]


class TestInit:
    @needs_torch
    @pytest.mark.parametrize(("name", "arguments", "options"), INITIALIZERS, ids=lambda value: str(value))
    @pytest.mark.parametrize("kernel", [(), (3, 3)], ids=["linear", "conv"])
    def test_spread_is_pytorchs(self, name, arguments, options, kernel):
        shape = (60, 90, *kernel)
        ours = getattr(init, name)(Tensor(np.zeros(shape, np.float32)), *arguments, seed=0, **options)
        theirs = torch.empty(shape if kernel else shape[::-1])  # Linear's weights are transposed
        torch.manual_seed(0)
        getattr(torch.nn.init, name)(theirs, *arguments, **options)
        assert ours.dtype == np.float32
        assert ours.data.mean() == pytest.approx(theirs.mean().item(), abs=0.05 * theirs.std().item() + 0.02)
        assert ours.data.std() == pytest.approx(theirs.std().item(), rel=0.03)
        if "uniform" in name:
            assert np.abs(ours.data).max() == pytest.approx(theirs.abs().max().item(), rel=0.01)

    @pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6, 2, 2), (2, 3, 3)], ids=str)
    def test_orthogonal_rows_or_columns(self, shape):
        w = init.orthogonal_(Tensor(np.zeros(shape)), gain=2.0, seed=0).data.reshape(shape[0], -1)
        product = w.T @ w if w.shape[0] > w.shape[1] else w @ w.T
        np.testing.assert_allclose(product, 4 * np.eye(min(w.shape)), atol=1e-12)

    def test_constants(self):
        layer = Linear(2, 3, seed=0)
        assert init.zeros_(layer.bias) is layer.bias
        assert layer.bias.tolist() == [0.0] * 3
        assert init.ones_(layer.bias).tolist() == [1.0] * 3
        assert init.constant_(layer.bias, 0.5).tolist() == [0.5] * 3
        assert isinstance(layer.bias, Parameter)

    @pytest.mark.parametrize(("name", "arguments", "options"), INITIALIZERS, ids=lambda value: str(value))
    def test_the_seed_decides(self, name, arguments, options):
        def drawn(seed):
            return getattr(init, name)(Tensor(np.zeros((3, 4))), *arguments, seed=seed, **options).tolist()

        assert drawn(1) == drawn(1) == drawn(np.random.default_rng(1)) != drawn(2)
        assert drawn(None) != drawn(None)
        draw = getattr(init, name)
        assert draw(Tensor(np.zeros((3, 4))), *arguments, generator=1, **options).tolist() == drawn(1)

    @pytest.mark.parametrize(("name", "arguments", "options"), INITIALIZERS, ids=lambda value: str(value))
    @pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 3)], ids=str)
    def test_a_tensor_without_elements_stays(self, name, arguments, options, shape):
        assert getattr(init, name)(Tensor(np.zeros(shape)), *arguments, seed=0, **options).shape == shape

    def test_eye(self):
        assert init.eye_(Tensor(np.full((2, 3), 7.0))).tolist() == [[1, 0, 0], [0, 1, 0]]

    @needs_torch
    @pytest.mark.parametrize(
        "name",
        ["linear", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"],
    )
    def test_gains_are_pytorchs(self, name):
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
        theirs = torch.nn.init.calculate_gain(name, param=0.2)
        assert init.calculate_gain(name, param=0.2) == pytest.approx(theirs, rel=1e-15)

    @needs_torch
    @pytest.mark.parametrize(
        "name", sorted({name for name, _, _ in INITIALIZERS} | {"constant_", "eye_", "calculate_gain"})
    )
    def test_signatures_are_pytorchs(self, name):
        ours, theirs = (inspect.signature(getattr(module, name)) for module in (init, torch.nn.init))
        added = ("seed", "generator")
        assert [p for p in ours.parameters if p not in added] == [p for p in theirs.parameters if p not in added]
        for key, parameter in theirs.parameters.items():
            if key != "generator":
                assert ours.parameters[key].default == parameter.default

    def test_truncated_values_lie_within_their_bounds(self):
        values = init.trunc_normal_(Tensor(np.zeros((50, 60))), 0.0, 1.0, -0.5, 0.25, seed=0).data
        assert -0.5 <= values.min() < -0.49
        assert 0.24 < values.max() <= 0.25

    def test_wrong_arguments_change_nothing(self):
        bias, weight = Tensor([1.0, 2.0]), Tensor([[1.0, 2.0]])
        for call, message in (
            (lambda: init.xavier_normal_(bias), r"fans need a weight of two axes or more, got \(2,\); use zeros_"),
            (lambda: init.orthogonal_(bias), r"fans need a weight of two axes or more, got \(2,\)"),
            (lambda: init.eye_(bias), r"eye_ wanted two axes, got \(2,\)"),
            (lambda: init.kaiming_normal_(weight, mode="fan_avg"), 'mode is "fan_in" or "fan_out", got \'fan_avg\''),
            (lambda: init.kaiming_normal_(weight, nonlinearity="gelu"), "a nonlinearity is one of .*, got 'gelu'"),
            (lambda: init.uniform_(weight, 1.0, 0.0), "uniform_ wanted finite a <= b, got 1.0 and 0.0"),
            (lambda: init.normal_(weight, std=-1.0), "normal_ wanted a finite std of 0 or more, got -1.0"),
            (lambda: init.trunc_normal_(weight, std=-1.0), "trunc_normal_ wanted a finite std of 0 or more, got -1.0"),
            (lambda: init.trunc_normal_(weight, 0.0, 1.0, 20.0, 30.0), "wanted a and b around the mean 0.0, with std"),
        ):
            with pytest.raises(ValueError, match=message):
                call()
        for call, option in (
            (lambda: init.constant_(weight, None), "constant_'s val"),
            (lambda: init.uniform_(weight, "a"), "uniform_'s a"),
            (lambda: init.normal_(weight, mean="a"), "normal_'s mean"),
            (lambda: init.trunc_normal_(weight, b=None), "trunc_normal_'s b"),
            (lambda: init.xavier_uniform_(weight, gain="a"), "xavier_uniform_'s gain"),
            (lambda: init.xavier_normal_(weight, gain="a"), "xavier_normal_'s gain"),
            (lambda: init.kaiming_normal_(weight, "a"), "the slope of leaky_relu"),
            (lambda: init.orthogonal_(weight, gain=None), "orthogonal_'s gain"),
        ):
            with pytest.raises(TypeError, match=f"{option} wanted a number, got"):
                call()
        with pytest.raises(TypeError, match="seed wanted an int, a Generator or None, got 'a'"):
            init.uniform_(weight, seed="a")
        with pytest.raises(TypeError, match=r"go into a Tensor, got Linear; give layer.weight, not the layer"):
            init.zeros_(Linear(2, 2, seed=0))
        with pytest.raises(TypeError, match="a Tensor of floats, got int64"):
            init.zeros_(Tensor([1, 2]))
        assert bias.tolist() == [1.0, 2.0]
        assert weight.tolist() == [[1.0, 2.0]]
