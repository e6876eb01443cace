"""What an update would do: which files it brings, each learner's file, and the record. Nothing is written here.

Public parts: `Plan`, `make_plan`.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tito.course import Exercise, Module
from tito.memory import CannotDo
from tito.update_learners import LEFT, Learners, exercises, file_of, plan_learners, read
from tito.update_sources import Source, blob

TAKEN = ".tito/course.json"  # what the last update brought: git's names of the contents, by path


@dataclass
class Plan:
    """All that an update would write, by path; None: the file goes."""

    source: Source
    writes: dict[str, bytes | None] = field(default_factory=dict)
    learners: list[Learners] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)  # the course's own, of an earlier version
    unknown: list[str] = field(default_factory=list)  # nobody can tell whether the learner changed it
    yours: list[str] = field(default_factory=list)  # the learner changed it
    removed: list[str] = field(default_factory=list)


def make_plan(root: Path, source: Source) -> Plan:
    """Compare a workspace with a newer version. Raises CannotDo where its stubs can't be had, or a place is taken."""
    plan = Plan(source)
    old, new = _modules_here(root), _modules_in(source.files)
    for name in {**new, **old}:
        found, writes = plan_learners(root, source, old.get(name), new.get(name), _elsewhere(old, new))
        plan.learners.append(found)
        plan.writes |= writes
    learners_files = {file_of(m) for m in (*old.values(), *new.values())}
    course = {p: c for p, c in source.files.items() if p not in learners_files and Path(p).name != LEFT}
    taken = _json(root / TAKEN).get("files") or dict(source.base)
    for path, content in course.items():
        _plan_file(plan, root, path, content, taken)
    _plan_removals(plan, root, {*_left_behind(old, new)} - {*course}, {*course, *learners_files}, taken)
    _plan_record(plan, root, _new_ids(old, new))
    if plan.writes:  # last, and only with something else
        names = {path: blob(content) for path, content in course.items()}
        plan.writes[TAKEN] = json.dumps({"source": source.name, "files": names}, indent=1).encode()
    plan.writes = {path: plan.writes[path] for path in sorted(plan.writes, key=_order)}
    for path in plan.writes:
        _check_place(root, path)
    return plan


def _elsewhere(old: Mapping[str, Module], new: Mapping[str, Module]) -> dict[str, str]:
    """Return by function where an exercise is now that the same module had not before."""
    return {
        function: f"{id} in {file_of(module)}"
        for name, module in new.items()
        for function, id in exercises(module).items()
        if name not in old or function not in exercises(old[name])
    }


def _order(path: str) -> tuple[bool, str]:
    """Return where a file stands in the order of writing: what runs `tito` last."""
    return path.startswith("scripts/"), path


def _plan_file(plan: Plan, root: Path, path: str, content: bytes, taken: Mapping[str, str]) -> None:
    """Plan one file of the course; what the learner changed and the new version did not stays."""
    here, new = read(root / path), blob(content)
    if here is not None and new in (blob(here), taken.get(path)):
        return
    if here is None:
        plan.new.append(path)
    elif _is_the_courses(plan.source, taken, path, here):
        plan.replaced.append(path)
    else:
        (plan.yours if taken or plan.source.known else plan.unknown).append(path)
    plan.writes[path] = content


def _is_the_courses(source: Source, taken: Mapping[str, str], path: str, content: bytes) -> bool:
    return blob(content) in {taken.get(path), *(source.known or {}).get(path, ())}


def _plan_removals(plan: Plan, root: Path, left_behind: set[str], stay: set[str], taken: Mapping[str, str]) -> None:
    """Plan that files of the course go which the new version has no more, and those of modules that are elsewhere."""
    earlier = {*taken, *(plan.source.known or {})} - stay
    for path in sorted(earlier | left_behind):
        here = read(root / path)
        if here is not None and (path in left_behind or _is_the_courses(plan.source, taken, path, here)):
            plan.removed.append(path)
            plan.writes[path] = None


def _left_behind(old: Mapping[str, Module], new: Mapping[str, Module]) -> Iterable[str]:
    """Yield the course's files of modules that are gone, or have another number; else they would count twice."""
    for name, module in old.items():
        if name not in new or new[name].number != module.number:
            folder = f"{module.number}_{name}"
            yield from (f"modules/{folder}/module.toml", f"modules/{folder}/README.md", f"profiles/{folder}.py")
            yield from (f"tests/test_{folder}.py", f"tests/mistakes/mistakes_{folder}.py")


def _check_place(root: Path, path: str) -> None:
    """Raise CannotDo where a file can't be written: before anything is."""
    place = root / path
    folder = next(parent for parent in place.parents if parent.exists())
    nothing = "nothing was written"
    if not place.resolve().is_relative_to(root.resolve()):
        raise CannotDo(f"{path} leads out of the workspace, through a link; {nothing}. Try: put a file in its place")
    if place.is_dir() or not folder.is_dir():
        raise CannotDo(
            f"{path}: wanted a file, found {'a folder' if place.is_dir() else f'{folder} as a file'}; {nothing}"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotDo(f"{folder} can't be written in; {nothing}. Try: chmod u+w '{folder}'")


# the record


def _plan_record(plan: Plan, root: Path, ids: Mapping[str, str | None]) -> None:
    """Give what is remembered of each exercise to the same function's new number."""
    if all(old == new for old, new in ids.items()):
        return
    for name in ("hints.json", "verdicts.json", "read.json"):
        content = _json(root / ".tito" / name)
        moved = {new: value for id, value in content.items() if (new := ids.get(id, id)) is not None}
        if moved != content:
            plan.writes[f".tito/{name}"] = (json.dumps(moved, indent=1, sort_keys=True) + "\n").encode()
    for path in sorted((root / ".tito" / "kept").glob("*/kept.json")):
        note = _json(path)
        target = str(note.get("target"))
        if target in ids and ids[target] != target:
            note["target"] = ids[target] or target.partition(".")[0]
            plan.writes[path.relative_to(root).as_posix()] = json.dumps(note, indent=1).encode()


def _new_ids(old: Mapping[str, Module], new: Mapping[str, Module]) -> dict[str, str | None]:
    """Return by each old exercise's id the new id of the same function; None where it is gone."""
    found: dict[str, str | None] = {}
    for name, module in old.items():
        after = exercises(new[name]) if name in new else {}
        found |= {e.id: after.get(e.function) for e in module.exercises}
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


# manifests, of this version or another


def _modules_here(root: Path) -> dict[str, Module]:
    paths = sorted((root / "modules").glob("[0-9][0-9]_*/module.toml"))
    return _modules_in({path.relative_to(root).as_posix(): path.read_bytes() for path in paths})


def _modules_in(files: Mapping[str, bytes]) -> dict[str, Module]:
    """Return the modules of a version by name, with no more of a manifest than merging needs. Raises CannotDo."""
    found = {}
    for path, content in sorted(files.items()):
        place = re.fullmatch(r"modules/(\d\d)_(\w+)/module\.toml", path)
        if place is None:
            continue
        try:
            table = tomllib.loads(content.decode())
            its = tuple(map(_exercise, table["exercises"]))
            hidden = tuple(map(str, table.get("hidden", ())))
        except (ValueError, KeyError, TypeError) as error:
            raise CannotDo(f"{path} can't be read: {type(error).__name__}: {error}; nothing was written") from None
        found[place[2]] = Module(place[1], place[2], "", "", 0, its, hidden)
    return found


def _exercise(entry: Any) -> Exercise:
    return Exercise(entry["id"], entry["function"], 0, 0, 1, "", ("", "", ""), entry.get("starts_with", ""))
