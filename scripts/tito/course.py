"""What the course consists of: its modules and exercises, read from the `module.toml` files.

Public parts: `Exercise`, `Question`, `Capability`, `Module`, `modules`, `module`, `exercise`, `owner`, `select`;
`UnknownName`.
"""

import difflib
import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tito.cursor import exercise_at
from tito.manifest import WrongManifest, check_names, entries

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "modules"
RUNS = ROOT / "runs"  # pictures, checkpoints, profiles: what runs leave behind
MEMORY = ROOT / ".tito"  # what the course remembers about this workspace
MILESTONE = "milestone "  # what a proof begins with that is no exercise


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
class Question:
    """One question of a module's quiz."""

    ask: str
    choices: tuple[str, ...]
    right: int  # the number of the right choice, from 1
    why: str  # said behind every answer


@dataclass(frozen=True)
class Capability:
    """What a learner can do once all that is named as its proof is right."""

    can: str
    proof: tuple[str, ...]  # exercises ("05.3") and milestones ("milestone digits")

    @property
    def exercises(self) -> tuple[str, ...]:
        """The ids of the exercises in the proof."""
        return tuple(p for p in self.proof if not p.startswith(MILESTONE))

    @property
    def milestones(self) -> tuple[str, ...]:
        """The names of the milestones in the proof."""
        return tuple(p.removeprefix(MILESTONE) for p in self.proof if p.startswith(MILESTONE))


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
    questions: tuple[Question, ...] = ()
    capabilities: tuple[Capability, ...] = ()

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
    """Return all modules in the order of the course. Raises WrongManifest."""
    found = tuple(_read(path) for path in sorted(MODULES.glob("[0-9][0-9]_*/module.toml")))
    known = {e.id for m in found for e in m.exercises}
    for m in found:
        for unknown in (p for c in m.capabilities for p in c.exercises if p not in known):
            raise WrongManifest(
                f'{_manifest(m)}: the proof {unknown!r} is no exercise; wanted an id such as "05.3", '
                'or "milestone NAME"'
            )
    return found


def select(name: str) -> Module | Exercise:
    """Return what a learner means by "05", "05.3", "autograd", "sum_to_shape", by the path of a module's file or
    folder, or by FILE:LINE, which is the exercise in which that line stands, or the module where it stands in none.

    Raises UnknownName with the nearest names.
    """
    known: dict[str, Module | Exercise] = {}
    for m in modules():
        known |= {m.number: m, m.name: m, m.folder.name: m}
        known |= {e.id: e for e in m.exercises} | {e.function: e for e in m.exercises}
    if name in known:
        return known[name]
    if found := _at_path(name):
        return found
    if re.match(r"\d(\.|$)", name) and f"0{name}" in known:  # "5" for "05", "5.3" for "05.3"
        return known[f"0{name}"]
    raise UnknownName(_unknown(name, known))


def _unknown(name: str, known: dict[str, Module | Exercise]) -> str:
    """Say that nothing is called so, and what comes nearest."""
    from tito.anatomy import NAMES

    number = name.partition(".")[0].zfill(2)
    if number in NAMES and number not in known:
        return f"{number} {NAMES[number]} has no exercises yet: they come in a later release; the reference holds it"
    file, _, line = name.rpartition(":")
    if file and line.isdecimal():
        return f"there is no file {file!r} here; FILE:LINE names a file of this course, seen from the folder you are in"
    short = {e.function.rpartition(".")[2].strip("_"): str(e) for m in modules() for e in m.exercises}
    if name.strip("_") in short:
        return f"there is no {name!r} in this course; did you mean {short[name.strip('_')]}?"
    near = difflib.get_close_matches(name, [*known, *short], n=3, cutoff=0.4)
    meant = list(dict.fromkeys(short.get(n, n) for n in near)) or [m.number for m in modules()]
    return f"there is no {name!r} in this course; did you mean {' or '.join(meant)}?"


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


def _at_path(name: str) -> Module | Exercise | None:
    """Return what stands at a path or at FILE:LINE, or None."""
    file, _, line = name.rpartition(":")
    numbered = line.isdecimal() and Path(file).is_file()
    path = Path(file if numbered else name).resolve()
    if not path.exists():
        return None
    m = next((m for m in modules() if path in (m.tests, m.folder) or m.folder in path.parents), None)
    if m is None or not numbered or path not in (m.file, m.tests):
        return m
    id = exercise_at(path.read_bytes(), int(line), {e.function: e.id for e in m.exercises})
    return next((e for e in m.exercises if e.id == id), m)


def _read(path: Path) -> Module:
    """Read one manifest. Raises WrongManifest."""
    where = path.relative_to(ROOT).as_posix()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # what TOML and UTF-8 refuse
        raise WrongManifest(f"{where}: {error}") from None
    number, _, name = path.parent.name.partition("_")
    for capability in table.get("capabilities", ()):
        if isinstance(capability, dict) and isinstance(capability.get("proof"), str):
            capability["proof"] = [capability["proof"]]
    table |= {
        "number": number,
        "name": name,
        "exercises": tuple(entries(table, "exercises", Exercise, where)),
        "questions": tuple(entries(table, "questions", Question, where)),
        "capabilities": tuple(entries(table, "capabilities", Capability, where)),
        "hidden": tuple(table.get("hidden", ())),
    }
    check_names(table, Module, where)
    for question in table["questions"]:
        if not 1 <= question.right <= len(question.choices):
            among = f"it has the choices 1 to {len(question.choices)}"
            raise WrongManifest(f"{where}: question {question.ask!r}: right is {question.right}, but {among}")
    return Module(**table)


def _manifest(module: Module) -> str:
    return (module.folder / "module.toml").relative_to(ROOT).as_posix()
