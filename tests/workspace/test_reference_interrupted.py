"""Trainings that are interrupted, fail or are killed: what the user sees, and that nothing is left half changed."""

import errno
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from training_runs import At, everything, made, points

from tinytorch import (
    DataLoader,
    EarlyStopping,
    Layer,
    Linear,
    SaveCheckpoint,
    Sequential,
    TensorDataset,
    load_checkpoint,
    save_checkpoint,
)
from tinytorch.checkpoints import load_state, save_state

pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")
ROOT = Path(__file__).resolve().parents[2]


def press(_):
    signal.raise_signal(signal.SIGINT)


class TestCtrlC:
    @pytest.mark.parametrize("steps", [1, 5, 7])
    def test_the_step_is_finished_and_the_training_goes_on_to_the_bit(self, steps, tmp_path):
        whole, batches, validation = made()
        whole.fit(batches, 3, validation)
        trainer, batches, validation = made([At(steps, press)])
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(batches, 3, validation)
        assert trainer.steps == steps
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        save_checkpoint(tmp_path / "x", trainer)
        again, batches_again, validation_again = made()
        load_checkpoint(tmp_path / "x", again)
        again.fit(batches_again, 3, validation_again)
        trainer.load_state_dict(trainer.state_dict())  # in the same program
        trainer.fit(batches, 3, validation)
        assert everything(again) == everything(trainer) == everything(whole)

    def test_while_it_validates(self):
        class Pressing(Layer):
            def forward(self, x):
                if not self.training:
                    press(None)
                return x

        model = Sequential(Pressing(), Linear(4, 3, seed=0, dtype=np.float64))
        trainer, batches, _ = made(model=model)
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(batches, 3, [next(iter(batches))])
        assert len(trainer.history) == 1
        assert model.training
        assert trainer.state_dict()["progress"]["epoch"] == 2

    def test_a_second_one_acts_at_once_and_what_is_half_done_is_not_saved(self, tmp_path):
        def twice(trainer):
            press(trainer)
            press(trainer)

        trainer, batches, _ = made([SaveCheckpoint(tmp_path / "x", every_steps=1), At(3, twice)])
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(batches, 3)
        with pytest.raises(
            RuntimeError, match=r"wanted a moment at rest, got one in the middle, after 3 steps: .* go on"
        ):
            save_checkpoint(tmp_path / "x", trainer)
        load_checkpoint(tmp_path / "x", trainer)
        assert trainer.steps == 2
        trainer.state_dict()

    def test_a_programs_own_handler_stays(self):
        pressed = []
        former = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
        try:
            trainer, batches, _ = made([At(1, press)])
            trainer.fit(batches, 1)
        finally:
            signal.signal(signal.SIGINT, former)
        assert pressed == [1]


class TestErrors:
    def test_a_callback_that_raises_leaves_no_half_state(self, tmp_path):
        def fail(trainer):
            raise ZeroDivisionError

        path = tmp_path / "x"
        whole, batches, validation = made([EarlyStopping(5)])
        whole.fit(batches, 3, validation)
        for event in ("after_step", "before_epoch", "after_epoch", "at_rest"):
            path.unlink(missing_ok=True)
            callbacks = [EarlyStopping(5), SaveCheckpoint(path, every_steps=1), At(10, fail, event)]
            trainer, batches, validation = made(callbacks)
            with pytest.raises(ZeroDivisionError):
                trainer.fit(batches, 3, validation)
            again, batches, validation = made([EarlyStopping(5)])
            load_checkpoint(path, again)
            again.fit(batches, 3, validation)
            assert everything(again) == everything(whole)

    def test_saving_belongs_to_at_rest(self, tmp_path):
        trainer, batches, _ = made([At(2, lambda t: save_checkpoint(tmp_path / "x", t))])
        with pytest.raises(RuntimeError, match="from a callback save in at_rest"):
            trainer.fit(batches, 1)

    def test_a_forgotten_validation_does_not_forget_the_checkpoint(self, tmp_path):
        trainer, _, _ = made([EarlyStopping(5), SaveCheckpoint(tmp_path / "x")])
        trainer.fit(list(DataLoader(points(), 8)), 2, list(DataLoader(points(), 8)))
        again, _, _ = made([EarlyStopping(5)])
        load_checkpoint(tmp_path / "x", again)
        with pytest.raises(ValueError, match="EarlyStopping goes by the validation, got none"):
            again.fit(list(DataLoader(points(), 8)), 3)
        again.fit(list(DataLoader(points(), 8)), 3, list(DataLoader(points(), 8)))
        assert [epoch.number for epoch in again.history] == [1, 2, 3]

    def test_a_disk_that_is_full_ends_the_training_at_rest(self, tmp_path, monkeypatch):
        def full(descriptor):
            raise OSError(errno.ENOSPC, "No space left on device")

        whole, batches, validation = made()
        whole.fit(batches, 2, validation)
        path = tmp_path / "x"
        trainer, batches, validation = made([SaveCheckpoint(path, every_steps=1)])
        with monkeypatch.context() as patch:
            trainer.callbacks.insert(0, At(4, lambda t: patch.setattr("tinytorch.whole_files.os.fsync", full)))
            with pytest.raises(OSError, match=r"can't save a checkpoint \(No space left.*make room.*x'") as caught:
                trainer.fit(batches, 2, validation)
        assert caught.value.errno == errno.ENOSPC
        assert load_state(path)["trainer"]["steps"] == 3
        assert [p.name for p in tmp_path.iterdir()] == ["x"]
        save_checkpoint(tmp_path / "elsewhere", trainer)
        again, batches, validation = made()
        load_checkpoint(tmp_path / "elsewhere", again)
        again.fit(batches, 2, validation)
        assert everything(again) == everything(whole)

    def test_a_folder_that_may_not_be_written(self, tmp_path, monkeypatch):
        def refuse(*arguments):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("tinytorch.whole_files.os.open", refuse)
        with pytest.raises(PermissionError, match=r"can't save a checkpoint \(Permission denied\)"):
            save_state(tmp_path / "x", {})
        (tmp_path / "file").write_text("")
        monkeypatch.undo()
        with pytest.raises(OSError, match="can't save a checkpoint"):
            save_state(tmp_path / "file" / "x", {})
        with pytest.raises(OSError, match="can't save a checkpoint"):
            save_state(tmp_path, {})

    def test_a_model_that_is_ruined_is_not_saved(self, tmp_path):
        def ruin(trainer):
            trainer.model[0].weight.data[0, 0] = np.inf

        trainer, batches, _ = made([SaveCheckpoint(tmp_path / "x", every_steps=1), At(3, ruin)])
        with pytest.raises(
            FloatingPointError, match=r"0\.weight is no longer all finite numbers after step 3, so .* left"
        ):
            trainer.fit(batches, 1)
        assert load_state(tmp_path / "x")["trainer"]["steps"] == 2

    def test_a_loss_of_nan_leaves_parameters_and_optimizer(self):
        poisoned = points()
        poisoned.tensors[0].data[20] = np.nan
        trainer, _, _ = made()
        with pytest.raises(FloatingPointError, match="the loss is nan at step 3; is the learning rate"):
            trainer.fit(DataLoader(poisoned, 8), 1)
        other, _, _ = made()
        other.fit(DataLoader(TensorDataset(*points()[:16]), 8), 1)
        for a, b in zip(trainer.model.parameters(), other.model.parameters(), strict=True):
            np.testing.assert_array_equal(a.data, b.data)
        assert repr(trainer.optimizer.state_dict()) == repr(other.optimizer.state_dict())


@pytest.mark.skipif(os.name != "posix", reason="locks are POSIX's")
def test_two_trainings_do_not_write_one_file(tmp_path):
    import fcntl

    path = tmp_path / "x"
    save_state(path, {"good": 1})
    with (tmp_path / ".x.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="another process saves to it; give each training its own file"):
            save_state(path, {"good": 2})
    assert load_state(path) == {"good": 1}
    save_state(path, {"good": 3})
    assert load_state(path) == {"good": 3}
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    save_state(tmp_path / "link", 1)
    save_state(tmp_path / "link", 2)
    assert (tmp_path / "link").is_symlink()
    assert load_state(tmp_path / "file") == 2


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.timeout(900)
def test_a_training_killed_again_and_again_ends_as_one_undisturbed(tmp_path):
    """`TINYTORCH_KILLS=50` for more of it; `scripts/kill_training.py` tells more."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import kill_training
    finally:
        del sys.path[0]
    kills = int(os.environ.get("TINYTORCH_KILLS", "6"))
    found = kill_training.run(tmp_path, kills, seed=1)
    assert (found.kills, found.unreadable, found.left, found.same) == (kills, 0, ["run.safetensors"], True)
