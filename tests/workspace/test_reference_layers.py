"""Module 03 of the reference: layers, their state, summaries and first values, also against PyTorch."""

import copy
import pickle

import numpy as np
import pytest
from finite_differences import gradient_error
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytorch_oracle import arrays, compare, needs_torch, same, shapes, steady, torch

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
    dropout,
    nn,
    no_grad,
    optim,
    relu,
    summary,
)
from tinytorch.nn import init
from tinytorch.summaries import Row, Summary


class Block(Layer):
    """Parameters, a buffer, and layers in a list and a dict."""

    def __init__(self):
        self.blocks = [Linear(2, 2, seed=0), Linear(2, 2, seed=1)]
        self.heads = {"a": Linear(2, 1, bias=False, seed=2)}
        self.activation = relu
        self.scale = Parameter([1.0])
        self.running = Buffer([0.0, 0.0])
        self.table = np.zeros(3)
        self.last = None

    def forward(self, x):
        for block in self.blocks:
            x = self.activation(block(x))
        self.last = x
        return self.heads["a"](x) * self.scale


class Tied(Layer):
    """One weight and one layer in two places."""

    def __init__(self):
        self.first = Linear(3, 3, bias=False, seed=0)
        self.again = self.first
        self.tied = self.first.weight
        self.other = Linear(3, 3, seed=1)
        self.other.weight = self.first.weight

    def forward(self, x):
        return self.other(self.again(self.first(x)))


def network(seed=0):
    return Sequential(Linear(3, 4, seed=seed), ReLU(), Linear(4, 2, seed=seed + 1))


class TestNames:
    def test_parameters_buffers_and_layers_have_dotted_names(self):
        block = Sequential(Block())
        assert [name for name, _ in block.named_parameters()] == [
            "0.blocks.0.weight",
            "0.blocks.0.bias",
            "0.blocks.1.weight",
            "0.blocks.1.bias",
            "0.heads.a.weight",
            "0.scale",
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

        assert list(Scaled().state_dict()) == ["0.weight", "0.bias", "scale"]

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
            for name, array in model.state_dict().items():
                np.testing.assert_array_equal(other.state_dict()[name], array)
            other[0].scale.data += 1
            assert model[0].scale.tolist() == [1.0]

    def test_calls_pass_options_on(self):
        class Add(Layer):
            def forward(self, x, *, by=1):
                return x + by

        assert Add()(1, by=2) == 3


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
        np.testing.assert_array_equal(state["0.weight"], before)
        other.load_state_dict(state)
        state["0.weight"][:] = 7
        np.testing.assert_array_equal(other[0].weight.data, before)

    def test_tensors_lists_and_other_float_dtypes_are_cast(self):
        layer = Linear(2, 1, seed=0)
        layer.load_state_dict({"weight": Tensor([[1.0], [2.0]], dtype=np.float64), "bias": [3]})
        assert layer.state_dict()["weight"].tolist() == [[1.0], [2.0]]
        assert {x.dtype for x in layer.parameters()} == {np.dtype(np.float32)}

    def test_an_optimizer_goes_on_with_loaded_parameters(self):
        from tinytorch import SGD

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
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(array, state[name])

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


class TestTying:
    names = ("first.weight", "again.weight", "tied", "other.weight", "other.bias")

    def test_a_tied_weight_counts_once_and_is_saved_under_each_of_its_names(self):
        model = Tied()
        assert [name for name, _ in model.named_parameters()] == ["first.weight", "other.bias"]
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


class TestSummary:
    def test_the_table(self):
        model = Sequential(Flatten(), Linear(64, 256, seed=0), ReLU(), Sequential(Dropout(), Linear(256, 10, seed=0)))
        expected = """\
layer             output    parameters   FLOPs   memory
Sequential        (1, 10)
  0: Flatten      (1, 64)
  1: Linear       (1, 256)      16,640  32,768  67.6 kB
  2: ReLU         (1, 256)                      1.02 kB
  3: Sequential   (1, 10)
    3.0: Dropout  (1, 256)
    3.1: Linear   (1, 10)        2,570   5,120  10.3 kB
total                           19,210  37,888  78.9 kB"""
        assert str(summary(model, (1, 8, 8))) == expected

    def test_its_figures(self):
        found = summary(Block(), (5, 2))
        assert [(row.name, row.kind, row.output, row.parameters, row.flops) for row in found.rows] == [
            ("", "Block", (5, 1), 1, 0),
            ("blocks.0", "Linear", (5, 2), 6, 40),
            ("blocks.1", "Linear", (5, 2), 6, 40),
            ("heads.a", "Linear", (5, 1), 2, 20),
        ]
        results = 4 * (5 * 2 + 5 * 2 + 5 * 1 + 5 * 1)
        assert found.memory == 4 * (15 + 2) + results
        assert (found.parameters, found.flops) == (15, 100)

    @needs_torch
    def test_flops_and_parameters_are_pytorchs(self):
        from torch.utils.flop_counter import FlopCounterMode

        theirs = torch.nn.Sequential(torch.nn.Linear(7, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
        counter = FlopCounterMode(display=False)
        with counter:
            theirs(torch.zeros(4, 2, 7))
        found = summary(Sequential(Linear(7, 5, seed=0), ReLU(), Linear(5, 3, seed=0)), (4, 2, 7))
        assert found.flops == counter.get_total_flops()
        assert found.parameters == sum(p.numel() for p in theirs.parameters())

    def test_layers_that_share_or_are_not_called(self):
        model = Tied()
        model.unused = Linear(9, 9, seed=0)
        rows = {row.name: row for row in summary(model, (2, 3)).rows}
        assert rows["first"].flops == 2 * (2 * 2 * 9)
        assert rows["other"].parameters == 3
        assert (rows["unused"].output, rows["unused"].flops, rows["unused"].parameters) == (None, 0, 90)

    def test_modes_gradients_and_watchers_are_as_before(self):
        model = Sequential(Dropout(), Linear(2, 2, seed=0), Dropout())
        model[0].eval()
        state = model[2].generator.bit_generator.state
        summary(model, (1, 2))
        assert [layer.training for layer in model.modules()] == [True, False, True, True]
        assert model[2].generator.bit_generator.state == state
        with pytest.raises(ValueError, match=r"Linear\(2, 2\) wanted \(\.\.\., 2\), got \(1, 3\)"):
            summary(model, (1, 3))
        assert model.training
        assert [layer(Tensor(np.ones((1, 2)))).shape for layer in model] == [(1, 2)] * 3
        assert not any(any(layer._hooks) for layer in model.modules())

    def test_a_layer_that_returns_no_tensor_has_no_shape(self):
        class Pair(Layer):
            def forward(self, x):
                return x, x.shape

        assert summary(Sequential(Pair()), (4, 2)).rows[1].output is None

    def test_several_inputs_and_other_dtypes(self):
        class Pick(Layer):
            def forward(self, table, index):
                return Tensor(table.data[index.data])

        found = summary(Pick(), (3, 2), (4,), dtype=np.int64)
        assert found.rows[0].output == (4, 2)

    @pytest.mark.parametrize("shape", [5, "12", (1.5,)], ids=str)
    def test_what_is_no_shape_is_refused(self, shape):
        with pytest.raises(TypeError, match=r"summary wanted shapes such as \(1, 64\), got"):
            summary(Flatten(), shape)

    def test_units(self):
        lines = str(summary(Linear(1000, 1000, seed=0), (1, 1000))).splitlines()
        assert lines[-1].split() == ["total", "1,001,000", "2,000,000", "4.01", "MB"]
        assert str(Summary([Row("", "Layer", None, 0, 0, 3 * 10**9)])).endswith(" 3 GB")


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


INITIALIZERS = [
    ("uniform_", (-1.0, 3.0), {}),
    ("normal_", (1.0, 0.5), {}),
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

    @needs_torch
    @pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "selu", "leaky_relu"])
    def test_gains_are_pytorchs(self, name):
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)

    def test_wrong_arguments_change_nothing(self):
        bias, weight = Tensor([1.0, 2.0]), Tensor([[1.0, 2.0]])
        for call, message in (
            (lambda: init.xavier_normal_(bias), r"fans need a weight of two axes or more, with elements, got \(2,\)"),
            (lambda: init.orthogonal_(Tensor(np.zeros((0, 2)))), r"with elements, got \(0, 2\)"),
            (lambda: init.kaiming_normal_(weight, mode="fan_avg"), 'mode is "fan_in" or "fan_out", got \'fan_avg\''),
            (lambda: init.kaiming_normal_(weight, nonlinearity="gelu"), "a nonlinearity is one of .*, got 'gelu'"),
            (lambda: init.uniform_(weight, 1.0, 0.0), "uniform_ wanted low <= high, got 1.0 and 0.0"),
            (lambda: init.normal_(weight, std=-1.0), "normal_ wanted a std of 0 or more, got -1.0"),
        ):
            with pytest.raises(ValueError, match=message):
                call()
        with pytest.raises(TypeError, match=r"go into a Tensor, got Linear; give layer.weight, not the layer"):
            init.zeros_(Linear(2, 2, seed=0))
        with pytest.raises(TypeError, match="a Tensor of floats, got int64"):
            init.zeros_(Tensor([1, 2]))
        assert bias.tolist() == [1.0, 2.0]
        assert weight.tolist() == [[1.0, 2.0]]


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
