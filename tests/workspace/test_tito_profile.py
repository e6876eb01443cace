"""Profiles: conversions on small samples, real small runs in a copy of the workspace, and each way to fail."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from tito import cli, profile_kept, profile_lines, profile_run
from tito import profile_formats as formats
from tito.memory import CannotDo
from tito.profile_formats import Frame, Sample
from workspace_copy import Workspace, copy_workspace

MATMUL = """other = as_tensor(other, self)
        if self.ndim < 2 or other.ndim < 2:
            return matmul_vector(self, other)
        return record(matmul, self.data @ other.data, self, other)"""
SLOWER = "        product = self.data @ other.data\n        return record(matmul, product, self, other)"
UNBUILT = 'raise NotImplementedError("01.2 Tensor.__matmul__")'

MINE, LIBRARY = "/w (1)/modules/01_tensor/tensor.py", "/v/numpy/core.py"
RAW = f"""\
<module> (/w (1)/profiles/01.py:9);Tensor.sum ({MINE}:20);_sum ({LIBRARY}:7) 3
<module> (/w (1)/profiles/01.py:9);Tensor.sum ({MINE}:21) 2
<module> (/w (1)/profiles/01.py:1);_find (<frozen importlib._bootstrap>:8);<module> ({MINE}:1) 40
no frames here 5
"""
OWN = (Path("/w (1)/modules"), Path("/w (1)/profiles"))


def own_samples():
    return formats.own_code(formats.read_raw(RAW), OWN)


def test_raw_reads_names_paths_and_counts():
    samples = formats.read_raw(RAW)
    assert samples[1] == Sample((Frame("<module>", "/w (1)/profiles/01.py", 9), Frame("Tensor.sum", MINE, 21)), 2)


def test_own_code_counts_libraries_for_their_caller_and_drops_imports():
    assert [(sample.stack[-1].line, sample.amount) for sample in own_samples()] == [(20, 3), (21, 2)]


def test_own_code_wants_the_folder_itself():
    assert formats.own_code(formats.read_raw(RAW), [Path("/w (1)/mod")]) == []


def test_hottest_adds_equal_lines():
    twice = [*own_samples(), *own_samples()]
    assert [(sample.stack[0].line, sample.amount) for sample in formats.hottest(twice)] == [(20, 6), (21, 4)]


def test_cpu_profile_has_a_node_a_line():
    profile = formats.cpu_profile(own_samples(), seconds=0.05)
    root, main, first, second = profile["nodes"]
    assert root["children"] == [main["id"]]
    assert main["children"] == [first["id"], second["id"]]
    assert [node["hitCount"] for node in profile["nodes"]] == [0, 0, 3, 2]
    assert first["callFrame"] == {
        "functionName": "Tensor.sum",
        "scriptId": "0",
        "url": "file:///w%20%281%29/modules/01_tensor/tensor.py",
        "lineNumber": 19,
        "columnNumber": 0,
    }
    assert first["positionTicks"] == [{"line": 20, "ticks": 3}]


def test_cpu_profile_spreads_the_time_over_the_samples():
    profile = formats.cpu_profile(own_samples(), seconds=0.05)
    assert profile["timeDeltas"] == [10_000] * 5
    assert profile["samples"] == [3, 3, 3, 4, 4]
    assert profile["endTime"] == 50_000


def test_cpu_profile_of_nothing():
    assert formats.cpu_profile([], seconds=1.0)["samples"] == []


def test_heap_profile_nests_the_lines():
    head = formats.heap_profile(own_samples())["head"]
    (main,) = head["children"]
    assert [child["selfSize"] for child in main["children"]] == [3, 2]
    assert head["callFrame"]["functionName"] == "(root)"


# real runs


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A copy in which the learner has written one product."""
    copy = copy_workspace(tmp_path_factory.mktemp("profile"))
    copy.edit("tensor", UNBUILT, MATMUL)
    return copy


def matmul_line(workspace: Workspace) -> int:
    lines = workspace.mine("tensor").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if "record(matmul" in line)


def permitted() -> bool:
    """Whether py-spy may read its own child here; said by the command itself in one sentence where it may not."""
    probe = [profile_run._py_spy(), "record", "-d", "1", "-f", "raw", "-o", os.devnull, "--", sys.executable, "-c", "1"]
    ran = subprocess.run(probe, capture_output=True, text=True)
    return not profile_run._FORBIDDEN.search(ran.stderr)


def test_py_spy_names_the_learners_line_first(workspace):
    if not permitted():
        pytest.skip("py-spy may not read another process here")
    result = workspace.json("profile", "01", "--seconds", "0.5")
    hottest = result["lines"][0]
    assert hottest["file"] == "modules/01_tensor/tensor.py"
    assert hottest["line"] == matmul_line(workspace)
    assert hottest["yours"]
    assert hottest["share"] > 0.5

    profile = json.loads((workspace.root / result["file"]).read_text(encoding="utf-8"))
    nodes = [node for node in profile["nodes"] if node["callFrame"]["url"] == workspace.mine("tensor").as_uri()]
    assert max(nodes, key=lambda node: node["hitCount"])["callFrame"]["lineNumber"] == hottest["line"] - 1
    assert len(profile["samples"]) == len(profile["timeDeltas"]) == result["total"]
    urls = {node["callFrame"]["url"] for node in profile["nodes"]} - {""}
    assert urls
    assert all(url.startswith(workspace.root.as_uri()) for url in urls)  # no line of a library's


def test_memray_counts_the_bytes_of_the_product(workspace):
    result = workspace.json("profile", "01", "--with", "memray")
    mine = next(line for line in result["lines"] if line["line"] == matmul_line(workspace))
    assert mine["amount"] == pytest.approx(128 * 144 * 4, rel=0.2)  # (N, HIDDEN) float32
    profile = json.loads((workspace.root / result["file"]).read_text(encoding="utf-8"))
    assert profile["head"]["children"][0]["callFrame"]["functionName"] == "main"
    assert mine["function"] == "Tensor.__matmul__"


def test_time_gives_the_spread_and_compares_with_the_last_time(workspace):
    first = workspace.json("profile", "00", "--with", "time")
    assert first["before"] is None
    assert len(first["runs"]) >= 10
    assert min(first["runs"]) <= first["quartiles"][0] <= first["median"] <= first["quartiles"][1]
    again = workspace.tito("profile", "modules/00_setup/setup.py", "--with", "time")
    assert re.search(r"The last time, on the same code, it was .* now it takes \S+ times as long\.", again.stdout)


def test_a_time_says_whose_code_it_is_compared_with(workspace):
    workspace.json("profile", "01", "--with", "time")
    assert "The last time, on the same code, it was" in workspace.tito("profile", "01", "--with", "time").stdout
    workspace.edit("tensor", "        return record(matmul, self.data @ other.data, self, other)", SLOWER)
    try:
        other = workspace.tito("profile", "01", "--with", "time").stdout
    finally:
        workspace.edit("tensor", SLOWER, "        return record(matmul, self.data @ other.data, self, other)")
    assert "The last time, on other code of yours, it was" in other
    aside = workspace.tito("profile", "01", "--with", "time", TINYTORCH="reference").stdout
    assert "The last time, on code of yours, it was" in aside
    assert (
        "The last time, with nothing of yours built, it was" in workspace.tito("profile", "01", "--with", "time").stdout
    )


def test_without_a_module_it_says_what_is_missing(workspace):
    ran = workspace.tito("profile")
    assert (ran.returncode, "Missing argument 'NN'" in ran.stderr, "Traceback" in ran.stderr) == (2, True, False)


@pytest.mark.parametrize("words", [["01", "--against"], ["--against", "01"], ["--against", "--no-open", "01"]])
def test_a_bare_against_means_the_last_one(words):
    command = typer.main.get_command(cli.app).commands["profile"]
    given = command.make_context("profile", words).params
    assert (given["module"], given["against"], given["predict"]) == ("01", "last", "")


def test_against_takes_a_file(tmp_path):
    command = typer.main.get_command(cli.app).commands["profile"]
    assert command.make_context("profile", ["01", "--against", "runs/a-1.json"]).params["against"] == "runs/a-1.json"


def test_the_table_marks_what_is_yours(workspace):
    shown = workspace.tito("profile", "tensor", "--with", "memray", "--no-open").stdout
    assert "yours: 01 1/" in shown
    assert f"modules/01_tensor/tensor.py:{matmul_line(workspace)}" in shown
    assert "yours" in next(line for line in shown.splitlines() if f"tensor.py:{matmul_line(workspace)}" in line)
    assert "01_tensor-" in shown.splitlines()[-1]


def test_only_lines_of_built_exercises_are_the_learners_own(workspace):
    lines = workspace.mine("tensor").read_text(encoding="utf-8").splitlines()
    given = next(number for number, line in enumerate(lines, 1) if "record(multiply" in line)
    file = str(workspace.mine("tensor"))
    code = (
        "import sys, json; from tito.profile_lines import owner_of; from tito.profile_formats import Frame\n"
        "print(json.dumps([owner_of(Frame('', file, int(line))) for file, line in "
        "zip(sys.argv[1::2], sys.argv[2::2])]))"
    )
    setup = str(workspace.mine("setup"))
    untouched = next(
        number for number, line in enumerate(Path(setup).read_text().splitlines(), 1) if line.strip() == "return 0"
    )
    places = [
        file,
        matmul_line(workspace),
        file,
        given,
        setup,
        untouched,
        workspace.root / "tinytorch" / "tensor.py",
        5,
    ]
    command = [sys.executable, "-c", code, *map(str, places)]
    ran = subprocess.run(command, cwd=workspace.root, env=workspace.environment(), capture_output=True, text=True)
    assert json.loads(ran.stdout) == ["yours", "given", "given", ""], ran.stderr


def test_names_are_full_whichever_tool_gave_them(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("class A:\n    def f(self):\n        def g():\n            return 1\n        return g()\n")
    stack = (Frame("f", str(file), 5), Frame("g", str(file), 4), Frame("<lambda>", str(file), 4), Frame("x", "none", 1))
    (sample,) = profile_lines.named([Sample(stack, 1)])
    assert [frame.function for frame in sample.stack] == ["A.f", "A.f.<locals>.g", "<lambda>", "x"]


def test_a_workload_without_allocations_is_no_failure(workspace):
    ran = workspace.tito("profile", "00", "--with", "memray")
    assert (ran.returncode, "allocates nothing but small Python objects" in ran.stdout) == (0, True)
    answer = workspace.json("profile", "00", "--with", "memray")
    assert (answer["file"], answer["total"], answer["lines"]) == (None, 0, [])


def test_a_broken_file_is_named_once(workspace):
    source = workspace.mine("setup").read_bytes()
    workspace.mine("setup").write_bytes(source + b"x = (\n")
    try:
        ran = workspace.tito("profile", "00", "--with", "time")
    finally:
        workspace.mine("setup").write_bytes(source)
    assert ran.returncode == 0
    assert len(ran.stderr.splitlines()) == 1


def test_parts_of_a_repetition_are_timed(workspace):
    shown = workspace.tito("profile", "05", "--with", "time").stdout
    assert re.search(
        r"^  of which forward [\d.]+ .s, backward [\d.]+ .s \([\d.]+ times forward\)$", shown, re.MULTILINE
    )
    assert workspace.json("profile", "01", "--with", "time")["parts"] == {}


def test_each_profile_is_a_new_file(tmp_path, monkeypatch):
    monkeypatch.setattr(profile_kept, "FOLDER", tmp_path)
    (tmp_path / "05_autograd-9.cpuprofile").touch()
    (tmp_path / "05_autograd-10.cpuprofile").touch()
    assert profile_kept.new_file("05_autograd", "cpuprofile").name == "05_autograd-11.cpuprofile"
    assert profile_kept.new_file("01_tensor", "cpuprofile").name == "01_tensor-1.cpuprofile"


# what goes wrong


def test_wrong_code_is_named_with_its_line(workspace):
    workspace.edit("autograd", 'raise NotImplementedError("05.2 matmul_vjp")', "return g @ a, g @ b")
    ran = workspace.tito("profile", "05", "--with", "time")
    assert ran.returncode == 1
    assert "ValueError: matmul:" in ran.stderr
    assert "(at modules/05_autograd/autograd.py:" in ran.stderr
    assert "in matmul_vjp" in ran.stderr


def test_an_endless_loop_is_ended_and_named(workspace):
    workspace.edit("setup", "return 0", "while True: pass")
    program = "from tito import cli, profile_run; profile_run.START_UP = 1.5; cli.main()"
    command = [sys.executable, "-c", program, "profile", "00", "--with", "time", "--json"]
    ran = subprocess.run(command, cwd=workspace.root, env=workspace.environment(), capture_output=True, text=True)
    assert ran.returncode == 1
    assert "endless loop" in json.loads(ran.stdout)["error"]
    assert "modules/00_setup/setup.py:" in json.loads(ran.stdout)["error"]


def test_ctrl_c_ends_at_once_and_says_so(workspace):
    command = [sys.executable, "-m", "tito", "profile", "01", "--seconds", "30"]
    child = subprocess.Popen(
        command,
        cwd=workspace.root,
        env=workspace.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(1.5)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 130
    assert said.strip().splitlines()[-1] == "tito: stopped; nothing was written"


def test_unknown_module(workspace):
    ran = workspace.tito("profile", "77")
    assert ran.returncode == 2
    assert "did you mean" in ran.stderr


def fake_py_spy(folder: Path, script: str) -> str:
    path = folder / "py-spy"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        pytest.param("echo 'Error: EPERM: Operation not permitted' >&2; exit 1", "SYS_PTRACE", id="forbidden"),
        pytest.param("echo 'Permission Denied: Try running again' >&2; exit 1", "SYS_PTRACE", id="denied"),
        pytest.param('while [ $1 != -- ]; do shift; done; shift; exec "$@"', "watch longer", id="no samples"),
        pytest.param("echo strange >&2; exit 3", "exit code 3 and no result: strange", id="strange"),
    ],
)
def test_py_spy_that_fails_is_one_sentence(tmp_path, monkeypatch, script, sentence):
    monkeypatch.setattr(profile_run, "_py_spy", lambda: fake_py_spy(tmp_path, script))
    with pytest.raises(CannotDo, match=sentence):
        profile_run._with_py_spy(profile_run.WORKLOADS / "00_setup.py", tmp_path, 0.1)


def test_py_spy_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(CannotDo, match=r"py-spy is not installed here; .*start\.py"):
        profile_run._with_py_spy(profile_run.WORKLOADS / "00_setup.py", tmp_path, 0.1)


def test_memray_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(CannotDo, match="memray is not installed here"):
        profile_run._with_memray(profile_run.WORKLOADS / "00_setup.py", tmp_path, 0.1)


def test_workload_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(profile_run, "WORKLOADS", tmp_path)
    module = profile_run.Module("07", "optimizers", "", "", 1, ())
    with pytest.raises(CannotDo, match=r"module 07 has no workload: .*07_optimizers\.py is not there"):
        profile_run.measure(module, profile_run.Tool.TIME, 1.0)
