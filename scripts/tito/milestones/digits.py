"""The main job: a network learns to read real handwritten digits, on whatever the learner has built.

Public parts: `run`, `try_seeds`, `Result`. The training itself is `train`; all else prepares and shows it.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from tinytorch import setup
from tinytorch.activation_layers import ReLU
from tinytorch.autograd import no_grad
from tinytorch.dataloader import DataLoader, TensorDataset, load_digits, shifted
from tinytorch.layers import Flatten, Layer, Linear, Sequential
from tinytorch.optimizers import Adam
from tinytorch.schedulers import CosineAnnealingLR
from tinytorch.training import Callback, Epoch, Trainer
from tito.course import RUNS
from tito.memory import shown
from tito.milestones import blame, telling
from tito.milestones.telling import percent
from tito.progress import standings

WIDTHS = (64, 256, 128, 10)  # 8 * 8 pixels, two hidden layers, ten digits
EPOCHS = 80
BATCH_SIZE = 64
LEARNING_RATE = 4e-3
GOAL = 0.97  # of the fixed test split
FOLDER = RUNS / "digits"

Split = Literal["fixed", "writers"]
NAMES: dict[Split, str] = {"fixed": "unseen images", "writers": "unseen writers"}


class Trained(NamedTuple):
    """A network, how it got there, and what it was tested on."""

    model: Layer
    history: list[Epoch]
    test: TensorDataset

    @property
    def accuracy(self) -> float:
        """The share of right answers at the end."""
        score = self.history[-1].validation
        return score.accuracy if score else math.nan


@dataclass(frozen=True)
class Result:
    """What the milestone found."""

    yours: str  # which code ran
    seed: int
    accuracy: float  # on the fixed test split, from 0 to 1
    writers_accuracy: float  # on the end of the file: other writers
    parameters: int
    counted: int | str  # what the learner's parameter_count says, or its error
    calls: dict[str, int]  # of the learner's functions, in one step of the training
    seconds: float
    pictures: tuple[str, ...]  # paths from the workspace's top
    wrong: tuple[str, ...]  # the exercises that ran and were wrong when last judged: "01.1"
    unjudged: tuple[str, ...]  # those that ran and were not judged since their code changed

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.accuracy >= GOAL


def run(seed: int = 0, epochs: int = EPOCHS, show: bool = True) -> Result:
    """Train on both splits, save two pictures into runs/digits/, and return what was found.

    show: whether to print the course of it and what to do next.
    Raises blame.Stopped, with the place to look at, where the learner's code fails.
    """
    console = Console(highlight=False, soft_wrap=True, quiet=not show)
    start = time.perf_counter()
    yours, own = standings()[0], blame.built()
    telling.say_whose(console, yours, own)
    console.print("Two trainings of one network: tested on images, and on writers, that it never saw.")
    with _progress(console) as progress:
        fixed = train("fixed", seed, epochs, progress)
        writers = train("writers", seed, epochs, progress)
    counted = _counted()
    calls = telling.count_calls(lambda: _one_step(seed), own)
    pictures, trouble = _save_pictures(fixed, writers)
    result = Result(
        yours=yours,
        seed=seed,
        accuracy=fixed.accuracy,
        writers_accuracy=writers.accuracy,
        parameters=sum(p.size for p in fixed.model.parameters()),
        counted=counted,
        calls=calls,
        seconds=round(time.perf_counter() - start, 2),
        pictures=tuple(shown(path) for path in pictures),
        wrong=tuple(s.exercise.id for s in blame.wrong(own)),
        unjudged=tuple(s.exercise.id for s in blame.unjudged(own)),
    )
    _report(console, result, trouble)
    return result


def try_seeds(count: int, epochs: int = EPOCHS, show: bool = True) -> list[float]:
    """Return the accuracy on the fixed split for each training seed from 0 to count - 1; print each and the worst."""
    console = Console(highlight=False, soft_wrap=True, quiet=not show)
    telling.say_whose(console, standings()[0], blame.built())
    found = []
    for seed in range(count):
        with _progress(console, transient=True) as progress:
            found.append(train("fixed", seed, epochs, progress).accuracy)
        console.print(f"  seed {seed}   {percent(found[-1])}")
    console.print(f"  [bold]worst    {percent(min(found))}[/bold]   goal {percent(GOAL)}")
    return found


def train(split: Split, seed: int, epochs: int, progress: Progress) -> Trained:
    """Train a network from its first random numbers; the same seed gives the same network."""
    generator = np.random.default_rng(seed)
    train_set, test_set = load_digits(split)
    batches = DataLoader(train_set, BATCH_SIZE, shuffle=True, augment=shifted, seed=generator)
    model = network(generator)
    optimizer = Adam(model.parameters(), lr=LEARNING_RATE)
    task = progress.add_task(NAMES[split], total=epochs, what="")
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(batches))
    trainer = Trainer(model, optimizer, callbacks=[Show(progress, task)], scheduler=cosine, scheduler_every="step")
    try:
        with np.errstate(all="ignore"):  # a wrong gradient overflows: the Trainer says so once
            history = trainer.fit(batches, epochs, validation=DataLoader(test_set, len(test_set)))
    except Exception as error:  # whatever the learner's code may raise
        raise blame.stopped(error, "the training") from None
    return Trained(model, history, test_set)


def _one_step(seed: int) -> None:
    """Do one step of the training, so that calls in it can be counted."""
    generator = np.random.default_rng(seed)
    train_set, _ = load_digits("fixed")
    model = network(generator)
    trainer = Trainer(model, Adam(model.parameters(), lr=LEARNING_RATE))
    trainer.fit([train_set[:BATCH_SIZE]], 1)


def network(generator: np.random.Generator) -> Sequential:
    """Return an untrained network: (N, 8, 8) images -> (N, 10) logits."""
    pairs = zip(WIDTHS[:-1], WIDTHS[1:], strict=True)
    first, *others = [Linear(n, m, seed=generator) for n, m in pairs]
    return Sequential([Flatten(), first, *(part for layer in others for part in (ReLU(), layer))])


class Show(Callback):
    """Move the progress display."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress = progress
        self.task = task

    def after_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        """Show the epoch, its loss on what it learned from, and the accuracy on what it never saw."""
        accuracy = percent(epoch.validation.accuracy) if epoch.validation else ""
        what = f"epoch {epoch.number:>3}   training loss {epoch.loss:.3f}   right {accuracy}"
        self.progress.update(self.task, advance=1, what=what)


def _progress(console: Console, transient: bool = False) -> Progress:
    columns = (TextColumn(" {task.description:<14}"), BarColumn(24), TextColumn("{task.fields[what]}"))
    # In a file or a pipe a display that vanishes would leave empty lines.
    return Progress(*columns, console=console, transient=transient, disable=transient and not console.is_terminal)


def _counted() -> int | str:
    """Return what the learner's parameter_count says of the network, or the error that it raises."""
    try:
        return setup.parameter_count(WIDTHS)
    except Exception as error:  # module 00 isn't done; the milestone goes on
        return f"{type(error).__name__}: {error}"


def _save_pictures(fixed: Trained, writers: Trained) -> tuple[list[Path], str]:
    """Return the pictures' paths, and "" or why there are none."""
    from tito.milestones import digits_pictures  # matplotlib takes its time: after the training

    images, labels = fixed.test.tensors
    with no_grad():
        answers = fixed.model(images).data.argmax(axis=1)
    curves = FOLDER / "learning_curve.png"
    predictions = FOLDER / "predictions.png"
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        digits_pictures.draw_curves(curves, fixed.history, writers.history, GOAL)
        digits_pictures.draw_predictions(predictions, images.data, labels.data, answers)
    except OSError as error:
        return [], f"{shown(FOLDER)} can't be written: {error.strerror or error}"
    return [curves, predictions], ""


def _report(console: Console, result: Result, trouble: str) -> None:
    """Print what was found and what to do next."""
    mark = "[green]reached[/green]" if result.reached else "[red]missed[/red]"
    rows = [
        ("unseen images", f"[bold]{percent(result.accuracy)}[/bold] right   goal {percent(GOAL)}: {mark}"),
        ("unseen writers", f"[bold]{percent(result.writers_accuracy)}[/bold] right   other hands are harder"),
        ("parameters", f"[bold]{result.parameters:,}[/bold]   {escape(_comparison(result))}"),
        ("yours", escape(telling.contribution(result.calls, "one training step"))),
        *(("picture", escape(path)) for path in result.pictures),
    ]
    if trouble:
        rows.append(("no pictures", f"{escape(trouble)}; `tito doctor` looks closer"))
    telling.show_rows(console, rows)
    telling.show_lines(console, _next(result))


def _comparison(result: Result) -> str:
    """Compare the learner's count with the true one."""
    if result.counted == result.parameters:
        return "parameter_count says the same"
    said = f"{result.counted:,}" if isinstance(result.counted, int) else result.counted
    untouched = any(s.exercise.id == "00.1" and s.state == "open" for s in standings()[1])
    return f"parameter_count says {said}: the exercise of module 00 is not {'built' if untouched else 'right'} yet"


def _next(result: Result) -> list[str]:
    right_so_far = result.reached and not blame.doubts(blame.built())
    if right_so_far and result.counted != result.parameters:
        return ["next  open modules/00_setup/README.md, then: tito test 00"]
    return telling.what_next(result.reached, f"The network should be right in {percent(GOAL)}")
