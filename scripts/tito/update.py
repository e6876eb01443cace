"""`tito update`: take over a newer version of the course, and keep everything that was typed.

Guides, tests, tools and the reference become the new version's; a learner's file becomes the new stub with what was
typed put into it, or it stays as it is where that can't be done for certain. Nothing is fetched. First a journal with
all old and new contents is written to `.tito/updates`, then file after file is replaced.

What plans an update is imported when one is asked for: it imports the package, whose modules may be in two halves.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from tito import update_journal as journal
from tito.answer import Json, document, note, say
from tito.course import ROOT
from tito.memory import CannotDo, stamp

if TYPE_CHECKING:
    from tito.update_learners import Learners
    from tito.update_plan import Plan

LISTED = 8  # files of a group that are named
INTERRUPTED = 130


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

    plan = make_plan(root, read_source(wanted or usual_source(root), root))
    if not as_json:
        _show(plan)
    asked = plan.writes and not (yes or dry_run or as_json) and sys.stdin.isatty()
    agreed = plan.writes and not dry_run and (yes or (asked and typer.confirm("Take it over?")))
    done = _write(root, plan) if agreed else None
    if as_json:
        document({**_facts(plan), "written": done is not None, "journal": _shown(done, root) if done else None})
    elif done:
        _show_done(plan, _shown(done, root))
    elif plan.writes:
        say("Nothing was written." + ("" if asked else " To do it: the same with --yes"))


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
    edited = journal.finish(root, folder)
    state = journal.read_note(folder)["state"]
    if as_json:
        document({"finished": _shown(folder, root), "state": state, "stayed": edited})
        return
    what = "complete" if state == journal.DONE else "taken back"
    say(f"The update that was interrupted is {what} now. For another one run the command again.")
    _show_stayed(edited)


def _undo(root: Path, as_json: bool, dry_run: bool) -> None:
    folder = journal.newest(root)
    if folder is None:
        raise CannotDo("there is no update to take back")
    source = journal.read_note(folder).get("source", "elsewhere")
    if dry_run:
        say(f"It would take the update from {escape(source)} back. Nothing was written.")
        return
    edited = journal.undo(root, folder)
    if as_json:
        document({"undone": _shown(folder, root), "stayed": edited})
        return
    say(f"The update from {escape(source)} is taken back.")
    _show_stayed(edited)
    if edited:
        say(f"What they were before the update lies in {_shown(folder / 'old', root)}")


def _show_stayed(edited: list[str]) -> None:
    for path in edited:
        say(f"  {escape(path)} was edited since, and stays as it is")


def _facts(plan: "Plan") -> dict[str, Any]:
    groups = ("new", "replaced", "unknown", "yours", "removed")
    learners = [{**vars(found), "left": [vars(entry) for entry in found.left]} for found in plan.learners]
    return {"from": plan.source.name, "learners": learners, **{name: getattr(plan, name) for name in groups}}


def _show(plan: "Plan") -> None:
    if not plan.writes:
        say(f"This workspace has all of {escape(plan.source.name)} already.")
    else:
        say(f"From {escape(plan.source.name)}\n\nYour files")
    for found in plan.learners:
        if plan.writes or found.state == "kept":
            _show_learners(found)
    if not plan.writes:
        return
    say("\nThe course's files")
    _show_group(plan.new, "new")
    _show_group(plan.replaced, "become the new version's")
    _show_group(plan.removed, "go: the new version has them no more")
    _show_group(plan.yours, "that you changed become the new version's; yours are kept", every=True)
    _show_group(plan.unknown, "become the new version's; in case you changed any, yours are kept")
    say()


def _show_learners(found: "Learners") -> None:
    if found.state in ("kept", "gone"):
        say(f"  {escape(found.path)}  stays as it is: {escape(found.why)}")
        return
    built = f" with what you typed in {', '.join(found.placed)}" if found.placed else ""
    own = f"{' and' if built else ' with'} your own {', '.join(found.own)}" if found.own else ""
    say(f"  {escape(found.path)}  " + (f"the new stub{escape(built + own)}" if found.state != "unchanged" else "stays"))
    for line in found.news:
        say(f"    {escape(line)}")
    for left in found.left:
        say(f"    {escape(left.what)}: {escape(left.why)}{_kept_in(found) if left.text else ''}")


def _kept_in(found: "Learners") -> str:
    from tito.update_learners import LEFT

    return f"; yours is kept in {escape(Path(found.path).with_name(LEFT).as_posix())}"


def _show_group(paths: list[str], what: str, every: bool = False) -> None:
    if not paths:
        return
    say(f"  {len(paths)} {what}")
    for path in paths if every or len(paths) <= LISTED else ():
        say(f"    {escape(path)}")


def _show_done(plan: "Plan", folder: str) -> None:
    say(f"Taken over. What was there before is kept in {folder}/old")
    if "CHANGELOG.md" in plan.writes:
        say("  what is new        CHANGELOG.md")
    if "requirements.lock" in plan.writes:
        say("  the environment    python3 scripts/start.py renews it")
    say("  where you stand    tito test, then tito status")
    say("  back               tito update --undo")


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
