"""An update that is killed, that a full disk stops, or that is taken back: every file is the old or the new one."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tito import update, update_journal
from tito.memory import CannotDo
from tito.update_plan import Plan
from tito.update_sources import Source
from update_courses import tree, write

OLD = {"a.py": b"old a", "sub/b.py": b"old b", "gone/c.py": b"old c", "stays.py": b"stays"}
CHANGES = {"a.py": b"new a", "sub/b.py": b"new b", "gone/c.py": None, "fresh/deep/d.py": b"new d"}
NEW = {"a.py": b"new a", "sub/b.py": b"new b", "fresh/deep/d.py": b"new d", "stays.py": b"stays"}

# For each step n of an update, or of taking it back, that changes a folder: makes a workspace, and kills the child
# before its n-th step. Prints how many there are.
KILLED = """
import os, signal, sys
from pathlib import Path
from tito import update_journal as journal

place, direction, old, changes = Path(sys.argv[1]), sys.argv[2], *map(eval, sys.argv[3:])
os.fsync = lambda handle: None  # a kill needs none
CHANGING = ("os.rename", "os.remove", "os.rmdir", "os.mkdir")

def killed(root, step):
    prepared = lambda: journal.prepare(root, "20260101", changes, frozenset(), {})
    folder = prepared() if direction == "undo" else None
    if folder:
        journal.apply(root, folder)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    def count(event, arguments):
        nonlocal step
        if event in CHANGING or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY):
            step -= 1
            if step < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    journal.undo(root, folder) if folder else journal.apply(root, prepared())
    os._exit(0)

for step in range(1000):
    root = place / f"é {step}"
    for path, content in old.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    if not killed(root, step):
        break
print(step)
"""


@pytest.mark.parametrize("direction", ["apply", "undo"])
@pytest.mark.parametrize("then", ["finish", "undo"])
def test_a_kill_at_any_step_can_be_finished_and_taken_back(direction, then, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    steps = int(python("-c", KILLED, str(tmp_path), direction, repr(OLD), repr(CHANGES)))
    halves = 0
    for step in range(steps):
        root = tmp_path / f"é {step}"
        waiting, now = update_journal.unfinished(root), tree(root)
        if waiting is None:
            assert now in (OLD, NEW)
            continue
        halves += now not in (OLD, NEW)
        found = {path: content for path, content in now.items() if not path.endswith(".tito-update")}
        assert all(content in (OLD.get(path), NEW.get(path)) for path, content in found.items())
        assert "interrupted" in update_journal.advice(root)
        assert getattr(update_journal, then)(root, waiting) == []
        assert tree(root) == (NEW if (direction, then) == ("apply", "finish") else OLD)
        assert update_journal.advice(root) == ""
    assert halves > 5


def python(*arguments: str) -> str:
    """Run Python on this course's tools, and return what it printed."""
    variables = os.environ | {"PYTHONPATH": str(Path(update.__file__).parents[1])}
    run = subprocess.run([sys.executable, *arguments], env=variables, capture_output=True, text=True, check=True)
    return run.stdout


def test_the_copy_in_the_journal_finishes_without_the_course(tmp_path):
    root = write(tmp_path, OLD)
    folder = update_journal.prepare(root, "20260101", CHANGES, frozenset(), {})
    assert str((folder / "finish.py").relative_to(root)) in update_journal.advice(root, tito_starts=False)
    for arguments, wanted in (((), NEW), (("--undo",), OLD)):
        subprocess.run([sys.executable, "-I", folder / "finish.py", *arguments], cwd="/", check=True)
        assert tree(root) == wanted


def test_what_was_edited_in_between_stays_and_is_named(tmp_path):
    root = write(tmp_path, OLD)
    folder = update_journal.prepare(root, "20260101", CHANGES, frozenset(), {})
    (root / "a.py").write_bytes(b"typed in between")
    assert update_journal.apply(root, folder) == ["a.py"]
    (root / "sub/b.py").write_bytes(b"typed since")
    assert update_journal.undo(root, folder) == ["a.py", "sub/b.py"]
    assert tree(root) == OLD | {"a.py": b"typed in between", "sub/b.py": b"typed since"}
    assert (folder / "old/sub/b.py").read_bytes() == b"old b"


def test_modes_stay_and_a_read_only_file_is_replaced(tmp_path):
    root = write(tmp_path, OLD)
    (root / "a.py").chmod(0o444)
    folder = update_journal.prepare(root, "20260101", CHANGES, frozenset({"sub/b.py"}), {})
    update_journal.apply(root, folder)
    modes = [(root / path).stat().st_mode & 0o777 for path in ("a.py", "sub/b.py")]
    assert modes == [0o444, (0o644 | 0o111) & ~umask()]
    update_journal.undo(root, folder)
    assert [(root / path).stat().st_mode & 0o777 for path in ("a.py", "sub/b.py")] == [0o444, 0o666 & ~umask()]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def plan_of(changes: dict[str, bytes | None]) -> Plan:
    return Plan(Source("here", {}), writes=changes)


def test_a_full_disk_while_the_journal_is_written_leaves_nothing(tmp_path):
    root = write(tmp_path, OLD)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(CannotDo, match="nothing was written"):
            update._write(root, plan_of(CHANGES | {"large": b"x" * 2000}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert tree(root) == OLD
    assert list((root / ".tito/updates").iterdir()) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_stops_the_replacing_takes_all_of_it_back(error, tmp_path, monkeypatch):
    root = write(tmp_path, OLD)
    real, failed = update_journal._write, []

    def failing(path, content, mode):
        if path == root / "fresh/deep/d.py" and not failed:
            failed.append(path)
            raise error
        real(path, content, mode)

    monkeypatch.setattr(update_journal, "_write", failing)
    with pytest.raises(CannotDo, match="all is as it was before the update"):
        update._write(root, plan_of(CHANGES))
    assert tree(root) == OLD


def test_a_disk_that_refuses_that_too_leaves_a_journal_to_go_on_with(tmp_path, monkeypatch):
    root = write(tmp_path, OLD)
    real = update_journal._write

    def failing(path, content, mode):
        if ".tito" not in path.parts and path.name != "a.py":
            raise OSError(28, "No space left on device", str(path))
        real(path, content, mode)

    monkeypatch.setattr(update_journal, "_write", failing)
    with pytest.raises(CannotDo, match="No space left on device"):
        update._write(root, plan_of(CHANGES))
    monkeypatch.undo()
    folder = update_journal.newest(root) or update_journal.unfinished(root)
    if folder is not None:
        update_journal.undo(root, folder)
    assert tree(root) == OLD


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"state": "going on"})[:-3]])
def test_a_damaged_journal_stops_no_command(content, tmp_path):
    folder = tmp_path / ".tito/updates/20260101"
    write(folder, {"journal.json": content.encode()})
    assert update_journal.advice(tmp_path) == ""
