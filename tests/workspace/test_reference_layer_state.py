"""Module 03 of the reference: a layer's state, saved and loaded, also where weights are tied."""

import numpy as np
import pytest
from finite_differences import gradient_error
from layer_models import Tied, network
from pytorch_oracle import needs_torch, torch

import tinytorch
from tinytorch import SGD, Layer, Linear, Parameter, Sequential, Tensor


class TestState:
    def test_a_round_trip(self):
        model, other = network(0), network(5)
        x = Tensor(np.ones((2, 3), np.float32))
        assert model(x).tolist() != other(x).tolist()
        result = other.load_state_dict(model.state_dict())
        assert result == ([], [])
        assert other(x).tolist() == model(x).tolist()

    def test_state_is_a_copy_both_ways(self):
        model, other = network(0), network(5)
        state = model.state_dict()
        before = state["0.weight"].copy()
        model[0].weight.data += 1
        np.testing.assert_array_equal(state["0.weight"].data, before.data)
        other.load_state_dict(state)
        state["0.weight"].data[:] = 7
        np.testing.assert_array_equal(other[0].weight.data, before.data)

    @needs_torch
    def test_it_is_used_as_pytorchs(self):
        def used(lib):
            model = lib.nn.Sequential(lib.nn.Linear(3, 3, bias=False), lib.nn.ReLU())
            best = {key: value.clone() for key, value in model.state_dict().items()}
            sizes = [(key, tuple(value.size()), value.numel()) for key, value in best.items()]
            flags = [value.requires_grad for value in model.state_dict(prefix="a.").values()]
            model.load_state_dict(state_dict={key: value.double() * 0 for key, value in best.items()})
            kept = str(model[0].weight.dtype).removeprefix("torch.")
            model.load_state_dict({key: value.double() * 0 + 2 for key, value in best.items()}, assign=True)
            p = model[0].weight
            taken = str(p.dtype).removeprefix("torch."), p.requires_grad, p.tolist()
            return sizes, flags, kept, taken, list(model.state_dict(prefix="a."))

        assert used(tinytorch) == used(torch)

    def test_assigning_keeps_floats_floats(self):
        layer = Linear(1, 1, seed=0)
        layer.load_state_dict({"weight": np.array([[3]]), "bias": np.array([2.0])}, assign=True)
        assert [(p.dtype, p.item()) for p in layer.parameters()] == [(np.float32, 3.0), (np.float64, 2.0)]

    def test_tensors_lists_and_other_float_dtypes_are_cast(self):
        layer = Linear(2, 1, seed=0)
        layer.load_state_dict({"weight": Tensor([[1.0], [2.0]], dtype=np.float64), "bias": [3]})
        assert layer.state_dict()["weight"].tolist() == [[1.0], [2.0]]
        assert {x.dtype for x in layer.parameters()} == {np.dtype(np.float32)}

    def test_an_optimizer_goes_on_with_loaded_parameters(self):
        layer = Linear(2, 1, bias=False, seed=0)
        optimizer = SGD(layer.parameters(), lr=1.0)
        layer.load_state_dict({"weight": np.array([[5.0], [6.0]])})
        layer(Tensor([[1.0, 2.0]])).sum().backward()
        optimizer.step()
        assert layer.weight.tolist() == [[4.0], [4.0]]

    def test_everything_that_does_not_fit_is_listed_and_nothing_is_loaded(self):
        model = network()
        state = model.state_dict()
        wrong = {**{name: array + 1 for name, array in state.items()}, "2.weight": np.zeros((2, 4)), "3.weight": 1.0}
        del wrong["2.bias"]
        with pytest.raises(ValueError, match="this state does not fit Sequential") as error:
            model.load_state_dict(wrong)
        assert str(error.value) == (
            "this state does not fit Sequential: missing: 2.bias; unexpected: 3.weight; "
            "2.weight wanted (4, 2), got (2, 4) (transposed?); was it saved from another model? "
            "strict=False loads what is there"
        )
        for name, x in model.state_dict().items():
            np.testing.assert_array_equal(x.data, state[name].data)

    def test_not_strict_loads_what_is_there_and_returns_the_rest(self):
        model = network()
        result = model.load_state_dict({"0.bias": np.full(4, 9.0), "new": np.zeros(1)}, strict=False)
        assert result.missing_keys == ["0.weight", "2.weight", "2.bias"]
        assert result.unexpected_keys == ["new"]
        assert model[0].bias.tolist() == [9.0] * 4

    def test_not_strict_still_refuses_shapes(self):
        with pytest.raises(ValueError, match=r"0.bias wanted \(4,\), got \(5,\); was it saved from another model\?$"):
            network().load_state_dict({"0.bias": np.zeros(5)}, strict=False)

    @pytest.mark.parametrize("kind", [complex, object, "U1"], ids=str)
    def test_what_is_no_number_of_this_kind_is_refused(self, kind):
        with pytest.raises(ValueError, match=r"bias wanted float32, got "):
            Linear(2, 1, seed=0).load_state_dict({"bias": np.zeros(1).astype(kind)}, strict=False)

    def test_many_names_are_cut(self):
        model = Sequential(*[Linear(1, 1, seed=0) for _ in range(5)])
        with pytest.raises(ValueError, match=r"missing: 0.weight, 0.bias, 1.weight, 1.bias, 2.weight, and 5 more; was"):
            model.load_state_dict({})

    def test_columns_first_in_memory_is_the_same_state(self):
        layer, other = Linear(3, 2, seed=0), Linear(3, 2, seed=1)
        array = np.arange(6, dtype=np.float32).reshape(2, 3).T
        layer.weight.data = array
        state = layer.state_dict()
        assert state["weight"].data.flags.c_contiguous
        np.testing.assert_array_equal(state["weight"].data, array)
        for given in (state, {**state, "weight": array}):
            other.load_state_dict(given)
            assert other.weight.data.flags.c_contiguous
            np.testing.assert_array_equal(other.weight.data, array)
        x = Tensor(np.ones((4, 3), np.float32))
        assert other(x).tolist() == layer(x).tolist()

    def test_a_number_in_place_of_an_array_is_saved_as_an_array(self):
        layer = Layer()
        layer.scale = Parameter(2.0)
        layer.scale.data = layer.scale.data * 2  # NumPy makes a scalar of it
        assert isinstance(layer.state_dict()["scale"].data, np.ndarray)
        assert layer.state_dict()["scale"].item() == 4

    def test_buffers_that_do_not_persist_are_not_saved(self):
        layer = Linear(2, 1, seed=0)
        layer.register_buffer("mask", [1.0, 0.0], persistent=False)
        layer.register_buffer("mean", [0.0])
        assert list(layer.state_dict()) == ["weight", "bias", "mean"]
        assert [name for name, _ in layer.named_buffers()] == ["mask", "mean"]
        layer.load_state_dict(layer.state_dict())


class TestTying:
    names = ("tied", "first.weight", "again.weight", "other.weight", "other.bias")

    def test_a_tied_weight_counts_once_and_is_saved_under_each_of_its_names(self):
        model = Tied()
        assert [name for name, _ in model.named_parameters()] == ["tied", "other.bias"]
        assert [name for name, _ in model.named_parameters(remove_duplicate=False)] == list(self.names)
        state = model.state_dict()
        assert tuple(state) == self.names
        assert state["tied"] is state["first.weight"]
        assert len(list(model.children())) == 2

    def test_it_stays_tied_after_loading(self):
        model = Tied()
        model.load_state_dict({name: array * 2 for name, array in model.state_dict().items()})
        assert model.first.weight is model.other.weight is model.tied
        np.testing.assert_array_equal(model.other.weight.data, Tied().first.weight.data * 2)

    def test_its_gradient_is_the_sum_over_its_uses(self):
        model, x = Tied(), np.random.default_rng(0).standard_normal((2, 3))

        def f(weight, bias):
            model.first.weight = model.other.weight = weight
            model.other.bias = bias
            return model(Tensor(x))

        assert gradient_error(f, np.random.default_rng(1).standard_normal((3, 3)), np.zeros(3)) < 1e-8

    @needs_torch
    def test_pytorchs_state_of_a_tied_model_fits_and_the_other_way_round(self):
        class Theirs(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.encode = torch.nn.Linear(3, 3, bias=False)
                self.decode = torch.nn.Linear(3, 3, bias=False)
                self.decode.weight = self.encode.weight

        class Ours(Layer):
            def __init__(self):
                self.encode = Linear(3, 3, bias=False, seed=0)
                self.decode = Linear(3, 3, bias=False, seed=1)
                self.decode.weight = self.encode.weight

        ours, theirs = Ours(), Theirs()
        assert list(ours.state_dict()) == list(theirs.state_dict())
        ours.load_state_dict(theirs.state_dict())
        np.testing.assert_array_equal(ours.decode.weight.data, theirs.encode.weight.detach().numpy())
        assert ours.decode.weight is ours.encode.weight
        theirs.load_state_dict({name: torch.tensor(x.data + 1) for name, x in ours.state_dict().items()})

    def test_tied_names_with_different_values_are_refused_and_nothing_is_loaded(self):
        model = Tied()
        state = model.state_dict()
        wrong = {name: array + 1 for name, array in state.items()}
        wrong["other.weight"] = wrong["other.weight"] + 1
        for strict in (True, False):
            with pytest.raises(ValueError, match=r"tied and other.weight wanted equal values, for they are one"):
                model.load_state_dict(wrong, strict=strict)
        np.testing.assert_array_equal(model.tied.data, state["tied"].data)

    def test_a_tied_name_that_is_missing_is_an_error_unless_not_strict(self):
        model = Tied()
        state = {"first.weight": np.eye(3), "other.bias": np.zeros(3)}
        with pytest.raises(ValueError, match=r"missing: tied, again.weight, other.weight; was it saved from another"):
            model.load_state_dict(state)
        assert model.load_state_dict(state, strict=False).missing_keys == ["tied", "again.weight", "other.weight"]
        np.testing.assert_array_equal(model.other.weight.data, np.eye(3))

    def test_nan_is_equal_to_nan(self):
        model = Tied()
        state = {name: np.full_like(x.data, np.nan) for name, x in model.state_dict().items()}
        model.load_state_dict(state)
        assert np.isnan(model.tied.data).all()

    def test_a_layer_that_knows_its_parent_has_a_state(self):
        parent, child = Layer(), Linear(2, 2, bias=False, seed=0)
        parent.child, child.parent = child, parent
        assert list(parent.state_dict()) == ["child.weight"]
        assert list(Sequential(parent).state_dict()) == ["0.child.weight"]

    def test_gradients_and_steps_of_a_tied_weight_happen_once(self):
        model = Tied()
        before, optimizer = model.tied.data.copy(), SGD(model.parameters(), lr=1.0)
        model(Tensor(np.ones((1, 3), np.float32))).sum().backward()
        gradient = model.tied.grad.data.copy()
        optimizer.step()
        np.testing.assert_array_equal(model.tied.data, before - gradient)
