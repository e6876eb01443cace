"""Update a half-done copy of the course's first release to this version, as its learner would. For maintainers and CI.

    python scripts/update_walk.py

The first release is the last commit whose module 05 had three exercises. Every second exercise is typed in there, with
a helper and comments of one's own. After `tito update` what was built is built and right, and the helper is there;
`tito update --undo` brings back every byte.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tito.course import ROOT
from tito.stubs import put_back

FOURTH = 'id = "05.4"'  # what the first release had not
LEFT_OUT = {".tito", "__pycache__", ".pytest_cache"}
HELPER = "\n\n# mine\ndef my_helper(x):\n    return x  # and mine too\n"


def main() -> int:
    """Walk; print what was seen; exit 1 if anything typed was lost or is wrong afterwards."""
    commit = first_release()
    if not commit:
        print("no first release in this clone's history: fetch all of it (git fetch --unshallow) to try an update")
        return 0
    with tempfile.TemporaryDirectory(prefix="tinytorch update \N{LATIN SMALL LETTER E WITH ACUTE} ") as folder:
        old = Path(folder) / "course"
        with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
            archive.extractall(old, filter="data")
        typed = build_half(old)
        print(f"{commit[:7]}: built {', '.join(typed)}, and a helper")
        before = contents(old)
        _tito(ROOT, "update", "--into", str(old), "--from", str(ROOT), "--dry-run")
        problems = [] if contents(old) == before else ["--dry-run changed something"]
        print(_tito(ROOT, "update", "--into", str(old), "--from", str(ROOT), "--yes"))
        problems += wrong(old, typed)
        _tito(ROOT, "update", "--into", str(old), "--undo")
        after = contents(old)
        changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
        problems += [f"--undo left another {path}" for path in changed]
    print("\n".join(problems) or "all that was typed is built and right; --undo brought every byte back")
    return 1 if problems else 0


def first_release() -> str:
    """Return the commit of the first release, or "" where the history doesn't reach back."""
    found = _git("log", "--format=%H", "-S", FOURTH, "--", "modules/05_autograd/module.toml").decode().split()
    parents = _git("rev-list", "--parents", "-1", found[-1]).decode().split()[1:] if found else []
    return parents[0] if parents else ""


def build_half(root: Path) -> list[str]:
    """Type every second exercise's body in, and a helper; return the functions that were built."""
    built = []
    for manifest in sorted(root.glob("modules/*/module.toml")):
        name = manifest.parent.name.partition("_")[2]
        file = manifest.parent / f"{name}.py"
        reference = (root / "tinytorch" / f"{name}.py").read_text(encoding="utf-8")
        for exercise in tomllib.loads(manifest.read_text(encoding="utf-8"))["exercises"][::2]:
            file.write_bytes(put_back(file.read_bytes(), reference, exercise["function"]))
            built.append(exercise["function"])
        if name == "tensor":
            file.write_bytes(file.read_bytes() + HELPER.encode())
    return built


def wrong(root: Path, typed: list[str]) -> list[str]:
    """Return what is not as it should be after the update."""
    status: dict[str, Any] = json.loads(_tito(root, "status", "--json"))
    exercises = [exercise for module in status["modules"] for exercise in module["exercises"]]
    built = [exercise["function"] for exercise in exercises if exercise["state"] == "built"]
    found = [f"{name}: built before, and now {'built' if name in built else 'not'}" for name in set(typed) ^ set(built)]
    print(_tito(root, "test", "--built").strip().splitlines()[-1])
    if HELPER.strip() not in (root / "modules/01_tensor/tensor.py").read_text(encoding="utf-8"):
        found.append("the helper in modules/01_tensor/tensor.py is lost")
    return found


def contents(root: Path) -> dict[Path, bytes]:
    """Return each file's bytes, but for what the course remembers and what tools left."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {p.relative_to(root): p.read_bytes() for p in files if not LEFT_OUT & set(p.parts)}


def _tito(root: Path, *arguments: str) -> str:
    path = os.pathsep.join([str(root), str(root / "scripts")])
    environment = {k: v for k, v in os.environ.items() if k != "TINYTORCH"} | {"PYTHONPATH": path, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "tito", *arguments]
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"tito {' '.join(arguments)} failed:\n{run.stdout}{run.stderr}")
    return run.stdout


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
