"""Walk the course as a learner does: `python scripts/walk.py`. For maintainers and CI.

In a copy of the workspace with untouched stubs, the reference's bodies are typed in, exercise by exercise. Each must
turn exactly its own tests from skipped (00's: from failed) to passed, and no other test may change.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tito import course
from tito.course import ROOT, Exercise, Module
from tito.stubs import put_back

Outcomes = dict[str, str]  # test node -> outcome
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "runs", ".tito", "__pycache__", ".*_cache", ".hypothesis")


def outcomes(workspace: Path) -> Outcomes:
    """Run all judged tests of a workspace as a learner; return the outcome of each."""
    report = workspace / "runs" / "walk.xml"
    environment = {k: v for k, v in os.environ.items() if k != "TINYTORCH"}
    environment["PYTHONPATH"] = os.pathsep.join([str(workspace), str(workspace / "scripts")])
    tests = [str(workspace / m.tests.relative_to(ROOT)) for m in course.modules()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    done = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the tests could not run:\n{done.stdout}{done.stderr}")
    return {_node(case): _outcome(case) for case in ElementTree.parse(report).iter("testcase")}


def _node(case: ElementTree.Element) -> str:
    """Return "05.3 test_name": what a test judges, and its name."""
    judged = next((p.get("value") for p in case.iter("property") if p.get("name") == "exercise"), "-")
    return f"{judged} {case.get('name')}"


def _outcome(case: ElementTree.Element) -> str:
    return next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")


def step(workspace: Path, module: Module, exercise: Exercise, before: Outcomes) -> tuple[Outcomes, list[str]]:
    """Type the reference's body of one exercise in; return the new outcomes and what is wrong with the change."""
    file = workspace / module.file.relative_to(ROOT)
    reference = (ROOT / "tinytorch" / f"{module.name}.py").read_text(encoding="utf-8")
    file.write_bytes(put_back(file.read_bytes(), reference, exercise.function))
    after = outcomes(workspace)
    problems = []
    for node, outcome in after.items():
        node_exercise = node.partition(" ")[0]
        mine = node_exercise == exercise.id
        if mine and outcome != "passed":
            problems.append(f"{node}: {outcome} after {exercise} was built")
        if mine and before[node] == "passed":
            problems.append(f"{node}: passed before {exercise} was built")
        whole_module = node_exercise == module.number and exercise == module.exercises[-1]
        if not mine and not whole_module and outcome != before[node]:
            problems.append(f"{node}: {before[node]} became {outcome} when {exercise} was built")
    return after, problems


def main() -> int:
    """Walk; print a line for each exercise; exit 1 if any step changed what it should not."""
    wrong = 0
    with tempfile.TemporaryDirectory(
        prefix="tinytorch walk é "
    ) as folder:  # with spaces and a letter beyond ASCII, on purpose
        workspace = Path(folder) / "course"
        shutil.copytree(ROOT, workspace, ignore=LEFT_OUT)
        state = outcomes(workspace)
        done_at_once = [node for node, outcome in state.items() if outcome == "passed"]
        for node in done_at_once:
            print(f"{node}: passed with nothing built")
        wrong += len(done_at_once)
        for module in course.modules():
            for exercise in module.exercises:
                state, problems = step(workspace, module, exercise, state)
                own = sum(node.startswith(f"{exercise.id} ") for node in state)
                print(f"{exercise}: {own} tests turned green" if not problems else "\n".join(problems), flush=True)
                wrong += len(problems)
        left = [node for node, outcome in state.items() if outcome != "passed"]
        print(f"walked: {len(state)} tests, {len(left)} not passed at the end, {wrong} surprises")
    return 1 if wrong or left else 0


if __name__ == "__main__":
    sys.exit(main())
