"""Module 06: what all schedulers share, counting steps, setting an optimizer's rates, and a state to save.

Public parts: `Scheduler`, `LRScheduler`, `FactorLR`; `check_optimizer`, `one_a_group`.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tinytorch.optimizer_base import Optimizer, at_least_zero


class Scheduler:
    """What all schedulers share: the optimizer, a count of steps, and a state to save.

    Raises TypeError for what is no optimizer.
    """

    not_saved: ClassVar[frozenset[str]] = frozenset({"optimizer"})

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = check_optimizer(optimizer)
        self.last_epoch = 0  # PyTorch's name for the number of steps so far, which may be batches just as well
        self._last_lr: list[float] = [float(group["lr"]) for group in optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """Return the groups' rates as they were after this scheduler's last step."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimizer and functions: what was counted, and the options."""
        return {key: copy.deepcopy(value) for key, value in vars(self).items() if key not in self.not_saved}

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

    def _set(self, rates: Sequence[float]) -> None:
        self._last_lr = [float(rate) for rate in rates]
        for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = rate

    def _check_groups(self, known: int) -> None:
        groups = len(self.optimizer.param_groups)
        if groups != known:
            raise ValueError(
                f"{type(self).__name__} was made for {known} groups of parameters, the optimizer has {groups} now; "
                f"add groups before making the scheduler"
            )


class LRScheduler(Scheduler):
    """A scheduler by the number of steps: sets the groups' rates when it is made, and then at each `step()`.

    A subclass defines `rate`, or PyTorch's `get_lr`.

    last_epoch: the number of the last step done, to go on from where an optimizer's loaded state stands.
    base_lrs: the groups' rates before any scheduler, which the groups keep as "initial_lr".

    Raises ValueError for a last_epoch from 0 on where the groups have no "initial_lr".
    """

    keeps_loaded: ClassVar[bool] = False  # whether the rate stays when a scheduler is made with a last_epoch

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        super().__init__(optimizer)
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", float(group["lr"]))
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{type(self).__name__} with last_epoch={last_epoch} wanted groups with an 'initial_lr', which a "
                    f"scheduler leaves there; load the optimizer's state first, or leave last_epoch out"
                )
        self.base_lrs: list[float] = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if last_epoch == -1 or not self.keeps_loaded:
            self.step()
        else:
            self.last_epoch += 1

    def rate(self, base: float, step: int) -> float:
        """Return the rate after `step` steps of a group whose rate was `base` at first. Subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} has no rate(); define the rate after a number of steps")

    def get_lr(self) -> list[float]:
        """Return the groups' rates after `last_epoch` steps."""
        return [self.rate(base, self.last_epoch) for base in self.base_lrs]

    def step(self, epoch: int | None = None) -> None:
        """Set the next rates: call it after `optimizer.step()`. With `epoch`, those after that many steps.

        Raises ValueError if the number of groups changed; then nothing else does.
        """
        if epoch is None:
            self._move(self.last_epoch + 1)
        else:
            self.go_to(epoch)

    def go_to(self, step: int) -> None:
        """Set the rates as they are after that many steps."""
        self._move(step)

    def _move(self, step: int) -> None:
        """Count to `step` and set the rates that `get_lr` gives there; if it raises, nothing is changed."""
        self._check_groups(len(self.base_lrs))
        before, self.last_epoch = self.last_epoch, step
        try:
            self._set(self.get_lr())
        except Exception:
            self.last_epoch = before
            raise


class FactorLR(LRScheduler):
    """A scheduler that multiplies the rate. A subclass defines `factor`.

    The rate is the first one times `factor(step)`: nothing is multiplied up, so no rounding piles up. But where
    something else has changed the rate, a second scheduler or you, it goes on from there, by the ratio of the factors.
    So several of these on one optimizer multiply, as in PyTorch.
    """

    def factor(self, step: int) -> float:
        """Return the rate after `step` steps as a multiple of the first one. Subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} has no factor(); define it, or rate()")

    def rate(self, base: float, step: int) -> float:
        """Return base * factor(step)."""
        return base * self.factor(step)

    def get_lr(self) -> list[float]:
        """Return the groups' rates after `last_epoch` steps, going on from the present ones."""
        groups = self.optimizer.param_groups
        return [self._next(float(group["lr"]), base) for group, base in zip(groups, self.base_lrs, strict=True)]

    def go_to(self, step: int) -> None:
        """Set the rates as they are after that many steps, whatever they are now."""
        self._check_groups(len(self.base_lrs))
        self._set([self.rate(base, step) for base in self.base_lrs])
        self.last_epoch = step

    def _next(self, present: float, base: float) -> float:
        step = self.last_epoch
        expected = self.rate(base, step - 1) if step else base
        if present == expected:
            return self.rate(base, step)
        return self.carried(present, base, step)

    def carried(self, present: float, base: float, step: int) -> float:
        """Return the rate after `step` steps where it is `present` now, which isn't what this scheduler has set."""
        before, now = self.factor(step - 1) if step else 1.0, self.factor(step)
        if now == before:  # also where both are 0
            return present
        return present * (now / before) if before else self.rate(base, step)


def check_optimizer(optimizer: Optimizer) -> Optimizer:
    """Return the optimizer, or raise TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a scheduler wanted an optimizer, got {type(optimizer).__name__}")
    return optimizer


def one_a_group(name: str, value: float | Sequence[float], optimizer: Optimizer) -> list[float]:
    """Return a number for each group of the optimizer. Raises ValueError for another count, or a negative one."""
    groups = len(optimizer.param_groups)
    found = list(value) if isinstance(value, Sequence) else [value] * groups
    if len(found) != groups:
        raise ValueError(f"{name} wanted a number or one for each of {groups} groups, got {len(found)}")
    return [at_least_zero(name, number) for number in found]


def _alike(own: object, value: object, any_length: bool) -> bool:
    """Return whether a saved value is of the kind of this one: a number for a number, a list of as many for a list."""
    if isinstance(own, list):
        if not isinstance(value, list) or (len(value) != len(own) and not any_length):
            return False
        return all(_alike(own[0], part, any_length) for part in value) if own else True
    if isinstance(own, int | float):
        return isinstance(value, int | float)
    return type(value) is type(own)
