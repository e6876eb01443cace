"""`tito info`: what runs here, in a few lines that can be copied into a bug report."""

import contextlib
import importlib.metadata
import os
import platform
import shutil
import sys
import tomllib
from pathlib import Path

from tito import checks_workspace
from tito.answer import Json, document
from tito.course import ROOT
from tito.limit import import_course

PACKAGES = ("numpy", "typer", "rich", "pytest", "watchfiles")
OPTIONAL = ("torch", "py-spy", "memray", "scalene")
# The doctor says of the first ones what they change.
VARIABLES = ("TINYTORCH", *checks_workspace.VARIABLES, "TERM_PROGRAM", "CODESPACES", "REMOTE_CONTAINERS")


def info(as_json: Json = False) -> None:
    """Say what runs here: versions, folders, tools, and what is yours; to copy into a bug report.

    What is wrong and what to do about it says `tito doctor`.

    Example: tito info
    """
    facts = _facts()
    if as_json:
        document(facts)
        return
    for name, value in facts.items():
        text = ", ".join(f"{k} {v or 'not there'}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{name:<12} {text.removeprefix(f'{name}: ') or 'none'}")


def _facts() -> dict[str, str | dict[str, str | None]]:
    variables = [(name, os.environ.get(name)) for name in VARIABLES]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "release": _release(),
        "yours": _yours(),
        "python": f"{platform.python_version()} {platform.python_implementation()}",
        "system": f"{platform.platform()}, {cores} cores",
        "workspace": _short(ROOT),
        "environment": _short(sys.prefix) if sys.prefix != sys.base_prefix else f"none: {_short(sys.executable)}",
        "packages": {name: _version(name) for name in PACKAGES},
        "optional": {name: _version(name) for name in OPTIONAL},
        "variables": {name: _short(value) for name, value in variables if value},
        "terminal": _terminal(),
    }


def _release() -> str:
    """Return the release of this folder, which need not be installed."""
    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return f"TinyTorch {project['version']}"
    except (OSError, ValueError, KeyError) as error:
        return f"unknown: pyproject.toml: {type(error).__name__}: {error}"


def _yours() -> str:
    """Return the line that says whose code runs, or why that can't be said."""
    from tito import record

    try:
        with contextlib.redirect_stdout(sys.stderr):  # a learner's file may print while it is imported
            import_course()
        return record.yours()
    except Exception as error:  # whatever keeps the package from being imported belongs into the report
        return f"can't be said: {type(error).__name__}: {error}"


def _terminal() -> str:
    """Return the terminal's kind and width, where the output goes to one."""
    if not sys.stdout.isatty():
        return "none: this goes into a file or another program"
    return f"{os.environ.get('TERM', 'of an unknown kind')}, {shutil.get_terminal_size().columns} columns"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _short(path: str | Path) -> str:
    """Return a path without the user's name in it."""
    text, home = str(path), str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
