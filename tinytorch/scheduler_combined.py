"""Module 06: several schedulers on one optimizer, one after the other or all at once.

Public parts: `SequentialLR`, `ChainedScheduler`.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tinytorch.checks import at_least_one
from tinytorch.optimizer_base import Optimizer
from tinytorch.scheduler_base import LRScheduler, Scheduler


class _Combined(LRScheduler):
    """What both share: a list of schedulers, whose states are part of the state."""

    not_saved: ClassVar[frozenset[str]] = frozenset({"optimizer", "schedulers"})

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        kind = type(self).__name__
        if not schedulers:
            raise ValueError(f"{kind} wanted schedulers, got none")
        for scheduler in schedulers:
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{kind} wanted schedulers that count steps, got {type(scheduler).__name__}")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{kind} got a {type(scheduler).__name__} of another optimizer; make it of this one")
        Scheduler.__init__(self, optimizer)
        self.schedulers = list(schedulers)
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimizer; the schedulers by their own state."""
        return super().state_dict() | {"schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

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


class SequentialLR(_Combined):
    """Schedulers one after the other: warm-up and then a cosine, say. The next one begins at each of `milestones`.

    Raises ValueError for another number of milestones than schedulers less one, for milestones that don't rise, and
    for schedulers of another optimizer; TypeError for what is no scheduler by the number of steps.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        super().__init__(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR wanted schedulers and a milestone between each two, got {len(schedulers)} schedulers "
                f"and {len(milestones)} milestones"
            )
        self.milestones = [at_least_one("a milestone", milestone) for milestone in milestones]
        if self.milestones != sorted(set(self.milestones)):
            raise ValueError(f"SequentialLR wanted milestones that rise, got {self.milestones}")
        self._set(self.base_lrs)  # what the schedulers did when they were made is undone
        self.go_to(last_epoch + 1)

    def step(self, epoch: int | None = None) -> None:
        """Let the scheduler whose turn it is set the next rates; at a milestone it begins."""
        step = self.last_epoch + 1
        if epoch is not None or step in self.milestones:
            self.go_to(step if epoch is None else epoch)
        else:
            scheduler = self.schedulers[bisect_right(self.milestones, step)]
            scheduler.step()
            self.last_epoch, self._last_lr = step, scheduler.get_last_lr()

    def go_to(self, step: int) -> None:
        """Let the scheduler whose turn it is set the rates as they are after that many steps."""
        turn = bisect_right(self.milestones, step)
        scheduler = self.schedulers[turn]
        scheduler.go_to(step - self.milestones[turn - 1] if turn else step)
        self.last_epoch, self._last_lr = step, scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """Schedulers all at once: each `step()` is one of every scheduler, in turn. Those that multiply the rate multiply.

    Raises ValueError for no schedulers or ones of another optimizer; TypeError for what is no scheduler by the number
    of steps.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        first = schedulers[0].optimizer if schedulers and isinstance(schedulers[0], Scheduler) else None
        super().__init__(optimizer or first, schedulers)  # type: ignore[arg-type]  # None is refused with a message

    def step(self, epoch: int | None = None) -> None:
        """Let every scheduler set the next rates, in turn; all or, if one of them raises, none."""
        before = self.state_dict(), [group["lr"] for group in self.optimizer.param_groups]
        try:
            for scheduler in self.schedulers:
                scheduler.step(epoch)
        except Exception:
            self.load_state_dict(before[0])
            self._set(before[1])
            raise
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._last_lr = self.schedulers[-1].get_last_lr()

    def go_to(self, step: int) -> None:
        """Let every scheduler set the rates as they are after that many steps."""
        self.step(step)
