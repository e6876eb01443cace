"""What is there of the environment: where it lies, the stamp that says what it was made from, its variables."""

import contextlib
import hashlib
import json
import os
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import find_python

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "tinytorch.json"

# In the lock, but the course can do without: there is no wheel for every machine, and building it takes a compiler.
OPTIONAL = {"scalene": "a profiler; py-spy and memray are there"}

# What would make a child run other code than the environment's, or pip put packages elsewhere.
DISTURBING = re.compile(
    r"PYTHON(PATH|HOME|PLATLIBDIR|EXECUTABLE|OPTIMIZE)|__PYVENV_LAUNCHER__|VIRTUAL_ENV|PIP_(REQUIRE_VIRTUALENV|TARGET"
    r"|PREFIX|ROOT|PYTHON|DRY_RUN|REPORT|CONSTRAINT|REQUIREMENT|EDITABLE|IGNORE_INSTALLED|FORCE_REINSTALL|QUIET|VERBOSE)"
)

Stamp = dict[str, str]


def is_ready() -> bool:
    """Say whether .venv was made here from the present lock, with the Python and the packages that it still has."""
    stamp = read_stamp()
    packages = stamp.pop("packages", "none noted")
    return stamp == new_stamp("done") and set(packages.split()) <= set(packages_in_venv().split())


def is_installed_here() -> bool:
    """Say whether the running interpreter has this project installed from this very folder."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        origin = json.loads(metadata.distribution("tinytorch").read_text("direct_url.json") or "{}")
        return Path(url2pathname(urlsplit(origin.get("url", "")).path)) == ROOT
    return False


def read_stamp() -> Stamp:
    """Return what .venv was made from; nothing where no stamp can be read."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def new_stamp(state: str) -> Stamp:
    """Describe .venv as it should be. States: begun (no packages yet), unfinished (at work), done."""
    return {"state": state, "folder": str(ROOT), "python": python_version(VENV_PYTHON), "made from": made_from()}


def packages_in_venv() -> str:
    """Name what is installed in .venv, in its versions, without what venv itself brought."""
    found = (path.name for path in VENV.glob("lib/python3*/site-packages/*.dist-info"))
    return " ".join(sorted(name for name in found if not name.startswith(("pip-", "setuptools-"))))


def write_stamp(stamp: Stamp) -> None:
    """Put the stamp into .venv."""
    STAMP.write_text(json.dumps(stamp, indent=2), "utf-8")


def made_from() -> str:
    """Return a hash of the lock and of the parts of pyproject.toml that an installation depends on."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    parts = [pyproject.get("project"), pyproject.get("build-system"), pyproject.get("tool", {}).get("hatch")]
    return hashlib.sha256(LOCK.read_bytes() + json.dumps(parts, sort_keys=True).encode()).hexdigest()


def python_version(python: Path) -> str:
    """Ask an interpreter for its version, "3.13"; "" where it does not run."""
    return ".".join(str(part) for part in find_python.version_of(str(python)))


def activated(python: Path) -> dict[str, str]:
    """Return the variables for a child that runs in an environment, as its `activate` sets them."""
    prefix = python.parent.parent
    kept = undisturbed()
    return kept | {"VIRTUAL_ENV": str(prefix), "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def undisturbed() -> dict[str, str]:
    """Return the variables of this process without those that would disturb a child."""
    return {name: value for name, value in os.environ.items() if not DISTURBING.fullmatch(name)}


def say(text: str, end: str = "\n") -> None:
    """Print for the person, on standard error: standard output is for what was asked for."""
    encoding = sys.stderr.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), end=end, file=sys.stderr, flush=True)
