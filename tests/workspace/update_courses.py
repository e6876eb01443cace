"""Two small courses, an older and a newer one, in the form that `tito update` reads; nothing in them is run."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from tito.course import Exercise, Module
from tito.stubs import make_stub


@dataclass(frozen=True)
class Part:
    """One module: its number, its name, its exercises by function, and its reference."""

    number: str
    name: str
    functions: tuple[str, ...]
    reference: str
    hidden: tuple[str, ...] = ()

    @property
    def module(self) -> Module:
        exercises = (
            Exercise(f"{self.number}.{k}", f, 1, 1, 1, "", ("", "", "")) for k, f in enumerate(self.functions, 1)
        )
        return Module(self.number, self.name, "", "", 1, tuple(exercises), self.hidden)

    @property
    def folder(self) -> str:
        return f"{self.number}_{self.name}"

    @property
    def file(self) -> str:
        return f"modules/{self.folder}/{self.name}.py"

    @property
    def stub(self) -> str:
        return make_stub(self.module, self.reference)

    @property
    def ids(self) -> dict[str, str]:
        return {e.function: e.id for e in self.module.exercises}

    @property
    def manifest(self) -> str:
        lines = [f"hidden = {json.dumps(list(self.hidden))}\n"]
        lines += [f'[[exercises]]\nid = "{id}"\nfunction = "{function}"\n' for function, id in self.ids.items()]
        return "\n".join(lines)


OLD_SHAPES = '''"""Shapes."""

import math

SIDES = 4


def area(width, height):
    """Return the area."""
    return width * height


def given(x):
    """Return x twice."""
    return 2 * x


class Square:
    """A square."""

    def __init__(self, side):
        self.side = side

    def area(self):
        """Return the area."""
        return math.pow(self.side, 2)

    def perimeter(self):
        """Return the perimeter."""
        return SIDES * self.side


def old_fashioned(x):
    """Return x."""
    return x
'''

# A changed contract, a new import, a new helper, a new exercise in front (numbers move), a given function that changed,
# and an exercise that is gone.
NEW_SHAPES = '''"""Shapes, and what is inside."""

import math
from collections.abc import Sequence

SIDES = 4


def volume(width, height, depth):
    """Return the volume."""
    return width * height * depth


def area(width, height):
    """Return the area of a rectangle.

    >>> area(2, 3)
    6
    """
    return width * height


def given(x: Sequence):
    """Return x twice."""
    return [*x, *x]


class Square:
    """A square."""

    def __init__(self, side):
        self.side = side

    def fresh_helper(self):
        return self.side

    def area(self):
        """Return the area of the square."""
        return math.pow(self.side, 2)

    def perimeter(self):
        """Return the perimeter."""
        return SIDES * self.side
'''

OLD = Part("01", "shapes", ("area", "Square.area", "Square.perimeter", "old_fashioned"), OLD_SHAPES)
NEW = Part("01", "shapes", ("volume", "area", "Square.area", "Square.perimeter"), NEW_SHAPES)
RULES = Part(
    "05", "rules", ("double",), '"""Rules."""\n\n\ndef double(x):\n    """Return twice."""\n    return x + x\n'
)
MOVED = replace(RULES, number="06")


def course(*parts: Part, **files: str) -> dict[str, bytes]:
    """Return all files of a course by path; files: more of them, or others."""
    found = {"scripts/tito/cli.py": "", "pyproject.toml": "", "README.md": "# Course\n", ".vscode/tasks.json": "{}\n"}
    digests = []
    for part in parts:
        found |= {f"modules/{part.folder}/module.toml": part.manifest, part.file: part.stub}
        found |= {f"modules/{part.folder}/README.md": f"# {part.name}\n", f"tests/test_{part.folder}.py": "\n"}
        found[f"tinytorch/{part.name}.py"] = part.reference
        digests.append(hashlib.sha256(part.stub.encode()).hexdigest())
    found["tinytorch/_stubs.py"] = f"STUBS = {digests}\n"
    return {path: text.encode() for path, text in (found | files).items()}


def write(root: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def tree(root: Path) -> dict[str, bytes]:
    """Return all files below a folder by path, without the journals."""
    paths = (path for path in sorted(root.rglob("*")) if path.is_file())
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    return {path: content for path, content in found.items() if not path.startswith((".tito/updates/", ".git/"))}
