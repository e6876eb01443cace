"""`tito status`: states, verdicts and what comes next."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tito import course
from workspace_copy import Workspace, copy_workspace

UNBUILT = '        raise NotImplementedError("01.1 Tensor.__add__")\n'
BUILT = "        return record(add, self.data + as_tensor(other, self).data, self, as_tensor(other, self))\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def row(answer: dict[str, list[dict[str, list[dict[str, object]]]]], exercise: str) -> dict[str, object]:
    return next(e for module in answer["modules"] for e in module["exercises"] if e["id"] == exercise)


def judged(workspace: Workspace, **outcomes: str) -> None:
    """Write verdicts for the files as they are now; a keyword is like e01_1."""
    verdicts = {}
    for name, outcome in outcomes.items():
        exercise = name.removeprefix("e").replace("_", ".")
        path = next((workspace.root / "modules").glob(f"{exercise[:2]}_*/*.py"))
        verdicts[exercise] = {"digest": hashlib.sha256(path.read_bytes()).hexdigest(), "outcome": outcome}
    workspace.remembered("verdicts.json").parent.mkdir(exist_ok=True)
    workspace.remembered("verdicts.json").write_text(json.dumps(verdicts))


def test_an_untouched_workspace_begins_with_00(workspace: Workspace) -> None:
    answer = workspace.json("status")
    assert answer["yours"] == "nothing of yours yet: the reference runs"
    assert answer["modules"][0] == {
        "number": "00",
        "name": "setup",
        "exercises": [
            {
                "id": "00.1",
                "function": "parameter_count",
                "state": "open",
                "verdict": "unknown",
                "points": 1,
                "reference": None,
            }
        ],
    }
    assert answer["next"] == "00.1"


def test_a_verdict_counts_until_the_file_changes(workspace: Workspace) -> None:
    workspace.edit("tensor", UNBUILT, BUILT)
    workspace.edit("setup", "return 0", "return sum(n * m + m for n, m in zip(widths, widths[1:]))")
    judged(workspace, e00_1="passed", e01_1="failed")
    answer = workspace.json("status")
    assert row(answer, "01.1") == {
        "id": "01.1",
        "function": "Tensor.__add__",
        "state": "built",
        "verdict": "failed",
        "points": 5,
        "reference": None,
    }
    assert answer["next"] == "01.1"
    workspace.edit("tensor", BUILT, BUILT + "\n")
    assert row(workspace.json("status"), "01.1")["verdict"] == "changed"
    assert "correct 01.1" not in workspace.tito("status").stdout
    judged(workspace, e00_1="passed", e01_1="passed")
    assert workspace.json("status")["next"] == "01.2"


def test_a_verdict_goes_by_the_exercise_and_what_it_calls_not_by_the_file(workspace: Workspace) -> None:
    reference = (workspace.root / "tinytorch" / "autograd.py").read_bytes()
    helper = b"\ndef _product(x, y):\n    return x * y\n"
    workspace.mine("autograd").write_bytes(reference + helper)
    workspace.edit("autograd", "return g * b, g * a", "return _product(g, b), g * a")
    assert workspace.tito("test", "05").returncode == 0

    def changed() -> list[object]:
        return [e["id"] for e in workspace.json("status")["modules"][-1]["exercises"] if e["verdict"] != "passed"]

    workspace.edit("autograd", "_product(g, b), g * a", "_product(g, b), g * a  # the other factor")
    assert changed() == []
    workspace.tito("reset", "05.2")
    assert changed() == ["05.2"]
    workspace.edit("autograd", "    return x * y\n", "    return y * x\n")
    assert changed() == ["05.1", "05.2"]


def test_rows_stand_in_columns(workspace: Workspace) -> None:
    rows = re.findall(r"^  (\d\d\.\d+ +)\S+ +\d+  \w", workspace.tito("status").stdout, re.MULTILINE)
    assert len({len(row) for row in rows}) == 1
    assert {row.strip() for row in rows} >= {"01.1", "01.10"}


def test_what_changed_after_all_was_right_comes_next(workspace: Workspace) -> None:
    workspace.remembered("aside").parent.mkdir()
    numbers = [p.name[:2] for p in (workspace.root / "modules").iterdir()]
    workspace.remembered("aside").write_text("\n".join(n for n in numbers if n != "00"))
    workspace.edit("setup", "return 0", "return 1")
    judged(workspace, e00_1="passed")
    assert workspace.json("status")["next"] is None
    workspace.edit("setup", "return 1", "return 2")
    assert workspace.json("status")["next"] == "00.1"


def test_text_names_the_place_and_the_command(workspace: Workspace) -> None:
    workspace.edit("setup", "return 0", "return 1")
    judged(workspace, e00_1="passed")
    run = workspace.tito("status")
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert lines[0] == "yours: 00 1/1 typed; the rest is the reference"
    assert "00 Setup   1 of 1 points" in lines
    assert lines[-3:-1] == ["next  build 01.1 Tensor.__add__", "      " + lines[-2].strip()]
    assert lines[-2].strip().startswith("modules/01_tensor/tensor.py:")
    assert lines[-1].split() == ["tito", "test", "01.1", "tito", "hint", "01.1"]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("content", "state"),
    [(None, "missing"), (b"x = (\n", "broken"), (b"raise OSError\n", "broken"), (b"print(1)\n", "missing")],
    ids=["deleted", "syntax error", "fails at import", "without the function"],
)
def test_a_file_that_cannot_be_used_is_a_state(workspace: Workspace, content: bytes | None, state: str) -> None:
    if content is None:
        workspace.mine("tensor").unlink()
    else:
        workspace.mine("tensor").write_bytes(content)
    run = workspace.tito("status", "--json")
    assert run.returncode == 0
    assert row(json.loads(run.stdout), "01.2")["state"] == state


def test_damaged_verdicts_are_named_and_stay(workspace: Workspace) -> None:
    workspace.remembered("verdicts.json").parent.mkdir()
    workspace.remembered("verdicts.json").write_text("[1")
    run = workspace.tito("status", "--json")
    assert run.returncode == 0
    assert json.loads(run.stdout)["next"] == "00.1"
    assert ".tito/verdicts.json is damaged" in run.stderr
    assert workspace.remembered("verdicts.json").read_text() == "[1"


def test_verdicts_of_another_shape_are_unknown(workspace: Workspace) -> None:
    workspace.remembered("verdicts.json").parent.mkdir()
    workspace.remembered("verdicts.json").write_text('{"00.1": "passed", "01.1": {"outcome": 3}}')
    assert row(workspace.json("status"), "01.1")["verdict"] == "unknown"


def test_in_reference_mode_nothing_comes_next(workspace: Workspace) -> None:
    assert workspace.json("status", TINYTORCH="reference")["next"] is None
    assert "unset TINYTORCH takes yours again" in workspace.tito("status", TINYTORCH="reference").stdout


def test_what_is_set_aside_is_named_with_the_way_back(workspace: Workspace) -> None:
    workspace.remembered("aside").parent.mkdir()
    workspace.edit("setup", "return 0", "return 1")
    workspace.remembered("aside").write_text("01\n05\n")
    judged(workspace, e00_1="passed")
    run = workspace.tito("status").stdout
    assert "01, 05: set aside. All that isn't is built and right; tito use mine 01 takes yours again.\n" in run
    assert re.search(r"^05 .*   \d+ points$", run, re.MULTILINE)
    assert "0 of" not in run


def test_after_all_is_right_it_says_so(workspace: Workspace) -> None:
    for module in course.modules():
        reference = (workspace.root / "tinytorch" / f"{module.name}.py").read_bytes()
        workspace.mine(module.name).write_bytes(reference)
    judged(workspace, **{f"e{e.id.replace('.', '_')}": "passed" for m in course.modules() for e in m.exercises})
    run = workspace.tito("status")
    assert run.stdout.splitlines()[-1] == "All is built and right."
    assert "reference" not in run.stderr


ALL_OF_00 = "return sum(n * m + m for n, m in zip(widths, widths[1:]))"
CAPABILITY = '\n[[capabilities]]\ncan = "Count."\nproof = {proof}\n'
RAN = "from tito import record; record.milestone_ran('digits', {passed})"


def proves(workspace: Workspace, proof: str) -> None:
    """Give module 00 one capability."""
    manifest = workspace.mine("setup").with_name("module.toml")
    alone = manifest.read_text().partition("[[questions]]")[0].partition("[[capabilities]]")[0]
    manifest.write_text(alone + CAPABILITY.format(proof=proof))


def missing(workspace: Workspace) -> list[str]:
    found = next(c for c in workspace.json("status")["capabilities"] if c["can"] == "Count.")
    assert found["there"] is not bool(found["missing"])
    return found["missing"]


def ran(workspace: Workspace, passed: bool, **variables: str) -> None:
    """Note a run of the milestone, as the milestone does."""
    command = [sys.executable, "-c", RAN.format(passed=passed)]
    subprocess.run(command, cwd=workspace.root, env=workspace.environment(**variables), check=True, timeout=60)


def test_a_capability_is_there_once_its_exercises_are_right(workspace: Workspace) -> None:
    proves(workspace, '["00.1"]')
    assert missing(workspace) == ["00.1"]
    workspace.edit("setup", "return 0", ALL_OF_00)
    assert missing(workspace) == ["00.1"]
    judged(workspace, e00_1="passed")
    assert missing(workspace) == []
    assert "  yes      Count. (00.1)\n" in workspace.tito("status").stdout
    workspace.edit("setup", ALL_OF_00, f"{ALL_OF_00}  # changed since")
    assert missing(workspace) == ["00.1"]
    assert "  not yet  Count. (needs 00.1)\n" in workspace.tito("status").stdout


def test_what_was_read_proves_nothing(workspace: Workspace) -> None:
    proves(workspace, '["00.1", "milestone digits"]')
    workspace.tito("solve", "00.1")
    judged(workspace, e00_1="passed")
    ran(workspace, True)
    assert missing(workspace) == ["00.1", "milestone digits"]


def test_a_milestone_proves_what_was_built_when_it_ran_and_did_not_change(workspace: Workspace) -> None:
    proves(workspace, '"milestone digits"')
    ran(workspace, True)
    assert missing(workspace) == ["milestone digits"]
    workspace.edit("setup", "return 0", ALL_OF_00)
    assert missing(workspace) == ["milestone digits"]
    ran(workspace, False)
    assert missing(workspace) == ["milestone digits"]
    ran(workspace, True)
    assert missing(workspace) == []
    workspace.edit("setup", ALL_OF_00, f"{ALL_OF_00}  # a comment")
    workspace.edit("tensor", UNBUILT, BUILT)
    assert missing(workspace) == []
    workspace.edit("setup", ALL_OF_00, f"{ALL_OF_00} + 0")
    assert missing(workspace) == ["milestone digits"]
    assert "milestone digits again, on the code as it is now" in " ".join(workspace.tito("status").stdout.split())


def test_a_run_on_less_of_yours_leaves_the_better_proof(workspace: Workspace) -> None:
    proves(workspace, '"milestone digits"')
    workspace.edit("setup", "return 0", ALL_OF_00)
    ran(workspace, True)
    ran(workspace, True, TINYTORCH="reference")
    workspace.tito("use", "reference", "00")
    ran(workspace, True)
    workspace.tito("use", "mine", "00")
    assert missing(workspace) == []


def test_what_is_read_comes_last_with_the_way_to_build_it(workspace: Workspace) -> None:
    for module in course.modules():
        reference = (workspace.root / "tinytorch" / f"{module.name}.py").read_bytes()
        workspace.mine(module.name).write_bytes(reference)
    workspace.tito("reset", "00.1")
    workspace.tito("solve", "00.1")
    judged(workspace, **{f"e{e.id.replace('.', '_')}": "passed" for m in course.modules() for e in m.exercises})
    lines = workspace.tito("status").stdout.splitlines()
    assert "next  type your own 00.1 parameter_count" in lines
    assert "tito reset 00.1" in lines[-1]


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_capabilities_keep_within_the_terminal(workspace: Workspace, columns: int) -> None:
    proves(workspace, '["00.1", "01.1", "01.2", "01.3", "05.1", "05.2", "05.3", "milestone digits"]')
    lines = workspace.tito("status", COLUMNS=str(columns)).stdout.splitlines()
    assert max(map(len, lines)) <= columns
