"""Results of profiles: each is kept in `runs/profiles/` beside the file that the editor opens, under the same number.

Public parts: `Result`, `FOLDER`, `LAST`, `new_file`, `keep`, `earlier`, `digest`.
"""

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from tito.course import ROOT, RUNS, Module
from tito.memory import CannotDo, shown, write_whole

Result = dict[str, Any]

FOLDER = RUNS / "profiles"
LAST = "last"  # in place of a file: the newest

_NUMBER = re.compile(r"-(\d+)$")


def new_file(name: str, suffix: str) -> Path:
    """Return a name with the next number: the editor never reads a profile again that it has open."""
    return FOLDER / f"{name}-{max(_numbers(name), default=0) + 1}.{suffix}"


def keep(module: Module, result: Result) -> Result:
    """Write a result with its date and the digest of the learner's file, and return it with the path."""
    profile = result.get("file")
    file = (ROOT / profile).with_suffix(".json") if profile else new_file(module.folder.name, "json")
    date = datetime.now().astimezone().isoformat(timespec="seconds")
    kept = {**result, "kept": shown(file), "date": date, "digest": digest(module)}
    write_whole(file, json.dumps(kept).encode())
    return kept


def earlier(module: Module, tool: str, wanted: str = LAST) -> Result:
    """Return a kept result of a module by a tool: the last one, or the one in a file (or beside a profile).

    Raises CannotDo where there is none, where it can't be read, or where it is another module's or another tool's.
    """
    if wanted != LAST:
        return _in_file(module, tool, Path(wanted))
    for number in sorted(_numbers(module.folder.name), reverse=True):
        found = _read(FOLDER / f"{module.folder.name}-{number}.json")
        if found and found.get("with") == tool:
            return found
    raise CannotDo(
        f"there is no earlier profile of {module.number} with {tool}: tito profile {module.number} --with {tool} makes "
        "one; change your code, then compare"
    )


def digest(module: Module) -> str:
    """Return what tells one state of the learner's file from another; "" where there is none."""
    try:
        return hashlib.sha256(module.file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _in_file(module: Module, tool: str, file: Path) -> Result:
    found = _read(file.with_suffix(".json"))
    if found is None:
        raise CannotDo(f"{file} is no profile that was kept; wanted a file of {shown(FOLDER)}, or the word last")
    if (found["module"], found["with"]) != (module.number, tool):
        other = f"{found['module']} with {found['with']}"
        raise CannotDo(
            f"{file} is a profile of {other}; compare like with like: tito profile {other.replace('with', '--with')}"
        )
    return found


def _read(file: Path) -> Result | None:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"module", "with", "unit"} <= found.keys() else None


def _numbers(name: str) -> list[int]:
    return [int(found[1]) for path in FOLDER.glob(f"{name}-*") if (found := _NUMBER.search(path.stem))]
