"""The first milestone: a perceptron learns AND, with module 01 alone. Nothing here knows a gradient.

Public parts: `run`, `try_seeds`, `Result`, `GOAL`. The learning itself is `learn`.

Source: Rosenblatt, "The perceptron" (1958); that it ends if a line can part the points: Novikoff, "On convergence
proofs on perceptrons" (1962).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from rich.console import Console

from tinytorch.tensor import Tensor
from tito.course import RUNS
from tito.memory import shown
from tito.milestones import blame, telling
from tito.milestones.telling import percent
from tito.progress import standings

POINTS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
AND = (0.0, 0.0, 0.0, 1.0)
PASSES = 100  # at most; the convergence theorem promises far fewer
GOAL = 1.0  # all four points
FOLDER = RUNS / "perceptron"


class Pass(NamedTuple):
    """One pass over the four points."""

    weight: tuple[float, float]  # at its end
    bias: float
    mistakes: int


@dataclass(frozen=True)
class Result:
    """What the milestone found."""

    yours: str  # which code ran
    seed: int
    accuracy: float  # the share of the four points that are answered right, from 0 to 1
    passes: int
    weight: tuple[float, float]
    bias: float
    calls: dict[str, int]  # of the learner's functions, in the whole learning
    pictures: tuple[str, ...]  # paths from the workspace's top
    wrong: tuple[str, ...]  # the exercises that ran and were wrong when last judged: "01.1"
    unjudged: tuple[str, ...]  # those that ran and were not judged since their code changed

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.accuracy >= GOAL


def run(seed: int = 0, show: bool = True) -> Result:
    """Learn AND, save a picture into runs/perceptron/, and return what was found.

    Raises blame.Stopped, with the place to look at, where the learner's code fails.
    """
    console = Console(highlight=False, soft_wrap=True, quiet=not show)
    yours, own = standings()[0], blame.built()
    telling.say_whose(console, yours, own)
    history: list[Pass] = []
    calls = telling.count_calls(lambda: history.extend(_learn_or_stop(seed)), own)
    last = history[-1]
    pictures, trouble = _save_picture(history)
    result = Result(
        yours=yours,
        seed=seed,
        accuracy=_accuracy(last),
        passes=len(history),
        weight=last.weight,
        bias=last.bias,
        calls=calls,
        pictures=pictures,
        wrong=tuple(s.exercise.id for s in blame.wrong(own)),
        unjudged=tuple(s.exercise.id for s in blame.unjudged(own)),
    )
    _report(console, result, trouble)
    return result


def try_seeds(count: int, show: bool = True) -> list[float]:
    """Return the share of right answers for each seed from 0 to count - 1; print each and the worst."""
    console = Console(highlight=False, soft_wrap=True, quiet=not show)
    telling.say_whose(console, standings()[0], blame.built())
    found = []
    for seed in range(count):
        history = _learn_or_stop(seed)
        found.append(_accuracy(history[-1]))
        console.print(f"  seed {seed}   {percent(found[-1])} after {len(history)} passes")
    console.print(f"  [bold]worst    {percent(min(found))}[/bold]   goal {percent(GOAL)}")
    return found


def learn(seed: int) -> list[Pass]:
    """Return the passes over the four points, up to the first without a mistake.

    The perceptron says 1 where x @ weight + bias > 0. At each mistake weight and bias move by the error times what they
    were multiplied with.
    """
    start = np.random.default_rng(seed).uniform(-1, 1, (3, 1))
    weight, bias = Tensor(start[:2]), Tensor(start[2])  # (2, 1), (1,)
    history: list[Pass] = []
    while len(history) < PASSES and (not history or history[-1].mistakes):
        mistakes = 0
        for point, wanted in zip(POINTS, AND, strict=True):
            x = Tensor([point], dtype=np.float64)  # (1, 2)
            answer = float((x @ weight + bias).sum().item() > 0)
            if answer != wanted:
                error = Tensor([[wanted - answer]], dtype=np.float64)  # (1, 1)
                weight = weight + x.T @ error
                bias = bias + error.sum(axis=0)
                mistakes += 1
        first, second = (float(w) for w in weight.numpy().reshape(2))
        history.append(Pass((first, second), float(bias.numpy().reshape(())), mistakes))
    return history


def _learn_or_stop(seed: int) -> list[Pass]:
    try:
        return learn(seed)
    except Exception as error:  # whatever the learner's code may raise
        raise blame.stopped(error, "the learning") from None


def _accuracy(line: Pass) -> float:
    """Return the share of the points that are on their side of the line."""
    said = [line.weight[0] * x + line.weight[1] * y + line.bias > 0 for x, y in POINTS]
    return sum(a == bool(b) for a, b in zip(said, AND, strict=True)) / len(AND)


def _save_picture(history: list[Pass]) -> tuple[tuple[str, ...], str]:
    """Return the picture's path, and "" or why there is none."""
    from tito.milestones import boundary_pictures

    path = FOLDER / "line.png"
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        boundary_pictures.draw_lines(
            path, POINTS, AND, [(*p.weight, p.bias) for p in history], [p.mistakes for p in history]
        )
    except OSError as error:
        return (), f"{shown(FOLDER)} can't be written: {error.strerror or error}"
    return (shown(path),), ""


def _report(console: Console, result: Result, trouble: str) -> None:
    mark = "[green]reached[/green]" if result.reached else "[red]missed[/red]"
    right = round(result.accuracy * len(AND))
    w1, w2 = result.weight
    rows = [
        ("AND", f"[bold]{right} of {len(AND)}[/bold] right after {result.passes} passes   goal {len(AND)}: {mark}"),
        ("line", f"{w1:+.2f} x1 {w2:+.2f} x2 {result.bias:+.2f} > 0"),
        ("yours", telling.contribution(result.calls, "all of it")),
        *(("picture", path) for path in result.pictures),
    ]
    if trouble:
        rows.append(("no picture", f"{trouble}; `tito doctor` looks closer"))
    telling.show_rows(console, rows)
    telling.show_lines(console, telling.what_next(result.reached, "All four points should be answered right"))
