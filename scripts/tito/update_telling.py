"""What an update tells: its plan, for people and for programs, and what was done.

Public parts: `facts`, `show`, `show_done`.
"""

from pathlib import Path
from typing import Any

import typer

from tito.update_learners import LEFT, Learners
from tito.update_plan import Plan

LISTED = 8  # files of a group that are named


def facts(plan: Plan) -> dict[str, Any]:
    """Return the plan for programs."""
    groups = ("new", "replaced", "unknown", "yours", "removed")
    learners = [{**vars(found), "left": [vars(entry) for entry in found.left]} for found in plan.learners]
    return {"from": plan.source.name, "learners": learners, **{name: getattr(plan, name) for name in groups}}


def show(plan: Plan) -> None:
    """Print the plan for people."""
    if not plan.writes:
        typer.echo(f"This workspace has all of {plan.source.name} already.")
    else:
        typer.echo(f"From {plan.source.name}\n\nYour files")
    for found in plan.learners:
        if plan.writes or found.state == "kept":
            _show_learners(found)
    if not plan.writes:
        return
    typer.echo("\nThe course's files")
    _show_group(plan.new, "new")
    _show_group(plan.replaced, "become the new version's")
    _show_group(plan.removed, "go: the new version has them no more")
    _show_group(plan.yours, "that you changed become the new version's; yours are kept", every=True)
    _show_group(plan.unknown, "become the new version's; in case you changed any, yours are kept")
    typer.echo()


def _show_learners(found: Learners) -> None:
    if found.state in ("kept", "gone"):
        typer.echo(f"  {found.path}  stays as it is: {found.why}")
        return
    built = f" with what you typed in {', '.join(found.placed)}" if found.placed else ""
    own = f"{' and' if built else ' with'} your own {', '.join(found.own)}" if found.own else ""
    typer.echo(f"  {found.path}  " + (f"the new stub{built + own}" if found.state != "unchanged" else "stays"))
    for line in found.news:
        typer.echo(f"    {line}")
    for left in found.left:
        place = f"; yours is kept in {Path(found.path).with_name(LEFT).as_posix()}" if left.text else ""
        typer.echo(f"    {left.what}: {left.why}{place}")


def _show_group(paths: list[str], what: str, every: bool = False) -> None:
    if not paths:
        return
    typer.echo(f"  {len(paths)} {what}")
    for path in paths if every or len(paths) <= LISTED else ():
        typer.echo(f"    {path}")


def show_done(plan: Plan, folder: str) -> None:
    """Print what was done, and what to do next; folder: the journal's."""
    typer.echo(f"Taken over. What was there before is kept in {folder}/old")
    if "CHANGELOG.md" in plan.writes:
        typer.echo("  what is new        CHANGELOG.md")
    if "requirements.lock" in plan.writes:
        typer.echo("  the environment    python3 scripts/start.py renews it")
    typer.echo("  where you stand    tito test, then tito status")
    back = (
        "tito update --undo" if "scripts/tito/update.py" in plan.source.files else f"python3 {folder}/finish.py --undo"
    )
    typer.echo(f"  back               {back}")
