"""`tito update`: a workspace takes over a newer course from anywhere, and keeps what its learner did."""

import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import typer
from tito import update, update_journal
from tito.memory import CannotDo
from tito.update_plan import Plan, make_plan
from tito.update_sources import read_source, usual_source
from typer.testing import CliRunner
from update_courses import MOVED, NEW, OLD, OLD_SHAPES, RULES, Part, course, tree, write

BUILT = "return height * width  # typed"
EVIL = ("../out.py", "/etc/out.py", "a/../../out.py", "C:/out.py", "a\\out.py", "sub/.. /out.py", "a//b")


@pytest.fixture(autouse=True)
def _reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what the command sets for its own process."""
    monkeypatch.setenv("TINYTORCH", "reference")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A workspace of the old course, with one exercise built."""
    root = write(tmp_path / "my copy é", course(OLD, RULES))
    mine = root / OLD.file
    mine.write_text(OLD.stub.replace('raise NotImplementedError("01.1 area")', BUILT))
    return root


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    return write(tmp_path / "newer ü", course(NEW, RULES))


def plan(root: Path, source: Path | str) -> Plan:
    return make_plan(root, read_source(str(source), root))


def run(root: Path, *arguments: str) -> str:
    """Run `tito update` for a workspace, and return what it printed."""
    app = typer.Typer()
    app.command()(update.update)
    try:
        result = CliRunner().invoke(app, ["--into", str(root), *arguments], catch_exceptions=False)
    except CannotDo as error:
        return f"tito: {error}"
    assert result.exit_code == 0
    return result.output


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> Path:
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return folder


# what becomes of the files


def test_it_shows_first_then_does_it_then_goes_back(here, newer):
    before = tree(here)
    assert "Nothing was written" in run(here, "--from", str(newer), "--dry-run", "--yes")
    assert "To do it: the same with --yes" in run(here, "--from", str(newer))
    assert tree(here) == before
    said = run(here, "--from", str(newer), "--yes")
    assert f"{OLD.file}  the new stub with what you typed in area\n" in said
    assert "new exercises: 01.1 volume\n" in said
    assert "01.1 area is 01.2 now" in said
    after = tree(here)
    assert after.pop(".tito/course.json")
    assert after == course(NEW, RULES) | {
        NEW.file: NEW.stub.replace('raise NotImplementedError("01.2 area")', BUILT).encode()
    }
    assert "has all of" in run(here, "--from", str(newer), "--yes")
    assert "is taken back" in run(here, "--undo")
    assert tree(here) == before
    assert "no update to take back" in run(here, "--undo")


def test_a_gone_exercise_is_kept_in_a_named_file_behind_what_lies_there(here, newer):
    note = here / "modules/01_shapes/before_update.md"
    note.write_text("# mine\n")
    mine = here / OLD.file
    mine.write_text(mine.read_text().replace('raise NotImplementedError("01.4 old_fashioned")', "return x  # typed"))
    assert "yours is kept in modules/01_shapes/before_update.md" in run(here, "--from", str(newer), "--yes")
    assert note.read_text().startswith("# mine\n")
    assert "    return x  # typed\n" in note.read_text()


def test_where_an_exercise_went_is_said(here, tmp_path):
    mine = here / OLD.file
    mine.write_text(mine.read_text().replace('raise NotImplementedError("01.4 old_fashioned")', "return x  # typed"))
    place = Part("02", "more", ("old_fashioned",), OLD_SHAPES)
    said = run(here, "--from", str(write(tmp_path / "newer", course(NEW, RULES, place))), "--dry-run")
    assert "01.4 old_fashioned: the new version has no old_fashioned; it is 02.1 in modules/02_more/more.py now" in said


@pytest.mark.parametrize("line_ends", ["\n", "\r\n"])
def test_a_file_that_cannot_be_parsed_stays_and_is_merged_once_it_can(line_ends, here, newer):
    mine = here / OLD.file
    whole = mine.read_bytes().replace(b"\n", line_ends.encode())
    mine.write_bytes(broken := whole + b"def (" + line_ends.encode())
    said = run(here, "--from", str(newer), "--yes")
    assert re.search(r"stays as it is: it can't be parsed \(line \d+: .*\); correct that, then tito update", said)
    assert mine.read_bytes() == broken
    mine.write_bytes(whole)
    assert "what you typed in area" in run(here, "--from", str(newer), "--yes")
    wanted = NEW.stub.replace('raise NotImplementedError("01.2 area")', BUILT).replace("\n", line_ends)
    assert mine.read_bytes() == wanted.encode()
    assert not (here / ".tito/stubs").exists()


def test_the_stub_is_found_in_git_where_the_reference_was_edited(here, newer):
    mine = (here / OLD.file).read_bytes()
    (here / OLD.file).write_text(OLD.stub)
    commit(here)
    (here / OLD.file).write_bytes(mine)
    commit(here)
    (here / "tinytorch/shapes.py").write_text("edited = 1\n")
    assert plan(here, newer).learners[0].placed == ("area",)


def test_without_its_old_stub_a_file_stays_in_later_updates_too(here, newer):
    (here / "tinytorch/shapes.py").write_text("edited = 1\n")
    before = (here / OLD.file).read_bytes()
    for _ in range(2):
        assert "tito reset 01" in run(here, "--from", str(newer), "--yes")
        assert (here / OLD.file).read_bytes() == before
        (newer / "README.md").write_text("newer still\n")


def test_a_module_moves_with_what_was_typed(here, tmp_path):
    mine = here / RULES.file
    mine.write_text(RULES.stub.replace('raise NotImplementedError("05.1 double")', "return 2 * x"))
    (mine.parent / "before_update.md").write_text("earlier\n")
    run(here, "--from", str(write(tmp_path / "newer", course(OLD, MOVED))), "--yes")
    after = tree(here)
    assert b"return 2 * x" in after[MOVED.file]
    assert after["modules/06_rules/before_update.md"] == b"earlier\n"
    assert not [path for path in after if "05_rules" in path]


@pytest.mark.parametrize("typed", [True, False])
def test_a_module_that_is_gone_leaves_what_was_typed(typed, here, tmp_path):
    if typed:
        (here / RULES.file).write_text("typed = 1\n")
    said = run(here, "--from", str(write(tmp_path / "newer", course(OLD))), "--yes")
    assert ("no module rules; your file stays" in said) == typed
    assert [path for path in tree(here) if "05_rules" in path] == ([RULES.file] if typed else [])


def test_what_the_learner_changed_stays_where_the_course_did_not_change_it(here, newer):
    """Known from git: the branch left the course's one before either changed."""
    commit(here)
    git(here, "branch", "course")
    (here / ".vscode/tasks.json").write_text("mine")
    (here / "README.md").write_text("mine")
    commit(here)
    git(here, "checkout", "-q", "course")
    write(here, course(NEW, RULES, **{"README.md": "newer", "tests/test_01_shapes.py": "newer"}))
    commit(here)
    git(here, "checkout", "-q", "main")
    found = plan(here, "course")
    assert (found.yours, found.unknown, found.removed) == (["README.md"], [], [])
    assert "tests/test_01_shapes.py" in found.replaced
    assert "README.md\n" in run(here, "--from", "course", "--yes")
    folder = update_journal.newest(here)
    assert folder is not None
    assert (folder / "old/README.md").read_text() == "mine"
    assert ((here / "README.md").read_text(), (here / ".vscode/tasks.json").read_text()) == ("newer", "mine")


def test_after_one_update_the_next_knows_what_the_course_had(here, newer, tmp_path):
    write(newer, {"extra.py": b"1", "README.md": b"2"})
    assert plan(here, newer).unknown == [
        "README.md",
        f"modules/{OLD.folder}/module.toml",
        *plan(here, newer).unknown[2:],
    ]
    run(here, "--from", str(newer), "--yes")
    (here / ".vscode/tasks.json").write_text("mine")
    (here / "own.py").write_text("mine")
    third = write(tmp_path / "third", course(NEW, RULES, **{"README.md": "3"}))
    found = plan(here, third)
    assert (found.replaced, found.removed, found.yours, found.unknown) == (["README.md"], ["extra.py"], [], [])


def test_the_record_follows_the_functions(here, newer):
    memory = {"hints.json": {"01.1": 2, "01.4": 1, "05.1": 3}, "verdicts.json": {"01.2": {"outcome": "passed"}}}
    write(here / ".tito", {name: json.dumps(content).encode() for name, content in memory.items()})
    write(here / ".tito", {"aside": b"05\n", "kept/20260101/kept.json": b'{"target": "01.3"}', "kept/20260101/x": b"x"})
    run(here, "--from", str(newer), "--yes")
    found = {name: json.loads((here / ".tito" / name).read_text()) for name in (*memory, "kept/20260101/kept.json")}
    assert found["hints.json"] == {"01.2": 2, "05.1": 3}
    assert found["verdicts.json"] == {"01.3": {"outcome": "passed"}}
    assert found["kept/20260101/kept.json"] == {"target": "01.4"}
    assert (here / ".tito/aside").read_text() == "05\n"


def test_json_tells_the_same(here, newer):
    told = json.loads(run(here, "--from", str(newer), "--json"))
    assert told["written"] is False
    assert [(x["path"], x["state"], x["placed"]) for x in told["learners"]] == [
        (NEW.file, "merged", ["area"]),
        (RULES.file, "unchanged", []),
    ]


@pytest.mark.parametrize("taken", ["a folder", "a file above", "a link"])
def test_nothing_is_written_where_a_place_is_taken(taken, here, newer, tmp_path):
    write(newer, {"place/new.py": b"new"})
    if taken == "a file above":
        (here / "place").write_text("mine")
    else:
        (here / "place").mkdir()
        path = here / "place/new.py"
        path.mkdir() if taken == "a folder" else path.symlink_to(tmp_path / "out.py")
    before = tree(here)
    assert "nothing was written" in run(here, "--from", str(newer), "--yes")
    assert tree(here) == before
    assert not (tmp_path / "out.py").exists()


def test_an_interrupted_update_is_finished_by_the_next(here, newer):
    found = plan(here, newer)
    update_journal.prepare(here, "20260101", found.writes, frozenset(), {"source": "x"})
    assert "finish it: tito update; or take it back: tito update --undo" in run(here, "--dry-run")
    assert "complete now" in run(here)
    assert b"typed" in tree(here)[NEW.file]


# sources


def test_a_clone_and_its_commits(here, newer, tmp_path):
    commit(newer)
    (newer / "untracked.py").write_text("1")
    assert "untracked.py" not in plan(here, newer).writes
    git(tmp_path, "clone", "-q", str(newer), "clone")
    assert usual_source(tmp_path / "clone") == "origin/main"
    source = read_source("origin/main", tmp_path / "clone")
    assert re.fullmatch(r"origin/main \([0-9a-f]{7}, as last fetched\)", source.name)
    assert source.files == course(NEW, RULES)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize("top", ["", "tinytorch-0.2/"])
def test_an_archive(kind, top, here, tmp_path):
    path = packed(tmp_path / f"new é.{kind}", {top + name: text for name, text in course(NEW, RULES).items()})
    assert "the new stub with what you typed in area" in run(here, "--from", str(path), "--yes")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("name", EVIL)
def test_an_archive_with_a_name_that_leads_out_is_refused(name, kind, here, tmp_path):
    before = tree(here)
    path = packed(tmp_path / f"evil.{kind}", course(NEW, RULES) | {name: b"evil"})
    with pytest.raises(CannotDo, match="leads out of the folder"):
        plan(here, path)
    assert tree(here) == before


@pytest.mark.parametrize("kind", ["symlink", "hard link", "zip symlink"])
def test_an_archive_with_a_link_is_refused(kind, here, tmp_path):
    path = tmp_path / "evil"
    if kind.startswith("zip"):
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(info, "/etc/passwd")
    else:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = (tarfile.SYMTYPE if kind == "symlink" else tarfile.LNKTYPE), "/etc/passwd"
        with tarfile.open(path, "w") as archive:
            archive.addfile(member)
    with pytest.raises(CannotDo, match="is a link"):
        plan(here, path)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_that_unpacks_to_too_much_is_refused(kind, here, tmp_path, monkeypatch):
    monkeypatch.setattr("tito.update_sources.LIMIT", 100_000)
    with pytest.raises(CannotDo, match=r"more than|larger than"):
        plan(here, packed(tmp_path / f"bomb.{kind}", {"zeros": bytes(200_000)}))


@pytest.mark.parametrize("cut", [0, 10, 200])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_truncated_archive_is_named(kind, cut, here, tmp_path):
    path = packed(tmp_path / f"half.{kind}", course(NEW))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CannotDo, match=r"half\.(zip|tar\.gz) (can't be read|is no version)"):
        plan(here, path)


def packed(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_without_a_source_it_says_what_to_name(here, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(CannotDo, match=r"no newer version is named, .* try: tito update --from WHERE"):
        usual_source(here)


@pytest.mark.parametrize("wanted", ["nowhere", "https://example.org/course.zip", "origin/main", "--upload-pack=x"])
def test_a_source_that_is_not_here_says_that_nothing_is_fetched(wanted, here, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(CannotDo, match="tito fetches nothing itself"):
        plan(here, wanted)


def test_another_folder_is_no_version_of_the_course(here, tmp_path):
    with pytest.raises(CannotDo, match="is no version of this course"):
        plan(here, tmp_path)
    assert "wanted a workspace of this course" in run(tmp_path, "--from", str(here))


def test_a_version_in_the_middle_of_a_change_is_refused(here, newer):
    (newer / NEW.file).write_text("other\n")
    (newer / "tinytorch/shapes.py").write_text("x = 1\n")
    before = tree(here)
    assert "in the middle of a change" in run(here, "--from", str(newer), "--yes")
    assert tree(here) == before


def test_nothing_of_the_course_is_imported_before_an_update_is_asked_for():
    code = "import sys; from tito import update; sys.exit('tinytorch' in sys.modules or 'numpy' in sys.modules)"
    scripts = Path(update.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(scripts)}, check=False).returncode == 0
