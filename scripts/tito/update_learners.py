"""What an update makes of the learners' files: each is merged with its new stub, or stays as it is.

Public parts: `Learners`, `plan_learners`, `exercises`, `file_of`, `read`; `LEFT`. Nothing is written here.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tinytorch._splice import Function
from tito.course import Module
from tito.memory import CannotDo
from tito.stubs import Refused, make_stub
from tito.update_merge import LeftOver, merge
from tito.update_pieces import cut
from tito.update_sources import Source, committed

BASES = ".tito/stubs"  # the stubs that files which could not be merged yet began with; empty: nobody knows
LEFT = "before_update.md"  # beside the learner's file: what found no place in it

Unreadable = (SyntaxError, ValueError, RecursionError, MemoryError)
Writes = dict[str, bytes | None]  # by path from the top; None: the file goes


@dataclass(frozen=True)
class Learners:
    """What becomes of one learner's file."""

    path: str
    state: str  # "new stub", "merged", "unchanged", "kept" (as it is), "gone" (its module: the file stays)
    why: str = ""  # it is kept
    placed: tuple[str, ...] = ()  # exercises
    own: tuple[str, ...] = ()  # other statements
    left: tuple[LeftOver, ...] = ()
    news: tuple[str, ...] = ()  # what is new in its exercises


def plan_learners(
    root: Path, source: Source, old: Module | None, new: Module | None, moved: Mapping[str, str]
) -> tuple[Learners, Writes]:
    """Plan one learner's file; its module may have moved to another number, be new, or gone.

    moved: by function, where an exercise is that was in another module before.
    """
    if new is None:
        assert old is not None
        return _gone(root, old)
    path, stub = file_of(new), _new_stub(source, new)
    mine = read(root / file_of(old)) if old else None
    if old is None or mine is None:
        return Learners(path, "new stub", news=() if old else ("the module is new",)), {path: stub.encode()}
    began_with = _old_stub(root, old)
    found, content = _merged(mine, began_with, stub, old, new)
    found = replace(found, left=tuple(_with_place(entry, moved) for entry in found.left))
    writes = _moved(root, old, new, mine, content)
    base = f"{BASES}/{new.name}.py"
    if found.state == "kept":
        if read(root / base) is None:
            writes[base] = (began_with or "").encode()
    elif (root / base).exists():
        writes[base] = None
    if any(left.text for left in found.left):
        beside = Path(path).with_name(LEFT).as_posix()
        earlier = writes.get(beside) or read(root / beside) or b""
        writes[beside] = _left_over(earlier.decode("utf-8", "replace"), source.name, found.left)
    return found, writes


def exercises(module: Module) -> dict[str, str]:
    """Return by function the exercise's id."""
    return {e.function: e.id for e in module.exercises}


def file_of(module: Module) -> str:
    """Return the path of the learner's file from the top of any workspace."""
    return f"modules/{module.number}_{module.name}/{module.name}.py"


def read(path: Path) -> bytes | None:
    """Return a file's content; None where there is no file."""
    return path.read_bytes() if path.is_file() else None


def _gone(root: Path, old: Module) -> tuple[Learners, Writes]:
    path, mine = file_of(old), read(root / file_of(old))
    if mine is None or mine.decode("utf-8", "replace").replace("\r\n", "\n") == _old_stub(root, old):
        return Learners(path, "unchanged"), {} if mine is None else {path: None}
    return Learners(path, "gone", f"the new version has no module {old.name}; your file stays, and nothing runs it"), {}


def _moved(root: Path, old: Module, new: Module, mine: bytes, content: bytes) -> Writes:
    """Return what is written where a file gets its content, and maybe another folder."""
    if (old.number, old.name) == (new.number, new.name):
        return {} if content == mine else {file_of(new): content}
    writes: Writes = {file_of(old): None, file_of(new): content}
    note = Path(file_of(old)).with_name(LEFT)
    if (earlier := read(root / note)) is not None:
        writes |= {note.as_posix(): None, Path(file_of(new)).with_name(LEFT).as_posix(): earlier}
    return writes


def _merged(mine: bytes, began_with: str | None, stub: str, old: Module, new: Module) -> tuple[Learners, bytes]:
    path, plain = file_of(new), mine.replace(b"\r\n", b"\n")
    if plain == stub.encode():
        return Learners(path, "unchanged"), mine
    if began_with is None:
        why = f"the stub that it began with is not to be found; the new one: tito reset {new.number} (yours is kept)"
        return Learners(path, "kept", why), mine
    news = tuple(_news(began_with, stub, exercises(old), exercises(new)))
    if plain == began_with.encode():
        return Learners(path, "new stub", news=news), stub.encode()
    try:
        merged = merge(mine, began_with, stub, exercises(old), exercises(new))
    except Refused as error:
        return Learners(path, "kept", f"{error}; then tito update once more"), mine
    except Unreadable as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        return Learners(path, "kept", f"it can't be parsed ({where}); correct that, then tito update once more"), mine
    state = "unchanged" if merged.content == mine else "merged"
    return Learners(path, state, "", merged.placed, merged.own, merged.left, news), merged.content


def _with_place(left: LeftOver, moved: Mapping[str, str]) -> LeftOver:
    place = moved.get(left.what.partition(" ")[2])
    return replace(left, why=f"{left.why}; it is {place} now") if place else left


def _news(old: str, new: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield what is new in a stub's exercises."""
    contracts = {p.name: _contract(p.node) for p in cut(old) if isinstance(p.node, Function)}
    changed = [p.name for p in cut(new) if isinstance(p.node, Function) and contracts.get(p.name) != _contract(p.node)]
    told = {
        "new exercises": [f"{after[name]} {name}" for name in after if name not in before],
        "new contracts": [f"{after[name]} {name}" for name in changed if name in before and name in after],
        "other numbers": [
            f"{before[name]} {name} is {after[name]} now"
            for name in after
            if before.get(name, after[name]) != after[name]
        ],
        "exercises no more": [f"{before[name]} {name}" for name in before if name not in after],
    }
    yield from (f"{what}: {', '.join(names)}" for what, names in told.items() if names)


def _contract(node: Function) -> tuple[str, str | None]:
    return ast.dump(node.args), ast.get_docstring(node)


def _left_over(before: str, source: str, left: tuple[LeftOver, ...]) -> bytes:
    """Return the note with what found no place, behind what stands in it already."""
    head = before or "# What you typed and an update found no place for\n"
    parts = [f"\n## {date.today().isoformat()}: {source}\n"]
    for entry in left:
        parts.append(f"\n{entry.what}: {entry.why}.\n")
        if entry.text:
            parts.append(f"\n~~~python\n{entry.text.rstrip()}\n~~~\n")
    return (head + "".join(parts)).encode()


def _old_stub(root: Path, module: Module) -> str | None:
    """Return the stub that a learner's file began with; None where it can't be had for certain.

    It is made from the workspace's reference; where somebody edited that, it is looked for in git's commits.
    """
    waiting = read(root / BASES / f"{module.name}.py")
    if waiting is not None:
        return waiting.decode() or None
    noted = read(root / "tinytorch" / "_stubs.py") or b""
    stub = _stub(module, read(root / "tinytorch" / f"{module.name}.py"), noted)
    return stub or next((c.decode() for c in committed(root, file_of(module)) if _is_noted(c, noted)), None)


def _new_stub(source: Source, module: Module) -> str:
    """Return the stub of a new version; where its file holds somebody's work, it is made from the reference."""
    noted, file = source.files["tinytorch/_stubs.py"], source.files.get(file_of(module), b"").replace(b"\r\n", b"\n")
    if _is_noted(file, noted):
        return file.decode()
    stub = _stub(module, source.files.get(f"tinytorch/{module.name}.py"), noted)
    if stub is None:
        raise CannotDo(
            f"{source.name} has no stub of {module.number} {module.name}: wanted a released version, got one in the "
            "middle of a change. Nothing was written; try another version"
        )
    return stub


def _stub(module: Module, reference: bytes | None, noted: bytes) -> str | None:
    try:
        stub = make_stub(module, (reference or b"").decode().replace("\r\n", "\n"))
    except (Refused, *Unreadable):
        return None
    return stub if _is_noted(stub.encode(), noted) else None


def _is_noted(stub: bytes, noted: bytes) -> bool:
    return hashlib.sha256(stub).hexdigest().encode() in noted
