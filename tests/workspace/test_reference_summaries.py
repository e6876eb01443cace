"""Module 03 of the reference: the table of a network, also against PyTorch's figures."""

import numpy as np
import pytest
from layer_models import Block, Tied
from pytorch_oracle import needs_torch, torch

from tinytorch import Dropout, Flatten, Layer, Linear, ReLU, Sequential, Tensor, summary
from tinytorch.summaries import Row, Summary


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

    def test_lengths_of_numpy_are_lengths_and_negative_ones_are_none(self):
        assert summary(Flatten(), (np.int64(2), 3)).rows[0].output == (2, 3)
        with pytest.raises(ValueError, match=r"summary wanted lengths of 0 or more, got \(-1, 3\)"):
            summary(Flatten(), (-1, 3))

    def test_units(self):
        lines = str(summary(Linear(1000, 1000, seed=0), (1, 1000))).splitlines()
        assert lines[-1].split() == ["total", "1,001,000", "2,000,000", "4.01", "MB"]
        assert str(Summary([Row("", "Layer", None, 0, 0, 3 * 10**9)])).endswith(" 3 GB")

    def test_a_layer_that_is_called_twice_and_several_inputs(self):
        class Two(Layer):
            def __init__(self):
                self.a = self.same = Linear(2, 3, seed=0)
                self.blocks = [self.a, Linear(3, 1, seed=1)]

            def forward(self, x, y):
                return {"sum": self.blocks[1](self.a(x) + self.same(y))}

        model = Two()
        found = summary(model, (4, 2), (4, 2))
        assert [(row.name, row.output, row.parameters, row.flops) for row in found.rows] == [
            ("", None, 0, 0),
            ("a", (4, 3), 9, 2 * (2 * 4 * 6)),
            ("blocks.1", (4, 1), 4, 2 * 4 * 3),
        ]
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
            summary(model, (4, 2))
        assert not any(any(layer._hooks) for layer in model.modules())

    def test_what_is_no_layer_is_refused(self):
        with pytest.raises(TypeError, match="summary wanted a layer, got function"):
            summary(lambda x: x, (1, 2))
