"""Run the whole suite and the milestones on solutions that were written without the reference. For maintainers and CI.

    python scripts/try_alternatives.py [NN ...]

`tests/alternatives/NN_name.py` is a module's file as somebody built it from the guide and the stub alone. It is put
into a copy of the workspace, as a learner's file: the rest comes from the reference. Then its own tests, the course's
tests of the reference and the milestones run on it, so that nothing leans on a private habit of the reference.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tito import course
from tito.course import ROOT, Module
from tito.milestones import MILESTONES
from walk import LEFT_OUT

ALTERNATIVES = ROOT / "tests" / "alternatives"


def main(numbers: Sequence[str] = ()) -> int:
    """Try the alternatives of these modules, or all; print a line for each run; exit 1 if any failed."""
    failed = 0
    for module in course.modules():
        path = ALTERNATIVES / f"{module.folder.name}.py"
        if numbers and module.number not in numbers:
            continue
        if not path.exists():
            print(f"{module.number}: no alternative; write one from guide and stub alone into {path.relative_to(ROOT)}")
            failed += 1
            continue
        with tempfile.TemporaryDirectory(prefix="tinytorch alternative é ") as folder:
            failed += _try(module, path, Path(folder) / "course")
    return 1 if failed else 0


def _try(module: Module, alternative: Path, workspace: Path) -> int:
    """Run everything in a copy with the alternative in place; return how many runs failed."""
    shutil.copytree(ROOT, workspace, ignore=LEFT_OUT)
    shutil.copy(alternative, workspace / module.file.relative_to(ROOT))
    failed = 0
    for name, command in _runs(module, workspace):
        start = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=workspace,
            env=_environment(workspace),
            capture_output=True,
            text=True,
            check=False,
        )
        said = run.stdout.strip().splitlines() or [""]
        ending = f"FAILED\n{run.stdout}{run.stderr}" if run.returncode else "reached" if said[-1] == "}" else said[-1]
        print(f"{module.number} {name}, {time.monotonic() - start:.0f} s: {ending}", flush=True)
        failed += run.returncode != 0
    return failed


def _runs(module: Module, workspace: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the command of each run."""
    own = sorted((workspace / "tests" / "workspace").glob("test_reference_*.py"))
    suite = [str(path.relative_to(workspace)) for path in own if "milestone" not in path.name]
    yield "its tests", ["tito", "test", module.number]
    yield "the suite", ["pytest", "-q", "-n", str(os.cpu_count() or 1), "-p", "no:cacheprovider", *suite]
    for name in MILESTONES:
        yield f"milestone {name}", ["tito", "milestone", name, "--json"]


def _environment(workspace: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "TINYTORCH"}
    return kept | {"PYTHONPATH": os.pathsep.join([str(workspace), str(workspace / "scripts")]), "NO_COLOR": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
