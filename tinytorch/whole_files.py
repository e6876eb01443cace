"""Module 07: files that are whole or not there, whatever happens while they are written.

Public part: `write_whole`.

The new content is written beside the file, forced to the disk, and renamed. A process that is killed leaves the part
that it wrote under one hidden name, `.NAME.part`; nothing reads it, and the next one overwrites it.
"""

import errno
import os
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ModuleNotFoundError:  # Windows; there nobody notices that two processes write to one file
    fcntl = None  # type: ignore[assignment]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any moment leaves the old one or the new one at its path. Folders are made.

    Raises OSError with the path if that can't be done, or if another process is writing to it; then the old one is
    there as before. Where the path is a link, what it points to is written.
    """
    try:
        real = Path(os.path.realpath(path))
        real.parent.mkdir(parents=True, exist_ok=True)
        beside = real.with_name(f".{real.name}.part")
        with _opened(beside) as file:
            _replace(file, beside, real, content)
        _sync_folder(real.parent)
    except OSError as error:
        why = f"can't save a checkpoint ({error.strerror}); what was there still is: make room, or save elsewhere"
        raise OSError(error.errno, why, str(path)) from error


def _opened(beside: Path) -> BinaryIO:
    """Open the file beside for this process alone. Raises BlockingIOError if another one writes to it."""
    while True:
        file = os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            _lock(file)
            if beside.exists() and os.path.samestat(os.fstat(file.fileno()), beside.stat()):
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # its former owner has renamed it meanwhile: it is the good one now


def _lock(file: BinaryIO) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a kill takes the lock away
    except BlockingIOError as error:
        raise BlockingIOError(error.errno, "another process saves to it; give each training its own file") from error
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS):  # file systems without locks
            raise


def _replace(file: BinaryIO, beside: Path, path: Path, content: bytes) -> None:
    """Write the content and give it its name; clear it away if that fails."""
    try:
        file.truncate(0)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        if fcntl is None:
            file.close()  # Windows renames no open file
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Let the new name reach the disk too."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
