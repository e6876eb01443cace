"""The loader where files, caches and folders are damaged, odd or in use: one line says so, everything else works."""

import os
import sys
from pathlib import Path

import pytest
from small_workspace import AREA, DOUBLE, SmallWorkspace, make_workspace

MINE = "return 'mine'"


@pytest.fixture
def workspace(tmp_path: Path) -> SmallWorkspace:
    return make_workspace(tmp_path / "a workspace \N{LATIN SMALL LETTER E WITH ACUTE}")


@pytest.fixture
def started(workspace: SmallWorkspace) -> SmallWorkspace:
    """Two functions are built: `shapes.area` and `rules.double`."""
    workspace.edit("shapes", AREA, MINE)
    workspace.edit("rules", DOUBLE, "return Square(20 * square.side)")
    return workspace


BROKEN: dict[str, tuple[bytes, str]] = {
    "syntax": (b"x = 1\ndef area(:\n    pass\n", "2: SyntaxError: invalid syntax"),
    "indentation": (b"def area():\n        x = 1\n    return x\n", "3: IndentationError: unindent does not match"),
    "return outside": (b"x = 1\n\nreturn x\n", "3: SyntaxError: 'return' outside function"),
    "null byte": (b"x = 1\0\n", "1: "),
    "not utf-8": (b"# fine\nx = 'caf\xe9'\n", "2: SyntaxError: "),
    "unknown encoding": (b"# coding: nonsense\n", "1: SyntaxError: "),
    "nested too deep": (b"x = " + b"-" * 50_000 + b"1\n", "1: "),
    "exception": (b"x = 1\nx / 0\n", "2: ZeroDivisionError: division by zero"),
    "in a call": (b"def f():\n    return [][1]\n\n\nf()\n", "2: IndexError: list index out of range"),
    "in a library": (b"import json\n\njson.loads('{')\n", "3: JSONDecodeError: "),
    "assert": (b"\nassert 1 > 2\n", "2: AssertionError - "),
    "exit": (b"import sys\nsys.exit('bye')\n", "2: SystemExit: bye"),
    "recursion": (b"def f():\n    f()\nf()\n", "2: RecursionError: maximum recursion depth"),
    "absent library": (b"import absent_library\n", "1: ModuleNotFoundError: No module named 'absent_library'"),
    "several lines": (b"raise ValueError('one\\n  two' + 999 * '.')\n", "1: ValueError: one two....."),
    "deleted name": (b"def area(): pass\ndel area\n", "1: NameError: area should be there after the import"),
    "never defined": (b"x = 0\nif x:\n    def area(): pass\n", "1: NameError: area should be there after the import"),
    "circular": (b"from tinytorch.rules import double\n", "1: ImportError: cannot import name 'double'"),
    "package half there": (b"import tinytorch\ntinytorch.Tensor\n", "2: AttributeError: "),
}


@pytest.mark.parametrize(("content", "notice"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_replaced_whole_and_one_line_says_so(
    workspace: SmallWorkspace, content: bytes, notice: str
) -> None:
    workspace.mine("shapes").write_bytes(content)
    workspace.edit("rules", DOUBLE, "return Square(20 * square.side)")
    said = workspace.ask(
        area="shapes.area(2, 3), shapes.Square(3).area(), rules.double(shapes.Square(1)).side",
        one="rules.Square is shapes.Square and isinstance(rules.halve(shapes.Square(1)), shapes.Square)",
        left="sorted(name for name in vars(shapes) if name[:2] != '__')",
        file="shapes.__file__, shapes.__spec__.origin, shapes.__loader__.path",
        states="_workspace.exercise_states('shapes'), _workspace.exercise_states('rules')",
        yours="_workspace.yours()",
        failure="str(_workspace.failures['shapes'])",
    )
    assert len(said.notices) == 1
    assert said.notices[0].startswith(f"tinytorch: modules/01_shapes/shapes.py:{notice}")
    assert said.notices[0].endswith(" - the reference runs in place of this file")
    assert len(said.notices[0]) < 500
    assert said.failure in said.notices[0]
    assert (said.area, said.one) == ([6, 9.0, 20], True)
    assert said.left == ["SIDES", "Square", "_squared", "area", "fail", "math"]
    assert said.file == [str(workspace.root / "tinytorch" / "shapes.py")] * 3
    assert said.states == [dict.fromkeys(("01.1", "01.2", "01.3"), "broken"), {"05.1": "built", "05.2": "unbuilt"}]
    assert said.yours == "yours: 05 1/2 typed; the rest is the reference; 01 can't be used"


def test_modules_that_a_failing_file_imported_see_the_reference_too(workspace: SmallWorkspace) -> None:
    path = workspace.mine("shapes")
    path.write_bytes(path.read_bytes() + b"\nfrom tinytorch import rules\n\nrules.double(Square(1))\n1 / 0\n")
    said = workspace.ask(
        same="rules.Square is shapes.Square and tinytorch.rules is rules is sys.modules['tinytorch.rules']",
        side="rules.double(shapes.Square(3)).side",
    )
    assert (said.same, said.side) == (True, 6)
    assert len(said.notices) == 1


def test_an_error_in_a_filled_in_statement_names_its_line_in_the_reference(workspace: SmallWorkspace) -> None:
    """The learner's `rule` takes no argument, which the reference's `@rule("double")` gives."""
    workspace.mine("rules").write_text("def rule():\n    pass\n", encoding="utf-8")
    said = workspace.ask(half="rules.halve(shapes.Square(1)).side")
    assert said.half == 0.5
    assert "modules/05_rules/rules.py:1: TypeError: rule() takes 0 positional arguments" in said.notices[0]
    assert "(at tinytorch/rules.py:16)" in said.notices[0]


READABLE: dict[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbfdef area(): return '\xc3\xa9'\n",
    "windows line ends": "def area():\r\n    return 'é'\r\n".encode(),
    "declared encoding": b"# coding: latin-1\ndef area(): return '\xe9'\n",
    "no last line end": "def area(): return 'é'".encode(),
}


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_every_way_to_write_a_file_is_read(workspace: SmallWorkspace, content: bytes) -> None:
    workspace.mine("shapes").write_bytes(content)
    said = workspace.ask(
        area="shapes.area()", rest="shapes.Square(3).area()", built="_workspace.exercise_states('shapes')"
    )
    assert (said.area, said.rest, said.built["01.1"]) == ("é", 9.0, "built")


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b'"""Only this."""\n'], ids=["empty", "comment", "docstring"])
def test_an_empty_file_is_filled_in_whole(workspace: SmallWorkspace, content: bytes) -> None:
    workspace.mine("rules").write_bytes(content)
    said = workspace.ask(
        side="rules.RULES['double'](shapes.Square(1)).side", states="_workspace.exercise_states('rules')"
    )
    assert said.side == 2
    assert said.states == {"05.1": "missing", "05.2": "missing"}
    (notice,) = said.notices
    assert notice == (
        "tinytorch: modules/05_rules/rules.py has no 05.1 double, 05.2 halve: the reference's runs; "
        "`tito reset 05.1` brings the stub back"
    )


def test_a_renamed_function_and_a_deleted_method_are_named(started: SmallWorkspace) -> None:
    started.edit("rules", "def double", "def my_double")
    path = started.mine("shapes")
    text = path.read_text(encoding="utf-8")
    start = text.index("    def area(self)")
    path.write_text(text[:start] + text[text.index("    def perimeter") :], encoding="utf-8")
    for _ in ("cold", "warm"):
        said = started.ask(
            method="shapes.Square(3).area()",
            side="rules.double(shapes.Square(1)).side",
            states="_workspace.exercise_states('shapes')['01.2'], _workspace.exercise_states('rules')['05.1']",
        )
        assert (said.method, said.side, said.states) == (9.0, 2, ["missing", "missing"])
        assert ["01.2 Square.area" in line or "05.1 double" in line for line in said.notices] == [True, True]


def test_a_deleted_file_or_folder_is_said_and_the_reference_runs(started: SmallWorkspace) -> None:
    started.mine("shapes").unlink()
    started.mine("rules").unlink()
    started.mine("rules").parent.rmdir()
    said = started.ask(area="shapes.area(2, 3)", state="_workspace.exercise_states('shapes')['01.1']")
    assert (said.area, said.state) == (6, "missing")
    rest = "is not there: the reference runs in its place; `tito reset {} brings the stub back"
    assert sorted(said.notices) == [
        "tinytorch: modules/01_shapes/shapes.py " + rest.format("01`"),
        "tinytorch: modules/05_rules/rules.py " + rest.format("05`"),
    ]


def test_what_cannot_be_read_is_said_and_the_reference_runs(started: SmallWorkspace) -> None:
    for name in ("shapes", "rules"):
        started.mine(name).unlink()
    started.mine("shapes").mkdir()
    started.mine("rules").symlink_to(started.mine("rules"))
    said = started.ask(
        area="shapes.area(2, 3)",
        states="_workspace.exercise_states('shapes')['01.1'], _workspace.exercise_states('rules')['05.1']",
    )
    assert (said.area, said.states) == (6, ["broken", "broken"])
    assert sorted(line.partition(" - ")[0] for line in said.notices) == [
        "tinytorch: modules/01_shapes/shapes.py:1: IsADirectoryError: Is a directory",
        "tinytorch: modules/05_rules/rules.py:1: OSError: Too many levels of symbolic links",
    ]


@pytest.mark.skipif(os.name != "posix", reason="goes by the rights of POSIX")
def test_files_and_folders_that_are_read_only_or_in_the_way_of_the_cache_do_no_harm(started: SmallWorkspace) -> None:
    (started.mine("shapes").parent / "__pycache__").write_text("a file in the cache's place")
    started.mine("rules").chmod(0o444)
    started.mine("rules").parent.chmod(0o555)
    said = started.ask(area="shapes.area(2, 3)", side="rules.double(shapes.Square(1)).side")
    started.mine("rules").parent.chmod(0o755)
    assert (said.area, said.side, said.notices) == ("mine", 20, [])


def test_a_warm_cache_saves_the_parser_and_says_the_same(started: SmallWorkspace) -> None:
    facts = {
        "area": "shapes.area(2, 3), shapes.Square(3).area(), rules.double(shapes.Square(1)).side",
        "line": "shapes.Square.area.__code__.co_firstlineno, shapes.area.__code__.co_firstlineno",
        "yours": "_workspace.yours()",
        "parser": "'tinytorch._splice' in sys.modules",
    }
    cold, warm = started.ask(**facts), started.ask(**facts)
    assert (cold.parser, warm.parser) == (True, False)
    assert cold.facts | {"parser": False} == warm.facts
    assert [path.suffix for path in started.caches() if "setup" not in path.name] == [".mixed", ".mixed"]


def test_a_damaged_cache_is_written_anew(started: SmallWorkspace) -> None:
    said = started.ask(
        "import importlib\n"
        "from pathlib import Path\n"
        "cache = Path(shapes.__cached__ + '.mixed')\n"
        "good = cache.read_bytes()\n"
        "flips = (0, 20, 170, 200, 230, 500, len(good) - 1)\n"
        "flipped = [good[:i] + bytes([good[i] ^ 1]) + good[i + 1:] for i in flips]\n"
        "cut = [good[:i] for i in (0, 1, 100, 198, 199, 240, len(good) - 1)]\n"
        "def use(damaged):\n"
        "    cache.write_bytes(damaged)\n"
        "    return importlib.reload(shapes).area(2, 3), shapes.Square(3).area(), cache.read_bytes() == good\n"
        "results = [use(damaged) for damaged in [*flipped, *cut, good + b'more', b'nonsense' * 99]]",
        results="results",
    )
    assert said.results == [["mine", 9.0, True]] * 16
    assert said.notices == []


def test_no_edit_is_missed_also_of_the_same_size_within_a_second(started: SmallWorkspace) -> None:
    path, reference = started.mine("shapes"), started.root / "tinytorch" / "shapes.py"
    said = started.ask(
        "import importlib, os\n"
        "from pathlib import Path\n"
        "def edit(path, old, new):\n"
        "    path, before = Path(path), os.stat(path)\n"
        "    path.write_text(path.read_text().replace(old, new))\n"
        "    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))\n"
        "    assert path.stat().st_size == before.st_size\n"
        "    importlib.reload(shapes)\n"
        "    return shapes.area(2, 3), shapes.Square(3).area()\n"
        f"mine = [edit({str(path)!r}, *pair) for pair in [('mine', 'MINE'), ('MINE', 'mine')]]\n"
        f"theirs = edit({str(reference)!r}, '_squared(self.side)', '_squared(1+1+1+1+0)')",
        mine="mine",
        theirs="theirs",
    )
    assert said.mine == [["MINE", 9.0], ["mine", 9.0]]
    assert said.theirs == ["mine", 16.0]


def test_many_processes_may_meet_a_cold_cache(started: SmallWorkspace) -> None:
    code = "from tinytorch import shapes, rules; print(shapes.area(1, 2), rules.double(shapes.Square(1)).side)"
    children = [started.start("-c", code) for _ in range(4)]
    assert [child.communicate(timeout=120) for child in children] == [("mine 20\n", "")] * 4
    assert [path.suffix for path in started.caches() if "setup" not in path.name] == [".mixed", ".mixed"]


def test_python_says_where_caches_are_kept(started: SmallWorkspace, tmp_path: Path) -> None:
    for flags, env in [(("-B",), {}), ((), {"PYTHONDONTWRITEBYTECODE": "1"})]:
        assert started.ask(flags=flags, env=env, area="shapes.area(2, 3)").area == "mine"
        assert started.caches() == []
    assert started.ask(env={"PYTHONPYCACHEPREFIX": str(tmp_path / "kept")}, area="shapes.area(2, 3)").area == "mine"
    assert started.caches() == []
    assert len(list((tmp_path / "kept").glob("**/*.mixed"))) == 2


def test_optimized_python_keeps_caches_of_its_own(started: SmallWorkspace) -> None:
    started.edit("shapes", MINE, "assert not width, 'no width'\n    return 'mine'")
    ask = {"area": "shapes.area(0, 3)", "says": "shapes.area.__doc__, shapes.Square.area.__doc__"}
    for flag, wanted in [("-OO", [None, None]), ("-O", ["Return the area of a rectangle.", "Return the area."])]:
        said = started.ask(flags=(flag,), full="shapes.area(2, 3)", **ask)
        assert (said.area, said.full, said.says) == ("mine", "mine", wanted)
    failing = "try: shapes.area(2, 3)\nexcept AssertionError as error: full = str(error)"
    assert started.ask(failing, full="full", **ask).full == "no width"


def test_a_warning_in_the_learners_file_is_no_error_where_warnings_are(started: SmallWorkspace) -> None:
    started.edit("shapes", MINE, "return 'mine' if '\\d' else width is 3")
    said = started.ask(flags=("-W", "error"), area="shapes.area(2, 3)", failures="sorted(_workspace.failures)")
    assert (said.area, said.failures) == ("mine", [])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interruption_while_importing_is_an_interruption(started: SmallWorkspace) -> None:
    path = started.mine("shapes")
    path.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="utf-8")
    _, errors = started.run("-c", "import tinytorch")
    assert errors[-1] == "KeyboardInterrupt"
