"""Run the whole suite and the milestones on solutions that were written without the reference. For maintainers and CI.

    python scripts/try_alternatives.py [NN ...]

`tests/alternatives/NN_name.py` is a module's file as somebody built it from the guide and the stub alone. It is put
into a copy of the workspace, as a learner's file: the rest comes from the reference. Then its own tests, the milestones
and the course's tests of the reference run on it, so that nothing leans on a private habit of the reference.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tito import course
from tito.course import ROOT, Module
from tito.milestones import MILESTONES
from walk import LEFT_OUT

ALTERNATIVES = ROOT / "tests" / "alternatives"
OWN = sorted((ROOT / "tests" / "workspace").glob("test_reference_*.py"))
FILES = [str(path.relative_to(ROOT)) for path in OWN if "milestone" not in path.name]
SUITE = ["pytest", "-q", "-n", str(os.cpu_count() or 1), "-p", "no:cacheprovider", *FILES]
RUNS = {"the suite": SUITE, **{f"milestone {name}": ["tito", "milestone", name, "--json"] for name in MILESTONES}}


def main(numbers: Sequence[str] = ()) -> int:
    """Try the alternatives of these modules, or all; print a line for each run; exit 1 if any failed."""
    chosen = [m for m in course.modules() if not numbers or m.number in numbers]
    missing = [m for m in chosen if not _path(m).exists()]
    for module in missing:
        print(
            f"{module.number}: no alternative; write one from guide and stub alone: {_path(module).relative_to(ROOT)}"
        )
    failed = sum([_try(module) for module in chosen if module not in missing])
    return 1 if failed or missing else 0


def _path(module: Module) -> Path:
    return ALTERNATIVES / f"{module.folder.name}.py"


def _try(module: Module) -> int:
    """Run everything in a copy with the alternative in place; return how many runs failed."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tinytorch alternative \N{LATIN SMALL LETTER E WITH ACUTE} ") as folder:
        workspace = Path(folder) / "course"
        shutil.copytree(ROOT, workspace, ignore=LEFT_OUT)
        shutil.copy(_path(module), workspace / module.file.relative_to(ROOT))
        for name, command in {"its tests": ["tito", "test", module.number], **RUNS}.items():
            start = time.monotonic()
            run = subprocess.run(
                [sys.executable, "-m", *command],
                cwd=workspace,
                env=_environment(workspace),
                capture_output=True,
                text=True,
                check=False,
            )
            said = f"FAILED\n{run.stdout}{run.stderr}" if run.returncode else _ending(run.stdout)
            print(f"{module.number} {name}, {time.monotonic() - start:.0f} s: {said}", flush=True)
            failed += run.returncode != 0
    return failed


def _ending(printed: str) -> str:
    """Return pytest's last line; a milestone prints a document, and its exit code says that its goal was reached."""
    last = printed.strip().splitlines()[-1]
    return "reached" if last == "}" else last


def _environment(workspace: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "TINYTORCH"}
    return kept | {"PYTHONPATH": os.pathsep.join([str(workspace), str(workspace / "scripts")]), "NO_COLOR": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
