"""Checks of this folder: the learner's files, what the course remembers, variables, room, version control.

Public parts: `your_files`, `course_memory`, `variables`, `folder`, `git`, each of which yields findings; `parse_error`.
Standard library alone.
"""

import ast
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from tito import course
from tito.course import MEMORY, MODULES, ROOT, Exercise, Module
from tito.cursor import definitions
from tito.findings import Finding, note, ok, problem
from tito.memory import read_json, shown

MEND = "mend that line; until then the reference runs in place of this file"
MEGABYTE = 1_000_000
TOO_FULL, NEARLY_FULL = 100 * MEGABYTE, 1000 * MEGABYTE
VARIABLES = {
    "TINYTORCH_DATA": "data sets are looked for there",
    "PYTHONPATH": "Python looks there first",
    "PYTHONOPTIMIZE": "assert statements do nothing: unset it",
    "PYTHONDONTWRITEBYTECODE": "every start compiles anew, which costs time",
    "PYTHONWARNINGS": "warnings are treated as it says",
    "PYTEST_ADDOPTS": "every test run gets these options",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "the time limit of tests is missing: unset it",
    "PYTEST_PLUGINS": "every test run loads these",
}


def your_files() -> Iterator[Finding]:
    """Look whether each learner's file is there, can be parsed, has all its functions and can be written."""
    found = [finding for module in course.modules() if (finding := _file(module))]
    yield from found or [ok("your files", f"all {len(course.modules())} are whole and can be written")]


def _file(module: Module) -> Finding | None:
    name = shown(module.file)
    try:
        module.file.read_bytes()
    except FileNotFoundError:
        says = f"{name} is not there; the reference runs in its place"
        return note("your files", says, f"tito reset {module.number} brings the stub back")
    except OSError as error:
        return note("your files", f"{name} can't be read: {error.strerror}", f"chmod u+rw {name}")
    if unparsed := parse_error(module.file):
        return note("your files", unparsed, MEND)
    if lacking := _lacking(module):
        says = f"{name} has no {', '.join(map(str, lacking))}; the reference's runs"
        return note("your files", says, f"tito reset {lacking[0].id} brings the stub back")
    return None if os.access(module.file, os.W_OK) else note("your files", f"{name} is read-only", f"chmod u+w {name}")


def _lacking(module: Module) -> list[Exercise]:
    """Return the exercises whose function isn't in a file that can be parsed."""
    with warnings.catch_warnings(action="ignore"):
        found = definitions(ast.parse(module.file.read_bytes()))
    return [e for e in module.exercises if e.function.partition("@")[0] not in found]


def parse_error(path: Path) -> str:
    """Return why a file can't be parsed, in front of it the place; "" where it can be, or can't be read."""
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError) as error:
        line, text = (error.lineno or 1, error.msg) if isinstance(error, SyntaxError) else (1, str(error))
        return f"{shown(path)}:{line}: {type(error).__name__}: {text}"
    except OSError:
        pass
    return ""


def course_memory() -> Iterator[Finding]:
    """Look whether what the course remembers can be read."""
    for name in ("hints.json", "verdicts.json"):
        if damage := read_json(name)[1]:
            yield note("memory", damage, f"rm {shown(MEMORY / name)}")
    aside = MEMORY / "aside"
    try:
        numbers = aside.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        yield problem("memory", f"{shown(aside)} can't be read: {error}", f"rm {shown(aside)}")
        return
    if numbers:
        says = f"{', '.join(numbers)}: the reference runs there"
        yield note("set aside", says, f"tito use mine {numbers[0]} takes yours again")


def variables() -> Iterator[Finding]:
    """Look at the environment variables that change what runs."""
    mode = os.environ.get("TINYTORCH", "")
    if mode == "reference":
        yield note("variables", "TINYTORCH=reference: the reference runs, nothing of yours", "unset TINYTORCH")
    elif mode:
        yield problem("variables", f"TINYTORCH is {mode!r}: wanted 'reference' or nothing", "unset TINYTORCH")
    for name, effect in VARIABLES.items():
        if os.environ.get(name):
            yield note("variables", f"{name}={os.environ[name]}: {effect}")


def folder() -> Iterator[Finding]:
    """Look whether the workspace can be written, and how much room there is."""
    refused = [reason for where in (ROOT, MODULES, MEMORY) if (reason := _cannot_write(where))]
    if refused:
        do = 'copy the course into a folder of your own, or make this one yours: sudo chown -R "$USER" .'
        yield problem("folder", f"can't be written: {', '.join(refused)}", do)
    else:
        yield ok("folder", f"{ROOT} can be written")
    free = shutil.disk_usage(ROOT).free
    if free < TOO_FULL:
        yield problem("disk", f"only {free // MEGABYTE} MB free", "make room; what lies in runs/ can be removed")
    elif free < NEARLY_FULL:
        yield note("disk", f"only {free // MEGABYTE} MB free")
    else:
        yield ok("disk", f"{free / 1e9:.1f} GB free")


def git() -> Iterator[Finding]:
    """Look whether the learner's work is under version control."""
    tool = shutil.which("git")
    if not tool:
        yield note("git", "not installed: your work is not under version control", "install git")
        return
    command = [tool, "-C", str(ROOT), "rev-parse", "--is-inside-work-tree"]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if run.returncode == 0:
        yield ok("git", "this folder is in a repository")
    elif "dubious ownership" in run.stderr:
        do = f'git config --global --add safe.directory "{ROOT}"'
        yield note("git", "this folder belongs to another user, so git refuses", do)
    else:
        do = "git init && git add . && git commit -m start"
        yield note("git", "this folder is no repository: nothing keeps your earlier versions", do)


def _cannot_write(where: Path) -> str:
    """Return why nothing can be written in a folder, or ""; the memory needs to be there only when it is used."""
    if where == MEMORY and not where.exists():
        return ""
    try:
        with tempfile.TemporaryFile(dir=where) as file:
            file.write(b"written by tito doctor\n")
    except OSError as error:
        return f"{shown(where)} ({error.strerror})"
    return ""
