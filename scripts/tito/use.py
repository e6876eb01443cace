"""`tito use`: set a module of yours aside for the reference, or take yours again; the file is not touched."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from tito import course
from tito.answer import Json, document, note, say
from tito.course import MEMORY, Exercise, Module
from tito.memory import CannotDo, shown, write_whole

ASIDE = MEMORY / "aside"  # one module number a line; tinytorch/_workspace.py reads it


class Whose(StrEnum):
    """Whose code runs."""

    REFERENCE = "reference"
    MINE = "mine"


def use(
    whose: Annotated[Whose, typer.Argument(help="Whose code runs.", show_default=False)],
    module: Annotated[str, typer.Argument(metavar="NN", help="The module, such as 05.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Choose whether a module runs your code or the reference's; your file stays as it is.

    Example: tito use reference 05, and later: tito use mine 05.
    """
    chosen = course.select(module)
    if isinstance(chosen, Exercise):
        number = course.owner(chosen).number
        raise CannotDo(f"only a whole module can be set aside, not one exercise: tito use {whose} {number}")
    before = _aside()
    after = before | {chosen.number} if whose is Whose.REFERENCE else before - {chosen.number}
    if after != before:
        write_whole(ASIDE, "".join(f"{number}\n" for number in sorted(after)).encode())
    if as_json:
        document({"module": chosen.number, "use": whose.value, "changed": after != before, "aside": sorted(after)})
    else:
        already = "" if after != before else " already"
        runs = "the reference runs" if whose is Whose.REFERENCE else "your code runs"
        say(f"{chosen.number} {chosen.name}: {runs}{already}; {shown(chosen.file)} is untouched.")
        if whose is Whose.REFERENCE:
            say(f"  back to yours     tito use mine {chosen.number}")
    if whose is Whose.MINE and os.environ.get("TINYTORCH"):
        note("the variable TINYTORCH is set, so the reference runs everywhere in this shell: unset TINYTORCH")


def is_aside(module: Module) -> bool:
    """Return whether a module is set aside. Raises CannotDo if that can't be read."""
    return module.number in _aside()


def _aside() -> set[str]:
    """Return the numbers in the file. Raises CannotDo if it can't be read."""
    try:
        numbers = set(ASIDE.read_text(encoding="utf-8").split())
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotDo(f"{shown(ASIDE)} can't be read ({error}); remove it, then nothing is set aside") from None
    strange = numbers - {m.number for m in course.modules()}
    if strange:
        note(f"{shown(ASIDE)} names {', '.join(sorted(strange))}, which is no module; it stays as it is")
    return numbers
