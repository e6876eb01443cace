"""Kill a training with kill -9 over and over, and see that it ends as one that ran undisturbed, to the bit.

For maintainers: `python scripts/kill_training.py`, or `--kills 6` for a short one. Each life of the training goes on
from the checkpoint that the one before left, and is killed a random moment after a random step: while it computes, or
while it saves. After each kill the checkpoint has to load. `--seed` repeats the same plan; the moments are never quite
the same. POSIX only.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinytorch import Adam, DataLoader, Dropout, EarlyStopping, Linear, ReLU, SaveCheckpoint, Sequential, TensorDataset
from tinytorch import training as loop
from tinytorch.checkpoints import load_checkpoint, load_state
from tinytorch.optim import lr_scheduler

STEPS_A_LIFE = 6  # at most, until its kill
SPARE_STEPS = 4  # that a life may take on top of them before the signal arrives
STEPS_AN_EPOCH = 12
LONGEST_DELAY = 0.06  # seconds from a step to the kill: about a save and the next step


class Outcome(NamedTuple):
    """What came of it."""

    kills: int
    while_saving: int  # kills that left a part of a file
    unreadable: int  # kills after which the checkpoint did not load
    left: list[str]  # what lies in the folder at the end
    same: bool  # the last life ended as the undisturbed training


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description="Kill a training over and over, and compare its end.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--life", metavar="FILE", type=Path, help="be the training, with its checkpoint in FILE")
    parser.add_argument("--epochs", type=int, default=1, help="of that training")
    options = parser.parse_args()
    if options.life:
        live(options.life, options.epochs)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), options.kills, options.seed)
    end = "the same to the bit" if found.same else "ANOTHER ONE"
    print(
        f"{found.kills} kills, {found.while_saving} of them while a file was written: {found.unreadable} checkpoints "
        f"did not load, {len(found.left)} file left ({', '.join(found.left)}), the end is {end}"
    )
    return 0 if found.same and not found.unreadable and len(found.left) == 1 else 1


def run(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill a training so often, let the last life end, and compare with an undisturbed one."""
    epochs = 1 + kills * (STEPS_A_LIFE + SPARE_STEPS) // STEPS_AN_EPOCH
    path = folder / "killed" / "run.safetensors"
    undisturbed = _last_line(folder / "whole" / "run.safetensors", epochs)
    chance = random.Random(seed)
    while_saving = unreadable = 0
    for _ in range(kills):
        _kill(path, epochs, chance.randint(1, STEPS_A_LIFE), chance.uniform(0, LONGEST_DELAY))
        while_saving += any(beside.suffix == ".part" for beside in path.parent.iterdir())
        unreadable += path.exists() and not _loads(path)
    end = _last_line(path, epochs)
    return Outcome(kills, while_saving, unreadable, sorted(p.name for p in path.parent.iterdir()), end == undisturbed)


def live(path: Path, epochs: int) -> None:
    """Train from the checkpoint if there is one; print a line after each step, and at the end a digest of all."""
    generator = np.random.default_rng(0)
    data = TensorDataset(generator.standard_normal((STEPS_AN_EPOCH * 16, 64)), generator.integers(0, 4, (192,)))
    model = Sequential(
        Linear(64, 256, seed=1, dtype=np.float64),
        ReLU(),
        Dropout(0.2, seed=2),
        Linear(256, 256, seed=3, dtype=np.float64),
        ReLU(),
        Linear(256, 4, seed=4, dtype=np.float64),
    )
    optimizer = Adam(model.parameters(), lr=1e-3)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, 500)
    path.parent.mkdir(parents=True, exist_ok=True)
    callbacks = [Steps(), EarlyStopping(10**6), SaveCheckpoint(path, every_steps=1)]
    trainer = loop.Trainer(model, optimizer, callbacks=callbacks, scheduler=scheduler, scheduler_every="step")
    if path.exists():
        load_checkpoint(path, trainer)
    trainer.fit(DataLoader(data, 16, shuffle=True, generator=5), epochs, DataLoader(data, 96))
    print(_digest(trainer))


class Steps(loop.Callback):
    """Tells whoever waits outside of every step."""

    def after_step(self, trainer: loop.Trainer) -> None:
        """Print the number."""
        print(trainer.steps, flush=True)


def _digest(trainer: loop.Trainer) -> str:
    """Return a digest of the history, the optimizer's state and every bit of the model."""
    total = hashlib.sha256(repr([trainer.history, trainer.steps, trainer.optimizer.lr]).encode())
    for x in trainer.model.state_dict().values():
        total.update(x.data.tobytes())
    for state in trainer.optimizer.state_dict()["state"].values():
        for part in state.values():
            total.update(np.asarray(part).tobytes())
    return total.hexdigest()


def _started(path: Path, epochs: int) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, "--life", str(path), "--epochs", str(epochs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": _paths()})


def _paths() -> str:
    """Return where the library is, for a process that begins in this folder."""
    return os.pathsep.join([str(Path(loop.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])


def _kill(path: Path, epochs: int, steps: int, delay: float) -> None:
    """Start a life and kill it `delay` seconds after this many steps."""
    with _started(path, epochs) as life:
        assert life.stdout  # it was asked for
        for _ in range(steps):
            if not life.stdout.readline().strip().isdigit():
                raise RuntimeError("the training ended before its kill; see what it wrote above")
        time.sleep(delay)
        life.send_signal(signal.SIGKILL)


def _last_line(path: Path, epochs: int) -> str:
    """Let a life end and return its digest."""
    with _started(path, epochs) as life:
        lines = life.communicate()[0].split()
    if life.returncode or not lines:
        raise RuntimeError(f"the training ended with status {life.returncode}; see what it wrote above")
    return str(lines[-1])


def _loads(path: Path) -> bool:
    try:
        load_state(path)
    except ValueError as error:
        print(f"not loaded: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
