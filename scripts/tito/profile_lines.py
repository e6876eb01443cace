"""What a profiled line belongs to: the learner's exercise, what the learner's file was given with, or the reference.

Public parts: `owner_of`, `named`, `function_at`. Nothing of the learner's is imported: files are parsed.
"""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tito import course
from tito.course import MODULES
from tito.profile_formats import Frame, Sample

Owner = Literal["yours", "given", ""]
Definition = ast.FunctionDef | ast.AsyncFunctionDef


class _Span(NamedTuple):
    """The lines of a function, both ends included."""

    name: str  # "Tensor.sum", "work.<locals>.inner"
    first: int
    last: int
    node: Definition


def owner_of(frame: Frame) -> Owner:
    """Return "yours" for a line of an exercise in a learner's file, "given" for its other lines, "" for other files.

    An exercise that isn't built runs from the reference's file; 00's first value counts as given.
    """
    if not Path(frame.file).is_relative_to(MODULES):
        return ""
    module = next((m for m in course.modules() if m.file == Path(frame.file)), None)
    exercises = {e.function: e for e in module.exercises} if module else {}
    for span in _spans(frame.file):
        if span.first <= frame.line <= span.last and span.name in exercises:
            return "given" if _holds_only(span.node, exercises[span.name].starts_with) else "yours"
    return "given"


def named(samples: Iterable[Sample]) -> list[Sample]:
    """Give each frame its function's full name: memray says `sum`, py-spy `Tensor.sum`."""
    return [Sample(tuple(map(_named, stack)), amount) for stack, amount in samples]


def function_at(file: str, line: int) -> str:
    """Return the full name of the innermost function that a line stands in; "" where it is in none."""
    around = [span for span in _spans(file) if span.first <= line <= span.last]
    return max(around, key=lambda span: span.first).name if around else ""


def _named(frame: Frame) -> Frame:
    around = [span for span in _spans(frame.file) if span.first <= frame.line <= span.last]
    inner = max(around, key=lambda span: span.first, default=None)
    if inner is None or inner.name.rpartition(".")[2] != frame.function:
        return frame
    return frame._replace(function=inner.name)


@functools.cache
def _spans(file: str) -> tuple[_Span, ...]:
    """Return all functions of a file; none where it can't be parsed."""
    try:
        return tuple(_inside(ast.parse(Path(file).read_bytes()), ""))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ()


def _inside(node: ast.AST, prefix: str) -> Iterator[_Span]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            name = prefix + child.name
            yield _Span(name, child.lineno, child.end_lineno or child.lineno, child)
            yield from _inside(child, f"{name}.<locals>.")
        else:
            yield from _inside(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)


def _holds_only(node: Definition, source: str) -> bool:
    """Return whether a function's body, behind its docstring, is just this source; never where that is empty."""
    return bool(source) and [*map(ast.dump, node.body[1:])] == [*map(ast.dump, ast.parse(source).body)]
