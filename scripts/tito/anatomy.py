"""What the course is made of, read from its code: the reference's files by module, and which module stands on which.

Public parts: `Chapter`, `chapters`, `unlocks`, `statements`.

A file of `tinytorch/` says in its first line which module it belongs to ("Module 05: gradients, ..."), and its imports
say what it needs. Files that say none (the loader, and those that only hand on names) belong to no module.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tito import course
from tito.course import ROOT, Module

REFERENCE = ROOT / "tinytorch"
BELONGS = re.compile(r"Module (\d\d)\b")
FIRST = "00"
NAMES = {"02": "Activations", "03": "Layers", "04": "Losses", "06": "Optimizers", "07": "Training", "08": "Data loader"}


@dataclass(frozen=True)
class Chapter:
    """A module of the course as its code shows it; `module` is None where there is only the reference so far."""

    number: str
    title: str
    files: tuple[Path, ...]  # of the reference
    lines: int  # of code in them: neither blank, nor a comment, nor a docstring
    needs: tuple[str, ...]  # numbers of the modules that its files import, without what these need themselves
    module: Module | None

    @property
    def tests(self) -> int:
        """How many judged tests it has; each says one fact."""
        return len(_judged(self.module.tests)) if self.module else 0


def chapters() -> tuple[Chapter, ...]:
    """Return the modules in the order of the course."""
    trees = {path: ast.parse(path.read_bytes()) for path in sorted(REFERENCE.glob("*.py"))}
    owner = {path.stem: number for path, tree in trees.items() if (number := _number(tree))}
    taught = {m.number: m for m in course.modules()}
    numbers = sorted({*owner.values(), *taught})
    direct = {number: _needed(number, owner, trees, taught.get(number)) for number in numbers}
    return tuple(_chapter(n, owner, trees, _without_detours(n, direct), taught.get(n)) for n in numbers)


def unlocks(found: Iterable[Chapter]) -> dict[str, tuple[str, ...]]:
    """Return the numbers of the modules that need each one directly."""
    every = tuple(found)
    return {c.number: tuple(other.number for other in every if c.number in other.needs) for c in every}


def statements(tree: ast.AST, source: str) -> int:
    """Return how many lines of code there are: without blank lines, comments and docstrings."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            silent.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return sum(1 for n, line in lines if line.strip() and not line.lstrip().startswith("#") and n not in silent)


def _chapter(
    number: str,
    owner: Mapping[str, str],
    trees: Mapping[Path, ast.Module],
    needs: tuple[str, ...],
    module: Module | None,
) -> Chapter:
    files = tuple(path for path in trees if owner.get(path.stem) == number)
    lines = sum(statements(trees[path], path.read_text(encoding="utf-8")) for path in files)
    title = module.title if module else NAMES.get(number, number)
    return Chapter(number, title, files, lines, needs, module)


def _number(tree: ast.Module) -> str | None:
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    match = BELONGS.match(first)
    return match[1] if match else None


def _needed(number: str, owner: Mapping[str, str], trees: Mapping[Path, ast.Module], module: Module | None) -> set[str]:
    """Return the earlier modules that a module's file imports: the one that a learner builds, or all where none does.

    Imports inside functions wait until they are called. What imports nothing follows 00, which shows how all others go.
    """
    built = [module.name] if module else [name for name, belongs in owner.items() if belongs == number]
    mine = (tree for path, tree in trees.items() if path.stem in built)
    imported = (
        (node.module or "").rpartition(".")[2]
        for tree in mine
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
    )
    found = {owner[name] for name in imported if name in owner and owner[name] < number}
    return found or ({FIRST} - {number})


def _without_detours(number: str, direct: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return what a module needs, but for what it reaches through another module that it needs."""
    needs = direct[number]
    reached = {far for near in needs for far in _all_needed(near, direct)}
    return tuple(sorted(needs - reached))


def _all_needed(number: str, direct: Mapping[str, set[str]]) -> set[str]:
    return {*direct[number], *(far for near in direct[number] for far in _all_needed(near, direct))}


def _judged(path: Path) -> list[str]:
    """Return the names of a file's tests that judge an exercise."""
    tree = ast.parse(path.read_bytes())
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return [f.name for f in functions if any("exercise" in ast.unparse(mark) for mark in f.decorator_list)]
