"""Module 06: a learning rate that rises and falls, once or again and again, with the momentum against it.

Public parts: `OneCycleLR`, `CyclicLR`.
"""

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

from tinytorch.checks import at_least_one
from tinytorch.optimizer_base import Optimizer, at_least_zero, below_one
from tinytorch.scheduler_base import LRScheduler, check_optimizer, one_a_group


class OneCycleLR(LRScheduler):
    """The rate rises from max_lr / div_factor to `max_lr`, then falls to 1 / final_div_factor of where it began.

    max_lr: a rate, or one a group. total_steps: of the whole cycle, or `epochs` and `steps_per_epoch` instead.
    pct_start: the share of the steps in which the rate rises. anneal_strategy: "cos" or "linear".
    cycle_momentum: the momentum (Adam's first beta) falls from max_momentum to base_momentum and rises again.
    three_phase: fall as long as it rose first, to where it began, and then to the end.
    The last rate comes with step total_steps - 1; one more step() keeps it, where PyTorch's goes past it.

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
        last_epoch: int = -1,
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
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["initial_lr"] = rate / div_factor
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, step: int) -> float:
        """Return the rate on the way between the two that the step lies between."""
        peak = base * self.div_factor
        last = base / self.final_div_factor
        turns = [base, peak, base, last] if self.three_phase else [base, peak, last]
        return self._between(turns, step)

    def step(self, epoch: int | None = None) -> None:
        """Set the next rates and momenta. Raises ValueError after `total_steps` steps."""
        self.go_to(self.last_epoch + 1 if epoch is None else epoch)

    def go_to(self, step: int) -> None:
        """Set the rates and momenta as they are after that many steps."""
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR was made for {self.total_steps} steps, got one more; make total_steps larger, such as "
                f"epochs * len(loader), and call step() once a batch"
            )
        super().go_to(step)
        if self.cycle_momentum:
            high, low = self.max_momentum, self.base_momentum
            momentum = self._between([high, low, high, high] if self.three_phase else [high, low, high], step)
            _set_momentum(self.optimizer, momentum)

    def _between(self, turns: list[float], step: int) -> float:
        """Return the value on the way from turn to turn, whose places are the ends of the phases."""
        rise = self.pct_start * self.total_steps
        ends = [rise - 1, 2 * rise - 2, self.total_steps - 1] if self.three_phase else [rise - 1, self.total_steps - 1]
        phase = min(sum(step > end for end in ends), len(ends) - 1)
        begin, end = (ends[phase - 1] if phase else 0.0), ends[phase]
        done = min((step - begin) / (end - begin), 1.0) if end > begin else 1.0  # it stays after the last one
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
        if self.cycle_momentum:
            _check_momentum(optimizer)


class CyclicLR(LRScheduler):
    """The rate rises in a line from `base_lr` to `max_lr` in step_size_up steps, falls in step_size_down, and again.

    base_lr, max_lr: a rate, or one a group. step_size_down: as many as up, unless given.
    mode: how high each rise goes: always "triangular", half as high each time "triangular2", or gamma^step "exp_range";
    scale_fn is a function for it instead, of the cycle's number from 1, or of the step if scale_mode is "iterations".
    cycle_momentum: the momentum (Adam's first beta) falls from max_momentum to base_momentum meanwhile, and rises.
    The function is not saved in the state.

    Raises ValueError for options out of range, and for cycle_momentum where the optimizer has none.
    Source: Smith, "Cyclical learning rates for training neural networks" (2017), section 3.
    """

    not_saved: ClassVar[frozenset[str]] = frozenset({"optimizer", "scale_fn"})

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[int], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        rates = one_a_group("base_lr", base_lr, check_optimizer(optimizer))
        if mode not in ("triangular", "triangular2", "exp_range") or scale_mode not in ("cycle", "iterations"):
            raise ValueError(
                f"CyclicLR wanted mode 'triangular', 'triangular2' or 'exp_range' and scale_mode 'cycle' or "
                f"'iterations', got {mode!r} and {scale_mode!r}"
            )
        if cycle_momentum:
            _check_momentum(optimizer)
        self.max_lrs = one_a_group("max_lr", max_lr, optimizer)
        self.step_size_up = at_least_one("step_size_up", step_size_up)
        self.step_size_down = at_least_one("step_size_down", step_size_up if step_size_down is None else step_size_down)
        self.mode = mode
        self.gamma = at_least_zero("gamma", gamma)
        self.scale_fn = scale_fn
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        self.base_momentum = below_one("base_momentum", base_momentum, 0.8)
        self.max_momentum = below_one("max_momentum", max_momentum, 0.9)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["initial_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the groups' rates after `last_epoch` steps."""
        height = self._height(self.last_epoch)
        return [base + (peak - base) * height for base, peak in zip(self.base_lrs, self.max_lrs, strict=True)]

    def _move(self, step: int) -> None:
        super()._move(step)
        if self.cycle_momentum:
            fall = (self.max_momentum - self.base_momentum) * self._height(step)
            _set_momentum(self.optimizer, self.max_momentum - fall)

    def _height(self, step: int) -> float:
        """Return how far up the step is, from 0 to 1 as long as nothing scales it."""
        length = self.step_size_up + self.step_size_down
        cycle, place = step // length + 1, step % length
        up = place / self.step_size_up if place <= self.step_size_up else (length - place) / self.step_size_down
        if self.scale_fn is not None:
            return up * self.scale_fn(cycle if self.scale_mode == "cycle" else step)
        if self.mode == "triangular":
            return up
        return up * float(0.5 ** (cycle - 1) if self.mode == "triangular2" else self.gamma**step)


def _check_momentum(optimizer: Optimizer) -> None:
    if not optimizer.defaults.keys() & {"momentum", "betas"}:
        raise ValueError(f"{type(optimizer).__name__} has no momentum to cycle; give cycle_momentum=False")


def _set_momentum(optimizer: Optimizer, momentum: float) -> None:
    for group in optimizer.param_groups:
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return at_least_one("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("OneCycleLR wanted total_steps, or epochs and steps_per_epoch; got neither")
    return at_least_one("epochs", epochs) * at_least_one("steps_per_epoch", steps_per_epoch)
