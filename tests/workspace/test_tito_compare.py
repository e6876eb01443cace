"""`tito compare`: a workload beside the same work in PyTorch."""

import os
from pathlib import Path

import pytest
from tito import compare
from tito.memory import CannotDo
from workspace_copy import Workspace, copy_workspace

UNBUILT = '    raise NotImplementedError("05.1 multiply_vjp")\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


@pytest.fixture
def torch() -> None:
    pytest.importorskip("torch")


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(("number", "parts"), [("01", ["in all"]), ("05", ["forward", "backward", "in all"])])
def test_values_agree_and_each_part_is_timed(workspace, number, parts):
    answer = workspace.json("compare", number)
    assert answer["agree"]
    assert len(answer["values"]) >= 3
    assert all(value["largest"] > 0 for value in answer["values"])
    assert [row["part"] for row in answer["times"]] == parts
    for row in answer["times"]:
        low, high = row["quartiles"]
        assert low <= row["ratio"] <= high
        assert row["rounds"] == 15


@pytest.mark.usefixtures("torch")
def test_the_text_has_both_tables_within_80_columns(workspace):
    run = workspace.tito("compare", "05")
    assert run.returncode == 0
    assert "half of the rounds" in run.stdout
    assert "max difference" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


@pytest.mark.usefixtures("torch")
def test_a_wrong_value_is_found(workspace):
    workspace.edit("autograd", UNBUILT, "    return g * b, g + a\n")
    run = workspace.tito("compare", "05")
    assert run.returncode == 1
    assert "differ" in run.stdout
    assert "tito test 05 finds out why" in run.stdout


@pytest.mark.usefixtures("torch")
def test_code_that_raises_is_named_with_its_line(workspace):
    workspace.edit("autograd", UNBUILT, "    raise ValueError('mine')\n")
    run = workspace.tito("compare", "05")
    assert run.returncode == 1
    assert "ValueError: mine (at modules/05_autograd/autograd.py:" in run.stderr
    assert "Traceback" not in run.stderr


def test_without_pytorch_it_says_how_to_get_it(workspace):
    hidden = workspace.root / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n")
    path = os.pathsep.join([str(hidden), workspace.environment()["PYTHONPATH"]])
    run = workspace.tito("compare", "05", PYTHONPATH=path)
    assert run.returncode == 1
    assert "PyTorch isn't installed here; the course doesn't need it" in run.stderr
    assert "-m pip install torch" in run.stderr


def test_the_way_to_get_it_can_be_pasted_where_the_path_has_a_blank(monkeypatch):
    monkeypatch.setattr("sys.executable", "/my course/bin/python")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotDo, match="'/my course/bin/python' -m pip install torch"):
        compare.compare("05")


def test_a_module_without_a_counterpart_says_so(workspace):
    assert "00 Setup has nothing to compare" in workspace.json("compare", "00")["error"]
