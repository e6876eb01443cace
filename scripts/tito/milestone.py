"""`tito milestone`: a real task, run on what the learner has built."""

import dataclasses
import os
from typing import Annotated

import typer

from tito import record
from tito.answer import Json, document, say
from tito.limit import import_course
from tito.milestones import MILESTONES, load

# The networks here are small: more threads would only wait for each other. NumPy reads this when it is imported.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def milestone(
    name: Annotated[str, typer.Argument(help="The milestone; nothing: list them.", show_default=False)] = "",
    seed: Annotated[int, typer.Option(min=0, help="Where all that is random comes from.")] = 0,
    seeds: Annotated[int, typer.Option(min=0, help="Train with so many seeds, print each and the worst.")] = 0,
    as_json: Json = False,
) -> None:
    """Run a real task on your code and the reference; exits 0 only if its goal is reached.

    Example: tito milestone digits
    """
    if not name:
        _list(as_json)
        return
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")
    import_course()
    from tito.milestones.blame import Stopped

    try:
        reached = _try_seeds(name, seeds, as_json) if seeds else _run(name, seed, as_json)
    except Stopped as stop:
        if as_json:
            document({"error": str(stop)})
        else:
            typer.echo(str(stop), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("tito: stopped before the end", err=True)
        raise typer.Exit(130) from None
    if not reached:
        raise typer.Exit(1)


def _list(as_json: bool) -> None:
    if as_json:
        document({"milestones": [{"name": name, "what": what} for name, what in MILESTONES.items()]})
        return
    for name, what in MILESTONES.items():
        say(f"  [bold]{name:<10}[/bold] {what}\n             tito milestone {name}")


def _run(name: str, seed: int, as_json: bool) -> bool:
    result = load(name).run(seed=seed, show=not as_json)
    record.milestone_ran(name, result.reached)
    if as_json:
        document({"name": name, **dataclasses.asdict(result), "reached": result.reached})
    return bool(result.reached)


def _try_seeds(name: str, count: int, as_json: bool) -> bool:
    task = load(name)
    accuracies = task.try_seeds(count, show=not as_json)
    reached = min(accuracies) >= task.GOAL
    if as_json:
        document({"name": name, "accuracies": accuracies, "worst": min(accuracies), "reached": reached})
    return bool(reached)
