"""Module 07: training, the loop that everything above and below is for.

Public parts: `Trainer`, `Callback`, and the records `Epoch` and `Progress`. `evaluate` and its `Score` are in
`tinytorch.evaluation`; early stopping and saving are callbacks, in `tinytorch.callbacks`. Nothing here prints, draws or
saves.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from tinytorch import training_state
from tinytorch.checks import at_least_one
from tinytorch.clipping import clip_grad_norm_, clip_grad_value_
from tinytorch.evaluation import Batch, Batches, Metrics, evaluate, pair_of
from tinytorch.evaluation import Score as Score  # "as": whoever imports training finds it here
from tinytorch.interrupts import Interrupts
from tinytorch.layers import Layer
from tinytorch.loss_weights import Loss, is_sum, shares_of, single_loss, weight_of
from tinytorch.losses import cross_entropy
from tinytorch.optimizer_base import Optimizer, at_least_zero
from tinytorch.schedulers import LRScheduler, ReduceLROnPlateau
from tinytorch.tensor import Tensor
from tinytorch.training_checks import check_parts, check_scheduler


class Epoch(NamedTuple):
    """What a pass over the training data led to."""

    number: int  # from 1
    loss: float  # the mean over the targets, each as its batch came: the model was still changing
    validation: Score | None  # after the pass, where there was something to validate on


@dataclass
class Progress:
    """Where a training is: what it has seen of the epoch that is under way."""

    epoch: int = 1
    batches: int = 0  # of this epoch
    samples: int = 0  # of this epoch
    loss: float = 0.0  # the sum over those samples
    weight: float = 0.0  # what the mean divides it by, see `tinytorch.loss_weights`


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

    model: a Layer, from inputs to what `loss` takes. loss: (outputs, targets) -> one number.
    scheduler: steps after every "epoch" or "step", as `scheduler_every` says; ReduceLROnPlateau goes by the validation
    loss. metrics: see `evaluate`.
    accumulate: how many batches make a step. The gradient is that of all of them as one batch, at the memory of one,
    also where batches differ in size or targets are ignored or weighted: `tinytorch.loss_weights` says when.
    clip_norm, clip_value: bounds for the gradient, see `tinytorch.clipping`. gradient_norm: before clip_norm, last.

    A model in evaluation mode is set to training; layers that are in evaluation mode while the model trains (frozen
    statistics) stay so.

    Raises ValueError for options out of range, a loss with reduction="none", an optimizer of no parameter of the model,
    or a scheduler of another optimizer; TypeError for a part that is something else.

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
        check_parts(model, optimizer, loss, metrics)
        check_scheduler(scheduler, scheduler_every, optimizer)
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(
                    f"Trainer wanted a list of Callbacks, got {callback!r:.80} in it; derive it of Callback"
                )
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
        self.batches: Batches = ()
        self.validation: Batches | None = None
        self.steps = 0
        self.progress = Progress()
        self.history: list[Epoch] = []
        self.stop = False
        self.resting = True  # nothing is half done, so that the state is whole
        self.gradient_norm = math.nan
        self.source: Iterator[Batch] = iter(())  # of the epoch under way
        self.interrupts = Interrupts()
        self.resumed: training_state.Data | None = None  # what a loaded checkpoint says of the data of the next `fit`

    def fit(self, batches: Batches, epochs: int, validation: Batches | None = None) -> list[Epoch]:
        """Pass over the batches until `epochs` passes are done, and return what each led to.

        After a checkpoint was loaded its passes count, and the one that was under way goes on where it stood.
        Ctrl-C ends it after the step under way, or at once if pressed again. Then `load_state_dict(state_dict())` and
        another `fit` go on from there, as a saved checkpoint does. After an error in the middle of a step that step is
        half done, and `state_dict` refuses.

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
        self.batches, self.validation, self.resting = batches, validation, True
        with self.interrupts:
            for callback in self.callbacks:
                callback.before_fit(self)
            self.resumed = None  # not before: until here an error leaves the checkpoint loaded
            while self.progress.epoch <= epochs and not self.stop:
                self._epoch()
            for callback in self.callbacks:
                callback.after_fit(self, self.history)
        return self.history

    def step(self, batches: Sequence[Batch]) -> float:
        """Learn from one or more batches as if they were one; return the mean loss.

        Raises FloatingPointError, before any change of the parameters, if the loss or the norm to clip isn't finite;
        ValueError for a loss that isn't one number.
        """
        total, weight = self._learn([pair_of(batch) for batch in batches])
        return total / weight

    def _learn(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> tuple[float, float]:
        """Take a step; return the sum of the losses and what their mean divides by."""
        self.optimizer.zero_grad()
        weights = [weight_of(self.loss, targets) for _, targets in pairs]
        total = 0.0
        for (inputs, targets), weight, share in zip(pairs, weights, shares_of(self.loss, weights), strict=True):
            if not weight and any(weights):
                continue  # nothing in it counts, and a mean of nothing is no number
            loss = single_loss(self.loss, self.model(inputs), targets)
            value = self._finite(float(loss.item()))
            total += value if is_sum(self.loss) else value * weight
            loss.backward(np.full(loss.shape, share, loss.dtype))
        self._clip()
        self.optimizer.step()
        self.steps += 1
        return total, sum(weights)

    def state_dict(self) -> dict[str, Any]:
        """Return all that a new Trainer of the same parts needs to go on to the bit: see `tinytorch.training_state`.

        Raises RuntimeError in the middle of a step, or where an error ended a training there.
        """
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
        self.resting = False
        if not now.batches:
            self.source = iter(self.batches)
            for callback in self.callbacks:
                callback.before_epoch(self, now.epoch)
        while self._step():
            self._rest()
        if not now.samples:
            raise ValueError(
                f"no batches in epoch {now.epoch}: is the dataset empty, or smaller than a batch with drop_last, or "
                f"are they a generator that ended?"
            )
        score = None
        if self.validation is not None:
            score = evaluate(self.model, self.validation, self.loss, self.metrics)
        epoch = Epoch(now.epoch, now.loss / now.weight, score)
        self.history.append(epoch)
        self._schedule("epoch", score)
        for callback in self.callbacks:
            callback.after_epoch(self, epoch)
        self.progress = Progress(now.epoch + 1)
        self._rest()

    def _step(self) -> bool:
        """Learn from the next batches; return whether there were any."""
        self.resting = False
        if not self.model.training:
            self.model.train()
        pairs = [pair_of(batch) for batch in itertools.islice(self.source, self.accumulate)]
        if not pairs:
            return False
        total, weight = self._learn(pairs)
        self.progress.loss += total
        self.progress.weight += weight
        self.progress.samples += sum(len(inputs) for inputs, _ in pairs)
        self.progress.batches += len(pairs)
        self._schedule("step", None)
        for callback in self.callbacks:
            callback.after_step(self)
        return True

    def _rest(self) -> None:
        """Let the callbacks save, and Ctrl-C act."""
        self.resting = True
        for callback in self.callbacks:
            callback.at_rest(self)
        self.interrupts.check()

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
