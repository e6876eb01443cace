"""start.py, check.py and the lock: what they do where something is missing, broken or already there.

Each test runs the real scripts, with real interpreters and environments, in a small copy of the workspace. What
stands in for the slow parts: a `pip` that notes how it was called and fails as it is told to, and a `venv` that makes a
real environment with this pip in it.
"""

import ast
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("start.py", "check.py", "check_skips.py", "find_python.py", "workspace_setup.py", "lock.py")
SCRIPTS += ("setup_making.py", "setup_problems.py", "setup_state.py")
LOCK = "one==1.0 \\\n    --hash=sha256:00\nscalene==2.2.1 \\\n    --hash=sha256:11\n"
PYPROJECT = '[project]\nname = "tinytorch"\n'

FAKE_PIP = """
import json, os, pathlib, sys, time
root = pathlib.Path(os.environ["FAKE_PIP_FOLDER"])
with (root / "calls").open("a") as calls:
    print(json.dumps({"arguments": sys.argv[1:], "environment": dict(os.environ)}), file=calls)
for file in sorted(root.glob("when *")):  # what to say and to fail with where an argument contains a word
    if any(file.name[5:] in argument for argument in sys.argv):
        print(file.read_text(), flush=True)
        time.sleep(float(os.environ.get("FAKE_PIP_SECONDS", "0")))
        sys.exit(1)
if "-e" in sys.argv:
    site = next(pathlib.Path(sys.prefix).glob("lib/python3*/site-packages"))
    (site / "_tinytorch.pth").write_text(f"{os.getcwd()}\\n{os.getcwd()}/scripts\\n", "utf-8")
    (site / "one-1.0.dist-info").mkdir(exist_ok=True)
"""
FAKE_VENV = """
import importlib, os, pathlib, shutil, sys
folder = pathlib.Path(os.environ["FAKE_PIP_FOLDER"])
sys.path[:] = [path for path in sys.path if path != str(folder / "front")]
del sys.modules["venv"]
importlib.import_module("venv").create(sys.argv[1], symlinks=True)
if (folder / "no ensurepip").exists():
    sys.exit("ensurepip is not available")
site = next(pathlib.Path(sys.argv[1]).glob("lib/python3*/site-packages"))
shutil.copytree(folder / "pip", site / "pip")
"""
# Runs when an interpreter of the fake installation starts: its venv comes before Python's own.
HOOK = "import sys; sys.path.insert(0, {!r})"
# A pytest that skips as many tests as REASONS names, and writes the report that it is asked for.
FAKE_PYTEST = """
import os, pathlib, sys
report = next(a.partition("=")[2] for a in sys.argv if a.startswith("--junitxml="))
skips = "".join(f'<testcase><skipped message="{reason}"/></testcase>' for reason in os.environ["REASONS"].split(";"))
pathlib.Path(report).write_text(f"<testsuites><testsuite>{skips}</testsuite></testsuites>")
print(*sys.argv[1:])
"""
FAKE_TOOL = "import os, sys; print(__package__, *sys.argv[1:], os.environ.get('TINYTORCH', '-'), sys.path[-1])"


@dataclass(frozen=True)
class Workspace:
    """A copied workspace, and a Python whose environments get the pip that stands in."""

    root: Path
    python: Path
    fakes: Path

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TINYTORCH", "PIP_", "PYTHON"))}
        return kept | {"FAKE_PIP_FOLDER": str(self.fakes), "PATH": "/usr/bin:/bin"} | variables

    def run(
        self, script: str, *arguments: str, python: str = "", cwd: str = "/", **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python or self.python, self.root / "scripts" / script, *arguments],
            cwd=cwd,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def pip_calls(self) -> list[dict[str, str]]:
        notes = self.fakes / "calls"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def pip_fails(self, word: str, says: str) -> None:
        (self.fakes / f"when {word}").write_text(says)

    def pip_works(self) -> None:
        for file in self.fakes.glob("when *"):
            file.unlink()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def make_workspace(folder: Path) -> Workspace:
    root, fakes = folder / "mein Kurs é", folder / "fakes"
    (root / "scripts").mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy(ROOT / "scripts" / name, root / "scripts")
    (root / "requirements.lock").write_text(LOCK)
    (root / "pyproject.toml").write_text(PYPROJECT)
    for package, text in ((fakes / "pip", FAKE_PIP), (fakes / "front" / "venv", FAKE_VENV)):
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(text)
    for name in ("tito", "pytest"):
        (root / name).mkdir()
        (root / name / "__main__.py").write_text(FAKE_TOOL)
    return Workspace(root, fake_python(folder / "python", fakes / "front"), fakes)


def fake_python(folder: Path, front: Path) -> Path:
    """Make an interpreter in whose eyes the packages in `front` come before the standard library's."""
    venv.create(folder, symlinks=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    (site / "front.pth").write_text(HOOK.format(str(front)))
    return folder / "bin" / "python"


# ---- from nothing to the main job


def test_start_makes_the_environment_and_runs_doctor_and_the_main_job(workspace: Workspace) -> None:
    done = workspace.run("start.py")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [
        ["tito", "doctor", "-"],
        ["tito", "milestone", "digits"],
    ]
    assert "Setting up the environment" in done.stderr
    installs = [call["arguments"] for call in workspace.pip_calls() if "install" in call["arguments"]]
    assert ["--require-hashes" in arguments for arguments in installs] == [True, True, False]
    assert installs[2][-2:] == ["-e", "."]


def test_the_second_start_is_quick_and_runs_no_pip(workspace: Workspace) -> None:
    workspace.run("start.py")
    before = len(workspace.pip_calls())
    began = time.monotonic()
    again = workspace.run("start.py")
    assert again.returncode == 0
    assert len(again.stderr.splitlines()) == 1  # how to call tito
    assert len(workspace.pip_calls()) == before
    assert time.monotonic() - began < 1


def test_start_ends_with_the_way_to_call_tito_where_the_terminal_does_not_find_it(workspace: Workspace) -> None:
    here = workspace.run("start.py", cwd=str(workspace.root)).stderr.splitlines()[-1]
    assert "first: source .venv/bin/activate " in here
    assert "`.venv/bin/python -m tito`" in here
    bin_folder = workspace.root / ".venv" / "bin"
    assert f"source '{bin_folder}/activate'" in workspace.run("start.py", cwd=str(workspace.fakes)).stderr
    (bin_folder / "tito").write_text("#!/bin/sh\n")
    (bin_folder / "tito").chmod(0o755)
    assert workspace.run("start.py", PATH=f"{bin_folder}:/usr/bin:/bin").stderr == ""
    assert "activate" in workspace.run("start.py").stderr


def test_check_says_at_its_end_that_all_is_fine_and_what_was_skipped(workspace: Workspace) -> None:
    fake = workspace.root / "pytest" / "__main__.py"
    fake.write_text(FAKE_PYTEST)
    reasons = "PyTorch is not installed;py-spy may not read another process;PyTorch is not installed;a Tuesday"
    done = workspace.run("check.py", REASONS=reasons)
    assert [" ".join(line.split()) for line in done.stderr.splitlines()[-5:]] == [
        "Skipped were tests that need what is not here; the course does not need it:",
        "2 that compare with PyTorch, which is not installed",
        "1 that need the right to look into another process",
        "1 for other reasons; with -rs behind this command pytest names them",
        "The reference passes all its tests: this machine is fine.",
    ]
    fake.write_text(FAKE_TOOL + "\nsys.exit(1)")
    assert "fine" not in workspace.run("check.py").stderr


def test_check_uses_all_cores_for_the_whole_suite_alone(workspace: Workspace) -> None:
    (workspace.root / "pytest" / "__main__.py").write_text(FAKE_TOOL + "\nsys.exit(3)")
    cores = min(len(os.sched_getaffinity(0)), 8) if hasattr(os, "sched_getaffinity") else 1
    assert (f" -n {cores} " in workspace.run("check.py").stdout) is (cores > 1)
    assert " -n " not in workspace.run("check.py", "-q").stdout


def test_check_runs_pytest_on_the_reference_and_hands_on_arguments_and_exit_code(workspace: Workspace) -> None:
    (workspace.root / "pytest" / "__main__.py").write_text(FAKE_TOOL + "\nsys.exit(3)")
    here = workspace.root / "tests"
    here.mkdir()
    (here / "test_a.py").touch()
    done = workspace.run("check.py", "-q", "test_a.py::test_b", cwd=str(here))
    assert done.returncode == 3
    assert done.stdout.split("reference")[0].strip() == f"pytest -q {here}/test_a.py::test_b"


def test_start_stops_where_the_doctor_finds_a_problem(workspace: Workspace) -> None:
    (workspace.root / "tito" / "__main__.py").write_text("import sys; print(sys.argv[1]); sys.exit(4)")
    done = workspace.run("start.py")
    assert (done.returncode, done.stdout) == (4, "doctor\n")


def test_the_editable_install_has_relative_paths_and_runs_in_any_locale(workspace: Workspace) -> None:
    assert workspace.run("start.py").returncode == 0
    assert workspace.run("start.py", LC_ALL="C").returncode == 0
    paths = next((workspace.root / ".venv").rglob("_tinytorch.pth")).read_text("ascii")
    assert paths == "../../../..\n../../../../scripts\n"


def test_variables_that_would_disturb_do_not(workspace: Workspace) -> None:
    disturbing = {"PYTHONPATH": "/nowhere", "VIRTUAL_ENV": "/nowhere", "PIP_USER": "1", "PIP_TARGET": "/nowhere"}
    kept = {"PIP_INDEX_URL": "mirror", "PIP_CERT": "authorities"}
    assert workspace.run("start.py", **disturbing, **kept).returncode == 0
    for call in workspace.pip_calls():
        seen = call["environment"]
        assert {name: seen.get(name) for name in ("PYTHONPATH", "PIP_USER", "PIP_TARGET")} in (
            {"PYTHONPATH": None, "PIP_USER": "0", "PIP_TARGET": None},
            {"PYTHONPATH": None, "PIP_USER": "1", "PIP_TARGET": None},  # asked for its version only
        )
        assert seen["VIRTUAL_ENV"] == str(workspace.root / ".venv")
        assert kept.items() <= seen.items()


# ---- an environment that is there but does not fit


def edit_lock(workspace: Workspace) -> None:
    (workspace.root / "requirements.lock").write_text(LOCK + "two==1.0 --hash=sha256:22\n")


def test_a_changed_lock_is_installed_into_what_is_there(workspace: Workspace) -> None:
    workspace.run("start.py")
    (workspace.root / ".venv" / "mine").touch()
    edit_lock(workspace)
    done = workspace.run("start.py")
    assert "Bringing .venv up to requirements.lock" in done.stderr
    assert (workspace.root / ".venv" / "mine").exists()


def test_a_package_that_was_removed_comes_back(workspace: Workspace) -> None:
    workspace.run("start.py")
    package = next((workspace.root / ".venv").rglob("one-1.0.dist-info"))
    package.rmdir()
    assert workspace.run("start.py").returncode == 0
    assert package.exists()


def test_an_environment_from_another_folder_is_made_anew(workspace: Workspace) -> None:
    workspace.run("start.py")
    moved = Workspace(workspace.root.with_name("moved"), workspace.python, workspace.fakes)
    workspace.root.rename(moved.root)
    done = moved.run("start.py")
    assert done.returncode == 0
    assert f"Making .venv anew: it was made in another folder, {workspace.root}" in done.stderr


def test_an_environment_whose_python_vanished_is_made_anew(workspace: Workspace) -> None:
    workspace.run("start.py")
    python = workspace.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    done = workspace.run("start.py")
    assert done.returncode == 0
    assert "Making .venv anew: its Python does not run any more" in done.stderr


def test_an_interrupted_set_up_is_made_anew(workspace: Workspace) -> None:
    workspace.pip_fails("required.txt", "Collecting one==1.0")
    process = subprocess.Popen(
        [workspace.python, workspace.root / "scripts" / "start.py"],
        env=workspace.environment(FAKE_PIP_SECONDS="20"),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: bool(workspace.pip_calls()))
    os.killpg(process.pid, signal.SIGINT)
    assert "Interrupted. Run the same command again" in process.communicate(timeout=10)[1]
    assert process.returncode == 130
    workspace.pip_works()
    done = workspace.run("start.py")
    assert done.returncode == 0
    assert "Making .venv anew: an earlier set-up was interrupted" in done.stderr


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_two_at_once_make_one_environment(workspace: Workspace) -> None:
    command = [workspace.python, workspace.root / "scripts" / "workspace_setup.py"]
    both = [subprocess.Popen(command, env=workspace.environment(), stdout=subprocess.PIPE) for _ in range(2)]
    printed = [process.communicate(timeout=20)[0].decode().strip() for process in both]
    assert printed == [str(workspace.root / ".venv" / "bin" / "python")] * 2
    assert sum("-e" in call["arguments"] for call in workspace.pip_calls()) == 1


# ---- what stands in the way


@pytest.mark.parametrize(
    ("says", "explanation"),
    [
        pytest.param(
            "NewConnectionError: [Errno -3] Temporary failure in name resolution", "Check the network", id="DNS"
        ),
        pytest.param("Read timed out. (read timeout=15)", "Check the network", id="time-out"),
        pytest.param("SSLError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT", id="certificate"),
        pytest.param(
            "OSError: [Errno 28] No space left on device", "The disk is full: the environment needs about", id="disk"
        ),
        pytest.param(
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "is not the one that requirements.lock names", id="hash"
        ),
        pytest.param("ERROR: No matching distribution found for one==1.0", "has no file of one==1.0", id="no package"),
        pytest.param("something new", "  something new", id="anything else"),
    ],
)
def test_what_pip_fails_of_is_said_in_one_paragraph(workspace: Workspace, says: str, explanation: str) -> None:
    workspace.pip_fails("required.txt", says)
    done = workspace.run("start.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert explanation in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network_the_environment_waits_for_the_next_run(workspace: Workspace) -> None:
    workspace.pip_fails("required.txt", "Temporary failure in name resolution")
    workspace.run("start.py")
    workspace.pip_works()
    done = workspace.run("start.py")
    assert done.returncode == 0
    assert "Bringing .venv up to requirements.lock" in done.stderr


def test_what_is_optional_may_fail_and_is_named(workspace: Workspace) -> None:
    workspace.pip_fails("scalene.txt", "error: command 'g++' failed")
    done = workspace.run("start.py")
    assert done.returncode == 0
    assert "without scalene" in done.stderr


def test_a_python_without_venv_is_told_which_package_to_get(workspace: Workspace) -> None:
    (workspace.fakes / "no ensurepip").touch()
    done = workspace.run("start.py")
    assert done.returncode == 1
    assert "sudo apt-get install python{}.{}-venv".format(*sys.version_info[:2]) in done.stderr
    assert not (workspace.root / ".venv").exists()


def test_virtualenv_stands_in_for_venv(workspace: Workspace) -> None:
    (workspace.fakes / "no ensurepip").touch()
    bin_folder = workspace.fakes / "bin"
    bin_folder.mkdir()
    script(
        bin_folder / "virtualenv",
        f'rm -f "{workspace.fakes}/no ensurepip"; rm -rf "$3/bin"; exec "{workspace.python}" -m venv "$3"',
    )
    done = workspace.run("start.py", PATH=f"{bin_folder}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_not_be_written_is_named(workspace: Workspace) -> None:
    workspace.root.chmod(0o555)
    done = workspace.run("start.py")
    workspace.root.chmod(0o755)
    assert done.returncode == 1
    assert f"{workspace.root} can't be written to" in done.stderr


def test_a_disk_that_is_too_full_is_said_before_anything_is_done(workspace: Workspace) -> None:
    problems = workspace.root / "scripts" / "setup_problems.py"
    problems.write_text(
        problems.read_text("utf-8").replace("NEEDED_MEGABYTES = 700", "NEEDED_MEGABYTES = 10**9"), "utf-8"
    )
    done = workspace.run("start.py")
    assert done.returncode == 1
    assert "The disk is full" in done.stderr
    assert not (workspace.root / ".venv").exists()


# ---- which Python


OLD = """#!/bin/sh
exec "{python}" -c '
import sys
sys.version_info = (3, 9, 1)
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
exec(compile(open(sys.argv[0]).read(), sys.argv[0], "exec"))' "$@"
"""


def old_python(workspace: Workspace) -> str:
    """Make a command that runs a script like an interpreter that is too old."""
    path = workspace.fakes / "old"
    path.write_text(OLD.format(python=workspace.python))
    path.chmod(0o755)
    return str(path)


def test_too_old_a_python_is_told_what_is_needed(workspace: Workspace) -> None:
    done = workspace.run("start.py", python=old_python(workspace), PATH=str(workspace.fakes))
    assert done.returncode == 1
    assert "This needs Python 3.11 or newer" in done.stderr
    assert "To get one:" in done.stderr


def test_too_old_a_python_hands_over_to_a_newer_one_that_really_runs(workspace: Workspace) -> None:
    (workspace.fakes / "bin").mkdir()
    shim = workspace.fakes / "bin" / "python3.13"  # a version manager's, for a version that is not active
    script(shim, "exit 127")
    newer = "python{}.{}".format(*sys.version_info[:2])
    path = workspace.fakes / "path"
    path.mkdir()
    script(path / newer, f'exec "{workspace.python}" "$@"')
    done = workspace.run("start.py", python=old_python(workspace), PATH=f"{shim.parent}:{path}")
    assert done.returncode == 0, done.stderr
    assert f"is too old: using {path / newer}" in done.stderr


@pytest.mark.parametrize("name", ["start.py", "check.py", "find_python.py"])
def test_what_an_old_python_reads_has_no_syntax_that_it_can_not_read(name: str) -> None:
    text = (ROOT / "scripts" / name).read_text("ascii")
    ast.parse(text, feature_version=(3, 4))


# ---- an environment that is already there, as in the dev container


def test_the_named_environment_is_used_if_it_holds_everything(workspace: Workspace) -> None:
    (workspace.root / "scripts" / "lock.py").write_text("")  # prints nothing: nothing is lacking
    done = workspace.run("start.py", TINYTORCH_ENV=str(workspace.python.parent.parent))
    assert done.returncode == 0, done.stderr
    assert not (workspace.root / ".venv").exists()


def test_a_named_environment_that_lacks_something_is_left_alone(workspace: Workspace) -> None:
    (workspace.root / "scripts" / "lock.py").write_text("print('numpy')")
    done = workspace.run("start.py", TINYTORCH_ENV=str(workspace.python.parent.parent))
    assert done.returncode == 0, done.stderr
    assert "does not hold numpy: using .venv" in done.stderr
    assert (workspace.root / ".venv").exists()


# ---- the lock


def check_lock(
    tmp_path: Path, lock: str, course: str = "one>=1; sys_platform != 'win32'"
) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "scripts").mkdir()
    for name in SCRIPTS:
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    (tmp_path / "requirements.lock").write_text(lock)
    (tmp_path / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\n[project]\ndependencies = []\n"
        f'[project.optional-dependencies]\ncourse = ["{course}"]\n'
    )
    command = [sys.executable, tmp_path / "scripts" / "lock.py", "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


ONE = "one==1.5 \\\n    --hash=sha256:00\n    # via tinytorch (pyproject.toml)\n"


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        pytest.param(ONE, "", id="fits"),
        pytest.param(ONE.replace("1.5", "0.5"), "the lock has 0.5", id="too old"),
        pytest.param("", "the lock has none", id="missing"),
        pytest.param(
            ONE.replace("1.5", "1.5 ; python_full_version >= '3.12'"), "Python 3.11: the lock has none", id="one Python"
        ),
        pytest.param(ONE + ONE.replace("one", "two"), "no longer asked for: two", id="left over"),
        pytest.param("one==1.5\n", "no hash: one==1.5", id="no hash"),
        pytest.param("--index-url https://example.org\n" + ONE, "an address or a path", id="address"),
    ],
)
def test_the_check_names_what_does_not_fit(tmp_path: Path, lock: str, problem: str) -> None:
    done = check_lock(tmp_path, lock)
    assert done.returncode == (1 if problem else 0), done.stderr
    assert problem in done.stdout


def test_the_lock_fits_and_leaves_pytorch_out() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "lock.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "\ntorch==" not in (ROOT / "requirements.lock").read_text("utf-8")
