"""Module 07: training, the loop that everything above and below is for.

Public parts: `Trainer`, `Callback`, `evaluate`, `accuracy`, and the records `Epoch` and `Score`.
Nothing here prints, draws or saves: callbacks do.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tinytorch.autograd import no_grad
from tinytorch.layers import Layer
from tinytorch.losses import cross_entropy
from tinytorch.optimizer_base import Optimizer
from tinytorch.tensor import Operand, Tensor, as_tensor

Batches = Iterable[tuple[Tensor, ...]]  # (inputs, targets) again in every pass: a DataLoader or a list
Loss = Callable[[Tensor, Tensor], Tensor]


class Score(NamedTuple):
    """How good a model is on some data."""

    loss: float  # the mean over the samples
    accuracy: float  # the share of right answers, from 0 to 1


class Epoch(NamedTuple):
    """What a pass over the training data led to."""

    number: int  # from 1
    loss: float  # the mean over the samples, each as its batch came: the model was still changing
    test: Score | None  # after the pass, where there was something to test on


class Callback:
    """What shall happen while a Trainer runs: override what you need."""

    def after_step(self, trainer: "Trainer") -> None:
        """Run after every step; `trainer.steps` counts them."""

    def after_epoch(self, trainer: "Trainer", epoch: Epoch) -> None:
        """Run after every pass over the training data."""


class Trainer:
    """Trains a model: for each batch forward, loss, backward, step.

    model: a Layer, from inputs to what `loss` takes. loss: (outputs, targets) -> the mean over the samples.

    >>> from tinytorch import Linear, SGD
    >>> model = Linear(1, 2, seed=0)
    >>> batches = [(Tensor([[-1.0], [1.0]]), Tensor([0, 1]))]
    >>> Trainer(model, SGD(model.parameters(), lr=1.0)).fit(batches, epochs=20, test=batches)[-1].test.accuracy
    1.0
    """

    def __init__(
        self, model: Layer, optimizer: Optimizer, loss: Loss = cross_entropy, callbacks: Sequence[Callback] = ()
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.callbacks = callbacks
        self.steps = 0

    def fit(self, batches: Batches, epochs: int, test: Batches | None = None) -> list[Epoch]:
        """Pass `epochs` times over the batches and return what each pass led to.

        Raises ValueError if there are no batches; FloatingPointError as soon as the loss is no longer a finite number.
        """
        history = []
        for number in range(1, epochs + 1):
            loss = self._pass(batches, number)
            score = None if test is None else evaluate(self.model, test, self.loss)
            history.append(Epoch(number, loss, score))
            for callback in self.callbacks:
                callback.after_epoch(self, history[-1])
        return history

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """Learn from one batch; return its loss. Raises FloatingPointError, before any change, if that isn't finite."""
        self.optimizer.zero_grad()
        loss = self.loss(self.model(inputs), targets)
        value = float(loss.item())
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} at step {self.steps + 1}; is the learning rate {self.optimizer.lr:g} too large, "
                f"or a gradient wrong?"
            )
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        return value

    def _pass(self, batches: Batches, number: int) -> float:
        self.model.train()
        total, samples = 0.0, 0
        for inputs, targets in batches:
            total += self.step(inputs, targets) * len(inputs)
            samples += len(inputs)
            for callback in self.callbacks:
                callback.after_step(self)
        if not samples:
            raise ValueError(f"no batches in epoch {number}: is the dataset empty, or are they a generator that ended?")
        return total / samples


def evaluate(model: Layer, batches: Batches, loss: Loss = cross_entropy) -> Score:
    """Return the mean loss and the accuracy of a classifier; nothing is recorded for gradients.

    The model is in evaluation mode meanwhile (`eval`), and in its former mode afterwards.
    Raises ValueError if there are no batches.
    """
    total, right, samples = 0.0, 0.0, 0
    training = model.training
    model.eval()
    try:
        with no_grad():
            for inputs, targets in batches:
                outputs = model(inputs)
                total += float(loss(outputs, targets).item()) * len(inputs)
                right += accuracy(outputs, targets) * len(inputs)
                samples += len(inputs)
    finally:
        model.train(training)
    if not samples:
        raise ValueError("evaluate got no batches: is the dataset empty, or are they a generator that ended?")
    return Score(total / samples, right / samples)


def accuracy(logits: Operand, targets: Operand) -> float:
    """Return the share of samples whose largest logit is the target's, from 0 to 1.

    logits: (N, C); targets: (N,). Raises ValueError for other shapes or no samples.

    >>> accuracy(Tensor([[0.1, 0.9], [0.8, 0.2]]), Tensor([1, 1]))
    0.5
    """
    logits, targets = as_tensor(logits), as_tensor(targets)
    if logits.ndim != 2 or targets.shape != logits.shape[:1] or not logits.size:
        raise ValueError(f"accuracy wanted logits (N, C) and targets (N,), got {logits.shape} and {targets.shape}")
    return float(np.mean(logits.data.argmax(axis=1) == targets.data))
