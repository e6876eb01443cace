"""A copy of this workspace, without its history, for tests that change it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tito import course
from tito.stubs import make_stub

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("modules", "tinytorch", "scripts", "tests", "profiles", "pyproject.toml", "requirements.lock")
LEFT_BEHIND = ("TINYTORCH", "PYTEST_", "COV_", "PYTHONDONTWRITEBYTECODE")  # variables
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


@dataclass(frozen=True)
class Workspace:
    """A copied workspace, and `tito` in it."""

    root: Path

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the variables with which a child uses this copy and nothing of the original."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_BEHIND)}
        path = os.pathsep.join(str(p) for p in (self.root, self.root / "scripts"))
        return kept | {"PYTHONPATH": path, "COLUMNS": "80", "NO_COLOR": "1"} | variables

    def tito(
        self, *arguments: str, before: Callable[[], None] | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run `tito` in the copy; before: called in the child, before it becomes `tito`."""
        command = [sys.executable, "-m", "tito", *arguments]
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            preexec_fn=before,
        )

    def json(self, *arguments: str, **variables: str) -> Any:
        """Run `tito ... --json` and return the one document that it printed."""
        run = self.tito(*arguments, "--json", before=None, **variables)
        return json.loads(run.stdout)

    def mine(self, name: str) -> Path:
        """Return the learner's file of a module ("tensor")."""
        return next((self.root / "modules").glob(f"*_{name}/{name}.py"))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in a learner's file; it has to be there."""
        path = self.mine(name)
        text = path.read_bytes()
        assert old.encode() in text
        path.write_bytes(text.replace(old.encode(), new.encode(), 1))

    def remembered(self, name: str) -> Path:
        """Return a file of the course's memory."""
        return self.root / ".tito" / name


def copy_workspace(tmp_path: Path) -> Workspace:
    """Copy the workspace; the learner's files become untouched stubs, whatever they are here.

    The copy's path has a space and a letter beyond ASCII.
    """
    place = tmp_path / "a copy \N{LATIN SMALL LETTER E WITH ACUTE}"
    place.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, place / part, ignore=LEFT_OUT)
        elif source.exists():
            shutil.copy2(source, place / part)
    for module in course.modules():
        reference = (ROOT / "tinytorch" / f"{module.name}.py").read_text(encoding="utf-8")
        (place / module.file.relative_to(ROOT)).write_bytes(make_stub(module, reference).encode())
    return Workspace(place)
