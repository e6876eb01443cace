"""A workspace of three small modules with the real loader, for tests that damage it; a child in it starts in 50 ms."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tito.course import Exercise, Module
from tito.stubs import make_stub

PACKAGE = Path(__file__).resolve().parents[2] / "tinytorch"

REFERENCES = {
    "setup": '''"""Module 00."""


def answer():
    """Return the answer."""
    return 42
''',
    "shapes": '''"""Module 01: the reference."""

import math

SIDES = 4


def area(width, height):
    """Return the area of a rectangle."""
    return width * height


class Square:
    """A square."""

    def __init__(self, side):
        self.side = side

    def area(self):
        """Return the area."""
        return _squared(self.side)

    def perimeter(self):
        """Return the perimeter."""
        return SIDES * self.side


def _squared(x):
    return math.pow(x, 2)


def fail(error):
    """Raise the error, for tests of tracebacks."""
    raise error
''',
    "rules": '''"""Module 05: the reference."""

from tinytorch.shapes import Square

RULES = {}


def rule(name):
    def register(function):
        RULES[name] = function
        return function

    return register


@rule("double")
def double(square):
    """Return a square with twice the side."""
    return Square(2 * square.side)


@rule("halve")
def halve(square):
    """Return a square with half the side."""
    return Square(square.side / 2)
''',
}


def exercise(id: str, function: str, starts_with: str = "") -> Exercise:
    return Exercise(id, function, 1, 1, 1, "", ("", "", ""), starts_with)


MODULES = (
    Module("00", "setup", "", "", 1, (exercise("00.1", "answer", "return 0"),)),
    Module(
        "01",
        "shapes",
        "",
        "",
        1,
        (exercise("01.1", "area"), exercise("01.2", "Square.area"), exercise("01.3", "Square.perimeter")),
        ("_squared", "math"),
    ),
    Module("05", "rules", "", "", 1, (exercise("05.1", "double"), exercise("05.2", "halve"))),
)
PACKAGE_SOURCE = """from tinytorch import _workspace

_workspace.install()

from tinytorch import rules, setup, shapes
"""
AREA = 'raise NotImplementedError("01.1 area")'
METHOD = 'raise NotImplementedError("01.2 Square.area")'
PERIMETER = 'raise NotImplementedError("01.3 Square.perimeter")'
DOUBLE = 'raise NotImplementedError("05.1 double")'


class Answer(NamedTuple):
    """What a child said."""

    facts: dict[str, Any]
    notices: list[str]

    def __getattr__(self, name: str) -> Any:
        return self.facts[name]


@dataclass(frozen=True)
class SmallWorkspace:
    """The workspace, its learner's files, and children that run in it."""

    root: Path

    def mine(self, name: str) -> Path:
        return self.root / "modules" / f"{next(m.number for m in MODULES if m.name == name)}_{name}" / f"{name}.py"

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.mine(name).read_text(encoding="utf-8")
        assert old in text
        self.mine(name).write_text(text.replace(old, new), encoding="utf-8")

    def line(self, name: str, text: str) -> int:
        """Return the number of the first line of the learner's file that holds the text."""
        lines = self.mine(name).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def caches(self) -> list[Path]:
        return sorted((self.root / "modules").glob("**/__pycache__/*"))

    def start(self, *command: str, cwd: Path | None = None, **variables: str) -> "subprocess.Popen[str]":
        """Start Python with these arguments, on this workspace's code."""
        unset = ("TINYTORCH", "PYTHON", "PYTEST", "COV_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
        variables = kept | {"PYTHONPATH": str(self.root)} | variables
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=cwd or self.root,
            env=variables,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            encoding="utf-8",
        )

    def run(self, *command: str, text: str = "", cwd: Path | None = None, **variables: str) -> "tuple[str, list[str]]":
        """Return what Python printed, and the lines of its errors; text: its standard input."""
        out, errors = self.start(*command, cwd=cwd, **variables).communicate(text, timeout=120)
        return out, errors.splitlines()

    def ask(
        self, before: str = "", flags: tuple[str, ...] = (), env: dict[str, str] | None = None, **facts: str
    ) -> Answer:
        """Import tinytorch in a child, run `before`, and return the values of the expressions."""
        pairs = ", ".join(f"{name!r}: ({expression})" for name, expression in facts.items())
        imports = "import json, sys, tinytorch\nfrom tinytorch import _workspace, rules, setup, shapes"
        out, errors = self.run(*flags, "-c", f"{imports}\n{before}\nprint(json.dumps({{{pairs}}}))", **(env or {}))
        assert out, "\n".join(errors)
        return Answer(json.loads(out.splitlines()[-1]), errors)


def make_workspace(root: Path) -> SmallWorkspace:
    """Write the workspace, with untouched stubs."""
    package = root / "tinytorch"
    package.mkdir(parents=True)
    for name in ("_workspace.py", "_splice.py"):
        shutil.copy(PACKAGE / name, package)
    workspace = SmallWorkspace(root)
    for module in MODULES:
        (package / f"{module.name}.py").write_text(REFERENCES[module.name], encoding="utf-8")
        workspace.mine(module.name).parent.mkdir(parents=True)
        workspace.mine(module.name).write_text(make_stub(module, REFERENCES[module.name]), encoding="utf-8")
    (package / "__init__.py").write_text(PACKAGE_SOURCE, encoding="utf-8")
    (package / "_stubs.py").write_text(_noted(workspace), encoding="utf-8")
    return workspace


def _noted(workspace: SmallWorkspace) -> str:
    head = (PACKAGE / "_stubs.py").read_text(encoding="utf-8").partition("STUBS = ")[0]
    stubs = []
    for module in MODULES:
        digest = hashlib.sha256(workspace.mine(module.name).read_bytes()).hexdigest()
        exercises = {e.id: e.function for e in module.exercises}
        opens_red = any(e.starts_with for e in module.exercises)
        stubs.append(f"{module.name!r}: Stub({module.number!r}, {digest!r}, {opens_red}, {exercises}, {module.hidden})")
    return f"{head}STUBS = {{{', '.join(stubs)}}}\n"
