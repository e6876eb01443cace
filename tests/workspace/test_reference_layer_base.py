"""Module 03 of the reference: attributes of a layer, whole networks at once, dtypes and forward hooks."""

import copy
import functools

import numpy as np
import pytest
from layer_models import Block, network
from pytorch_oracle import needs_torch, torch

import tinytorch
from tinytorch import (
    Buffer,
    Dropout,
    Identity,
    Layer,
    Linear,
    Parameter,
    ReLU,
    Sequential,
    Tensor,
    nn,
    relu,
    summary,
)


class TestAttributes:
    def test_registering_is_setting(self):
        model = Layer()
        model.add_module("a", Linear(1, 1, seed=0))
        model.register_module("b", None)
        model.register_parameter("c", Parameter([1.0]))
        model.register_parameter("d", None)
        assert list(model.state_dict()) == ["c", "a.weight", "a.bias"]
        assert model.b is model.d is None
        model.register_buffer("mean", [0.0])
        model.register_buffer("mean", [1.0])
        assert model.mean.tolist() == [1.0]

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda m: m.add_module("x", relu), TypeError, "add_module wanted a layer, got function for 'x'"),
            (lambda m: m.add_module("a.b", ReLU()), ValueError, "no dot, which stands between names; got 'a.b'"),
            (lambda m: m.add_module("", ReLU()), ValueError, "a part's name wanted a letter or more"),
            (lambda m: m.add_module(3, ReLU()), TypeError, "a part's name is a string, got 3"),
            (lambda m: m.add_module("forward", ReLU()), ValueError, "already has something else under .* 'forward'"),
            (lambda m: m.register_buffer("scale", 1.0), ValueError, "already has something else under .* 'scale'"),
            (lambda m: m.register_buffer("activation", 1.0), ValueError, "Block already has something else under"),
            (lambda m: m.register_parameter("x", Tensor([1.0])), TypeError, "'x' wanted a Parameter, got Tensor"),
        ],
    )
    def test_what_cannot_be_registered(self, call, error, message):
        model = Block()
        before = list(model.state_dict())
        with pytest.raises(error, match=message):
            call(model)
        assert repr(model) == repr(Block())
        assert list(model.state_dict()) == before

    def test_a_tensor_in_a_buffers_place_is_the_buffer(self):
        layer = Layer()
        layer.register_buffer("mean", [1.0, 3.0])
        layer.register_buffer("mask", [1.0], persistent=False)
        layer.mean, layer.mask = layer.mean * 0.5, Tensor([0.0])
        assert [(name, x.tolist(), type(x)) for name, x in layer.named_buffers()] == [
            ("mean", [0.5, 1.5], Buffer),
            ("mask", [0.0], Buffer),
        ]
        assert list(layer.state_dict()) == ["mean"]
        with pytest.raises(TypeError, match=r"mean is a buffer and wanted a tensor without gradient; try \.detach\(\)"):
            layer.mean = layer.mean * Tensor([2.0, 2.0], requires_grad=True)
        assert layer.mean.tolist() == [0.5, 1.5]
        layer.mean = None
        assert [name for name, _ in layer.named_buffers()] == ["mask"]

    def test_a_tensor_that_would_not_be_learned_is_refused_in_a_parameters_place(self):
        layer = Linear(2, 1, seed=0)
        weight = layer.weight
        for made in (lambda: weight * 0.5, lambda: weight.detach()):
            with pytest.raises(TypeError, match=r"weight is a parameter and wanted a Parameter or None"):
                layer.weight = made()
        assert layer.weight is weight
        layer.weight = Tensor([[1.0], [2.0]], requires_grad=True)
        layer.bias = None
        assert [name for name, _ in layer.named_parameters()] == ["weight"]

    @pytest.mark.parametrize("name", ["parameters", "children", "modules", "buffers", "train", "eval", "state_dict"])
    def test_an_attribute_that_hides_a_method_is_refused_at_once(self, name):
        layer = Layer()
        with pytest.raises(AttributeError, match=rf"Layer can't have an attribute '{name}': it would hide the method"):
            setattr(layer, name, [Linear(1, 1)])
        assert vars(layer) == {}

    @pytest.mark.parametrize("name", ["parts", "flops", "names", "layers", "hooks", "to", "double", "float"])
    def test_other_attributes_break_nothing(self, name):
        model = Sequential(Linear(2, 2, seed=0), ReLU())
        setattr(model, name, [Parameter(1.0)])
        assert list(model.state_dict()) == [f"{name}.0", "0.weight", "0.bias"]
        assert len(model) == 2
        assert summary(model, (1, 2)).parameters == 7
        assert {p.dtype for p in Layer.double(model).parameters()} == {np.dtype(np.float64)}

    def test_training_is_a_bool(self):
        with pytest.raises(TypeError, match="training is True or False, got list"):
            Layer().training = [1, 2]
        with pytest.raises(TypeError, match="training is True or False, got NoneType"):
            network().train(None)

    def test_a_layer_with_a_train_of_its_own_is_asked(self):
        class Frozen(Layer):
            def __init__(self):
                self.inside = Sequential(Dropout())

            def train(self, mode=True):
                super().train(mode)
                self.inside.eval()
                return self

        model = Sequential(Frozen(), Dropout())
        assert [layer.training for layer in model.eval().train().modules()] == [True, True, False, False, True]

    def test_what_stands_inside_itself_ends(self):
        parent, child, seen = Layer(), Layer(), []
        parent.child, child.parent, child.weight = child, parent, Parameter([1.0, 2.0])
        parent.apply(seen.append)
        assert seen == [child, parent]
        assert not parent.eval().child.training
        assert repr(parent).splitlines()[2] == "    (parent): ..."
        assert copy.deepcopy(parent).child.parent is not parent

    @needs_torch
    def test_apply_goes_in_pytorchs_order(self):
        def visited(nn):
            seen = []
            model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Dropout()), nn.Flatten())
            model.apply(lambda layer: seen.append(type(layer).__name__))
            return seen

        assert visited(nn) == visited(torch.nn)

    def test_a_vocabulary_in_a_layer_is_no_part(self):
        layer = Linear(1, 1, seed=0)
        layer.vocabulary = {f"word {i}": i for i in range(5)}
        layer.history = [0.5] * 5
        assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
        assert repr(layer) == "Linear(1, 1)"

    def test_callables_are_shown(self):
        model = Sequential(functools.partial(relu), np.tanh)
        assert repr(model).splitlines()[1].startswith("  (0): functools.partial(<function relu")
        assert repr(model).splitlines()[2] == "  (1): tanh"


class TestDtypes:
    def test_floats_and_gradients_are_turned_in_place_and_integers_stay(self):
        model = Sequential(Linear(2, 1, seed=0))
        model.register_buffer("count", np.array([1, 2]))
        model(Tensor([[1.0, 2.0]])).sum().backward()
        before = list(model.parameters())
        assert model.double() is model
        assert [x is y for x, y in zip(model.parameters(), before, strict=True)] == [True, True]
        assert {x.dtype for p in before for x in (p, p.grad)} == {np.dtype(np.float64)}
        assert model.count.dtype == np.int64
        assert {p.dtype for p in model.float().parameters()} == {np.dtype(np.float32)}
        assert {p.dtype for p in model.to("float64").to("cpu").parameters()} == {np.dtype(np.float64)}

    @needs_torch
    @pytest.mark.parametrize(
        "call",
        [
            lambda m, lib: m.to(lib.float64),
            lambda m, lib: m.to(dtype=lib.float64),
            lambda m, lib: m.to("cpu", lib.float64),
            lambda m, lib: m.to(device=lib.device("cpu"), dtype=lib.float64, non_blocking=True),
            lambda m, lib: m.to(lib.ones(1, dtype=lib.float64)),
            lambda m, lib: m.cpu().to(device="cpu").half(),
            lambda m, lib: m.to(lib.device("cpu")),
        ],
    )
    def test_it_is_called_as_pytorchs(self, call):
        def dtypes(lib):
            model = lib.nn.Linear(2, 1)
            assert call(model, lib) is model
            return [str(p.dtype).removeprefix("torch.") for p in model.parameters()]

        assert dtypes(tinytorch) == dtypes(torch)

    def test_a_wrong_target_after_a_right_one_changes_nothing(self):
        layer = Linear(1, 1, seed=0)
        with pytest.raises(TypeError, match="got 'cuda'"):
            layer.to(np.float64, device="cuda")
        assert layer.weight.dtype == np.float32

    @pytest.mark.parametrize("wrong", [int, "cuda", None, "int8"], ids=str)
    def test_other_dtypes_and_devices_are_refused(self, wrong):
        with pytest.raises(TypeError, match=r'to\(\) wanted a float dtype such as np.float64, or "cpu", where all is'):
            Linear(1, 1, seed=0).to(wrong)


class TestHooks:
    def test_a_forward_hook_sees_the_call_and_may_change_its_result(self):
        layer, seen = Identity(), []
        first = layer.register_forward_hook(lambda *call: seen.append(call))
        layer.register_forward_hook(lambda layer, inputs, result: result + inputs[0])
        assert layer(3) == 6
        assert seen == [(layer, (3,), 3)]
        first.remove()
        first.remove()
        assert layer(4) == 8
        assert len(seen) == 1

    def test_a_pre_hook_may_change_the_inputs(self):
        layer = Identity()
        with layer.register_forward_pre_hook(lambda layer, inputs: inputs[0] + 1):
            with layer.register_forward_pre_hook(lambda layer, inputs: (inputs[0] * 10,)):
                assert layer(1) == 20
            assert layer(1) == 2
        assert layer(1) == 1

    @needs_torch
    def test_hooks_of_a_network_see_what_pytorchs_see(self):
        def calls(nn, x):
            seen = []
            model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Flatten()))
            for name, layer in model.named_modules():
                layer.register_forward_pre_hook(lambda m, args, name=name: seen.append((name, len(args))))
                layer.register_forward_hook(lambda m, args, out, name=name: seen.append((name, tuple(out.shape))))
            model(x)
            return seen

        assert calls(nn, Tensor([[1.0, 2.0]])) == calls(torch.nn, torch.tensor([[1.0, 2.0]]))

    def test_a_hook_may_remove_itself_and_its_error_is_the_callers(self):
        layer = Identity()

        def once(*call):
            handle.remove()
            raise RuntimeError("seen")

        handle = layer.register_forward_hook(once)
        with pytest.raises(RuntimeError, match="seen"):
            layer(1)
        assert layer(1) == 1

    def test_what_is_no_function_is_refused(self):
        with pytest.raises(TypeError, match="a hook is a function, got 3"):
            Identity().register_forward_hook(3)

    def test_hooks_are_no_parts_and_are_copied_with_the_layer(self):
        layer, seen = Linear(1, 1, seed=0), []
        layer.register_forward_hook(lambda *call: seen.append(1))
        assert repr(layer) == "Linear(1, 1)"
        assert list(layer.state_dict()) == ["weight", "bias"]
        copy.deepcopy(layer)(Tensor([[1.0]]))
        assert seen == [1]
