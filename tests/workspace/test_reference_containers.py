"""Module 03 of the reference: layers and parameters in lists and dicts, as PyTorch has them."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from pytorch_oracle import needs_torch, torch

from tinytorch import Identity, Layer, Linear, Parameter, ReLU, Sequential, Tensor, nn, relu
from tinytorch.nn import ModuleDict, ModuleList, ParameterDict, ParameterList


def named():
    return Sequential(OrderedDict([("hidden", Linear(2, 3, seed=0)), ("act", relu), ("out", Linear(3, 1, seed=1))]))


class TestSequential:
    def test_names_of_its_own(self):
        model = named()
        assert list(model.state_dict()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
        assert model.hidden is model[0]
        assert model(Tensor(np.ones((4, 2)))).shape == (4, 1)
        assert repr(model).splitlines()[1:4] == [
            "  (hidden): Linear(2, 3)  # 9 parameters",
            "  (act): relu",
            "  (out): Linear(3, 1)  # 4 parameters",
        ]
        assert [name for name, _ in Sequential({"a": ReLU()}).named_children()] == ["a"]

    def test_an_attribute_that_is_set_is_the_part(self):
        model, new = named(), Linear(3, 5, seed=2)
        model.out = new
        assert model[2] is new
        model.get_submodule("").hidden = Identity()
        assert isinstance(model[0], Identity)
        del model.act
        assert [name for name, _ in model.named_children()] == ["hidden", "out"]
        assert len(model) == 2

    def test_a_layer_set_as_a_new_attribute_is_the_last_part_as_in_pytorch(self):
        model = Sequential(Linear(2, 3, seed=0))
        model.out = Linear(3, 1, seed=1)
        model.note = relu
        assert len(model) == 2
        assert model(Tensor(np.ones((4, 2)))).shape == (4, 1)

    @needs_torch
    def test_names_after_changes_are_pytorchs(self):
        def names(nn):
            model = nn.Sequential(*(nn.Linear(1, n) for n in range(1, 6)))
            found = [list(model[1:].state_dict()), list(model[::2].state_dict())]
            del model[1]
            model.insert(0, nn.Linear(1, 7))
            model.append(nn.Linear(1, 8))
            model.extend([nn.Linear(1, 9)])
            model[1] = nn.Linear(1, 10)
            taken = model.pop(-2)
            model += nn.Sequential(nn.Linear(1, 11))
            del model[2:4]
            features = [layer.out_features for layer in (*model, taken)]
            return [*found, features, list((model + nn.Sequential(nn.Linear(1, 12))).state_dict())]

        assert names(nn) == names(torch.nn)

    def test_insert_pop_and_delete(self):
        a, b, c = Linear(1, 1, seed=0), ReLU(), Identity()
        model = Sequential(a, b)
        assert model.insert(1, c) is model
        assert list(model) == [a, c, b]
        assert [name for name, _ in model.named_children()] == ["0", "1", "2"]
        assert model.insert(3, relu)[-1] is relu
        assert model.insert(-1, c)[3] is c
        assert model.pop() is relu
        assert model.pop(1) is c
        del model[-1]
        assert list(model) == [a, b]
        del model[:]
        assert len(model) == 0
        assert model(1) == 1

    def test_names_of_its_own_stay(self):
        model = named().insert(1, Identity())
        assert [name for name, _ in model.named_children()] == ["hidden", "1", "out"]
        del model[0]
        assert [name for name, _ in model.named_children()] == ["0", "out"]
        assert [name for name, _ in model[2:].named_children()] == ["out"]

    def test_slices_share_the_layers(self):
        model = Sequential(Linear(2, 3, seed=0), ReLU(), Linear(3, 1, seed=1))
        part = model[1:]
        assert part[1] is model[2]
        part[1].weight.data += 1
        assert model[2].weight is part[1].weight
        part.append(Identity())
        assert len(model) == 3
        assert list(part.state_dict()) == ["2.weight", "2.bias"]

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda m: m.insert(5, relu), IndexError, "this Sequential has 2 parts, got the index 5"),
            (lambda m: m.pop(2), IndexError, "this Sequential has 2 parts, got the index 2"),
            (lambda m: m.__setitem__(0, ReLU), TypeError, r"can't call its part 0, .*; did you mean ReLU\(\)\?"),
            (lambda m: m.__setitem__(2, relu), IndexError, "got the index 2"),
            (lambda m: m.insert(0, 3), TypeError, "Sequential can't call its part 0, 3"),
            (lambda m: m["0"], TypeError, "wanted a place as an int or a slice, got '0'"),
            (lambda m: m.add_module("append", relu), ValueError, "already has something else under the name 'append'"),
            (lambda m: m.add_module("a.b", relu), ValueError, "no dot"),
        ],
    )
    def test_wrong_changes_change_nothing(self, call, error, message):
        model = Sequential(Linear(1, 1, seed=0), ReLU())
        with pytest.raises(error, match=message):
            call(model)
        assert [type(part) for part in model] == [Linear, ReLU]
        assert repr(model) == repr(Sequential(Linear(1, 1, seed=0), ReLU()))

    def test_copies_are_apart(self):
        model = named()
        for other in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert repr(other) == repr(model)
            other.append(ReLU())
            assert (len(other), len(model)) == (4, 3)


class TestModuleList:
    def test_it_is_a_list_of_layers(self):
        a, b, c = Linear(1, 1, seed=0), ReLU(), Identity()
        blocks = ModuleList([a, b])
        blocks.insert(0, c)
        assert [c in blocks, Identity() in blocks, len(blocks)] == [True, False, 3]
        blocks[0] = b
        assert list(blocks) == [b, a, b]
        del blocks[0]
        assert blocks.pop(0) is a
        blocks += [c]
        assert list(blocks + ModuleList([a])) == [b, c, a]
        assert list(blocks) == [b, c]
        assert not isinstance(blocks, Sequential)

    @needs_torch
    def test_names_of_slices_are_pytorchs(self):
        def names(nn):
            return list(nn.ModuleList([nn.Linear(1, 1) for _ in range(4)])[1::2].state_dict())

        assert names(nn) == names(torch.nn)

    def test_modes_reach_what_is_inside(self):
        model = Layer()
        model.blocks = ModuleList([ModuleDict({"a": ModuleList([nn.Dropout()])})])
        assert [layer.training for layer in model.eval().modules()] == [False] * 5
        assert [name for name, _ in model.named_modules()] == ["", "blocks", "blocks.0", "blocks.0.a", "blocks.0.a.0"]


class TestModuleDict:
    def test_it_is_a_dict_of_layers(self):
        heads = ModuleDict({"a": Linear(1, 1, seed=0)})
        heads["b"] = ReLU()
        heads.update([("c", Identity())])
        assert list(heads) == list(heads.keys()) == ["a", "b", "c"]
        assert [*heads.items()] == [*zip(heads.keys(), heads.values(), strict=True)]
        assert heads.a is heads["a"]
        assert ["a" in heads, "z" in heads, len(heads)] == [True, False, 3]
        assert list(heads.state_dict()) == ["a.weight", "a.bias"]
        assert isinstance(heads.pop("b"), ReLU)
        del heads["c"]
        assert heads.get("c") is None
        assert list(ModuleDict(heads)) == ["a"]
        heads.clear()
        assert len(heads) == 0

    @pytest.mark.parametrize(("name", "error"), [("keys", ValueError), ("a.b", ValueError), (1, TypeError)], ids=str)
    def test_names_that_cannot_be(self, name, error):
        heads = ModuleDict()
        with pytest.raises(error, match="name"):
            heads[name] = ReLU()
        assert len(heads) == 0

    def test_what_is_no_part_is_a_key_error(self):
        heads = ModuleDict()
        for call in (lambda: heads["training"], lambda: heads.pop("a"), lambda: heads.__delitem__("training")):
            with pytest.raises(KeyError):
                call()
        with pytest.raises(NotImplementedError, match="ModuleDict runs nothing by itself"):
            heads(1)


class TestParameters:
    def test_a_list_makes_parameters_of_arrays(self):
        own = Parameter([1.0])
        found = ParameterList([own, np.ones((2, 3))])
        assert found[0] is own
        assert own in found
        assert [name for name, _ in found.named_parameters()] == ["0", "1"]
        found.append(Tensor([1.0, 2.0]))
        assert repr(found) == "ParameterList((1,), (2, 3), (2,))"
        assert isinstance(found[1:], ParameterList)
        found[0] = np.zeros(4)
        assert isinstance(found[0], Parameter)

    def test_a_dict_makes_parameters_of_arrays(self):
        model = Layer()
        model.scales = ParameterDict({"x": np.ones(2), "y": Parameter([1.0])})
        assert list(model.state_dict()) == ["scales.x", "scales.y"]
        assert isinstance(model.scales.x, Parameter)
        assert repr(model.scales) == "ParameterDict(x: (2,), y: (1,))"


@pytest.mark.parametrize("make", [nn.ModuleList, nn.ParameterList], ids=lambda make: make.__name__)
def test_what_is_no_list_of_parts_is_refused(make):
    with pytest.raises(TypeError, match=f"{make.__name__} wanted a list of parts, got 3"):
        make(3)
