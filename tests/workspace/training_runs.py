"""Small trainings, the same in every call, and what is left of them: for the tests of module 07."""

import numpy as np

from tinytorch import (
    Adam,
    Callback,
    DataLoader,
    Layer,
    Linear,
    ReLU,
    Sequential,
    TensorDataset,
    Trainer,
    cross_entropy,
)
from tinytorch.layers import Dropout


def points(samples=40):
    generator = np.random.default_rng(0)
    labels = np.arange(samples) % 3
    return TensorDataset(generator.standard_normal((samples, 4)) + labels.reshape(-1, 1), labels)


def made(callbacks=(), model=None, loss=cross_entropy, optimizer=Adam):
    """Return a Trainer, its batches and its validation."""
    model = model or Sequential(
        Linear(4, 8, seed=0, dtype=np.float64), ReLU(), Dropout(0.3, seed=1), Linear(8, 3, seed=2, dtype=np.float64)
    )
    parameters = [*model.parameters(), *(loss.parameters() if isinstance(loss, Layer) else ())]
    trainer = Trainer(model, optimizer(parameters, lr=0.01), loss, callbacks)
    return trainer, DataLoader(points(), 8, shuffle=True, generator=3), DataLoader(points(12), 5, generator=4)


def everything(trainer):
    """Return all of a Trainer's state as something that compares to the bit."""
    state = trainer.state_dict()
    return [array.tobytes() for array in state["model"].values()], repr({**state, "model": 0})


class At(Callback):
    """Does something at a step."""

    def __init__(self, steps, act, event="after_step"):
        self.steps, self.act = steps, act
        setattr(self, event, lambda trainer, *_: self.act(trainer) if trainer.steps == self.steps else None)
