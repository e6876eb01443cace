"""What a resumed training needs besides values: modes, the order in memory, losses that learn, data that draw."""

import numpy as np
import pytest
from training_runs import At, everything, made

from tinytorch import (
    SGD,
    Buffer,
    Callback,
    DataLoader,
    Layer,
    Linear,
    Parameter,
    ReLU,
    SaveCheckpoint,
    Sequential,
    Tensor,
    cross_entropy,
    evaluate,
    load_checkpoint,
    save_checkpoint,
)
from tinytorch.checkpoints import load_state, save_state
from tinytorch.dataloader import Dataset
from tinytorch.layers import Dropout
from tinytorch.memory_order import laid_out, strides_of

pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")


class Fixed(Layer):
    """Statistics that change while training, as those of a batch norm."""

    def __init__(self):
        self.mean = Buffer(np.zeros(4))

    def forward(self, x):
        if self.training:
            self.mean.data = 0.9 * self.mean.data + 0.1 * x.data.mean(axis=0)
        return x - Tensor(self.mean.data)


class TestModes:
    def model(self):
        return Sequential(Fixed(), Fixed(), Linear(4, 3, seed=0, dtype=np.float64))

    def test_a_layer_that_is_frozen_stays_so(self):
        trainer, batches, validation = made(model=self.model())
        trainer.model.train()
        trainer.model[0].eval()
        trainer.fit(batches, 2, validation)
        assert [layer.training for layer in trainer.model.modules()] == [True, False, True, True]
        assert not trainer.model[0].mean.data.any()
        assert trainer.model[1].mean.data.all()

    def test_a_model_in_evaluation_mode_is_trained(self):
        trainer, batches, _ = made(model=self.model().eval())
        trainer.fit(batches, 1)
        assert all(layer.training for layer in trainer.model.modules())

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_evaluate_brings_mixed_modes_back_after_an_error(self, error):
        model = self.model()
        model[0].eval()
        modes = [layer.training for layer in model.modules()]

        def failing():
            yield next(iter(made()[1]))
            raise error

        with pytest.raises(error):
            evaluate(model, failing())
        assert [layer.training for layer in model.modules()] == modes

    def test_what_was_frozen_on_the_way_is_frozen_after_loading(self, tmp_path):
        class Freeze(Callback):
            def before_epoch(self, trainer, number):
                if number == 2:
                    trainer.model[0].eval()
                    trainer.model[2].weight.requires_grad = False

        whole, batches, _ = made([Freeze(), SaveCheckpoint(tmp_path / "x", every_steps=7)], model=self.model())
        whole.fit(batches, 2)
        again, batches, _ = made([Freeze()], model=self.model())
        load_checkpoint(tmp_path / "x", again)
        assert again.steps == 10
        load_checkpoint(tmp_path / "x", again)
        cut, batches, _ = made([Freeze(), SaveCheckpoint(tmp_path / "y", 9, every_steps=7)], model=self.model())
        cut.fit(batches, 2)
        again, batches, _ = made([Freeze()], model=self.model())
        load_checkpoint(tmp_path / "y", again)
        assert again.steps == 7
        again.fit(batches, 2)
        assert everything(again) == everything(whole)


def fortran(model):
    for p in model.parameters():
        p.data = np.asfortranarray(p.data)


def gaps(model):
    for p in model.parameters():
        room = np.zeros([2 * length for length in p.shape])
        room[tuple(slice(None, None, 2) for _ in p.shape)] = p.data
        p.data = room[tuple(slice(None, None, 2) for _ in p.shape)]


def backwards(model):
    for p in model.parameters():
        p.data = np.ascontiguousarray(p.data[::-1])[::-1]


class TestMemoryOrder:
    """BLAS and sums go through memory in its order, so the order is a part of the state."""

    @pytest.mark.parametrize("late", [False, True], ids=["made so", "changed on the way"])
    @pytest.mark.parametrize("change", [fortran, gaps, backwards])
    def test_goes_on_to_the_bit(self, change, late, tmp_path):
        def run(callbacks=(), load=False):
            wide = Sequential(Linear(4, 67, seed=0, dtype=np.float64), ReLU(), Linear(67, 3, seed=1, dtype=np.float64))
            if not late:
                change(wide)
            trainer, batches, validation = made(callbacks, wide)
            if load:
                load_checkpoint(tmp_path / "x", trainer)
            trainer.fit(batches, 3, validation)
            return everything(trainer), [strides_of(p.data) for p in trainer.model.parameters()]

        changing = [At(3, lambda t: change(t.model))] if late else []
        whole = run([*changing, At(7, lambda t: save_checkpoint(tmp_path / "x", t), "at_rest")])
        assert run(load=True) == whole

    def test_state_of_the_optimizer_in_another_order(self, tmp_path):
        def strided(trainer):
            for state in trainer.optimizer.state.values():
                for key, part in state.items():
                    if isinstance(part, np.ndarray):
                        room = np.zeros((*part.shape, 2))
                        room[..., 1] = part
                        state[key] = room[..., 1] if part.ndim == 1 else np.asfortranarray(part)

        saving = At(7, lambda t: save_checkpoint(tmp_path / "x", t), "at_rest")
        whole, batches, _ = made([At(3, strided), saving])
        whole.fit(batches, 3)
        again, batches, _ = made()
        load_checkpoint(tmp_path / "x", again)
        first = again.optimizer.state[again.optimizer.parameters[0]]
        assert all(part.flags.f_contiguous for part in first.values() if isinstance(part, np.ndarray))
        again.fit(batches, 3)
        assert everything(again) == everything(whole)

    def test_a_shared_memory_stays_shared(self, tmp_path):
        def tied():
            trainer, batches, _ = made(model=Sequential(Linear(4, 3, seed=0, dtype=np.float64)))
            trainer.view = trainer.model[0].weight.data.T
            return trainer, batches

        trainer, batches = tied()
        trainer.fit(batches, 1)
        save_checkpoint(tmp_path / "x", trainer)
        again, _ = tied()
        load_checkpoint(tmp_path / "x", again)
        np.testing.assert_array_equal(again.view, trainer.view)

    @pytest.mark.parametrize("strides", [[3, 1], [1, 2], [7, 2], [-3, 1], [0, 1]], ids=str)
    def test_any_strides(self, strides):
        array = np.repeat(np.arange(3.0)[None], 2, axis=0)
        made = laid_out(array, strides, np.zeros(0))
        np.testing.assert_array_equal(made, array)
        assert strides_of(made) == strides

    def test_arrays_in_files_keep_their_axes(self, tmp_path):
        state = {"a": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1), "f": np.asfortranarray(np.ones((2, 3)))}
        save_state(tmp_path / "x", state)
        found = load_state(tmp_path / "x")
        for name, array in state.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].strides == array.strides


class TestWhatElseIsState:
    def test_a_loss_that_learns(self, tmp_path):
        class Tempered(Layer):
            def __init__(self):
                self.factor = Parameter(1.0, dtype=np.float64)
                self.dropout = Dropout(0.1, seed=5)

            def forward(self, outputs, targets):
                return cross_entropy(self.dropout(outputs) * self.factor, targets)

        whole, batches, _ = made([SaveCheckpoint(tmp_path / "x", every_epochs=9, every_steps=7)], loss=Tempered())
        whole.fit(batches, 2)
        again, batches, _ = made(loss=Tempered())
        load_checkpoint(tmp_path / "x", again)
        again.fit(batches, 2)
        assert whole.loss.factor.item() != 1.0
        assert again.loss.factor.item() == whole.loss.factor.item()
        assert everything(again) == everything(whole)
        plain, _, _ = made()
        with pytest.raises(ValueError, match=r"has the layers \['loss', 'model'\], this Trainer has \['model'\]"):
            load_checkpoint(tmp_path / "x", plain)

    def test_a_dataset_that_draws(self, tmp_path):
        class Noisy(Dataset):
            def __init__(self):
                self.noise = np.random.default_rng(7)

            def __len__(self):
                return 20

            def __getitem__(self, index):
                return self.noise.standard_normal(4), index % 3

        def run(callbacks=(), load=False):
            trainer, _, _ = made(callbacks)
            if load:
                load_checkpoint(tmp_path / "x", trainer)
            trainer.fit(DataLoader(Noisy(), 6, shuffle=True, generator=0), 3)
            return everything(trainer)

        whole = run([SaveCheckpoint(tmp_path / "x", every_epochs=9, every_steps=7)])
        assert run(load=True) == whole


def test_sgd_without_state_goes_on_too(tmp_path):
    whole, batches, _ = made([SaveCheckpoint(tmp_path / "x", 9, every_steps=7)], optimizer=SGD)
    whole.fit(batches, 2)
    again, batches, _ = made(optimizer=SGD)
    load_checkpoint(tmp_path / "x", again)
    again.fit(batches, 2)
    assert everything(again) == everything(whole)
