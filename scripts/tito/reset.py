"""`tito reset`: put a stub back; what it replaces is kept, and `--undo` goes back one reset each time."""

import contextlib
import os
import tokenize
from typing import Annotated

import typer

from tito import course, kept, record
from tito.answer import Json, document, say
from tito.course import ROOT, Exercise, Module
from tito.kept import Kept
from tito.memory import CannotDo, shown


def reset(
    target: Annotated[str, typer.Argument(metavar="NN[.k]", help="A module (05) or one exercise (05.3).")] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Bring back what the last reset or solve replaced; again: the one before.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put the stub back, of a module or of one function alone.

    What it replaces is kept under .tito/kept, and the rest of the file stays as it is.

    Example: tito reset 05.3 puts one function's stub back; tito reset --undo brings yours back, and the next
    tito reset --undo what the reset before replaced.
    """
    if undo:
        _undo(course.select(target) if target else None, as_json)
    elif target:
        _reset(course.select(target), as_json)
    else:
        raise CannotDo("reset what? Name a module or an exercise: tito reset 05, tito reset 05.3; or tito reset --undo")


def _reset(target: Module | Exercise, as_json: bool) -> None:
    module = _module(target)
    mine = _read(module)
    new = _new_content(target, module, mine)
    whole = isinstance(target, Module) or mine is None
    read = [id for id, mark in record.marks().items() if mark == "read"]
    done = kept.replace(target, new, read=read) if new != mine else None
    record.typed_anew(target)
    if as_json:
        document({"target": _id(target), "whole_file": whole, **_facts(module, done)})
    elif done is None:
        say(f"{_name(target)} is the stub already; nothing was changed.")
    else:
        what = "The whole stub is" if whole else f"The stub of {_name(target)} is"
        say(f"{what} back in {shown(module.file)}.")
        if done.copy:
            say(f"  yours is kept in  {shown(done.folder)}")
            say("  bring it back     tito reset --undo")


def _undo(wanted: Module | Exercise | None, as_json: bool) -> None:
    """Bring back what a reset or a solve replaced, and take that off the stack; what this replaces is kept in turn."""
    os.environ["TINYTORCH"] = "reference"  # nothing here runs the learner's file, which may hang or raise
    before = kept.last(wanted)
    module = _module(before.target)
    mine = _read(module)
    content, whole = _earlier_content(before, mine)
    done = kept.replace(before.target, content, undoes=True) if content != mine else None
    kept.close(before)
    if before.by == "solve" and (done or before.copy):  # or else the answer still stands in a file that stays
        record.typed_anew(before.target, known_to_be_read=True)
    elif done:
        record.came_back(module if whole else before.target, before.read)
    if as_json:
        document({"target": _id(before.target), "whole_file": whole, **_facts(module, done), "reset_at": before.at})
        return
    say(_came_back(before, whole, done is not None))
    if done and done.copy:
        say(f"  what it replaced is kept as  {shown(done.copy)}")
    with contextlib.suppress(CannotDo):
        further = kept.last(None)
        then = f"{_name(further.target)}, {further.by} at {further.at}"
        say(f"  one step further back        tito reset --undo   ({then})")


def _earlier_content(before: Kept, mine: bytes | None) -> tuple[bytes | None, bool]:
    """Return the file as it shall be, and whether more than what was reset comes back with it.

    What was edited since the reset of one function stays, where that function can be put back alone; and a file that
    the reset made stays, unless nothing was edited in it.
    """
    if before.copy is None:
        return (None if mine is None or kept.digest(mine) == before.digest else mine), True
    if isinstance(before.target, Module) or mine is None or kept.digest(mine) == before.digest:
        return before.copy.read_bytes(), isinstance(before.target, Module) or mine is None
    from tito.stubs import put_back

    try:
        with tokenize.open(before.copy) as file:
            return put_back(mine, file.read(), before.target.function), False
    except (SyntaxError, ValueError, KeyError, RecursionError, MemoryError):  # unreadable, or the function wasn't there
        return before.copy.read_bytes(), True


def _came_back(before: Kept, whole: bool, changed: bool) -> str:
    """Say in one sentence what an undo brought back."""
    path, then = shown(before.path), f"before the {before.by} at {before.at}"
    if before.copy is None and changed:
        return f"{path} is gone again: it was not there {then}."
    if before.copy is None and before.path.exists():
        return f"{path} was not there {then}. It was edited since, so it stays; to remove it is up to you."
    what = f"Your {_name(before.target)}"
    if not changed:
        return f"{what} is already as it was {then}; nothing was changed."
    if isinstance(before.target, Module):
        return f"{what} is back as it was {then}."
    rest = "" if not whole else ", and with it the whole file"
    return f"{what} is back in {path} as it was {then}{rest}."


def _new_content(target: Module | Exercise, module: Module, mine: bytes | None) -> bytes:
    """Return the file as it shall be. Raises CannotDo where one function can't be put back alone."""
    # The stub maker imports tinytorch, and the learner's file may hang or raise at import.
    os.environ["TINYTORCH"] = "reference"
    from tito.bodies import put
    from tito.stubs import make_stub

    stub = make_stub(module, (ROOT / "tinytorch" / f"{module.name}.py").read_text(encoding="utf-8"))
    return stub.encode() if isinstance(target, Module) or mine is None else put(mine, target, stub)


def _read(module: Module) -> bytes | None:
    try:
        return module.file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotDo(f"{shown(module.file)} can't be read: {error.strerror}") from None


def _facts(module: Module, done: Kept | None) -> dict[str, object]:
    copy = shown(done.copy) if done and done.copy else None
    return {"file": shown(module.file), "changed": done is not None, "kept": copy}


def _module(target: Module | Exercise) -> Module:
    return target if isinstance(target, Module) else course.owner(target)


def _id(target: Module | Exercise) -> str:
    return target.number if isinstance(target, Module) else target.id


def _name(target: Module | Exercise) -> str:
    return shown(target.file) if isinstance(target, Module) else str(target)
