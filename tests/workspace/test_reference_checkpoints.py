"""Checkpoints of module 07: a training goes on to the bit, and files survive a kill or are refused."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from tinytorch import (
    SGD,
    Adam,
    AdamW,
    Callback,
    DataLoader,
    EarlyStopping,
    Linear,
    ReLU,
    RMSprop,
    SaveCheckpoint,
    Sequential,
    Tensor,
    TensorDataset,
    Trainer,
    checkpoints,
    load,
    load_checkpoint,
    save,
    save_checkpoint,
)
from tinytorch.checkpoints import load_state, save_state
from tinytorch.layers import Dropout
from tinytorch.optim import lr_scheduler

safetensors = pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")

EPOCHS = 4
ROOT = Path(__file__).resolve().parents[2]


def points(samples, seed):
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % 3
    return TensorDataset(generator.standard_normal((samples, 4)).astype(np.float32) + labels.reshape(-1, 1), labels)


def noisy(array, generator):
    return array + generator.standard_normal(array.shape).astype(array.dtype) * 0.1


def made(kind="Adam", callbacks=(), shared=False):
    """Return a Trainer and its data, the same in every call: dropout, augmentation, accumulation, all with a state."""
    layers_seed = np.random.default_rng(0) if shared else 1
    model = Sequential(Linear(4, 8, seed=0), ReLU(), Dropout(0.3, seed=layers_seed), Linear(8, 3, seed=2))
    every = {"scheduler_every": "step"}
    if kind == "SGD":
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
        scheduler = lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=100)
    elif kind == "AdamW":
        groups = [{"params": [p], "weight_decay": 0.1 * (p.ndim > 1)} for p in model.parameters()]
        optimizer = AdamW(groups, lr=0.01)
        scheduler = lr_scheduler.SequentialLR(
            optimizer, [lr_scheduler.LinearLR(optimizer), lr_scheduler.CosineAnnealingLR(optimizer, 20)], [5]
        )
    elif kind == "RMSprop":
        optimizer, every = RMSprop(model.parameters(), momentum=0.5, centered=True), {}
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    else:
        optimizer, scheduler = Adam(model.parameters(), lr=0.05), None
    data_seed = layers_seed if shared else 3
    batches = DataLoader(points(46, 0), 4, shuffle=True, augment=noisy, seed=data_seed)
    validation = DataLoader(points(20, 1), 8, shuffle=True, augment=noisy, seed=4)
    trainer = Trainer(model, optimizer, callbacks=callbacks, scheduler=scheduler, accumulate=2, clip_norm=1.0, **every)
    return trainer, batches, validation


class SaveAt(Callback):
    """Saves once, after so many steps (and epochs)."""

    def __init__(self, path, steps, between_epochs=False):
        self.path, self.steps, self.between_epochs = path, steps, between_epochs

    def at_rest(self, trainer):
        if trainer.steps == self.steps and self.between_epochs == (not trainer.progress.batches):
            save_checkpoint(self.path, trainer)


def everything(trainer):
    """Return all that a training leaves, as something that compares to the bit."""
    arrays = [x.data.tobytes() for x in trainer.model.state_dict().values()]
    state = trainer.state_dict()
    return arrays, repr(state["optimizer"]), repr(state["scheduler"]), repr(state["generators"]), state["history"]


@pytest.mark.parametrize(
    ("steps", "between"),
    [(1, False), (5, False), (6, False), (6, True), (7, False), (17, False), (18, True), (24, True)],
    ids=["first step", "in 1", "last of 1", "after 1", "first of 2", "in 3", "after 3", "at the end"],
)
@pytest.mark.parametrize("kind", ["Adam", "SGD", "AdamW", "RMSprop"])
def test_goes_on_to_the_bit(kind, steps, between, tmp_path):
    path = tmp_path / "run.safetensors"
    whole, batches, validation = made(kind, [SaveAt(path, steps, between), EarlyStopping(3)])
    whole.fit(batches, EPOCHS, validation)
    assert whole.steps == EPOCHS * 6
    again, batches, validation = made(kind, [EarlyStopping(3)])
    load_checkpoint(path, again)
    assert again.steps == steps
    again.fit(batches, EPOCHS, validation)
    assert everything(again) == everything(whole)


def test_one_generator_for_layers_and_data(tmp_path):
    path = tmp_path / "run.safetensors"
    whole, batches, validation = made(callbacks=[SaveAt(path, 8)], shared=True)
    whole.fit(batches, EPOCHS, validation)
    again, batches, validation = made(shared=True)
    load_checkpoint(path, again)
    again.fit(batches, EPOCHS, validation)
    assert everything(again) == everything(whole)


def test_a_checkpoint_of_a_loaded_training_before_its_fit(tmp_path):
    path, copy = tmp_path / "run.safetensors", tmp_path / "copy.safetensors"
    whole, batches, validation = made(callbacks=[SaveAt(path, 8)])
    whole.fit(batches, EPOCHS, validation)
    between = made()[0]
    load_checkpoint(path, between)
    save_checkpoint(copy, between)
    again, batches, validation = made()
    load_checkpoint(copy, again)
    again.fit(batches, EPOCHS, validation)
    assert everything(again) == everything(whole)


@pytest.mark.parametrize("steps", [4, 9])
def test_a_plain_list_of_batches(steps, tmp_path):
    path = tmp_path / "run.safetensors"
    whole, batches, _ = made(callbacks=[SaveAt(path, steps)])
    batches = list(batches)
    whole.fit(batches, EPOCHS)
    again = made()[0]
    load_checkpoint(path, again)
    again.fit(batches, EPOCHS)
    assert everything(again) == everything(whole)


def test_early_stopping_counts_on_and_a_stopped_training_stays_stopped(tmp_path):
    def run(epochs, load):
        trainer, batches, validation = made("SGD", [EarlyStopping(2, "accuracy"), SaveCheckpoint(path)])
        if load:
            load_checkpoint(path, trainer)
        return trainer, trainer.fit(batches, epochs, validation)

    path = tmp_path / "whole.safetensors"
    whole, history = run(16, load=False)
    assert 2 < len(history) < 16
    path = tmp_path / "cut.safetensors"
    run(len(history) - 1, load=False)
    cut, again = run(16, load=True)
    assert again == history
    assert everything(cut) == everything(whole)
    stopped, last = run(16, load=True)
    assert last == history
    assert everything(stopped) == everything(whole)


def test_save_checkpoint_saves_when_it_is_time(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr("tinytorch.callbacks.save_checkpoint", lambda path, trainer: saved.append(trainer.steps))
    trainer, batches, validation = made(callbacks=[SaveCheckpoint(tmp_path / "x", every_epochs=2, every_steps=4)])
    trainer.fit(batches, EPOCHS, validation)
    assert saved == [4, 8, 12, 12, 16, 20, 24, 24]
    with pytest.raises(ValueError, match="every_epochs must be an integer from 1 on"):
        SaveCheckpoint("x", every_epochs=0)


class TestState:
    def test_everything_comes_back_as_it_was(self, tmp_path):
        state = {
            "arrays": [np.arange(6.0).reshape(2, 3).T, np.array(1.5), np.zeros((0, 3), np.int8), np.array([True])],
            "half": np.ones(2, np.float16),
            "numbers": [1, -(2**127), 0.1, float("inf"), True, None, np.float64(0.25), np.int64(7)],
            "a.b": {"c": np.ones(1)},
            "a": {"b.c": np.zeros(1)},
            3: ("text", (1, 2)),
            "__metadata__": np.ones(1),
            "empty": {},
        }
        save_state(tmp_path / "new folder" / "state.safetensors", state)
        found = load_state(tmp_path / "new folder" / "state.safetensors")
        assert repr(found) == repr(state).replace("np.float64(0.25), np.int64(7)", "0.25, 7")
        for a, b in zip(found["arrays"], state["arrays"], strict=True):
            assert a.dtype == b.dtype
        found["half"] += 1  # what was loaded may be changed

    def test_other_programs_read_its_arrays(self, tmp_path):
        from safetensors.numpy import load_file

        model = Linear(2, 3, seed=0)
        save_state(tmp_path / "m.safetensors", model.state_dict())
        np.testing.assert_array_equal(load_file(tmp_path / "m.safetensors")["weight"], model.weight.data)

    @pytest.mark.parametrize(
        ("state", "message"),
        [
            ({"f": print}, "wanted numbers, text and arrays, got builtin_function_or_method at f"),
            ({"a": [np.array(["x"])]}, r"got an array of <U1 at a\.0"),
            (np.array([object()]), "got an array of object at the top"),
            (np.ones(1, np.longdouble), "got an array of"),
        ],
        ids=["function", "text", "objects", "long double"],
    )
    def test_what_is_no_state_is_refused_and_the_old_file_stays(self, state, message, tmp_path):
        path = tmp_path / "state.safetensors"
        save_state(path, {"good": 1})
        with pytest.raises(TypeError, match=message):
            save_state(path, state)
        assert load_state(path) == {"good": 1}
        assert [p.name for p in tmp_path.iterdir()] == [path.name]

    def test_a_disk_that_fails_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "state.safetensors"
        save_state(path, {"good": 1})

        def full(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tinytorch.whole_files.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            save_state(path, {"good": 2})
        assert load_state(path) == {"good": 1}
        assert [p.name for p in tmp_path.iterdir()] == [path.name]

    def test_without_safetensors_the_error_says_how_to_get_it(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "safetensors", None)
        for call in (lambda: save_state(tmp_path / "x", 1), lambda: load_state(tmp_path / "x")):
            with pytest.raises(ModuleNotFoundError, match=r'pip install "tinytorch\[checkpoints\]"'):
                call()

    def test_the_library_imports_it_only_then(self):
        code = "import sys, tinytorch; sys.exit('safetensors' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


class TestBadFiles:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "run.safetensors"
        trainer, batches, validation = made(callbacks=[SaveAt(path, 8)])
        trainer.fit(batches, 2, validation)
        return path

    def refused(self, path, message):
        trainer = made()[0]
        before = everything(trainer)
        with pytest.raises((ValueError, OSError), match=message) as caught:
            load_checkpoint(path, trainer)
        assert str(path) in str(caught.value)
        assert everything(trainer) == before

    def test_missing(self, tmp_path):
        self.refused(tmp_path / "none.safetensors", "there is no checkpoint at")

    @pytest.mark.parametrize("kept", [0.0, 0.001, 0.1, 0.5, 0.9, 0.9999])
    def test_truncated(self, path, kept):
        content = path.read_bytes()
        path.write_bytes(content[: int(kept * len(content))])
        self.refused(path, "is no whole checkpoint of this library: .*; take another one")

    def test_any_changed_byte_is_noticed(self, path):
        content = path.read_bytes()
        header = 8 + int.from_bytes(content[:8], "little")
        places = random.Random(0).sample(range(header), 40) + random.Random(1).sample(range(header, len(content)), 10)
        for place in places:
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            self.refused(path, "is no whole checkpoint of this library")

    def test_a_folder(self, tmp_path):
        self.refused(tmp_path, "can't read a checkpoint .*directory.*; name a file that you may read")

    def test_a_file_that_may_not_be_read(self, path, monkeypatch):
        def refuse(*arguments):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("pathlib.Path.open", refuse)
        self.refused(path, "can't read a checkpoint .Permission denied.; name a file that you may read")

    def test_an_empty_file(self, path):
        path.write_bytes(b"")
        self.refused(path, "wanted safetensors, got an empty file")

    def test_a_header_of_garbage(self, path):
        content = path.read_bytes()
        path.write_bytes(content[:8] + bytes(reversed(content[8:200])) + content[200:])
        self.refused(path, "wanted safetensors, got something else: .*header")

    def written(self, path, text, arrays=(), **changes):
        """Write a file whose checksum is right, whatever is in it."""
        from safetensors.numpy import save_file

        arrays = dict(arrays)
        metadata = {"format": checkpoints.FORMAT, "state": text, "checksum": checkpoints._checksum(text, arrays)}
        metadata.update(changes)
        save_file(arrays, path, {key: value for key, value in metadata.items() if value is not None})

    @pytest.mark.parametrize(
        ("text", "changes", "message"),
        [
            ("{", {}, "is no whole checkpoint of this library: Expecting property name"),
            ("[1]", {"checksum": "0"}, "wanted the checksum 0, got .*: the file was damaged"),
            ("[1]", {"checksum": None}, r"wanted the entries 'state' and 'checksum', got none of \['checksum'\]"),
            ("[1]", {"state": None}, r"wanted the entries 'state' and 'checksum', got none of \['state'\]"),
            ("[1]", {"format": "tinytorch state 9"}, "wanted the format 'tinytorch state 1', got 'tinytorch state 9'"),
            ('{"$array": "w"}', {}, "wanted the array 'w', got none of that name"),
            ("[1]", {}, "is no checkpoint of a training"),
            ('{"kind": "tinytorch training"}', {}, "is no checkpoint of a training"),
            ('{"kind": "tinytorch training", "trainer": 5}', {}, "a Trainer's state wanted .*, got int"),
        ],
        ids=[
            "no JSON",
            "checksum",
            "no checksum",
            "no state",
            "format",
            "no array",
            "a list",
            "no trainer",
            "a number",
        ],
    )
    def test_files_that_are_wrong_inside(self, text, changes, message, tmp_path):
        self.written(tmp_path / "x", text, **changes)
        self.refused(tmp_path / "x", message)

    def test_arrays_of_another_shape(self, path):
        state = load_state(path)
        state["trainer"]["model"]["3.weight"] = state["trainer"]["model"]["3.weight"].T
        save_state(path, state)
        self.refused(path, r"does not fit this Trainer: .*3\.weight wanted \(8, 3\), got \(3, 8\)")
        state["trainer"]["model"]["3.weight"] = state["trainer"]["model"]["3.weight"].T
        state["trainer"]["optimizer"][1]["state"][0] = {"step": 1}
        save_state(path, state)
        self.refused(path, "does not fit this Trainer: the state of parameter 0 has")

    def test_other_programs_files(self, tmp_path):
        from safetensors.numpy import save_file

        save_file({"weight": np.ones(2)}, tmp_path / "foreign.safetensors")
        self.refused(tmp_path / "foreign.safetensors", "wanted the format 'tinytorch state 1', got 'none'")
        (tmp_path / "a.pickle").write_bytes(b"\x80\x04cos\nsystem\n(S'false'\ntR.")
        self.refused(tmp_path / "a.pickle", "got a pickle .torch.save.., which could run anything and is never loaded")

    def test_a_state_that_is_no_training(self, tmp_path):
        save_state(tmp_path / "weights.safetensors", made()[0].model.state_dict())
        self.refused(tmp_path / "weights.safetensors", "is no checkpoint of a training: it was saved by save_state")


def test_other_programs_find_the_tensors_by_their_names(tmp_path):
    from safetensors.numpy import load_file

    state = made()[0].model.state_dict()
    save(state, tmp_path / "plain.safetensors")
    save({"model": state, "best": [Tensor(1.0)]}, tmp_path / "inside.safetensors")
    assert load_file(tmp_path / "plain.safetensors").keys() == state.keys()
    assert load_file(tmp_path / "inside.safetensors").keys() == {*(f"model.{name}" for name in state), "best.0"}
    found = load(tmp_path / "inside.safetensors")
    assert isinstance(found["best"][0], Tensor)
    for name, array in load_file(tmp_path / "plain.safetensors").items():
        np.testing.assert_array_equal(array, state[name].data)
        np.testing.assert_array_equal(found["model"][name].data, array)


class TestOtherTrainers:
    """A good file and a Trainer that it doesn't fit: one error, and nothing of the Trainer changes."""

    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "run.safetensors"
        trainer, batches, validation = made("SGD", [SaveAt(path, 8), EarlyStopping(3)])
        trainer.fit(batches, 2, validation)
        return path

    def refused(self, path, trainer, message):
        before = everything(trainer)
        with pytest.raises(ValueError, match=f"does not fit this Trainer: {message}"):
            load_checkpoint(path, trainer)
        assert everything(trainer) == before
        assert trainer.resumed is None

    def trainer(self, model=None, optimizer=SGD, scheduler=True, callbacks=True, seed=1, **options):
        model = model or Sequential(Linear(4, 8, seed=9), ReLU(), Dropout(0.3, seed=seed), Linear(8, 3, seed=9))
        optimizer = optimizer(model.parameters(), lr=0.3, **options)
        return Trainer(
            model,
            optimizer,
            callbacks=[EarlyStopping(3)] if callbacks else [],
            scheduler=lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=100) if scheduler else None,
        )

    def test_that_it_fits_where_all_is_the_same(self, path):
        load_checkpoint(path, self.trainer())

    def test_another_model(self, path):
        wide = Sequential(Linear(4, 9, seed=0), ReLU(), Dropout(0.3, seed=0), Linear(9, 3, seed=0))
        self.refused(path, self.trainer(wide), r".*0\.weight wanted \(4, 9\), got \(4, 8\)")
        precise = Sequential(
            Linear(4, 8, seed=0, dtype=np.float64), ReLU(), Dropout(seed=0), Linear(8, 3, seed=0, dtype=np.float64)
        )
        self.refused(path, self.trainer(precise), ".*wanted float64, got float32; only the same goes on to the bit")
        dry = Sequential(Linear(4, 8, seed=0), ReLU(), ReLU(), Linear(8, 3, seed=0))
        self.refused(
            path, self.trainer(dry), r"the checkpoint has the generators \['.*2\.generator'\], this Trainer has \[\]"
        )

    def test_another_optimizer(self, path):
        self.refused(path, self.trainer(optimizer=Adam), "the checkpoint has the optimizer SGD, this Trainer has Adam")

    def test_another_scheduler(self, path):
        self.refused(
            path, self.trainer(scheduler=False), "the checkpoint has the scheduler OneCycleLR, this Trainer has n"
        )

    def test_other_callbacks(self, path):
        self.refused(path, self.trainer(callbacks=False), r".*callbacks \['EarlyStopping'\], this Trainer has \[\]")

    def test_another_kind_of_generator(self, path):
        other = np.random.Generator(np.random.MT19937(0))
        self.refused(path, self.trainer(seed=other), ".*wanted the state of a MT19937, got that of a PCG64")

    def test_damaged_states(self, path):
        good = load_state(path)["trainer"]
        for change in (
            {"steps": "many"},
            {"progress": {"epoch": 1}},
            {"progress": {**good["progress"], "batches": 1.5}},
            {"progress": {**good["progress"], "epoch": -1}},
            {"layers": {}},
            {"layers": {"model": {}}},
            {"layers": {"model": {**good["layers"]["model"], "strides": {}}}},
            {"history": [1]},
            {"history": [["one", 1.0, None]]},
            {"optimizer": ["SGD", {}]},
            {"callbacks": [["EarlyStopping", {}]]},
            {"generators": {"2.generator": {}}},
            {"model": 5},
        ):
            trainer = self.trainer()
            before = everything(trainer)
            with pytest.raises(ValueError, match=r"wanted|state|layers"):
                trainer.load_state_dict({**good, **change})
            assert everything(trainer) == before
        with pytest.raises(ValueError, match="a Trainer's state wanted"):
            self.trainer().load_state_dict({})

    def test_other_data(self, path):
        def refused(batches, validation, message):
            trainer = self.trainer()
            load_checkpoint(path, trainer)
            before = everything(trainer)
            generator = getattr(batches, "generator", np.random.default_rng(0))
            state = repr(generator.bit_generator.state)
            with pytest.raises(ValueError, match=message):
                trainer.fit(batches, 3, validation)
            assert everything(trainer) == before
            assert repr(generator.bit_generator.state) == state

        _, batches, validation = made()
        refused(
            batches,
            list(validation),
            r"with generators in \['batches.generator', .*\], got data with .*\['batches.generator'\]",
        )
        refused(DataLoader(points(40, 0), 4, shuffle=True), validation, "an order of 46 samples, got 40 samples")
        refused(DataLoader(points(46, 0), 4), validation, "got 46 samples with shuffle=False")
        refused(DataLoader(points(46, 0), 46, shuffle=True), validation, "has had 4 batches, got data with 1")


def test_a_list_that_is_shorter_than_what_was_seen(tmp_path):
    path = tmp_path / "run.safetensors"
    trainer, batches, _ = made(callbacks=[SaveAt(path, 5)])
    trainer.fit(list(batches), 1)
    again, batches, _ = made()
    load_checkpoint(path, again)
    with pytest.raises(ValueError, match="after 10 batches of an epoch, got data with fewer"):
        again.fit(list(batches)[:3], 2)


def test_mt19937_is_a_generator_too(tmp_path):
    path = tmp_path / "run.safetensors"

    def run(load, callbacks=()):
        generator = np.random.Generator(np.random.MT19937(5))
        model = Sequential(Linear(4, 3, seed=0), Dropout(0.5, seed=generator))
        trainer = Trainer(model, SGD(model.parameters(), lr=0.1), callbacks=callbacks)
        if load:
            load_checkpoint(path, trainer)
        trainer.fit(DataLoader(points(20, 0), 4, shuffle=True, seed=generator), 3)
        return everything(trainer)[0]

    assert run(False, [SaveAt(path, 7)]) == run(True)


WRITER = """
    import sys
    import numpy as np
    from tinytorch.checkpoints import save_state
    number = 0
    while True:
        number += 1
        save_state(sys.argv[1], {"number": number, "array": np.full(300_000, number)})
        print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("attempt", range(4))
def test_a_kill_in_the_middle_of_saving_leaves_the_last_good_file(attempt, tmp_path):
    path = tmp_path / "state.safetensors"
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for _ in range(3):
            done = int(writer.stdout.readline())
        time.sleep(random.Random(attempt).uniform(0.0, 0.02))
        writer.send_signal(signal.SIGKILL)
        done = int((writer.stdout.read().split() or [done])[-1])
    found = load_state(path)
    assert found["number"] in (done, done + 1)
    assert (found["array"] == found["number"]).all()
    save_state(path, {"number": 0})  # what the kill left beside is in nobody's way
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_killed_training_goes_on_to_the_bit(tmp_path):
    """The same program, killed in the middle of an epoch and started again, ends as one that ran through."""
    path = tmp_path / "run.safetensors"

    class Killed(Exception):
        pass

    class KillAfter(Callback):
        def __init__(self, steps):
            self.steps = steps

        def after_step(self, trainer):
            if trainer.steps == self.steps:
                raise Killed

    whole, batches, validation = made("AdamW")
    whole.fit(batches, EPOCHS, validation)
    for steps in (4, 9, 10, 20):
        trainer, batches, validation = made("AdamW", [SaveCheckpoint(path, every_steps=1), KillAfter(steps)])
        if path.exists():
            load_checkpoint(path, trainer)
        with pytest.raises(Killed):
            trainer.fit(batches, EPOCHS, validation)
    trainer, batches, validation = made("AdamW")
    load_checkpoint(path, trainer)
    trainer.fit(batches, EPOCHS, validation)
    assert everything(trainer) == everything(whole)


def test_a_tensor_stays_usable_after_loading(tmp_path):
    trainer, batches, validation = made(callbacks=[SaveCheckpoint(tmp_path / "x")])
    trainer.fit(batches, 1, validation)
    load_checkpoint(tmp_path / "x", trainer)
    for p in trainer.model.parameters():
        assert isinstance(p, Tensor)
        assert p.data.flags.writeable
