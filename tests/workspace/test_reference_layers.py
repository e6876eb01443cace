"""Module 03 of the reference: Linear, Dropout, Flatten, Identity and Sequential, also against PyTorch."""

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from layer_models import network
from pytorch_oracle import arrays, compare, needs_torch, same, shapes, steady, torch

from tinytorch import Dropout, Flatten, Identity, Layer, Linear, ReLU, Sequential, Tensor, dropout, nn, optim, relu
from tinytorch.nn import init


class TestLinear:
    @needs_torch
    @steady
    @given(data=st.data())
    def test_it_is_pytorchs_for_all_ranks(self, data):
        rows = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
        n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
        dtype = data.draw(st.sampled_from([np.float32, np.float64]))
        parts = [data.draw(arrays(shape, dtype, special=(0.0, 1.0))) for shape in ((*rows, n), (n, m), (m,))]
        layer = Linear(n, m, dtype=dtype, seed=0)

        def ours(x, weight, bias):
            layer.weight, layer.bias = weight, bias
            return layer(x)

        def theirs(x, weight, bias):
            return torch.nn.functional.linear(x, weight.T, bias)

        compare("Linear", ours, theirs, *parts)

    @pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3), (0, 3), (2, 0, 3)], ids=str)
    def test_gradients_by_finite_differences(self, shape):
        layer = Linear(3, 2, seed=0, dtype=np.float64)

        def f(x, weight, bias):
            layer.weight, layer.bias = weight, bias
            return layer(x)

        generator = np.random.default_rng(1)
        assert gradient_error(f, *(generator.standard_normal(s) for s in (shape, (3, 2), (2,)))) < 1e-8

    def test_a_scalar_is_refused(self):
        with pytest.raises(ValueError, match=r"Linear\(3, 2\) wanted \(\.\.\., 3\), got \(\)"):
            Linear(3, 2, seed=0)(1.0)


class TestDropout:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
    def test_the_share_and_the_mean(self, dtype):
        x = Tensor(np.ones((400, 500), dtype))
        y = dropout(x, 0.2, seed=0)
        assert y.dtype == dtype
        assert set(np.unique(y.data)) == {0, dtype(1.25)}
        assert (y.data == 0).mean() == pytest.approx(0.2, abs=0.005)
        assert y.data.mean() == pytest.approx(1, abs=0.005)

    def test_the_gradient_goes_where_the_values_went(self):
        x = Tensor(np.full((4, 5), 2.0), requires_grad=True)
        y = dropout(x, 0.5, seed=3)
        seed = np.arange(20.0).reshape(4, 5)
        y.backward(seed)
        np.testing.assert_array_equal(x.grad.data, seed * y.data / 2)

    def test_the_seed_decides_and_every_call_differs(self):
        x = Tensor(np.ones(100))
        first, same_seed = Dropout(seed=1), Dropout(seed=1)
        a, b = first(x).tolist(), first(x).tolist()
        assert a != b
        assert [a, b] == [same_seed(x).tolist(), same_seed(x).tolist()]
        generator = np.random.default_rng(1)
        assert Dropout(seed=generator)(x).tolist() == a
        assert Dropout(seed=generator)(x).tolist() == b
        assert Dropout()(x).tolist() != Dropout()(x).tolist()

    def test_eval_and_p_0_pass_the_tensor_itself(self):
        x = Tensor([1.0, 2.0])
        assert Dropout(0.9).eval()(x) is x
        assert Dropout(0)(x) is x

    def test_p_1_leaves_nothing_and_no_gradient(self):
        x = Tensor(np.ones((2, 3)), requires_grad=True)
        y = Dropout(1)(x)
        y.sum().backward()
        assert y.tolist() == x.grad.tolist() == [[0.0] * 3] * 2

    @pytest.mark.parametrize("shape", [(), (0, 3)], ids=str)
    def test_0_d_and_empty(self, shape):
        x = Tensor(np.ones(shape, np.float32), requires_grad=True)
        y = dropout(x, 0.5, seed=0)
        y.sum().backward()
        assert (y.shape, y.dtype, x.grad.shape) == (shape, np.float32, shape)

    @pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, np.inf])
    def test_p_outside_0_to_1_is_refused(self, p):
        with pytest.raises(ValueError, match="Dropout wanted a probability p from 0 to 1, got"):
            Dropout(p)
        with pytest.raises(ValueError, match="dropout wanted a probability p from 0 to 1, got"):
            dropout(Tensor([1.0]), p, training=False)

    def test_integers_are_refused(self):
        with pytest.raises(TypeError, match="dropout wanted floats, got int64"):
            dropout(Tensor([1, 2]))

    @pytest.mark.parametrize("p", ["a", None, [0.5]], ids=str)
    def test_what_is_no_number_is_refused(self, p):
        with pytest.raises(TypeError, match="Dropout's p wanted a number, got"):
            Dropout(p)
        with pytest.raises(TypeError, match="dropout's p wanted a number, got"):
            dropout(Tensor([1.0]), p)
        with pytest.raises(TypeError, match="seed wanted an int, a Generator or None, got 'a'"):
            Dropout(seed="a")

    def test_infinity_that_is_dropped_is_nan_as_in_pytorch_and_nothing_warns(self):
        x = Tensor([1.0, np.inf, np.nan], requires_grad=True)
        y = dropout(input=x, p=1.0)
        np.testing.assert_array_equal(y.data, [0, np.nan, np.nan])
        y.backward([np.inf, 1.0, 3e38])
        np.testing.assert_array_equal(x.grad.data, [np.nan, 0, 0])


class TestFirstValues:
    def test_dtype_none_is_float32_and_cpu_the_only_device(self):
        assert {p.dtype for p in Linear(3, 2, dtype=None, device="cpu").parameters()} == {np.dtype(np.float32)}
        assert {p.dtype for p in Linear(3, 2, dtype=np.float64, device=None).parameters()} == {np.dtype(np.float64)}
        with pytest.raises(RuntimeError, match="device wanted \"cpu\", where all is computed, got 'cuda'"):
            Linear(3, 2, device="cuda")

    def test_reset_parameters_draws_as_a_new_layer_does(self):
        layer, other = Linear(3, 2, seed=0), Linear(3, 2, seed=1)
        weight = layer.weight
        layer.reset_parameters(1)
        assert layer.weight is weight
        assert [p.tolist() for p in layer.parameters()] == [p.tolist() for p in other.parameters()]

    @pytest.mark.parametrize("lengths", [(3.0, 2), (3, None), ("3", 2)], ids=str)
    def test_lengths_that_are_no_ints_are_refused(self, lengths):
        with pytest.raises(TypeError, match=r"Linear's (in|out)_features wanted a whole number, got"):
            Linear(*lengths)

    @needs_torch
    def test_pytorchs_weights_are_taken_over_and_given_back(self):
        x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
        ours, theirs = Linear(3, 2), torch.nn.Linear(3, 2)
        state = theirs.state_dict()
        ours.load_state_dict({"weight": state["weight"].T, "bias": state["bias"]})
        same("Linear", ours(Tensor(x)).data, theirs(torch.tensor(x)))

    def test_a_parameter_is_frozen_by_its_second_argument_as_in_pytorch(self):
        assert not nn.Parameter([1.0], False).requires_grad
        assert nn.Parameter([1.0], dtype=np.float64).dtype == np.float64
        with pytest.raises(TypeError, match=r"Parameter wanted requires_grad as True or False, got .*; try dtype="):
            nn.Parameter([1.0], np.float64)


class TestFlattenAndIdentity:
    @needs_torch
    @steady
    @given(data=st.data())
    def test_flatten_is_pytorchs(self, data):
        x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3)))
        start = data.draw(st.integers(-x.ndim, x.ndim - 1))
        end = data.draw(st.integers(start % x.ndim, x.ndim - 1))
        compare("Flatten", Flatten(start, end), torch.nn.Flatten(start, end), x)

    @needs_torch
    @steady
    @given(x=arrays(shapes))
    def test_identity_is_pytorchs(self, x):
        same("Identity", Identity()(Tensor(x)).data, torch.nn.Identity()(torch.tensor(x.copy())))

    @needs_torch
    @pytest.mark.parametrize("axes", [(0, 0), (0, -1), (-1, -1)], ids=str)
    def test_flatten_takes_a_number_for_one_axis_as_pytorch(self, axes):
        compare("Flatten", Flatten(*axes), torch.nn.Flatten(*axes), np.array(2.0))

    @needs_torch
    @pytest.mark.parametrize(
        ("shape", "dim", "lengths"),
        [((4, 6), 1, (2, 3)), ((4, 6), -1, (-1, 2)), ((6, 4), 0, (3, 2)), ((0, 6), 1, (3, 2)), ((6,), 0, (6,))],
        ids=str,
    )
    def test_unflatten_is_pytorchs(self, shape, dim, lengths):
        x = np.random.default_rng(0).standard_normal(shape)
        compare("Unflatten", nn.Unflatten(dim, lengths), torch.nn.Unflatten(dim, lengths), x)
        assert repr(nn.Unflatten(1, [2, 3])) == "Unflatten(1, (2, 3))"

    @pytest.mark.parametrize("lengths", [(2, 4), (-1, -1), (-1, 4), (0, -1), (-2, -3), ()], ids=str)
    def test_unflatten_refuses_lengths_of_another_product(self, lengths):
        with pytest.raises(ValueError, match="Unflatten wanted lengths with the product 6, got"):
            nn.Unflatten(1, lengths)(Tensor(np.zeros((4, 6))))
        with pytest.raises(ValueError, match=r"Unflatten wanted the axis 2, got the shape \(4, 6\)"):
            nn.Unflatten(2, lengths)(Tensor(np.zeros((4, 6))))

    def test_identity_takes_any_arguments(self):
        assert Identity(54, unused=0.1)(3) == 3

    @pytest.mark.parametrize("axes", [("1",), (1.0,), (0, None)], ids=str)
    def test_axes_that_are_no_whole_numbers_are_refused_at_once(self, axes):
        with pytest.raises(TypeError, match=r"Flatten's (start|end)_axis wanted a whole number, got"):
            Flatten(*axes)

    @pytest.mark.parametrize("axes", [(2, 1), (0, 3), (-4, 1)], ids=str)
    def test_axes_that_are_not_there_are_refused(self, axes):
        with pytest.raises(ValueError, match=rf"Flatten wanted the axes {axes[0]} to {axes[1]}, got the shape"):
            Flatten(*axes)(Tensor(np.zeros((2, 3, 4))))

    def test_one_sample_without_its_axis_is_refused(self):
        with pytest.raises(ValueError, match=r"got the shape \(64,\); is the axis of samples missing\?"):
            Flatten()(Tensor(np.zeros(64)))


class TestSequential:
    def test_index_and_slice(self):
        model = network()
        assert model[-1] is list(model)[2]
        assert isinstance(model[1:], Sequential)
        assert list(model[1:]) == list(model)[1:]
        assert model[:1][0] is model[0]
        assert list(model[::-1]) == list(model)[::-1]
        assert len(model[3:]) == 0
        for index in (3, -4):
            with pytest.raises(IndexError, match=rf"this Sequential has 3 parts, got the index {index}"):
                model[index]

    def test_append(self):
        model = Sequential()
        assert model.append(Linear(2, 3, seed=0)).append(relu) is model
        assert len(model) == 2
        assert model(Tensor(np.ones((1, 2)))).shape == (1, 3)
        with pytest.raises(TypeError, match=r"can't call its part 2, .*did you mean ReLU\(\)\?"):
            model.append(ReLU)
        assert len(model) == 2

    def test_empty_passes_on(self):
        x = Tensor([1.0])
        assert Sequential()(x) is x
        assert Sequential([])(x) is x

    def test_what_cannot_be_called_is_refused(self):
        with pytest.raises(TypeError, match=r"can't call its part 0, 3; did you mean a layer or a function\?"):
            Sequential([3])


def test_nn_has_pytorchs_names():
    assert nn.Module is Layer
    assert nn.functional.relu is relu
    assert nn.functional.dropout is dropout


class TestPyTorchsNames:
    @pytest.mark.parametrize("state", [None, [1, 2], "weights.pt"], ids=str)
    def test_what_is_no_state_is_named(self, state):
        with pytest.raises(TypeError, match="Linear wanted a state as a dict of arrays by name, got"):
            Linear(2, 1).load_state_dict(state)

    def test_a_module_list_names_its_parts_and_runs_nothing(self):
        model = Layer()
        model.blocks = nn.ModuleList([Linear(2, 2)]).extend([Linear(2, 1)])
        assert list(model.state_dict()) == ["blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias"]
        assert [type(part) for part in (model.blocks, model.blocks[1:])] == [nn.ModuleList] * 2
        assert [layer for layer in model.blocks] == [model.blocks[0], model.blocks[-1]]
        with pytest.raises(NotImplementedError, match="loop over it"):
            model.blocks(Tensor([[1.0, 2.0]]))

    def test_flatten_by_dims(self):
        assert Flatten(start_dim=0, end_dim=1)(Tensor(np.zeros((2, 3, 4)))).shape == (6, 4)

    def test_imports_by_dotted_name(self):
        import tinytorch.nn.functional as functional
        from tinytorch.nn.init import zeros_
        from tinytorch.nn.utils import clip_grad_norm_
        from tinytorch.optim.lr_scheduler import StepLR

        assert functional is nn.functional
        assert (zeros_, clip_grad_norm_) == (init.zeros_, nn.utils.clip_grad_norm_)
        assert StepLR is optim.lr_scheduler.StepLR
