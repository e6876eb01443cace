"""Learners' files that were replaced: each lies in `.tito/kept/TIME/` under its own path, with a note of what happened.

Public parts: `Kept`, `replace`, `last`, `close`. Standard library alone. The notes are a stack: `last` finds the newest
one that is open, `close` takes it off. Nothing that lies here is ever removed.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tito import course
from tito.course import MEMORY, ROOT, Exercise, Module
from tito.memory import CannotDo, shown, stamp, write_whole

KEPT = MEMORY / "kept"
NOTE = "kept.json"


@dataclass(frozen=True)
class Kept:
    """One replacement: what lay in `path` before lies in `folder` as `copy`, which is None where there was no file."""

    path: Path
    folder: Path
    copy: Path | None
    target: Module | Exercise  # what was meant to be replaced: the whole file, or one function of it
    digest: str  # of the content that came in
    by: str = "reset"  # the command that did it
    read: tuple[str, ...] | None = None  # the exercises that were read, not built, before; None: not noted

    @property
    def at(self) -> str:
        """When it was replaced, in local time: "14:03", or "2 Jan 14:03" where that was not today."""
        then = datetime.strptime(self.folder.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).astimezone()
        return f"{then:%H:%M}" if then.date() == datetime.now().date() else f"{then.day} {then:%b %H:%M}"


def replace(
    target: Module | Exercise,
    content: bytes | None,
    *,
    undoes: bool = False,
    by: str = "reset",
    read: Iterable[str] = (),
) -> Kept:
    """Keep what a module's file holds, then give it new content (None: remove it).

    undoes: whether this undoes an earlier replacement; then `last` will never return it. by: the command that does it.
    read: the exercises that are read, not built, in what is replaced.
    The copy is complete before anything is replaced. Raises CannotDo; then the file is what it was.
    """
    kept = _keep(target, undoes, {"digest": digest(content), "by": by, "read": list(read)})
    path = kept.path
    if content is not None:
        write_whole(path, content)
        return kept
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotDo(f"{shown(path)} can't be removed: {error.strerror}") from None
    return kept


def last(wanted: Module | Exercise | None) -> Kept:
    """Return the newest open replacement: in a module's file, of one exercise alone, or (None) of all.

    Raises CannotDo where there is none, or a damaged note.
    """
    folders = sorted(KEPT.glob("[0-9]*"), reverse=True)
    for folder in folders:
        found = _read(folder)
        if found and (wanted is None or wanted == found.target or found.path == getattr(wanted, "file", None)):
            return found
    if folders and wanted is None:
        raise CannotDo(f"nothing more to bring back: each reset is undone; all that was replaced lies in {shown(KEPT)}")
    of_it = f" of {wanted}" if isinstance(wanted, Exercise) else ""
    raise CannotDo(f"nothing was replaced yet{of_it}, so there is nothing to bring back")


def close(kept: Kept) -> None:
    """Note that a replacement is undone. Raises CannotDo."""
    note = json.loads((kept.folder / NOTE).read_bytes())
    write_whole(kept.folder / NOTE, json.dumps({**note, "undone": True}, indent=1).encode())


def digest(content: bytes | None) -> str:
    """Return what tells one content from another; None is a file that isn't there."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _read(folder: Path) -> Kept | None:
    """Return an open replacement of a learner's file, or None. Raises CannotDo for a damaged note."""
    try:
        note = json.loads((folder / NOTE).read_bytes())
        name, existed, target = note["file"], note["existed"], note.get("target")
        found = next((m for m in course.modules() if shown(m.file) == name), None)
        if found is None or note.get("undone"):
            return None
        meant = next((e for e in found.exercises if e.id == target), found)
        copy = folder / name if existed else None
        read = tuple(map(str, note["read"])) if "read" in note else None
        return Kept(found.file, folder, copy, meant, str(note.get("digest")), str(note.get("by", "reset")), read)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CannotDo(
            f"{shown(folder / NOTE)} is damaged ({reason}); what was kept lies in {shown(folder)}: "
            "copy it back by hand, then remove that folder"
        ) from None


def _keep(target: Module | Exercise, undoes: bool, facts: dict[str, Any]) -> Kept:
    """Copy a file into a new folder of `.tito/kept`, which gets its name only when it is complete.

    facts: what its note holds besides: "digest", "by" and "read".
    """
    module, name = (target, target.number) if isinstance(target, Module) else (course.owner(target), target.id)
    path = module.file
    folder = KEPT / stamp()
    unfinished = KEPT / f".{folder.name}"
    copy = unfinished / path.relative_to(ROOT)
    try:
        copy.parent.mkdir(parents=True)
        existed = path.exists()
        if existed:
            shutil.copy2(path, copy)
        note = {"file": shown(path), "existed": existed, "target": name, "undone": undoes, **facts}
        (unfinished / NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        unfinished.rename(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(unfinished)
        raise CannotDo(
            f"{shown(path)} can't be kept in {shown(KEPT)} ({error.strerror}), so it was not replaced; "
            "`tito doctor` looks closer"
        ) from None
    kept = folder / path.relative_to(ROOT) if existed else None
    return Kept(path, folder, kept, target, facts["digest"], facts["by"], tuple(facts["read"]))
