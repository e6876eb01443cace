"""The functions of an exercise as text: the reference's and the learner's, compared and put in.

Public parts: `reference`, `mine`, `find`, `contract`, `body`, `code`, `same`, `holds_stub`, `put`.
Two bodies are the same if they differ in nothing but comments, spaces and the docstring. Nothing that is read here is
run.
"""

import ast
import textwrap

from tinytorch._splice import Function, functions, parse, unbuilt_id
from tito import course
from tito.course import ROOT, Exercise, Module
from tito.memory import CannotDo, shown
from tito.stubs import Refused, body_span, make_stub, put_back

Unreadable = (SyntaxError, ValueError, RecursionError, MemoryError)  # what `parse` raises for a file


def reference(module: Module) -> bytes:
    """Return the source of a module's reference."""
    return (ROOT / "tinytorch" / f"{module.name}.py").read_bytes()


def mine(module: Module) -> bytes | None:
    """Return the learner's source, or None if there is no file. Raises CannotDo."""
    try:
        return module.file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotDo(f"{shown(module.file)} can't be read: {error.strerror}") from None


def find(source: bytes | None, function: str) -> Function | None:
    """Return a function's node, or None where there is no such function. Raises one of `Unreadable`."""
    return None if source is None else functions(parse(source)).get(function)


def contract(source: bytes, function: str) -> str:
    """Return a function's text from its decorators to its docstring."""
    node = find(source, function)
    assert node is not None
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return _lines(source, first - 1, node.body[0].end_lineno or 0)


def body(source: bytes | None, function: str) -> str | None:
    """Return a function's body as it is written, without its docstring, from the left margin; None where it isn't."""
    node = find(source, function)
    if source is None or node is None:
        return None
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    first, last = body_span(node, lines)
    return _lines(source, first, last)


def code(node: Function) -> str:
    """Return what a function's body does: its text without docstring, comments and the writer's spaces."""
    statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return ast.unparse(ast.Module(statements, []))


def same(node: Function | None, other: str) -> bool:
    """Return whether a function's body does what `other`, a result of `code`, does in the same words."""
    return node is not None and ast.dump(ast.parse(code(node))) == ast.dump(ast.parse(other))


def holds_stub(exercise: Exercise, node: Function) -> bool:
    """Return whether a function is not built: the stub's raise stands in it, or the line that a stub starts with."""
    return unbuilt_id(node) is not None or bool(exercise.starts_with and same(node, exercise.starts_with))


def put(source: bytes | None, exercise: Exercise, new: str) -> bytes:
    """Return a learner's source (None: the stub) with one function as the source `new` has it.

    Raises CannotDo where it can't be put in alone.
    """
    module = course.owner(exercise)
    if source is None:
        source = make_stub(module, reference(module).decode()).encode()
    whole = f"correct that, or reset the whole module (yours is kept): tito reset {module.number}"
    try:
        return put_back(source, new, exercise.function)
    except Refused as error:
        raise CannotDo(f"{exercise} can't be put back alone: {error}; {whole}") from None
    except Unreadable as error:
        line, reason = (error.lineno, error.msg) if isinstance(error, SyntaxError) else (1, str(error))
        where = f"{shown(module.file)}:{line or 1}"
        raise CannotDo(f"{where} can't be parsed ({reason}), so no function is found in it; {whole}") from None


def _lines(source: bytes, first: int, last: int) -> str:
    lines = source.decode("utf-8", "replace").splitlines()
    return textwrap.dedent("\n".join(lines[first:last])).strip("\n")
