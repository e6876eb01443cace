"""A learner of the real course updates: what was built is built and right afterwards, and all of it can be undone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_tito_reset import without_roots_rights
from tito import update_journal
from tito.course import ROOT
from tito.update_pieces import cut
from update_courses import tree
from workspace_copy import Workspace, copy_workspace

SOLVED = {"setup": ["parameter_count"], "tensor": ["Tensor.__add__", "Tensor.sum"], "autograd": ["multiply_vjp"]}
MINE = """

# my own helper
def my_helper(x):
    return math.floor(x)  # é


# that was all
"""


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    """A workspace with four exercises built, a helper, an import and comments."""
    workspace = copy_workspace(tmp_path)
    for name, solved in SOLVED.items():
        reference = {p.name: p for p in cut((ROOT / "tinytorch" / f"{name}.py").read_text(encoding="utf-8"))}
        path, text = workspace.mine(name), ""
        for piece in cut(path.read_text(encoding="utf-8")):
            body = reference[piece.name].body if piece.name in solved else piece.body
            text += f"{piece.lead}{piece.head}{body}"
        path.write_text(text.replace("import numpy as np\n", "import math  # mine\n\nimport numpy as np\n"))
    with workspace.mine("tensor").open("a", encoding="utf-8") as file:
        file.write(MINE)
    return workspace


@pytest.fixture
def newer(tmp_path: Path, here: Workspace) -> Workspace:
    """The course with other docstrings, one more import and one more helper in module 01, and another guide."""
    (tmp_path / "other").mkdir()
    workspace = copy_workspace(tmp_path / "other")
    for name in SOLVED:
        path = workspace.root / "tinytorch" / f"{name}.py"
        text = re.sub(r'("""[A-Z][a-z]+ )(?=.*\n)', r"\1(newer) ", path.read_text(encoding="utf-8"))
        if name == "tensor":
            text = text.replace("import numpy as np\n", "import functools\n\nimport numpy as np\n", 1)
            text += '\n\n@functools.cache\ndef _newer() -> int:\n    """Return 1."""\n    return 1\n'
        path.write_text(text, encoding="utf-8")
    (workspace.root / "modules/01_tensor/README.md").write_text("# Newer guide\n")
    make = [sys.executable, "scripts/make_stubs.py"]
    subprocess.run(make, cwd=workspace.root, env=workspace.environment(), check=True, capture_output=True)
    return workspace


def states(workspace: Workspace) -> dict[str, str]:
    modules = workspace.json("status")["modules"]
    return {e["id"]: e["state"] for m in modules for e in m["exercises"]}


def test_what_was_built_is_built_and_right_afterwards(here: Workspace, newer: Workspace) -> None:
    here.tito("hint", "01.4")
    before, built = tree(here.root), states(here)
    assert sorted(id for id, state in built.items() if state == "built") == ["00.1", "01.1", "01.3", "05.1"]
    run = here.tito("update", "--from", str(newer.root), "--yes")
    assert run.returncode == 0, run.stderr
    assert "with what you typed in Tensor.__add__, Tensor.sum and your own import math, my_helper" in run.stdout
    assert states(here) == built
    judged = here.tito("test", "--built")
    assert judged.returncode == 0, judged.stdout
    mine = here.mine("tensor").read_text(encoding="utf-8")
    assert "(newer)" in mine
    assert all(line in mine for line in MINE.splitlines())
    assert here.remembered("hints.json").read_bytes() == before[".tito/hints.json"]
    assert (here.root / "modules/01_tensor/README.md").read_text() == "# Newer guide\n"
    assert "stays as it is" not in here.tito("update", "--undo").stdout
    after = tree(here.root)
    changed = {path for path in before if before[path] != after.get(path)}
    assert not {path for path in changed if "__pycache__" not in path and not path.endswith("verdicts.json")}


def test_an_interrupted_update_is_named_by_every_command_and_finished(here: Workspace) -> None:
    new = {"modules/01_tensor/README.md": b"newer", "scripts/tito/quiz.py": None}
    folder = update_journal.prepare(here.root, "20260101", new, frozenset(), {"source": "x"})
    assert "an update was interrupted" in here.tito("status").stderr
    (here.root / "scripts/tito/quiz.py").rename(here.root / "quiz.py")
    run = here.tito("status")
    assert f"finish it: python3 {folder.relative_to(here.root)}/finish.py" in run.stderr
    (here.root / "quiz.py").rename(here.root / "scripts/tito/quiz.py")
    assert "is taken back" in here.tito("update", "--undo").stdout
    assert "interrupted" not in here.tito("status").stderr


def test_a_folder_that_cannot_be_written_is_named_before_anything_is(here: Workspace, newer: Workspace) -> None:
    folder, before = here.root / "modules/05_autograd", tree(here.root)
    folder.chmod(0o555)
    try:
        run = here.tito("update", "--from", str(newer.root), "--yes", before=without_roots_rights)
        if run.returncode == 0 and os.geteuid() == 0:
            pytest.skip("root writes everywhere, and its right to do so can't be dropped here")
    finally:
        folder.chmod(0o755)
    assert run.returncode == 1
    assert "can't be written in; nothing was written. Try: chmod u+w" in run.stderr
    assert {p: c for p, c in tree(here.root).items() if "__pycache__" not in p} == before
