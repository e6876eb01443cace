"""The second milestone: XOR, which one layer can't learn and two can.

Public parts: `run`, `try_seeds`, `Result`, `GOAL`. The training itself is `train`.

One layer answers 1 on one side of a straight line, and no line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1)
on the other. A second layer, with a bend between both, makes new coordinates in which a line can part them.
Source: Minsky, Papert, "Perceptrons" (1969); Rumelhart, Hinton, Williams, "Learning representations by back-propagating
errors" (1986).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from rich.console import Console

from tinytorch.activation_layers import Tanh
from tinytorch.autograd import no_grad
from tinytorch.layers import Layer, Linear, Sequential
from tinytorch.loss_layers import BCEWithLogitsLoss
from tinytorch.optimizers import Adam
from tinytorch.tensor import Array, Tensor
from tito.course import RUNS
from tito.memory import shown
from tito.milestones import blame, telling
from tito.milestones.telling import percent
from tito.progress import standings

POINTS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
XOR = (0.0, 1.0, 1.0, 0.0)
HIDDEN = 8
STEPS = 400
LEARNING_RATE = 0.05
GOAL = 1.0  # all four points, with two layers
GRID = np.linspace(-0.5, 1.5, 121)  # where the surface is looked at, along both axes
FOLDER = RUNS / "xor"


class Trained(NamedTuple):
    """A network and the losses on its way."""

    model: Layer
    losses: list[float]

    @property
    def accuracy(self) -> float:
        """The share of the four points that are answered right."""
        with no_grad():
            said = self.model(Tensor(POINTS)).numpy()[:, 0] > 0
        return float(np.mean(said == np.array(XOR, bool)))


@dataclass(frozen=True)
class Result:
    """What the milestone found."""

    yours: str  # which code ran
    seed: int
    one_layer_loss: float  # ln 2 = 0.693 where it says 1/2 to everything
    one_layer_accuracy: float  # from 0 to 1; 0.75 is the most that a line can have
    loss: float  # with two layers
    accuracy: float
    calls: dict[str, int]  # of the learner's functions, in one step of the training
    pictures: tuple[str, ...]  # paths from the workspace's top
    wrong: tuple[str, ...]  # the exercises that ran and were wrong when last judged: "01.1"
    unjudged: tuple[str, ...]  # those that ran and were not judged since their code changed

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.accuracy >= GOAL


def run(seed: int = 0, show: bool = True) -> Result:
    """Train one layer and two, save a picture into runs/xor/, and return what was found.

    Raises blame.Stopped, with the place to look at, where the learner's code fails.
    """
    console = Console(highlight=False, soft_wrap=True, quiet=not show)
    yours, own = standings()[0], blame.built()
    telling.say_whose(console, yours, own)
    one, two = _train_or_stop(1, seed), _train_or_stop(2, seed)
    calls = telling.count_calls(lambda: train(2, seed, steps=1), own)
    pictures, trouble = _save_picture(one, two)
    result = Result(
        yours=yours,
        seed=seed,
        one_layer_loss=one.losses[-1],
        one_layer_accuracy=one.accuracy,
        loss=two.losses[-1],
        accuracy=two.accuracy,
        calls=calls,
        pictures=pictures,
        wrong=tuple(s.exercise.id for s in blame.wrong(own)),
        unjudged=tuple(s.exercise.id for s in blame.unjudged(own)),
    )
    _report(console, result, trouble)
    return result


def try_seeds(count: int, show: bool = True) -> list[float]:
    """Return the share of right answers with two layers for each seed from 0 to count - 1; print each and the worst."""
    console = Console(highlight=False, soft_wrap=True, quiet=not show)
    telling.say_whose(console, standings()[0], blame.built())
    found = []
    for seed in range(count):
        trained = _train_or_stop(2, seed)
        found.append(trained.accuracy)
        console.print(f"  seed {seed}   {percent(found[-1])}   loss {trained.losses[-1]:.4f}")
    console.print(f"  [bold]worst    {percent(min(found))}[/bold]   goal {percent(GOAL)}")
    return found


def train(layers: int, seed: int, steps: int = STEPS) -> Trained:
    """Train one or two layers on the four points at once; the same seed gives the same network."""
    model = network(layers, np.random.default_rng(seed))
    x, wanted = Tensor(POINTS), Tensor([[y] for y in XOR])  # (4, 2), (4, 1)
    optimizer = Adam(model.parameters(), lr=LEARNING_RATE)
    loss_of = BCEWithLogitsLoss()
    losses = []
    for _ in range(steps):
        loss = loss_of(model(x), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.item()))
    return Trained(model, losses)


def network(layers: int, generator: np.random.Generator) -> Layer:
    """Return an untrained network: (N, 2) -> (N, 1) logits."""
    if layers == 1:
        return Linear(2, 1, seed=generator)
    return Sequential(Linear(2, HIDDEN, seed=generator), Tanh(), Linear(HIDDEN, 1, seed=generator))


def _train_or_stop(layers: int, seed: int) -> Trained:
    try:
        with np.errstate(all="ignore"):  # a wrong gradient overflows: the result says so
            trained = train(layers, seed)
        if not np.isfinite(trained.losses).all():
            raise ArithmeticError(f"the loss became {trained.losses[-1]}")
        return trained
    except Exception as error:  # whatever the learner's code may raise
        raise blame.stopped(error, "the training") from None


def _surface(model: Layer) -> Array:
    """Return the probability of 1 at each place of the grid: (len(GRID), len(GRID)), the second input by rows."""
    places = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
    with no_grad():
        logits = model(Tensor(places, dtype=np.float32)).numpy()
    probabilities: Array = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return probabilities.reshape(len(GRID), len(GRID))


def _save_picture(one: Trained, two: Trained) -> tuple[tuple[str, ...], str]:
    """Return the picture's path, and "" or why there is none."""
    from tito.milestones import boundary_pictures

    path = FOLDER / "surface.png"
    surfaces = {"one layer: a straight line": _surface(one.model), "two layers: bent": _surface(two.model)}
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        boundary_pictures.draw_surfaces(path, POINTS, XOR, GRID, surfaces, [one.losses, two.losses])
    except OSError as error:
        return (), f"{shown(FOLDER)} can't be written: {error.strerror or error}"
    return (shown(path),), ""


def _report(console: Console, result: Result, trouble: str) -> None:
    mark = "[green]reached[/green]" if result.reached else "[red]missed[/red]"
    one, two = (round(share * len(XOR)) for share in (result.one_layer_accuracy, result.accuracy))
    rows = [
        (
            "one layer",
            f"[bold]{one} of {len(XOR)}[/bold] right   loss {result.one_layer_loss:.3f}; ln 2 = 0.693 knows nothing",
        ),
        ("two layers", f"[bold]{two} of {len(XOR)}[/bold] right   loss {result.loss:.3f}   goal {len(XOR)}: {mark}"),
        ("why", "no straight line parts (0, 1), (1, 0) from (0, 0), (1, 1); two layers bend it"),
        ("yours", telling.contribution(result.calls, "one training step")),
        *(("picture", path) for path in result.pictures),
    ]
    if trouble:
        rows.append(("no picture", f"{trouble}; `tito doctor` looks closer"))
    telling.show_rows(console, rows)
    goal = "Two layers should answer all four points right"
    telling.show_lines(console, telling.what_next(result.reached, goal))
