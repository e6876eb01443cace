"""`tito reset`: put a stub back; what it replaces is kept, and `--undo` brings it back."""

import os
from typing import Annotated

import typer

from tito import course, kept
from tito.answer import Json, document, say
from tito.course import ROOT, Exercise, Module
from tito.kept import Kept
from tito.memory import CannotDo, shown


def reset(
    target: Annotated[str, typer.Argument(metavar="NN[.k]", help="A module (05) or one exercise (05.3).")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Bring back what the last reset replaced.")] = False,
    as_json: Json = False,
) -> None:
    """Put the stub back, of a module or of one function alone.

    What it replaces is kept under .tito/kept, and the rest of the file stays as it is.

    Example: tito reset 05.3 puts one function's stub back; tito reset --undo brings yours back.
    """
    if undo:
        _undo(target, as_json)
    elif target:
        _reset(course.select(target), as_json)
    else:
        raise CannotDo("reset what? Name a module or an exercise: tito reset 05, tito reset 05.3; or tito reset --undo")


def _reset(target: Module | Exercise, as_json: bool) -> None:
    module = target if isinstance(target, Module) else course.owner(target)
    mine = _read(module)
    new = _new_content(target, module, mine)
    whole = isinstance(target, Module) or mine is None
    done = kept.replace(module.file, new) if new != mine else None
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


def _undo(target: str, as_json: bool) -> None:
    """Bring the last replaced file back; what it replaces is kept in turn, so that this can be undone as well."""
    before = kept.last((course.module(target),) if target else course.modules())
    content = before.copy.read_bytes() if before.copy else None
    module = course.module(str(before.path))
    done = kept.replace(before.path, content) if content != _read(module) else None
    if as_json:
        document({"target": module.number, "whole_file": True, **_facts(module, done)})
    elif done is None:
        say(f"{shown(before.path)} is already what it was before; nothing was changed.")
    else:
        gone = "is gone again: it was not there before the last reset"
        say(f"{shown(before.path)} {'is back' if before.copy else gone}.")
        if done.copy:
            say(f"  what it replaced is kept in  {shown(done.folder)}")
            say("  bring that back              tito reset --undo")


def _new_content(target: Module | Exercise, module: Module, mine: bytes | None) -> bytes:
    """Return the file as it shall be. Raises CannotDo where one function can't be put back alone."""
    # The stub maker imports tinytorch, and the learner's file may hang or raise at import.
    os.environ["TINYTORCH"] = "reference"
    from tito.stubs import Refused, make_stub, put_back

    stub = make_stub(module, (ROOT / "tinytorch" / f"{module.name}.py").read_text(encoding="utf-8"))
    if isinstance(target, Module) or mine is None:
        return stub.encode()
    whole = f"correct that, or reset the whole module (yours is kept): tito reset {module.number}"
    try:
        return put_back(mine, stub, target.function)
    except Refused as error:
        raise CannotDo(f"{target} can't be put back alone: {error}; {whole}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, reason = (error.lineno, error.msg) if isinstance(error, SyntaxError) else (1, str(error))
        where = f"{shown(module.file)}:{line or 1}"
        raise CannotDo(f"{where} can't be parsed ({reason}), so no function is found in it; {whole}") from None


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


def _id(target: Module | Exercise) -> str:
    return target.number if isinstance(target, Module) else target.id


def _name(target: Module | Exercise) -> str:
    return shown(target.file) if isinstance(target, Module) else str(target)
