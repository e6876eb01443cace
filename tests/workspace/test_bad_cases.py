"""What a learner's machine may lack or refuse: each command says what happened and what to do, and shows no traceback.

Cases with a place of their own: py-spy without permission and memray missing (test_tito_profile.py), endless loops
(test_verdicts.py), paths with spaces and letters beyond ASCII (every copy of `workspace_copy.py` has them).
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from debug_client import DebugClient
from test_tito_reset import without_roots_rights
from tito import profile_run
from tito.memory import CannotDo
from workspace_copy import Workspace, copy_workspace

WORKLOAD = profile_run.WORKLOADS / "01_tensor.py"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("bad cases"))


@pytest.fixture(scope="module")
def not_ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A copy whose folders may not be written, like another user's. The rights are given back at the end."""
    copy = copy_workspace(tmp_path_factory.mktemp("not ours"))
    folders = [copy.root, *(path for path in copy.root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    tried = copy.root / "tried"
    subprocess.run(["touch", tried], preexec_fn=without_roots_rights, stderr=subprocess.DEVNULL, check=False)
    if tried.exists():
        pytest.skip("root writes everywhere, and its right to do so can't be dropped here")
    yield copy
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["test", "00"], 1, "wrong     00.1 parameter_count", id="test"),
        pytest.param(["hint", "00.1"], 0, "hint 1 of 3", id="hint"),
        pytest.param(["solve", "00.1"], 1, "can't be written: Permission denied; `tito doctor`", id="solve"),
        pytest.param(["profile", "00", "--with", "time"], 1, "can't be written: Permission denied", id="profile"),
        pytest.param(["graph", "(a @ b).sum()", "--svg"], 1, "can't be written: Permission denied", id="graph"),
        pytest.param(["overview"], 1, "can't be written: Permission denied", id="overview"),
        pytest.param(["doctor"], 1, "can't be written", id="doctor"),
        pytest.param(["status"], 0, "next", id="status"),
    ],
)
def test_a_folder_of_another_user_is_named(not_ours: Workspace, arguments: list[str], code: int, says: str) -> None:
    run = not_ours.tito(*arguments, before=without_roots_rights)
    printed = " ".join((run.stdout + run.stderr).split())
    assert " ".join(says.split()) in printed
    assert run.returncode == code
    assert "Traceback" not in printed
    assert "Warning" not in printed


@pytest.mark.parametrize("content", ["{}", "", '{"files": {}}', '{"files": {"a.py'])
def test_a_run_of_scalene_that_saw_nothing_asks_for_a_longer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    def ran_too_shortly(workload: Path, *_: object, **__: object) -> dict[str, float]:
        (tmp_path / "scalene.json").write_text(content, encoding="utf-8")
        return {"seconds": 0.1}

    monkeypatch.setattr(profile_run, "_run", ran_too_shortly)
    with pytest.raises(
        CannotDo, match=r"scalene saw no line of profiles/01_tensor.py at work; watch longer: --seconds 0.3"
    ):
        profile_run._with_scalene(WORKLOAD, tmp_path, 0.1)


def test_scalene_that_is_missing_names_another_profiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_run.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CannotDo, match="scalene is not installed here; `--with py-spy`"):
        profile_run._with_scalene(WORKLOAD, tmp_path, 0.1)


def test_a_kept_profile_that_was_cut_short_is_no_profile(workspace: Workspace) -> None:
    kept = workspace.json("profile", "00", "--with", "time")["kept"]
    whole = (workspace.root / kept).read_bytes()
    cut = workspace.root / "runs" / "cut.json"
    cut.write_bytes(whole[: len(whole) // 2])
    run = workspace.tito("profile", "00", "--with", "py-spy", "--against", "runs/cut.json")
    assert run.returncode == 1
    assert "runs/cut.json is no profile that was kept; wanted a file of runs/profiles, or the word last" in run.stderr


def test_pictures_are_drawn_without_a_display(workspace: Workspace) -> None:
    run = workspace.tito("milestone", "perceptron", DISPLAY="", WAYLAND_DISPLAY="", MPLBACKEND="TkAgg")
    assert "picture runs/perceptron/line.png" in run.stdout
    assert (workspace.root / "runs/perceptron/line.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["doctor"], 0, "-> install git", id="doctor"),
        pytest.param(["test", "00"], 1, "wrong     00.1 parameter_count", id="test"),
        pytest.param(["update"], 1, "try: tito update --from WHERE", id="update"),
    ],
)
def test_without_git_the_course_goes_on(
    workspace: Workspace, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    run = workspace.tito(*arguments, PATH=str(tmp_path))
    assert says in run.stdout + run.stderr
    assert run.returncode == code


def test_two_windows_judge_at_once(workspace: Workspace) -> None:
    command = [sys.executable, "-m", "tito", "test", "00"]
    given = {"cwd": workspace.root, "env": workspace.environment(), "text": True}
    windows = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **given) for _ in range(3)]
    printed = [window.communicate(timeout=100)[0] for window in windows]
    assert ["wrong     00.1 parameter_count" in text for text in printed] == [True] * 3
    assert [window.returncode for window in windows] == [1] * 3
    assert workspace.json("status")["modules"][0]["exercises"][0]["id"] == "00.1"  # what all of them wrote can be read


def test_two_windows_debug_at_once(workspace: Workspace) -> None:
    start = {"request": "launch", "program": str(workspace.root / "scripts/debug_backward.py"), "stopOnEntry": True}
    given = {**start, "cwd": str(workspace.root), "env": workspace.environment()}
    windows: list[DebugClient] = []
    try:
        windows += [DebugClient(given, {}), DebugClient(given, {})]
        assert ["debug_backward.py" in window.stop()[0][0] for window in windows] == [True, True]
    finally:
        for window in windows:
            window.close()
