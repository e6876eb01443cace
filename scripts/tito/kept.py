"""Learners' files that were replaced: each lies in `.tito/kept/TIME/` under its own path, with a note of what happened.

Public parts: `Kept`, `replace`, `last`. Standard library alone.
"""

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tito.course import MEMORY, ROOT, Module
from tito.memory import CannotDo, shown, stamp, write_whole

KEPT = MEMORY / "kept"
NOTE = "kept.json"


@dataclass(frozen=True)
class Kept:
    """One replacement: what lay in `path` before lies in `folder` as `copy`, which is None where there was no file."""

    path: Path
    folder: Path
    copy: Path | None


def replace(path: Path, content: bytes | None) -> Kept:
    """Keep what a file holds, then give it new content (None: remove it).

    The copy is complete before anything is replaced. Raises CannotDo; then the file is what it was.
    """
    kept = _keep(path)
    if content is not None:
        write_whole(path, content)
        return kept
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotDo(f"{shown(path)} can't be removed: {error.strerror}") from None
    return kept


def last(modules: tuple[Module, ...]) -> Kept:
    """Return the newest replacement among these modules' files. Raises CannotDo for none, or a damaged note."""
    files = {shown(m.file): m.file for m in modules}
    for folder in sorted(KEPT.glob("[0-9]*"), reverse=True):
        try:
            note = json.loads((folder / NOTE).read_bytes())
            name, existed = note["file"], note["existed"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise CannotDo(
                f"{shown(folder / NOTE)} is damaged ({reason}); what was kept lies in {shown(folder)}: "
                "copy it back by hand, then remove that folder"
            ) from None
        if name in files:
            return Kept(files[name], folder, folder / name if existed else None)
    raise CannotDo("nothing was replaced yet, so there is nothing to bring back")


def _keep(path: Path) -> Kept:
    """Copy a file into a new folder of `.tito/kept`, which gets its name only when it is complete."""
    folder = KEPT / stamp()
    unfinished = KEPT / f".{folder.name}"
    copy = unfinished / path.relative_to(ROOT)
    try:
        copy.parent.mkdir(parents=True)
        existed = path.exists()
        if existed:
            shutil.copy2(path, copy)
        note = {"file": shown(path), "existed": existed}
        (unfinished / NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        unfinished.rename(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(unfinished)
        raise CannotDo(
            f"{shown(path)} can't be kept in {shown(KEPT)} ({error.strerror}), so it was not replaced; "
            "`tito doctor` looks closer"
        ) from None
    return Kept(path, folder, folder / path.relative_to(ROOT) if existed else None)
