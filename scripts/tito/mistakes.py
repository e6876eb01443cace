"""Known mistakes: wrong implementations that learners write, so that a failure can name the likely one.

Public parts: `mistake` and `right` (decorators of the corpus in `tests/mistakes/`), `corpus`, `swapped`, `Mistake`.

Where a test fails, it is run again with each known mistake of its exercise in place; if exactly one gives the same
result as
the learner's code, its sentence is shown. Each mistake has a second variant, written differently, by which the
course's own tests prove that naming recognizes the mistake and not the text.
"""

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from tito.course import ROOT, Module

CORPUS = ROOT / "tests" / "mistakes"


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation of an exercise, in two variants, and the sentence a learner reads."""

    exercise: str  # "05.1"
    name: str
    says: str
    first: FunctionType
    second: FunctionType


@dataclass(frozen=True)
class Right:
    """A right implementation, written differently from the reference: it must never be accused."""

    exercise: str
    function: FunctionType


def mistake(exercise: str, says: str) -> Callable[[type], Mistake]:
    """Turn a class with the two functions `first` and `second` into a Mistake."""

    def make(holder: type) -> Mistake:
        return Mistake(exercise, holder.__name__, says, vars(holder)["first"], vars(holder)["second"])

    return make


def right(exercise: str) -> Callable[[FunctionType], Right]:
    """Mark a function as a right implementation of an exercise."""

    def make(function: FunctionType) -> Right:
        return Right(exercise, function)

    return make


@functools.cache
def corpus(module: Module) -> tuple[tuple[Mistake, ...], tuple[Right, ...]]:
    """Return the known mistakes of a module and its differently written right solutions."""
    path = CORPUS / f"mistakes_{module.number}_{module.name}.py"
    if not path.exists():
        return (), ()
    spec = importlib.util.spec_from_file_location(f"tito_corpus_{module.name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    values = vars(loaded).values()
    return tuple(v for v in values if isinstance(v, Mistake)), tuple(v for v in values if isinstance(v, Right))


def target(module: Module, function: str) -> FunctionType:
    """Return the function object that `tinytorch` runs for an exercise ("Tensor.__add__", "Tensor.data@setter")."""
    path, _, role = function.partition("@")
    found: Any = sys.modules[f"tinytorch.{module.name}"]
    for part in path.split("."):
        found = vars(found)[part]
    if isinstance(found, property):
        found = {"setter": found.fset, "deleter": found.fdel}.get(role, found.fget)
    while hasattr(found, "__wrapped__") or not isinstance(found, FunctionType):  # a decorator's function isn't it
        found = found.__wrapped__ if hasattr(found, "__wrapped__") else found.__func__
    return found


@contextmanager
def swapped(function: FunctionType, other: FunctionType) -> Iterator[None]:
    """Let `function` run `other`'s code, in its own module and with its own identity, for a while."""
    before = function.__code__, function.__defaults__, function.__kwdefaults__
    function.__code__, function.__defaults__, function.__kwdefaults__ = (
        other.__code__,
        other.__defaults__,
        other.__kwdefaults__,
    )
    try:
        yield
    finally:
        function.__code__, function.__defaults__, function.__kwdefaults__ = before
