"""Module 07: training, the loop that everything above and below is for.

Public parts: `Trainer`, `Callback`, `evaluate`, and the records `Epoch`, `Score` and `Progress`. Early stopping and
saving are callbacks, in `tinytorch.callbacks`. Nothing here prints, draws or saves.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from tinytorch import training_state
from tinytorch.autograd import no_grad
from tinytorch.clipping import clip_grad_norm_, clip_grad_value_
from tinytorch.layers import Layer
from tinytorch.losses import cross_entropy
from tinytorch.metrics import accuracy
from tinytorch.optimizer_base import Optimizer, at_least_zero
from tinytorch.schedulers import LRScheduler, ReduceLROnPlateau, at_least_one
from tinytorch.tensor import Array, Tensor

Batch = tuple[Tensor, ...]  # (inputs, targets)
Batches = Iterable[Batch]  # the same again in every pass: a DataLoader or a list
Loss = Callable[[Tensor, Tensor], Tensor]
Metrics = Mapping[str, Callable[[Array, Array], float]]  # by name: (outputs, targets) of all samples -> a number


class Score(NamedTuple):
    """How good a model is on some data."""

    loss: float  # the mean over the samples
    metrics: dict[str, float]  # by name

    @property
    def accuracy(self) -> float:
        """The share of right answers, from 0 to 1; AttributeError where it wasn't asked for."""
        if "accuracy" not in self.metrics:
            raise AttributeError(f"this score has no accuracy, only {sorted(self.metrics)}; give it among the metrics")
        return self.metrics["accuracy"]


class Epoch(NamedTuple):
    """What a pass over the training data led to."""

    number: int  # from 1
    loss: float  # the mean over the samples, each as its batch came: the model was still changing
    validation: Score | None  # after the pass, where there was something to validate on


@dataclass
class Progress:
    """Where a training is: what it has seen of the epoch that is under way."""

    epoch: int = 1
    batches: int = 0  # of this epoch
    samples: int = 0  # of this epoch
    loss: float = 0.0  # the sum over those samples


class Callback:
    """What shall happen while a Trainer runs: override what you need. Setting `trainer.stop` ends it after the epoch.

    Callbacks run in the order in which they were given. Only in `at_rest` have all of them seen the last event, so
    that is the moment to save.
    """

    def before_fit(self, trainer: "Trainer") -> None:
        """Run once before the first step; `trainer.batches` and `trainer.validation` are the data."""

    def before_epoch(self, trainer: "Trainer", number: int) -> None:
        """Run before every pass over the training data, but not where a checkpoint lets one go on in the middle."""

    def after_step(self, trainer: "Trainer") -> None:
        """Run after every step; `trainer.steps` counts them."""

    def after_epoch(self, trainer: "Trainer", epoch: Epoch) -> None:
        """Run after every pass over the training data and its validation."""

    def at_rest(self, trainer: "Trainer") -> None:
        """Run after every step and after every epoch, when all callbacks have seen it and nothing is half done."""

    def after_fit(self, trainer: "Trainer", history: Sequence[Epoch]) -> None:
        """Run once at the end, but not after an error."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint shall keep: numbers, text, arrays, lists and dicts of them. Nothing by default."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where the callback stood that gave this state."""


class Trainer:
    """Trains a model: for each batch forward, loss, backward, step.

    model: a Layer, from inputs to what `loss` takes. loss: (outputs, targets) -> the mean over the samples.
    scheduler: steps after every "epoch" or "step", as `scheduler_every` says; ReduceLROnPlateau goes by the validation
    loss. metrics: see `evaluate`.
    accumulate: how many batches make a step. The gradient is that of all of them as one batch, at the memory of one.
    clip_norm, clip_value: bounds for the gradient, see `tinytorch.clipping`. gradient_norm: before clip_norm, last.

    Raises ValueError for options out of range.

    >>> from tinytorch import Linear, SGD
    >>> model = Linear(1, 2, seed=0)
    >>> batches = [(Tensor([[-1.0], [1.0]]), Tensor([0, 1]))]
    >>> Trainer(model, SGD(model.parameters(), lr=1.0)).fit(batches, epochs=20, validation=batches)[-1].validation
    Score(loss=0.0..., metrics={'accuracy': 1.0})
    """

    def __init__(
        self,
        model: Layer,
        optimizer: Optimizer,
        loss: Loss = cross_entropy,
        callbacks: Sequence[Callback] = (),
        *,
        scheduler: LRScheduler | ReduceLROnPlateau | None = None,
        scheduler_every: Literal["epoch", "step"] = "epoch",
        metrics: Metrics | None = None,
        accumulate: int = 1,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.callbacks = list(callbacks)
        self.scheduler = scheduler
        self.scheduler_every = scheduler_every
        self.metrics = metrics
        self.accumulate = at_least_one("accumulate", accumulate)
        self.clip_norm = None if clip_norm is None else at_least_zero("clip_norm", clip_norm)
        self.clip_value = None if clip_value is None else at_least_zero("clip_value", clip_value)
        self._check_scheduler()
        self.batches: Batches = ()
        self.validation: Batches | None = None
        self.steps = 0
        self.progress = Progress()
        self.history: list[Epoch] = []
        self.stop = False
        self.gradient_norm = math.nan
        self.source: Iterator[Batch] = iter(())  # of the epoch under way
        self.resumed: training_state.Data | None = None  # what a loaded checkpoint says of the data of the next `fit`

    def fit(self, batches: Batches, epochs: int, validation: Batches | None = None) -> list[Epoch]:
        """Pass over the batches until `epochs` passes are done, and return what each led to.

        After a checkpoint was loaded its passes count, and the one that was under way goes on where it stood.

        Raises ValueError if there are no batches, or if these are not the data of the loaded checkpoint;
        FloatingPointError as soon as the loss, or the norm to clip, is no longer a finite number.
        """
        at_least_one("epochs", epochs)
        if isinstance(self.scheduler, ReduceLROnPlateau) and validation is None:
            raise ValueError("ReduceLROnPlateau goes by the validation loss, got no validation; give it to fit()")
        if self.resumed is None:
            self.progress, self.history, self.stop, self.source = Progress(), [], False, iter(())
        else:
            self.source = training_state.resume(self.resumed, batches, validation, self.progress.batches)
            self.resumed = None
        self.batches, self.validation = batches, validation
        for callback in self.callbacks:
            callback.before_fit(self)
        while self.progress.epoch <= epochs and not self.stop:
            self._epoch()
        for callback in self.callbacks:
            callback.after_fit(self, self.history)
        return self.history

    def step(self, batches: Sequence[Batch]) -> float:
        """Learn from one or more batches as if they were one; return the mean loss over their samples.

        Raises FloatingPointError, before any change of the model, if the loss or the norm to clip isn't finite.
        """
        self.optimizer.zero_grad()
        samples = [len(_pair(batch)[0]) for batch in batches]
        mean = 0.0
        for (inputs, targets), count in zip(batches, samples, strict=True):
            loss = self.loss(self.model(inputs), targets)
            share = count / sum(samples)
            mean += share * self._finite(float(loss.item()))
            loss.backward(np.full(loss.shape, share, loss.dtype))
        self._clip()
        self.optimizer.step()
        self.steps += 1
        return mean

    def state_dict(self) -> dict[str, Any]:
        """Return all that a new Trainer of the same parts needs to go on to the bit: see `tinytorch.training_state`."""
        return training_state.state_of(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on, at the next `fit`, from where the Trainer stood that gave this state.

        Raises ValueError if it doesn't fit the model, the optimizer, the scheduler or the callbacks; then all is as it
        was before.
        """
        training_state.load(self, state_dict)

    def _epoch(self) -> None:
        """Pass over the batches once, or over those that are left of a pass under way."""
        now = self.progress
        if not now.batches:
            self.source = iter(self.batches)
            for callback in self.callbacks:
                callback.before_epoch(self, now.epoch)
        self.model.train()
        while batches := list(itertools.islice(self.source, self.accumulate)):
            self._step(batches)
        if not now.samples:
            raise ValueError(
                f"no batches in epoch {now.epoch}: is the dataset empty, or are they a generator that ended?"
            )
        score = None
        if self.validation is not None:
            score = evaluate(self.model, self.validation, self.loss, self.metrics)
        epoch = Epoch(now.epoch, now.loss / now.samples, score)
        self.history.append(epoch)
        self._schedule("epoch", score)
        for callback in self.callbacks:
            callback.after_epoch(self, epoch)
        self.progress = Progress(now.epoch + 1)
        for callback in self.callbacks:
            callback.at_rest(self)

    def _step(self, batches: list[Batch]) -> None:
        samples = sum(len(_pair(batch)[0]) for batch in batches)
        self.progress.loss += self.step(batches) * samples
        self.progress.samples += samples
        self.progress.batches += len(batches)
        self._schedule("step", None)
        for callback in self.callbacks:
            callback.after_step(self)
        for callback in self.callbacks:
            callback.at_rest(self)

    def _schedule(self, event: str, score: Score | None) -> None:
        if event != self.scheduler_every:
            return
        if isinstance(self.scheduler, ReduceLROnPlateau):
            assert score is not None  # `fit` asked for it
            self.scheduler.step(score.loss)
        elif self.scheduler is not None:
            self.scheduler.step()

    def _clip(self) -> None:
        if self.clip_value is not None:
            clip_grad_value_(self.optimizer.parameters, self.clip_value)
        if self.clip_norm is not None:
            norm = clip_grad_norm_(self.optimizer.parameters, self.clip_norm, error_if_nonfinite=True)
            self.gradient_norm = norm.item()

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss is {loss} at step {self.steps + 1}; is the learning rate {self.optimizer.lr:g} too large, "
                f"or a gradient wrong?"
            )
        return loss

    def _check_scheduler(self) -> None:
        if self.scheduler is not None and not isinstance(self.scheduler, LRScheduler | ReduceLROnPlateau):
            raise TypeError(f"Trainer wanted a scheduler such as StepLR, got {type(self.scheduler).__name__}")
        if self.scheduler is not None and self.scheduler.optimizer is not self.optimizer:
            raise ValueError("the scheduler changes another optimizer than the Trainer's; make it of the same one")
        if self.scheduler_every not in ("epoch", "step"):
            raise ValueError(f"scheduler_every wanted 'epoch' or 'step', got {self.scheduler_every!r}")
        if isinstance(self.scheduler, ReduceLROnPlateau) and self.scheduler_every == "step":
            raise ValueError(
                "ReduceLROnPlateau goes by the validation loss; wanted scheduler_every='epoch', got 'step'"
            )


def evaluate(model: Layer, batches: Batches, loss: Loss = cross_entropy, metrics: Metrics | None = None) -> Score:
    """Return the mean loss over the samples, and the metrics; nothing is recorded for gradients.

    metrics: by name, (outputs, targets) -> a number; they get all samples at once, for F1 is no mean over batches.
        Without any, the accuracy where outputs (N, C) meet targets (N,) of integers. {} for none.
    The model is in evaluation mode meanwhile (`eval`), and in its former mode afterwards.
    Raises ValueError if there are no batches; FloatingPointError if the loss is nan.
    """
    total, samples = 0.0, 0
    seen: list[tuple[Array, Array]] = []
    training = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        with no_grad():
            for batch in batches:
                inputs, targets = _pair(batch)
                outputs = model(inputs)
                total += float(loss(outputs, targets).item()) * len(inputs)
                samples += len(inputs)
                if metrics is None or metrics:
                    seen.append((outputs.data, targets.data))
    finally:
        for layer, mode in training:
            layer.training = mode
    if not samples:
        raise ValueError("evaluate got no batches: is the dataset empty, or are they a generator that ended?")
    if math.isnan(total):
        raise FloatingPointError("the loss is nan on the data to evaluate; is the learning rate too large?")
    return Score(total / samples, _measured(metrics, seen))


def _measured(metrics: Metrics | None, seen: list[tuple[Array, Array]]) -> dict[str, float]:
    """Return the metrics of all batches together, by name."""
    if not seen:
        return {}
    outputs, targets = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    if metrics is None:
        answers = outputs.ndim == 2 and outputs.shape[1] > 1 and targets.ndim == 1 and targets.dtype.kind in "iu"
        metrics = {"accuracy": accuracy} if answers else {}
    return {name: float(metric(outputs, targets)) for name, metric in metrics.items()}


def _pair(batch: Batch) -> tuple[Tensor, Tensor]:
    if len(batch) != 2:
        raise ValueError(f"a batch wanted to be (inputs, targets), got {len(batch)} tensors; change the dataset?")
    return batch[0], batch[1]
