"""Module 03 of the reference: what stands in a layer under which names, its modes and its picture as text."""

import copy
import pickle

import numpy as np
import pytest
from layer_models import Block, network
from pytorch_oracle import needs_torch, torch

import tinytorch
from tinytorch import (
    Buffer,
    Dropout,
    Flatten,
    Identity,
    Layer,
    Linear,
    Parameter,
    ReLU,
    Sequential,
    Tensor,
    no_grad,
    relu,
)


class TestNames:
    def test_parameters_buffers_and_layers_have_dotted_names(self):
        block = Sequential(Block())
        assert [name for name, _ in block.named_parameters()] == [
            "0.scale",
            "0.blocks.0.weight",
            "0.blocks.0.bias",
            "0.blocks.1.weight",
            "0.blocks.1.bias",
            "0.heads.a.weight",
        ]
        assert [name for name, _ in block.named_buffers()] == ["0.running"]
        names = ["", "0", "0.blocks.0", "0.blocks.1", "0.heads.a"]
        assert [name for name, _ in block.named_modules()] == names
        assert [name for name, _ in Block().named_children()] == ["blocks.0", "blocks.1", "heads.a"]
        assert list(block.children()) == [block[0]]
        assert next(block.modules()) is block
        assert [id(x) for x in block.buffers()] == [id(block[0].running)]

    @needs_torch
    def test_names_are_pytorchs(self):
        theirs = torch.nn.Sequential(
            torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(4, 2))
        )
        ours = Sequential(Linear(3, 4, seed=0), ReLU(), Sequential(Dropout(), Linear(4, 2, seed=0)))
        assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
        assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]
        assert [n for n, _ in ours.named_children()] == [n for n, _ in theirs.named_children()]
        assert list(ours.state_dict()) == list(theirs.state_dict())

    @needs_torch
    def test_own_tensors_come_before_those_of_layers_inside_as_in_pytorch(self):
        def names(lib):
            class Net(lib.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.first = lib.nn.Linear(1, 1)
                    self.register_buffer("mean", lib.zeros(1))
                    self.scale = lib.nn.Parameter(lib.ones(1))
                    self.again = self.first
                    self.tied = self.first.weight

            model = lib.nn.Sequential(Net(), lib.nn.Linear(1, 1))
            model.last = lib.nn.Parameter(lib.ones(1))
            return [[name for name, _ in named] for named in (model.named_parameters(), model.state_dict().items())]

        assert names(tinytorch) == names(torch)

    def test_a_frozen_parameter_stays_a_parameter(self):
        model = network()
        for p in model.parameters():
            p.requires_grad = False
        assert len(list(model.parameters())) == 4
        assert not model(Tensor(np.ones((1, 3)))).requires_grad

    def test_freezing_and_visiting_all_at_once(self):
        model, seen = Sequential(Linear(3, 2), Sequential(ReLU())), []
        assert model.requires_grad_(False) is model
        assert [p.requires_grad for p in model.parameters()] == [False, False]
        assert model.apply(lambda layer: seen.append(type(layer).__name__)) is model
        assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]

    def test_gradients_become_zeros_where_they_are_wanted(self):
        model = Linear(2, 1)
        model(Tensor([[1.0, 2.0]])).sum().backward()
        model.zero_grad(set_to_none=False)
        assert [p.grad.tolist() for p in model.parameters()] == [[[0.0], [0.0]], [0.0]]
        model.zero_grad()
        assert [p.grad for p in model.parameters()] == [None, None]

    def test_registered_buffers_and_modes_by_pytorchs_names(self):
        model = Linear(2, 1).train(mode=False)
        model.register_buffer("running", np.zeros(2))
        model.register_buffer("none", None)
        assert not model.training
        assert [name for name, _ in model.named_buffers()] == ["running"]
        assert model.none is None

    def test_a_buffer_stays_a_buffer(self):
        block = Block()
        block.running.requires_grad = True
        assert len(list(block.parameters())) == 6
        assert [id(x) for x in block.buffers()] == [id(block.running)]

    def test_results_that_are_kept_are_no_state(self):
        block = Block()
        names = list(block.state_dict())
        x = Tensor(np.ones((1, 2), np.float32))
        block(x)
        assert list(block.state_dict()) == names
        with no_grad():
            block(x)
        assert list(block.state_dict()) == names
        assert len(list(block.parameters())) == 6

    def test_a_subclass_of_sequential_keeps_what_it_sets(self):
        class Scaled(Sequential):
            def __init__(self):
                super().__init__(Linear(2, 2, seed=0))
                self.scale = Parameter(1.0)

        assert list(Scaled().state_dict()) == ["scale", "0.weight", "0.bias"]

    def test_two_tensors_of_one_name_are_refused(self):
        layer = Layer()
        layer.parts_by_number = {1: Parameter(1.0), "1": Parameter(2.0)}
        with pytest.raises(ValueError, match=r"two tensors have the name 'parts_by_number.1'; rename a key"):
            layer.state_dict()

    def test_zero_grad_forgets(self):
        model = network()
        model(Tensor(np.ones((2, 3), np.float32))).sum().backward()
        assert all(p.grad is not None for p in model.parameters())
        model.zero_grad()
        assert all(p.grad is None for p in model.parameters())

    def test_layers_can_be_copied_and_pickled(self):
        model = Sequential(Block(), network())
        for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert repr(other) == repr(model)
            assert isinstance(other[0].scale, Parameter)
            assert isinstance(other[0].running, Buffer)
            for name, x in model.state_dict().items():
                np.testing.assert_array_equal(other.state_dict()[name].data, x.data)
            other[0].scale.data += 1
            assert model[0].scale.tolist() == [1.0]

    def test_calls_pass_options_on(self):
        class Add(Layer):
            def forward(self, x, *, by=1):
                return x + by

        assert Add()(1, by=2) == 3


class TestModes:
    def test_train_and_eval_return_the_model_and_reach_all(self):
        model = Sequential(Block(), Dropout())
        assert model.eval() is model
        assert not any(layer.training for layer in model.modules())
        assert model.train() is model
        assert all(layer.training for layer in model.modules())


class TestRepr:
    def test_a_tree_with_counts(self):
        model = Sequential(Flatten(), Linear(64, 256, seed=0), ReLU(), Sequential(Dropout(0.1), Block(), relu))
        assert (
            repr(model)
            == """\
Sequential(  # 16,655 parameters
  (0): Flatten()
  (1): Linear(64, 256)  # 16,640 parameters
  (2): ReLU()
  (3): Sequential(  # 15 parameters
    (0): Dropout(p=0.1)
    (1): Block(  # 15 parameters
      (blocks.0): Linear(2, 2)  # 6 parameters
      (blocks.1): Linear(2, 2)  # 6 parameters
      (heads.a): Linear(2, 1, bias=False)  # 2 parameters
      (activation): relu
    )
    (2): relu
  )
)"""
        )

    def test_layers_alone(self):
        shown = [Linear(3, 2, seed=0), Linear(3, 2, bias=False, seed=0), Dropout(0.25), Flatten(), Flatten(0, 1)]
        assert list(map(repr, [*shown, Identity(), Layer(), Sequential()])) == [
            "Linear(3, 2)",
            "Linear(3, 2, bias=False)",
            "Dropout(p=0.25)",
            "Flatten()",
            "Flatten(start_axis=0, end_axis=1)",
            "Identity()",
            "Layer()",
            "Sequential()",
        ]

    def test_a_layer_twice_is_shown_twice_and_a_parent_ends(self):
        layer, act = Layer(), ReLU()
        layer.parent = layer
        assert repr(layer) == "Layer(\n  (parent): ...\n)"
        assert repr(Sequential(act, act)) == "Sequential(\n  (0): ReLU()\n  (1): ReLU()\n)"


class TestIterators:
    def test_they_are_iterators_as_in_pytorch(self):
        model = network()
        assert next(model.parameters()) is model[0].weight
        assert next(model.named_parameters())[0] == "0.weight"
        assert next(model.children()) is model[0]
        assert next(model.named_children()) == ("0", model[0])
        assert next(model.modules()) is model
        assert next(model.named_modules()) == ("", model)
        assert next(Block().named_buffers())[0] == "running"
        assert next(Block().buffers()).tolist() == [0.0, 0.0]
        for found in (ReLU().parameters(), ReLU().buffers(), ReLU().children()):
            with pytest.raises(StopIteration):
                next(found)

    @needs_torch
    def test_their_options_are_pytorchs(self):
        class Theirs(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = torch.nn.Parameter(torch.zeros(1))
                self.register_buffer("mean", torch.zeros(1))
                self.a = torch.nn.Linear(2, 2)
                self.b = self.a

        class Ours(Layer):
            def __init__(self):
                self.scale = Parameter(np.zeros(1))
                self.register_buffer("mean", np.zeros(1))
                self.a = Linear(2, 2, seed=0)
                self.b = self.a

        for options in ({}, {"prefix": "net"}, {"recurse": False}, {"remove_duplicate": False}):
            for method in ("named_parameters", "named_buffers"):
                names = [[name for name, _ in getattr(model, method)(**options)] for model in (Ours(), Theirs())]
                assert names[0] == names[1]
        for options in ({}, {"prefix": "net"}, {"remove_duplicate": False}):
            names = [[name for name, _ in model.named_modules(**options)] for model in (Ours(), Theirs())]
            assert names[0] == names[1]
        assert list(Ours().state_dict()) == list(Theirs().state_dict())

    def test_a_model_may_change_while_it_is_walked(self):
        model = Sequential(Block(), network())
        for layer in model.modules():
            layer.note = "seen"
        for name, _ in model.named_children():
            setattr(model, name, Identity())
        assert [type(layer) for layer in model] == [Identity, Identity]

    def test_parts_by_name(self):
        model = Sequential(Block())
        assert model.get_submodule("0.heads.a") is model[0].heads["a"]
        assert model.get_submodule("") is model
        assert model.get_parameter("0.blocks.1.bias") is model[0].blocks[1].bias
        assert model.get_buffer("0.running") is model[0].running
        with pytest.raises(
            AttributeError, match=r"Sequential has no layer '1', but 0, 0.blocks.0, 0.blocks.1, 0.heads.a"
        ):
            model.get_submodule("1")
        with pytest.raises(AttributeError, match="ReLU has no parameter 'weight', but none"):
            ReLU().get_parameter("weight")
