"""Replace many files so that an interruption at any point can be gone on from, or taken back.

Public parts: `prepare`, `apply`, `undo`, `finish`, `unfinished`, `newest`, `advice`. A journal is a folder
`.tito/updates/TIME/` with all old contents, all new ones, and `journal.json`; it gets its name only when it is
complete. Then file after file is replaced, each whole. A file that is neither the old nor the new one was edited in
between: it stays.

A copy of this file lies in each journal, as `finish.py`: it needs nothing but Python, also where an interruption left
the course in two halves.
"""

from __future__ import annotations  # an older Python may run finish.py

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

UPDATES = Path(".tito") / "updates"
JOURNAL = "journal.json"
FINISH = "finish.py"
GOING_ON, DONE, GOING_BACK, UNDONE = "going on", "done", "going back", "undone"
TEMPORARY = ".{}.tito-update"  # beside the file that is being replaced


def prepare(
    root: Path, name: str, new: Mapping[str, bytes | None], executable: frozenset[str], facts: Mapping[str, Any]
) -> Path:
    """Write a complete journal of what shall be replaced, and return its folder; nothing else is touched.

    new: by path from the workspace's top; None: the file goes. Raises OSError; then no journal is left.
    """
    folder = root / UPDATES / name
    making = folder.with_name(f".{name}")
    for rest in folder.parent.glob(".*"):  # of runs that were killed here
        shutil.rmtree(rest, ignore_errors=True)
    try:
        files = [_keep(root, making, path, content, path in executable) for path, content in new.items()]
        shutil.copyfile(__file__, making / FINISH)
        _write_note(making, {**facts, "state": GOING_ON, "files": files})
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return folder


def apply(root: Path, folder: Path) -> list[str]:
    """Replace what isn't replaced yet, and return the files that were edited since the journal was made, which stay."""
    edited = _replace(root, folder, "old", "new")
    _write_note(folder, {**read_note(folder), "state": DONE})
    shutil.rmtree(folder / "new", ignore_errors=True)  # taking it back needs the old ones alone
    return edited


def undo(root: Path, folder: Path) -> list[str]:
    """Bring back what was replaced, and return the files that were edited since, which stay."""
    _write_note(folder, {**read_note(folder), "state": GOING_BACK})
    edited = _replace(root, folder, "new", "old")
    _write_note(folder, {**read_note(folder), "state": UNDONE})
    return edited


def finish(root: Path, folder: Path) -> list[str]:
    """Go on with what was interrupted, an update or its undoing, and return the files that were edited since."""
    return undo(root, folder) if read_note(folder)["state"] == GOING_BACK else apply(root, folder)


def unfinished(root: Path) -> Path | None:
    """Return a journal that was interrupted, or None."""
    return _newest(root, GOING_ON, GOING_BACK)


def newest(root: Path) -> Path | None:
    """Return the newest journal that isn't undone, or None."""
    return _newest(root, GOING_ON, GOING_BACK, DONE)


def read_note(folder: Path) -> dict[str, Any]:
    """Return what a journal says; nothing where it can't be read."""
    try:
        note = json.loads((folder / JOURNAL).read_bytes())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def advice(root: Path, tito_starts: bool = True) -> str:
    """Return one line about an update that was interrupted, and what to do; "" where there is none."""
    folder = unfinished(root)
    if folder is None:
        return ""
    command = "tito update" if tito_starts else f"python3 {(folder / FINISH).relative_to(root).as_posix()}"
    what, other = "an update", f"; or take it back: {command} --undo"
    if read_note(folder)["state"] == GOING_BACK:
        what, other = "taking an update back", ""
    return (
        f"{what} was interrupted, some files are of the one version and some of the other; finish it: {command}{other}"
    )


def _keep(root: Path, making: Path, path: str, new: bytes | None, executable: bool) -> dict[str, str | None]:
    """Put a file's old and new content into a journal, both with the mode that they shall have."""
    place = root / path
    old = _read(place)
    mode = place.stat().st_mode & 0o777 if old is not None else 0o666 & ~_umask()
    for kind, content, its_mode in (("old", old, mode), ("new", new, mode | 0o111 * executable)):
        if content is not None:
            _write(making / kind / path, content, its_mode)
    return {"path": path, "old": _digest(old), "new": _digest(new)}


def _replace(root: Path, folder: Path, before: str, after: str) -> list[str]:
    edited = []
    for file in read_note(folder)["files"]:
        path, kept = root / file["path"], folder / after / file["path"]
        with contextlib.suppress(OSError):
            path.with_name(TEMPORARY.format(path.name)).unlink()  # of a run that was killed
        now = _digest(_read(path))
        if now == file[after]:
            continue
        if now != file[before]:
            edited.append(str(file["path"]))
        elif file[after] is None:
            _remove(root, path)
        else:
            _write(path, kept.read_bytes(), kept.stat().st_mode & 0o777)
    return edited


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file through a temporary one beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(TEMPORARY.format(path.name))
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a machine that loses power keeps one or the other, too
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _remove(root: Path, path: Path) -> None:
    """Remove a file, and the folders that are empty then."""
    path.unlink()
    for parent in path.parents:
        if parent == root or any(parent.iterdir()):
            return
        parent.rmdir()


def _write_note(folder: Path, note: Mapping[str, Any]) -> None:
    _write(folder / JOURNAL, json.dumps(note, indent=1).encode(), 0o666 & ~_umask())


def _newest(root: Path, *states: str) -> Path | None:
    folders = sorted((root / UPDATES).glob("[0-9]*"), reverse=True)
    return next((folder for folder in folders if read_note(folder).get("state") in states), None)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _main() -> None:
    """Go on with the journal in whose folder this file lies; `--undo` takes it back."""
    folder = Path(__file__).resolve().parent
    root = folder.parents[2]
    edited = undo(root, folder) if "--undo" in sys.argv else finish(root, folder)
    print("the update is taken back" if read_note(folder)["state"] == UNDONE else "the update is complete")
    for path in edited:
        print(f"{path} was edited in between and stays")


if __name__ == "__main__":
    _main()
