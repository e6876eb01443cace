"""`tito watch`: one run a save, of the learner's code as it is now."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tito import limit, watch
from tito.course import ROOT
from workspace_copy import Workspace, copy_workspace

UNBUILT = 'raise NotImplementedError("01.1 Tensor.__add__")'
RIGHT = """other = as_tensor(other, self)
        check_broadcast("+", self, other)
        return record(add, self.data + other.data, self, other)"""
WRONG = RIGHT.replace("self.data + other.data", "self.data - other.data")
ENDLESS = "while True:\n            pass"


class Watched:
    """A workspace with `tito watch 01.1 --json` at work in it."""

    def __init__(self, workspace: Workspace, log: Path) -> None:
        self.workspace = workspace
        self.stub = workspace.mine("tensor").read_text(encoding="utf-8")
        command = [sys.executable, "-m", "tito", "watch", "01.1", "--json"]
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=workspace.root,
                env=workspace.environment(),
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                start_new_session=True,
            )

    def save(self, body: str) -> None:
        """Save as editors do: a temporary file, renamed."""
        path = self.workspace.mine("tensor")
        temporary = path.with_name("tensor.py.tmp")
        temporary.write_text(self.stub.replace(UNBUILT, body), encoding="utf-8")
        temporary.replace(path)

    def answer(self) -> Any:
        """Wait for the next run to end, and return what was said of it."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def is_silent(self, seconds: float) -> bool:
        """Return whether no run ends within this time."""
        assert self.process.stdout is not None
        return not select.select([self.process.stdout], [], [], seconds)[0]

    def wait_for(self, text: str, times: int) -> None:
        """Wait until the tests have printed something so many times."""
        while self.printed().count(text) < times:
            time.sleep(0.02)

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    place = tmp_path_factory.mktemp("watched")
    started = Watched(copy_workspace(place), place / "log")
    first = started.answer()  # with a target, the first run needs no save
    assert (first["targets"], first["exit"]) == (["01.1"], 1)
    yield started
    started.end()


def test_each_save_is_judged_anew(watched: Watched) -> None:
    for body, code in ((RIGHT, 0), (WRONG, 1), (RIGHT, 0)):
        watched.save(body)
        assert watched.answer()["exit"] == code


def test_a_save_cancels_a_run_without_an_end(watched: Watched) -> None:
    runs = watched.printed().count("yours:")
    watched.save(ENDLESS)
    watched.wait_for("yours:", runs + 1)
    watched.save(RIGHT)
    assert watched.answer()["exit"] == 0


def test_a_burst_of_saves_is_one_run(watched: Watched) -> None:
    path = watched.workspace.mine("tensor")
    for _ in range(3):
        watched.save(WRONG)
        path.with_name(".tensor.py.swp").write_text("x")
        path.touch()
    assert watched.answer()["exit"] == 1
    assert watched.is_silent(0.3)


def test_ctrl_c_in_the_middle_of_a_run_ends_all_of_it(tmp_path: Path) -> None:
    workspace = copy_workspace(tmp_path)
    workspace.edit("tensor", UNBUILT, ENDLESS)
    started = Watched(workspace, tmp_path / "log")
    try:
        started.wait_for("yours:", 1)
        os.killpg(started.process.pid, signal.SIGINT)  # as a terminal does: to every process of it
        assert started.process.wait() == 0
        assert "Traceback" not in started.printed()
        while any_left(started.process.pid):  # the parent of the runs needs a moment to see that it isn't needed
            time.sleep(0.02)
    finally:
        started.end()


def any_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_loaded_beforehand_is_nothing_of_the_learners() -> None:
    code = "import sys, tito.cli, tito.preload; print([m for m in sys.modules if m.startswith(('tinytorch', 'tests'))])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert run.stdout == "[]\n"


def test_files_are_assigned_to_modules() -> None:
    root = ROOT
    saved = [
        root / "modules" / "05_autograd" / "autograd.py",
        root / "tests" / "test_01_tensor.py",
        root / "tests" / "mistakes" / "01_tensor.py",
        root / "tests" / "test_77_nothing.py",
        root / "tests" / "helper.py",
    ]
    assert watch._modules(str(path) for path in saved) == ["01", "05"]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("tensor.py", True),
        (".tensor.py", False),
        ("tensor.py~", False),
        ("4913", False),
        ("tensor.cpython-311.pyc", False),
    ],
)
def test_only_python_files_count(name: str, counts: bool) -> None:
    assert watch._is_source(None, f"/x/{name}") is counts


def test_an_endless_import_is_ended() -> None:
    with pytest.raises(TimeoutError, match=r"a loop outside of any function\?"), limit.time_limit(0.05):
        exec("while True: pass")


def test_an_unknown_target_is_answered_with_the_nearest(tmp_path: Path) -> None:
    run = copy_workspace(tmp_path).tito("watch", "01.18")
    assert run.returncode == 2
    assert "did you mean 01." in run.stderr
