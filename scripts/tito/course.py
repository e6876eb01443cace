"""What the course consists of: its modules and exercises, read from the `module.toml` files.

Public parts: `Exercise`, `Module`, `modules`, `module`, `exercise`, `select`.
"""

import difflib
import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "modules"
RUNS = ROOT / "runs"  # pictures, checkpoints, profiles: what runs leave behind
MEMORY = ROOT / ".tito"  # what the course remembers about this workspace


@dataclass(frozen=True)
class Exercise:
    """One function that the learner writes."""

    id: str  # "05.3"
    function: str  # "sum_to_shape", "Tensor.__add__"
    points: int
    minutes: int
    difficulty: int  # 1 to 5
    done: str  # what works now, once it is right
    hints: tuple[str, str, str]
    starts_with: str = ""  # a stub's body where it is not the usual raise

    def __str__(self) -> str:
        return f"{self.id} {self.function}"


@dataclass(frozen=True)
class Module:
    """One chapter: a guide, a stub with exercises, tests and a workload to profile."""

    number: str  # "05"
    name: str  # "autograd"
    title: str
    summary: str
    minutes: int
    exercises: tuple[Exercise, ...]
    hidden: tuple[str, ...] = ()  # names of the reference that the stub lacks

    @property
    def folder(self) -> Path:
        """Where the guide and the learner's file lie."""
        return MODULES / f"{self.number}_{self.name}"

    @property
    def file(self) -> Path:
        """The learner's file."""
        return self.folder / f"{self.name}.py"

    @property
    def tests(self) -> Path:
        """The module's test file."""
        return ROOT / "tests" / f"test_{self.number}_{self.name}.py"


class UnknownName(ValueError):
    """Nothing in the course is called so."""


@functools.cache
def modules() -> tuple[Module, ...]:
    """Return all modules in the order of the course."""
    return tuple(_read(path) for path in sorted(MODULES.glob("[0-9][0-9]_*/module.toml")))


def select(name: str) -> Module | Exercise:
    """Return what a learner means by "05", "05.3", "autograd", "sum_to_shape", or by the path of a module's file or
    folder.

    Raises UnknownName with the nearest names.
    """
    known: dict[str, Module | Exercise] = {}
    for m in modules():
        known |= {m.number: m, m.name: m, m.folder.name: m}
        known |= {e.id: e for e in m.exercises} | {e.function: e for e in m.exercises}
    if name in known:
        return known[name]
    path = Path(name).resolve()
    for m in modules():
        if path.exists() and (path == m.tests or path == m.folder or m.folder in path.parents):
            return m
    short = {str(int(m.number)): m for m in modules()}  # "5" for "05"
    if name in short:
        return short[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or [m.number for m in modules()]
    raise UnknownName(f"there is no {name!r} in this course; did you mean {' or '.join(near)}?")


def module(name: str) -> Module:
    """Return the module that `name` means, also where it means one of its exercises."""
    found = select(name)
    return found if isinstance(found, Module) else owner(found)


def owner(exercise: Exercise) -> Module:
    """Return the module that an exercise belongs to."""
    return next(m for m in modules() if exercise in m.exercises)


def exercise(id: str) -> Exercise:
    """Return the exercise with this id. Raises UnknownName."""
    found = select(id)
    if isinstance(found, Exercise):
        return found
    raise UnknownName(
        f"{id!r} is a whole module; name one of its exercises: {', '.join(e.id for e in found.exercises)}"
    )


def _read(path: Path) -> Module:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    number, _, name = path.parent.name.partition("_")
    exercises = tuple(Exercise(**{**entry, "hints": tuple(entry["hints"])}) for entry in table.pop("exercises"))
    return Module(number=number, name=name, exercises=exercises, hidden=tuple(table.pop("hidden", ())), **table)
