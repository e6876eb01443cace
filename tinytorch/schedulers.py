"""Module 06: schedulers, which change an optimizer's learning rate over time.

Public parts: `StepLR`, `MultiStepLR`, `LinearLR` (warm-up), `CosineAnnealingLR`, `OneCycleLR`, `SequentialLR` (one
after the other), `ReduceLROnPlateau`; `LRScheduler` is the base of those that count steps. Names and rates are
PyTorch's.

A rate is a function of the number of steps alone: nothing is multiplied up, so no rounding piles up, and a scheduler
that goes on from a checkpoint gives the same rates to the bit. So of two schedulers on one optimizer the last to step
wins; `SequentialLR` puts them in order.
"""

import copy
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from tinytorch.optimizer_base import Optimizer, at_least_zero


class Scheduler:
    """What all schedulers share: the optimizer, a count of steps, and a state to save.

    Raises TypeError for what is no optimizer.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = check_optimizer(optimizer)
        self.last_epoch = 0  # PyTorch's name for the number of steps so far, which may be batches just as well

    def get_last_lr(self) -> list[float]:
        """Return the groups' present rates."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimizer: what was counted, and the options."""
        return {key: copy.deepcopy(value) for key, value in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where the scheduler stood that gave this `state_dict`, with its options.

        The rates themselves are the optimizer's state. Raises ValueError, before any change, if it is another kind's.
        """
        own = self.state_dict()
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(own):
            got = sorted(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__
            raise ValueError(f"{type(self).__name__} wanted a state with {sorted(own)}, got {got}")
        for key, value in own.items():
            if not _alike(value, state_dict[key], any_length=key == "milestones"):
                raise ValueError(f"{type(self).__name__} wanted {key} like {value!r}, got {state_dict[key]!r:.80}")
        vars(self).update(copy.deepcopy(dict(state_dict)))

    def _check_groups(self, known: int) -> None:
        groups = len(self.optimizer.param_groups)
        if groups != known:
            raise ValueError(
                f"{type(self).__name__} was made for {known} groups of parameters, the optimizer has {groups} now; "
                f"add groups before making the scheduler"
            )


class LRScheduler(Scheduler):
    """A scheduler by the number of steps: sets the groups' rates when it is made, and then at each `step()`.

    base_lrs: the groups' rates before any scheduler, which the groups keep as "initial_lr". A subclass defines `rate`.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__(optimizer)
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.go_to(0)

    def rate(self, base: float, step: int) -> float:
        """Return the rate after `step` steps of a group whose rate was `base` at first. Subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} has no rate(); define the rate after a number of steps")

    def step(self) -> None:
        """Set the next rate: call it after `optimizer.step()`. Raises ValueError if the number of groups changed."""
        self.go_to(self.last_epoch + 1)

    def go_to(self, step: int) -> None:
        """Set the rates as they are after that many steps."""
        self._check_groups(len(self.base_lrs))
        rates = [self.rate(base, step) for base in self.base_lrs]
        self.last_epoch = step
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate


class StepLR(LRScheduler):
    """The rate times `gamma` after every `step_size` steps.

    Raises ValueError for a step_size below 1 or a negative gamma.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = at_least_one("step_size", step_size)
        self.gamma = at_least_zero("gamma", gamma)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return base * gamma^(whole multiples of step_size)."""
        return base * float(self.gamma ** (step // self.step_size))


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of the `milestones`, which are numbers of steps.

    Raises ValueError for a milestone below 1 or a negative gamma.
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones = sorted(at_least_one("a milestone", milestone) for milestone in milestones)
        self.gamma = at_least_zero("gamma", gamma)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return base * gamma^(milestones reached)."""
        return base * float(self.gamma ** bisect_right(self.milestones, step))


class LinearLR(LRScheduler):
    """Warm-up: the rate's factor goes in a line from `start_factor` to `end_factor` over `total_iters` steps.

    Raises ValueError for a start_factor outside (0, 1], an end_factor outside [0, 1], or total_iters below 1.
    Source: Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour" (2017), section 2.2.
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError(
                f"LinearLR wanted a start_factor in (0, 1] and an end_factor in [0, 1], got {start_factor} and "
                f"{end_factor}"
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = at_least_one("total_iters", total_iters)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return base * the factor between both."""
        done = min(step, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class CosineAnnealingLR(LRScheduler):
    """The rate falls to `eta_min` over `T_max` steps, along half a cosine wave; after that the wave goes on, upwards.

    Raises ValueError for a T_max below 1 or a negative eta_min.
    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), eq. 5.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max = at_least_one("T_max", T_max)
        self.eta_min = at_least_zero("eta_min", eta_min)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the cosine wave's height."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * step / self.T_max)) / 2


class OneCycleLR(LRScheduler):
    """The rate rises from max_lr / div_factor to `max_lr`, then falls to 1 / final_div_factor of where it began.

    max_lr: a rate, or one a group. total_steps: of the whole cycle, or `epochs` and `steps_per_epoch` instead.
    pct_start: the share of the steps in which the rate rises. anneal_strategy: "cos" or "linear".
    cycle_momentum: the momentum (Adam's first beta) falls from max_momentum to base_momentum and rises again.
    three_phase: fall as long as it rose first, to where it began, and then to the end.

    Raises ValueError for options out of range, for cycle_momentum where the optimizer has none, and for more than
    total_steps steps.
    Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates"
    (2019), section 3.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        rates = one_a_group("max_lr", max_lr, check_optimizer(optimizer))
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        self.pct_start = pct_start
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self.base_momentum = base_momentum
        self.max_momentum = max_momentum
        self.div_factor = div_factor
        self.final_div_factor = final_div_factor
        self.three_phase = three_phase
        self._check(optimizer)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["initial_lr"] = rate / div_factor
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the rate on the way between the two that the step lies between."""
        peak = base * self.div_factor
        last = base / self.final_div_factor
        turns = [base, peak, base, last] if self.three_phase else [base, peak, last]
        return self._between(turns, step)

    def go_to(self, step: int) -> None:
        """Set the rates and momenta as they are after that many steps."""
        if step > self.total_steps:
            raise ValueError(f"OneCycleLR was made for {self.total_steps} steps, got one more; make total_steps larger")
        super().go_to(step)
        if self.cycle_momentum:
            high, low = self.max_momentum, self.base_momentum
            momentum = self._between([high, low, high, high] if self.three_phase else [high, low, high], step)
            for group in self.optimizer.param_groups:
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                else:
                    group["momentum"] = momentum

    def _between(self, turns: list[float], step: int) -> float:
        """Return the value on the way from turn to turn, whose places are the ends of the phases."""
        rise = self.pct_start * self.total_steps
        ends = [rise - 1, 2 * rise - 2, self.total_steps - 1] if self.three_phase else [rise - 1, self.total_steps - 1]
        phase = min(sum(step > end for end in ends), len(ends) - 1)
        begin, end = (ends[phase - 1] if phase else 0.0), ends[phase]
        done = (step - begin) / (end - begin) if end > begin else 1.0
        start, goal = turns[phase], turns[phase + 1]
        if self.anneal_strategy == "linear":
            return start + (goal - start) * done
        return goal + (start - goal) / 2 * (1 + math.cos(math.pi * done))

    def _check(self, optimizer: Optimizer) -> None:
        """Raise ValueError for options out of range."""
        most = 0.5 if self.three_phase else 1.0
        if not 0 <= self.pct_start <= most:
            raise ValueError(f"OneCycleLR wanted a pct_start from 0 to {most}, got {self.pct_start}")
        if self.anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR wanted anneal_strategy 'cos' or 'linear', got {self.anneal_strategy!r}")
        if not self.div_factor > 0 or not self.final_div_factor > 0:
            raise ValueError(f"wanted factors above 0 to divide by, got {self.div_factor} and {self.final_div_factor}")
        if not 0 <= self.base_momentum <= self.max_momentum < 1:
            raise ValueError(
                f"OneCycleLR wanted 0 <= base_momentum <= max_momentum < 1, got {self.base_momentum} and "
                f"{self.max_momentum}"
            )
        if self.cycle_momentum and not optimizer.defaults.keys() & {"momentum", "betas"}:
            raise ValueError(f"{type(optimizer).__name__} has no momentum to cycle; give cycle_momentum=False")


class SequentialLR(LRScheduler):
    """Schedulers one after the other: warm-up and then a cosine, say. The next one begins at each of `milestones`.

    Raises ValueError for another number of milestones than schedulers less one, for milestones that don't rise, and
    for schedulers of another optimizer; TypeError for what is no scheduler by the number of steps.
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
        for scheduler in schedulers:
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"SequentialLR wanted schedulers that count steps, got {type(scheduler).__name__}")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"SequentialLR got a {type(scheduler).__name__} of another optimizer; make it of this")
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR wanted schedulers and a milestone between each two, got {len(schedulers)} schedulers "
                f"and {len(milestones)} milestones"
            )
        self.schedulers = list(schedulers)
        self.milestones = [at_least_one("a milestone", milestone) for milestone in milestones]
        if self.milestones != sorted(set(self.milestones)):
            raise ValueError(f"SequentialLR wanted milestones that rise, got {self.milestones}")
        super().__init__(optimizer)

    def go_to(self, step: int) -> None:
        """Let the scheduler whose turn it is set the rates."""
        turn = bisect_right(self.milestones, step)
        self.schedulers[turn].go_to(step - self.milestones[turn - 1] if turn else step)
        self.last_epoch = step

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimizer; the schedulers by their own state."""
        own = {key: value for key, value in vars(self).items() if key not in ("optimizer", "schedulers")}
        return copy.deepcopy(own) | {"schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on as `LRScheduler.load_state_dict`, in each of the schedulers too."""
        before = self.state_dict()
        schedulers = self.schedulers
        super().load_state_dict(state_dict)
        self.schedulers = schedulers
        try:
            for scheduler, state in zip(schedulers, state_dict["schedulers"], strict=True):
                scheduler.load_state_dict(state)
        except ValueError:
            self.load_state_dict(before)
            raise


class ReduceLROnPlateau(Scheduler):
    """The rate times `factor` once a measure has not become better for more than `patience` steps.

    mode: whether better means lower ("min") or higher ("max"). threshold: how much better counts, as a share of the
    best ("rel") or by itself ("abs"). cooldown: steps after a reduction that don't count. min_lr: where it ends, a
    rate or one a group. eps: smaller reductions are left out.

    Raises ValueError for options out of range, and for a measure that is not a number.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer)
        if not 0 <= factor < 1:
            raise ValueError(f"ReduceLROnPlateau wanted a factor in [0, 1), got {factor}")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau wanted mode 'min' or 'max' and threshold_mode 'rel' or 'abs', got {mode!r} and "
                f"{threshold_mode!r}"
            )
        self.mode = mode
        self.factor = factor
        self.patience = int(at_least_zero("patience", patience))
        self.threshold = at_least_zero("threshold", threshold)
        self.threshold_mode = threshold_mode
        self.cooldown = int(at_least_zero("cooldown", cooldown))
        self.min_lrs = one_a_group("min_lr", min_lr, optimizer)
        self.eps = at_least_zero("eps", eps)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """Look at the measure, and lower the rates if it has been no better for too long."""
        value = float(metrics)
        if math.isnan(value):
            raise ValueError("ReduceLROnPlateau wanted a number to go by, got nan; has the training diverged?")
        self._check_groups(len(self.min_lrs))
        self.last_epoch += 1
        self.num_bad_epochs += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * value < sign * self.best * (1 - sign * self.threshold)
        return sign * value < sign * self.best - self.threshold

    def _reduce(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            rate = max(group["lr"] * self.factor, least)
            if group["lr"] - rate > self.eps:
                group["lr"] = rate


def check_optimizer(optimizer: Optimizer) -> Optimizer:
    """Return the optimizer, or raise TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a scheduler wanted an optimizer, got {type(optimizer).__name__}")
    return optimizer


def at_least_one(name: str, value: int) -> int:
    """Return the value. Raises ValueError unless it is an integer from 1 on."""
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be an integer from 1 on, got {value!r:.80}")
    return int(value)


def one_a_group(name: str, value: float | Sequence[float], optimizer: Optimizer) -> list[float]:
    """Return a number for each group of the optimizer. Raises ValueError for another count, or a negative one."""
    groups = len(optimizer.param_groups)
    found = list(value) if isinstance(value, Sequence) else [value] * groups
    if len(found) != groups:
        raise ValueError(f"{name} wanted a number or one for each of {groups} groups, got {len(found)}")
    return [at_least_zero(name, number) for number in found]


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return at_least_one("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("OneCycleLR wanted total_steps, or epochs and steps_per_epoch; got neither")
    return at_least_one("epochs", epochs) * at_least_one("steps_per_epoch", steps_per_epoch)


def _alike(own: object, value: object, any_length: bool) -> bool:
    """Return whether a saved value is of the kind of this one: a number for a number, a list as long for a list."""
    if isinstance(own, list):
        return isinstance(value, list) and (any_length or len(value) == len(own))
    if isinstance(own, int | float):
        return isinstance(value, int | float)
    return type(value) is type(own)
