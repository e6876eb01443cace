"""`tito update`: take over a newer version of the course, and keep everything that was typed.

Guides, tests, tools and the reference become the new version's; a learner's file becomes the new stub with what was
typed put into it, or it stays as it is where that can't be done for certain. Nothing is fetched. First a journal with
all old and new contents is written to `.tito/updates`, then file after file is replaced.

What plans an update is imported when one is asked for: it imports the package, whose modules may be in two halves.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tito import update_journal as journal
from tito.answer import Json, document, note
from tito.course import ROOT
from tito.memory import CannotDo, stamp

if TYPE_CHECKING:
    from tito.update_plan import Plan


def update(
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="WHERE",
            help="The new version: a folder, a .zip or .tar.gz, or a branch that git has fetched.",
            show_default="the fetched main branch",
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last update back.")] = False,
    into: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Another workspace to update, from this one.", show_default=False),
    ] = ROOT,
    as_json: Json = False,
) -> None:
    """Take over a newer version of the course; what you have typed stays.

    It shows what it would do, and asks. It needs no network: fetch or download the new version before.

    Example: git fetch, then: tito update; or with a download: tito update --from ~/Downloads/tinytorch-0.2.zip
    """
    root = into.expanduser().resolve()
    if not (root / "modules").is_dir() or not (root / "tinytorch").is_dir():
        raise CannotDo(f"{into}: wanted a workspace of this course, found no modules/ and tinytorch/ in it")
    waiting = journal.unfinished(root)
    if waiting and dry_run:
        raise CannotDo(journal.advice(root))
    if undo:
        _undo(root, as_json, dry_run)
    elif waiting:
        _finish(root, waiting, as_json)
    else:
        _update(root, source or ("" if root == ROOT else str(ROOT)), yes, dry_run, as_json)


def remind() -> None:
    """Say once a command if an update was interrupted."""
    if advice := journal.advice(ROOT):
        note(advice)


def _update(root: Path, wanted: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    os.environ["TINYTORCH"] = "reference"  # the learner's file may hang or raise at import
    from tito.update_plan import make_plan
    from tito.update_sources import read_source, usual_source
    from tito.update_telling import facts, show, show_done

    source = read_source(wanted or usual_source(root), root)
    plan = make_plan(root, source)
    if not as_json:
        show(plan)
    asked = plan.writes and not (yes or dry_run or as_json) and sys.stdin.isatty()
    if asked and (yes := typer.confirm("Take it over?")):
        plan = make_plan(root, source)  # what was edited while the question stood is in it
    done = _write(root, plan) if plan.writes and yes and not dry_run else None
    if as_json:
        document({**facts(plan), "written": done is not None, "journal": _shown(done, root) if done else None})
    elif done:
        show_done(plan, _shown(done, root))
    elif plan.writes:
        typer.echo("Nothing was written." + ("" if asked else " To do it: the same with --yes"))


def _write(root: Path, plan: "Plan") -> Path:
    """Write the journal, then replace; what stops the latter takes it all back."""
    try:
        folder = journal.prepare(root, stamp(), plan.writes, plan.source.executable, {"source": plan.source.name})
    except OSError as error:
        raise CannotDo(f"{_place(error, root)}: {error.strerror}; nothing was written") from None
    try:
        edited = journal.apply(root, folder)
    except (OSError, KeyboardInterrupt) as error:
        reason = f"{_place(error, root)}: {error.strerror}" if isinstance(error, OSError) else "stopped"
        try:
            journal.undo(root, folder)
        except OSError:
            raise CannotDo(f"{reason}; {journal.advice(root)}") from None
        raise CannotDo(f"{reason}; all is as it was before the update") from None
    for path in edited:
        note(f"{path} was edited in the meantime and stays")
    return folder


def _place(error: BaseException, root: Path) -> str:
    name = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return _shown(Path(name), root) if name else "the disk"


def _finish(root: Path, folder: Path, as_json: bool) -> None:
    """Finish what was interrupted."""
    edited = _replaced(journal.finish, root, folder)
    state = journal.read_note(folder)["state"]
    if as_json:
        document({"finished": _shown(folder, root), "state": state, "stayed": edited})
        return
    what = "complete" if state == journal.DONE else "taken back"
    typer.echo(f"The update that was interrupted is {what} now. For another one run the command again.")
    _show_stayed(edited)


def _undo(root: Path, as_json: bool, dry_run: bool) -> None:
    folder = journal.newest(root)
    if folder is None:
        raise CannotDo("there is no update to take back")
    source = journal.read_note(folder).get("source", "elsewhere")
    if dry_run:
        typer.echo(f"It would take the update from {source} back. Nothing was written.")
        return
    edited = _replaced(journal.undo, root, folder)
    if as_json:
        document({"undone": _shown(folder, root), "stayed": edited})
        return
    typer.echo(f"The update from {source} is taken back.")
    _show_stayed(edited)
    if edited:
        typer.echo(f"What they were before the update lies in {_shown(folder / 'old', root)}")


def _replaced(replace: Callable[[Path, Path], list[str]], root: Path, folder: Path) -> list[str]:
    try:
        return replace(root, folder)
    except OSError as error:
        raise CannotDo(
            f"{_place(error, root)}: {error.strerror}; nothing is lost: {journal.advice(root) or 'run it again'}"
        ) from None


def _show_stayed(edited: list[str]) -> None:
    for path in edited:
        typer.echo(f"  {path} was edited since, and stays as it is")


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
