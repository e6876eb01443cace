"""Module 06: schedulers, which change an optimizer's learning rate over time.

Public parts: by the number of steps `StepLR`, `MultiStepLR`, `ConstantLR`, `LinearLR` (warm-up), `ExponentialLR`,
`PolynomialLR`, `CosineAnnealingLR`, `CosineAnnealingWarmRestarts`, `LambdaLR`, `MultiplicativeLR`; and passed on from
files of their own `OneCycleLR`, `CyclicLR`, `SequentialLR` (one after the other), `ChainedScheduler` (at once),
`ReduceLROnPlateau` (by a measure). Names and rates are PyTorch's.

A rate is a function of the number of steps as long as nobody else changes it, so a scheduler that goes on from a
checkpoint gives the same rates to the bit: see `tinytorch.scheduler_base.FactorLR`.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from tinytorch.checks import at_least_one
from tinytorch.optimizer_base import Optimizer, at_least_zero
from tinytorch.scheduler_base import FactorLR, LRScheduler, Scheduler, check_optimizer
from tinytorch.scheduler_combined import ChainedScheduler, SequentialLR
from tinytorch.scheduler_cycle import CyclicLR, OneCycleLR
from tinytorch.scheduler_plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "Scheduler",
    "SequentialLR",
    "StepLR",
]

Function = Callable[[int], float]
_LRScheduler = LRScheduler  # PyTorch's former name, of which older scripts derive theirs


class StepLR(FactorLR):
    """The rate times `gamma` after every `step_size` steps.

    Raises ValueError for a step_size below 1 or a negative gamma.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = at_least_one("step_size", step_size)
        self.gamma = at_least_zero("gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return gamma^(whole multiples of step_size)."""
        return float(self.gamma ** (step // self.step_size))


class MultiStepLR(FactorLR):
    """The rate times `gamma` at each of the `milestones`, which are numbers of steps.

    Raises ValueError for a milestone below 1 or a negative gamma.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(at_least_one("a milestone", milestone) for milestone in milestones)
        self.gamma = at_least_zero("gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return gamma^(milestones reached)."""
        return float(self.gamma ** bisect_right(self.milestones, step))


class ConstantLR(FactorLR):
    """The rate times `factor` for the first `total_iters` steps.

    Raises ValueError for a factor outside [0, 1], or total_iters below 1.
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        if not 0 <= at_least_zero("factor", factor) <= 1:
            raise ValueError(f"ConstantLR wanted a factor in [0, 1], got {factor}")
        self.share = float(factor)
        self.total_iters = at_least_one("total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the given factor at first, and 1 from `total_iters` steps on."""
        return self.share if step < self.total_iters else 1.0


class LinearLR(FactorLR):
    """Warm-up: the rate's factor goes in a line from `start_factor` to `end_factor` over `total_iters` steps.

    Raises ValueError for a start_factor outside (0, 1], an end_factor outside [0, 1], or total_iters below 1.
    Source: Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour" (2017), section 2.2.
    """

    keeps_loaded: ClassVar[bool] = True

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError(
                f"LinearLR wanted a start_factor in (0, 1] and an end_factor in [0, 1], got {start_factor} and "
                f"{end_factor}"
            )
        self.start_factor = at_least_zero("start_factor", start_factor)
        self.end_factor = at_least_zero("end_factor", end_factor)
        self.total_iters = at_least_one("total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor between both."""
        done = min(step, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


class ExponentialLR(FactorLR):
    """The rate times `gamma` after every step. Raises ValueError for a negative gamma."""

    keeps_loaded: ClassVar[bool] = True

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = at_least_zero("gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return gamma^step."""
        return float(self.gamma**step)


class PolynomialLR(FactorLR):
    """The rate falls to 0 over `total_iters` steps, in a line, or along a curve with another `power`.

    Raises ValueError for total_iters below 1 or a negative power.
    """

    keeps_loaded: ClassVar[bool] = True

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = at_least_one("total_iters", total_iters)
        self.power = at_least_zero("power", power)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the share of the steps that is left, to the power."""
        return float((1 - min(step, self.total_iters) / self.total_iters) ** self.power)


class CosineAnnealingLR(FactorLR):
    """The rate falls to `eta_min` over `T_max` steps, along half a cosine wave; after that the wave goes on, upwards.

    Raises ValueError for a T_max below 1 or a negative eta_min.
    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), eq. 5.
    """

    keeps_loaded: ClassVar[bool] = True

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = at_least_one("T_max", T_max)
        self.eta_min = at_least_zero("eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the cosine wave's height, from 1 to 0; it is what lies above eta_min that is multiplied."""
        return (1 + math.cos(math.pi * step / self.T_max)) / 2

    def rate(self, base: float, step: int) -> float:
        """Return eta_min and the wave's share of what lies above it."""
        return self.eta_min + (base - self.eta_min) * self.factor(step)

    def carried(self, present: float, base: float, step: int) -> float:
        """Return the rate where something else has changed it: what lies above eta_min changes by the wave's ratio."""
        if not step:
            return present
        if (step - 1) % (2 * self.T_max) == self.T_max:  # up from the bottom, where there is no ratio
            return present + (base - self.eta_min) * self.factor(step)
        return self.eta_min + (present - self.eta_min) * (self.factor(step) / self.factor(step - 1))


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate falls to `eta_min` along half a cosine wave, again and again: T_0 steps, then T_0 * T_mult, and so on.

    `step(epoch)` takes a float as well, such as `epoch + batch / batches`. With a last_epoch it goes on where it stood,
    also with a T_mult above 1, where PyTorch's begins at another place of the waves.

    Raises ValueError for a T_0 or T_mult below 1, or a negative eta_min.
    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), eq. 5.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = at_least_one("T_0", T_0)
        self.T_mult = at_least_one("T_mult", T_mult)
        self.eta_min = at_least_zero("eta_min", eta_min)
        self.position = float(last_epoch)  # the number of steps so far with its fraction
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, step: float) -> float:
        """Return the height of the wave that the step lies in."""
        length = self.T_0
        if self.T_mult == 1:
            step %= length
        while step >= length:
            step -= length
            length *= self.T_mult
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * step / length)) / 2

    def step(self, epoch: float | None = None) -> None:
        """Set the next rates; with `epoch`, which may be a float, those after that many steps."""
        self.go_to(self.position + 1 if epoch is None else epoch)

    def go_to(self, step: float) -> None:
        """Set the rates as they are after that many steps. Raises ValueError for a negative number."""
        position = at_least_zero("epoch", step)
        self._check_groups(len(self.base_lrs))
        self._set([self.rate(base, position) for base in self.base_lrs])
        self.position, self.last_epoch = float(position), math.floor(position)


class LambdaLR(LRScheduler):
    """The first rate times `lr_lambda(step)`; one function, or one a group. Functions are not saved in the state.

    Raises TypeError for what can't be called, ValueError for another number of functions than groups.
    """

    not_saved: ClassVar[frozenset[str]] = frozenset({"optimizer", "lr_lambdas"})

    def __init__(self, optimizer: Optimizer, lr_lambda: Function | Sequence[Function], last_epoch: int = -1) -> None:
        self.lr_lambdas = _functions(lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return each group's first rate times its function of the number of steps."""
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(LambdaLR):
    """The present rate times `lr_lambda(step)` at each step; one function, or one a group. They are not saved.

    It begins with the rate that it finds, also as a later part of a SequentialLR, where PyTorch's multiplies at once.

    Raises as `LambdaLR`.
    """

    keeps_loaded: ClassVar[bool] = True

    def get_lr(self) -> list[float]:
        """Return each group's present rate times its function of the number of steps; at first the rate itself."""
        rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        if not self.last_epoch:
            return rates
        return [rate * f(self.last_epoch) for rate, f in zip(rates, self.lr_lambdas, strict=True)]


def _functions(given: Function | Sequence[Function], optimizer: Optimizer) -> list[Function]:
    """Return a function for each group of the optimizer, or say what is wrong with those given."""
    groups = len(check_optimizer(optimizer).param_groups)
    found = list(given) if isinstance(given, Sequence) else [given] * groups
    if len(found) != groups:
        raise ValueError(f"lr_lambda wanted a function or one for each of {groups} groups, got {given!r:.80}")
    for function in found:
        if not callable(function):
            raise TypeError(f"lr_lambda wanted a function of the number of steps, got {function!r:.80}")
    return found
