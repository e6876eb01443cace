"""`tito solve`: put the reference's body into your file; what was there is kept, and the exercise counts as read."""

import os
from typing import Annotated

import typer

from tito import course, kept, record
from tito.answer import Json, document, note, say
from tito.course import Exercise, Module
from tito.kept import Kept
from tito.memory import CannotDo, shown
from tito.use import is_aside


def solve(
    exercise: Annotated[str, typer.Argument(metavar="NN.k", help="The exercise: 01.2, matmul_vjp, or FILE:LINE.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what you have built; it is kept.")] = False,
    as_json: Json = False,
) -> None:
    """Put the reference's body into your file, to go on where you are stuck.

    What was there is kept. The exercise is marked as read, not built, until you reset it and type your own.

    Example: tito solve 05.3, and tito reset --undo takes it back
    """
    asked = course.exercise(exercise)
    module = course.owner(asked)
    os.environ["TINYTORCH"] = "reference"  # nothing here runs the learner's file, which may hang or raise
    from tito import bodies

    mine, reference = bodies.mine(module), bodies.reference(module)
    content = bodies.put(mine, asked, reference.decode())
    node = bodies.find(mine, asked.function)
    solved = record.marks().get(asked.id) == "read"
    if node and not solved and not force and not bodies.holds_stub(asked, node):
        raise CannotDo(
            f"{asked} is built: yours would be replaced. Compare: tito show {asked.id} --reference. "
            f"Replace it all the same, yours is kept: tito solve {asked.id} --force"
        )
    done = None
    if not solved:
        record.read_reference(asked)  # first: interrupted in between, nothing counts that should not
        done = kept.replace(asked, content, by="solve")
    _answer(asked, module, done, as_json)


def _answer(asked: Exercise, module: Module, done: Kept | None, as_json: bool) -> None:
    if as_json:
        copy = shown(done.copy) if done and done.copy else None
        document({"exercise": asked.id, "file": shown(module.file), "changed": done is not None, "kept": copy})
    elif done is None:
        say(f"{asked} holds the reference's body already; nothing was changed.")
    else:
        say(f"{asked} has the reference's body now, in {shown(module.file)}.")
        say("It runs and is marked as read, not built: no points, until you type your own.")
        if done.copy:
            say(f"  what was there is kept in  {shown(done.folder)}")
        say("  take it back               tito reset --undo")
        say(f"  type your own              tito reset {asked.id}")
    if is_aside(module):
        note(f"{module.number} is set aside, so the reference runs anyway: tito use mine {module.number}")
