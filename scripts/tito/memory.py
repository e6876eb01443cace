"""What the course remembers in `.tito/`, and how any file is written here: whole or not at all.

Public parts: `CannotDo`, `write_whole`, `read_json`, `write_json`, `shown`. Standard library alone.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from tito.course import MEMORY, ROOT


class CannotDo(Exception):
    """What was asked for can't be done; the message says why and what to try."""


def shown(path: Path) -> str:
    """Return a path as a learner reads it: from the workspace's top, with forward slashes."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through a temporary one beside it, so that no interruption leaves half of it; its mode stays.

    Raises CannotDo if the folder or the disk refuses; then the file is what it was.
    """
    path = path.resolve()  # where the name is a link, the file that it leads to is written
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise CannotDo(f"{shown(path)} can't be written: {error.strerror}; `tito doctor` looks closer") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def read_json(name: str) -> tuple[dict[str, Any], str]:
    """Return what `.tito/NAME` holds, and "" or one line that says why it can't be used."""
    path = MEMORY / name
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"{shown(path)} can't be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        return {}, f"{shown(path)} is damaged: {error}"
    if not isinstance(content, dict):
        return {}, f"{shown(path)} is damaged: wanted an object, found {type(content).__name__}"
    return content, ""


def write_json(name: str, content: object) -> None:
    """Write `.tito/NAME`. Raises CannotDo."""
    write_whole(MEMORY / name, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def lay_aside(name: str) -> str:
    """Move a damaged `.tito/NAME` out of the way, so that nothing of it is lost; return where it lies now, or ""."""
    path = MEMORY / name
    aside = path.with_name(f"{name}.damaged-{stamp()}")
    try:
        path.rename(aside)
    except OSError:
        return ""
    return shown(aside)


def stamp() -> str:
    """Return the time for a name that sorts: 20260102-030405-678901, in UTC, so that clock changes don't reorder."""
    nanoseconds = time.time_ns()
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(nanoseconds // 10**9)) + f"-{nanoseconds // 1000 % 10**6:06}"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
