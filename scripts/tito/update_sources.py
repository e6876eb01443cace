"""Where a newer version of the course comes from: a folder, an archive, or a commit that git has fetched already.

Public parts: `Source`, `read_source`, `usual_source`, `committed`, `blob`, `LIMIT`. Nothing is fetched. All of a
version is read into memory; nothing of it is run, and nothing is written. An archive is not trusted: its names must
stay inside, it may hold no links, and sizes are bounded while it is unpacked, whatever its headers say.
"""

import gzip
import hashlib
import io
import os
import re
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tito.memory import CannotDo

LIMIT = 100_000_000  # bytes of a whole version, unpacked
MOST_FILES = 20_000

TOP_LEFT_OUT = {".tito", "runs", ".venv", "venv", "build", "dist"}  # what a workspace holds besides the course
LEFT_OUT = {".git", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
NEEDED = ("tinytorch/_stubs.py", "scripts/tito/cli.py", "pyproject.toml")
_MANIFEST = re.compile(r"modules/\d\d_\w+/module\.toml")
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")

Known = dict[str, set[str]]  # by path, git's names of all contents that the course ever had there


class Source(NamedTuple):
    """A version of the course."""

    name: str  # as a person reads it
    files: dict[str, bytes]  # by path from the top, with forward slashes
    executable: frozenset[str] = frozenset()
    known: Known | None = None  # the course's history up to it; None where that isn't there
    base: Mapping[str, str] = {}  # by path, git's name of what the course had when the workspace was cloned or updated


def usual_source(workspace: Path) -> str:
    """Return what is meant where no source is named: the branch that git fetched last. Raises CannotDo."""
    for name in ("upstream/main", "origin/main", "origin/HEAD"):
        if _commit(workspace, name):
            return name
    raise CannotDo(
        "no newer version is named, and git has fetched none here; try: tito update --from WHERE, with the folder of a "
        "newer copy of the course, or its .zip or .tar.gz"
    )


def read_source(wanted: str, workspace: Path) -> Source:
    """Read a version. wanted: a folder, a .zip, .tar or .tar.gz file, or the name of a commit in the workspace's git.

    Raises CannotDo for anything that is no version of the course, or that can't be trusted.
    """
    path = Path(wanted).expanduser()
    if path.is_dir():
        source = _from_folder(path.resolve())
    elif path.is_file():
        source = _from_archive(path)
    else:
        source = _from_git(wanted, workspace)
    missing = [name for name in NEEDED if name not in source.files]
    if missing or not any(map(_MANIFEST.fullmatch, source.files)):
        raise CannotDo(f"{wanted} is no version of this course: {(missing or ['modules/'])[0]} is not in it")
    return source


def blob(content: bytes) -> str:
    """Return git's name of a content; of text, with the line ends that the course has."""
    content = content if b"\0" in content else content.replace(b"\r\n", b"\n")
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def committed(folder: Path, path: str) -> Iterator[bytes]:
    """Yield what a file held in each commit that changed it, the newest first; nothing where there is no git."""
    for commit in (_git(folder, "rev-list", "HEAD", "--", path) or b"").decode().split():
        content = _git(folder, "cat-file", "blob", f"{commit}:{path}")
        if content is not None:
            yield content


def _from_folder(folder: Path) -> Source:
    tracked = _git(folder, "ls-files", "-z") if (folder / ".git").exists() else None
    if tracked is not None:
        names = sorted(set(filter(None, tracked.decode("utf-8", "replace").split("\0"))))
    else:
        names = sorted(_walk(folder))
    files: dict[str, bytes] = {}
    executable, size = set(), 0
    for name in names:
        path = folder / name
        if not _wanted(name) or path.is_symlink() or not path.is_file():
            continue
        size += path.stat().st_size
        _check_size(size, len(files))
        files[_checked(name)] = path.read_bytes()
        if path.stat().st_mode & stat.S_IXUSR:
            executable.add(name)
    known = _known_in(folder, "HEAD") if tracked is not None else None
    return Source(str(folder), files, frozenset(executable), known)


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if _wanted((inside / name).as_posix())]
        yield from ((inside / name).as_posix() for name in names)


def _from_archive(path: Path) -> Source:
    try:
        if path.stat().st_size > LIMIT:
            raise CannotDo(f"{path} is larger than {LIMIT // 10**6} MB: that is no version of this course")
        read = _unzipped if zipfile.is_zipfile(path) else _untarred
        entries = [(_checked(name), content, mode) for name, content, mode in read(path)]
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise CannotDo(f"{path} can't be read as .zip, .tar or .tar.gz: {error}") from None
    tops = {name.partition("/")[0] for name, _, _ in entries}
    inner = len(entries[0][0].partition("/")[0]) + 1 if len(tops) == 1 else 0  # as GitHub packs: all in one folder
    found = [(name[inner:], content, mode) for name, content, mode in entries if _wanted(name[inner:])]
    executable = frozenset(name for name, _, mode in found if mode & stat.S_IXUSR)
    return Source(str(path), {name: content for name, content, _ in found}, executable)


def _unzipped(path: Path) -> Iterator[tuple[str, bytes, int]]:
    size = 0
    with zipfile.ZipFile(path) as archive:
        for number, info in enumerate(archive.infolist()):
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ValueError(f"{info.filename!r} is a link or a device, not a file")
            if info.is_dir():
                continue
            with archive.open(info) as file:
                content = file.read(LIMIT - size + 1)
            size += len(content)
            _check_size(size, number)
            yield info.filename, content, mode


def _untarred(path: Path) -> Iterator[tuple[str, bytes, int]]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        whole = (gzip.GzipFile(fileobj=file) if packed else file).read(LIMIT + 1)
    _check_size(len(whole), 0)
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
        for number, member in enumerate(archive):
            if not (member.isreg() or member.isdir()):
                raise ValueError(f"{member.name!r} is a link or a device, not a file")
            _check_size(0, number)
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content.read(), member.mode


def _from_git(wanted: str, workspace: Path) -> Source:
    commit = _commit(workspace, wanted)
    if not commit:
        raise CannotDo(
            f"wanted a folder, a .zip or .tar.gz, or a branch that git has fetched, got {wanted}; tito fetches nothing "
            "itself. Try: git fetch, then tito update; or download the new version, then tito update --from FILE"
        )
    entries = [(mode, blob, size, path) for mode, blob, size, path in _tree(workspace, commit) if _wanted(path)]
    _check_size(sum(size for _, _, size, _ in entries), len(entries))
    contents = _objects(workspace, [blob for _, blob, _, _ in entries])
    files = {_checked(path): content for (*_, path), content in zip(entries, contents, strict=True)}
    executable = frozenset(path for mode, _, _, path in entries if mode == "100755")
    return Source(
        f"{wanted} ({commit[:7]}, as last fetched)",
        files,
        executable,
        _known_in(workspace, commit),
        _base(workspace, commit),
    )


def _commit(folder: Path, name: str) -> str:
    """Return the full name of a commit; "" where git has none that is called so."""
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return (found or b"").decode().strip()


def _tree(folder: Path, commit: str) -> Iterator[tuple[str, str, int, str]]:
    """Yield mode, name, size and path of each file of a commit; links are none."""
    listed = _git(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit) or b""
    for line in filter(None, listed.decode("utf-8", "replace").split("\0")):
        facts, _, path = line.partition("\t")
        mode, kind, name, size = facts.split()
        if kind == "blob" and mode != "120000":
            yield mode, name, int(size), path


def _base(folder: Path, commit: str) -> dict[str, str]:
    """Return what the course had where the learner's branch left it; nothing where the branches share no commit."""
    common = _git(folder, "merge-base", "HEAD", commit)
    return {path: name for _, name, _, path in _tree(folder, common.decode().strip())} if common else {}


def _known_in(folder: Path, commit: str) -> Known | None:
    """Return all contents in the history of a commit; None where there is no git, or not the whole history."""
    if _git(folder, "rev-parse", "--is-shallow-repository") != b"false\n":
        return None
    listed = _git(folder, "rev-list", "--objects", commit, "--")
    if listed is None:
        return None
    known: Known = {}
    for line in listed.decode("utf-8", "replace").splitlines():
        name, _, path = line.partition(" ")
        if path:
            known.setdefault(path, set()).add(name)
    return known


def _objects(folder: Path, names: list[str]) -> list[bytes]:
    """Return the contents of git's objects, all from one process."""
    asked = "".join(f"{name}\n" for name in names).encode()
    stream = io.BytesIO(_git(folder, "cat-file", "--batch", given=asked) or b"")
    contents = []
    for name in names:
        header = stream.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            raise CannotDo(f"git can't give the content {name}; is the fetched history whole? Try: git fetch")
        contents.append(stream.read(int(header[2])))
        stream.read(1)  # a line end behind each
    return contents


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes | None:
    """Return what git says in a folder; None where it fails, or isn't there. Nothing is fetched, no hook runs."""
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        ran = subprocess.run([*_GIT, *arguments], cwd=folder, env=env, input=given, capture_output=True, check=False)
    except OSError:
        return None
    return ran.stdout if ran.returncode == 0 else None


def _wanted(name: str) -> bool:
    parts = [part.casefold() for part in PurePosixPath(name).parts]
    return (
        bool(parts) and parts[0] not in TOP_LEFT_OUT and not LEFT_OUT & {*parts} and not parts[0].endswith(".egg-info")
    )


def _checked(name: str) -> str:
    """Return a name that stays inside of the workspace on every system. Raises CannotDo."""
    parts = name.split("/")
    strange = any(part in ("", ".", "..") or part != part.rstrip(" .") for part in parts)
    if strange or re.search(r'[\\:\x00-\x1f<>"|?*]', name):
        raise CannotDo(
            f"the name {name!r} leads out of the folder, or isn't one on every system; nothing was taken over"
        )
    return name


def _check_size(size: int, count: int) -> None:
    if size > LIMIT or count > MOST_FILES:
        raise CannotDo(
            f"this is more than {LIMIT // 10**6} MB or {MOST_FILES} files, so it is no version of this course"
        )
