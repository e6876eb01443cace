"""Which code runs: the learner's file with the reference in its gaps; debuggers, pickle and tracebacks see the same."""

import json
from pathlib import Path

import pytest
from small_workspace import AREA, DOUBLE, METHOD, PERIMETER, SmallWorkspace, make_workspace

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


def test_untouched_stubs_are_the_plain_reference_and_nothing_is_parsed(workspace: SmallWorkspace) -> None:
    said = workspace.ask(
        answer="setup.answer()",
        area="shapes.area(2, 3)",
        file="shapes.__file__",
        yours="_workspace.yours()",
        states="[_workspace.exercise_states(name) for name in ('setup', 'shapes')]",
        parsed="[name for name in ('ast', 'tinytorch._splice') if name in sys.modules]",
    )
    assert (said.answer, said.area, said.parsed, said.notices) == (0, 6, [], [])
    assert said.file == str(workspace.root / "tinytorch" / "shapes.py")
    assert said.yours == "nothing of yours yet: the reference runs"
    assert said.states == [{"00.1": "open"}, {"01.1": "unbuilt", "01.2": "unbuilt", "01.3": "unbuilt"}]


def test_windows_line_ends_leave_a_stub_untouched(workspace: SmallWorkspace) -> None:
    path = workspace.mine("shapes")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    said = workspace.ask(file="shapes.__file__", states="_workspace.exercise_states('shapes')")
    assert said.file == str(workspace.root / "tinytorch" / "shapes.py")
    assert set(said.states.values()) == {"unbuilt"}


def test_what_is_built_runs_everywhere_and_the_reference_does_the_rest(started: SmallWorkspace) -> None:
    said = started.ask(
        area="shapes.area(2, 3)",
        method="shapes.Square(3).area()",
        through_the_table="rules.RULES['double'](shapes.Square(1)).side",
        half="rules.RULES['halve'](shapes.Square(1)).side",
        yours="_workspace.yours()",
    )
    assert said.facts == {
        "area": "mine",
        "method": 9.0,
        "through_the_table": 20,
        "half": 0.5,
        "yours": "yours: 01 1/3, 05 1/2 typed; the rest is the reference",
    }
    assert said.notices == []


def test_everything_sees_one_class(started: SmallWorkspace) -> None:
    said = started.ask(
        "import pickle, copy\n"
        "x = shapes.Square(1)\n"
        "y = [rules.double(x), pickle.loads(pickle.dumps(x)), copy.deepcopy(x)]",
        isinstance="[isinstance(each, shapes.Square) for each in y]",
        same="tinytorch.shapes is sys.modules['tinytorch.shapes'] and rules.Square is shapes.Square",
        functions="[pickle.loads(pickle.dumps(f)) is f for f in (shapes.area, shapes.Square.area, rules.double)]",
        module="shapes.Square.__module__",
    )
    assert said.isinstance == said.functions == [True] * 3
    assert (said.same, said.module) == (True, "tinytorch.shapes")


def test_files_and_lines_are_right_for_both_kinds_of_functions(started: SmallWorkspace) -> None:
    said = started.ask(
        "import inspect, linecache, traceback\n"
        "def last(f, *args):\n"
        "    try: f(*args)\n"
        "    except Exception as error: frame = traceback.extract_tb(error.__traceback__)[-1]\n"
        "    return frame.filename, frame.lineno, frame.line\n"
        "def where(f):\n"
        "    lines, number = inspect.getsourcelines(f)\n"
        "    return inspect.getsourcefile(f), number, lines[-1].strip()",
        built="where(shapes.area)",
        filled="where(shapes.Square.area)",
        built_class="inspect.getsource(shapes.Square).splitlines()[0]",
        traceback_built="last(rules.double, None)",
        traceback_filled="last(rules.halve, None)",
        module="(inspect.getsourcefile(shapes), shapes.__spec__.origin, shapes.__file__)",
        line="linecache.getline(shapes.__file__, shapes.area.__code__.co_firstlineno)",
    )
    mine, reference = started.mine("shapes"), started.root / "tinytorch" / "shapes.py"
    lines = reference.read_text(encoding="utf-8").splitlines()
    assert said.built == [str(mine), started.line("shapes", "def area"), MINE]
    assert said.filled == [str(reference), lines.index("    def area(self):") + 1, "return _squared(self.side)"]
    assert said.built_class == "class Square:"
    line = started.line("rules", "20 * square.side")
    assert said.traceback_built == [str(started.mine("rules")), line, "return Square(20 * square.side)"]
    assert said.traceback_filled[::2] == [
        str(started.root / "tinytorch" / "rules.py"),
        "return Square(square.side / 2)",
    ]
    assert said.module == [str(mine)] * 3
    assert said.line == "def area(width, height):\n"


def test_breakpoints_stop_at_the_code_that_runs_and_never_while_importing(started: SmallWorkspace) -> None:
    """One stands on every line of all four files; while importing, the learner's own `def` and `class` lines do run."""
    started.edit("shapes", '"""Module 01: the reference."""\n', '"""Module 01: mine."""\n' + "\n" * 12)
    debugger = (
        "import bdb, sys, json, pathlib\n"
        "class Stops(bdb.Bdb):\n"
        "    found = []\n"
        "    def user_line(self, frame):\n"
        "        if self.break_here(frame):\n"
        "            self.found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))\n"
        "        self.set_continue()\n"
        "stops = Stops()\n"
        "for path in [*pathlib.Path('modules').glob('0[15]*/*.py'), *pathlib.Path('tinytorch').glob('[rs]*s.py')]:\n"
        "    for number in range(1, len(path.read_text().splitlines()) + 1):\n"
        "        assert not stops.set_break(str(path.resolve()), number)\n"
        "def work():\n"
        "    from tinytorch import shapes, rules\n"
        "    n = len(stops.found)\n"
        "    shapes.area(1, 2), shapes.Square(1).area(), rules.halve(shapes.Square(2))\n"
        "    return n\n"
        "n = stops.runcall(work)\n"
        "print(json.dumps([stops.found[:n], stops.found[n:]]))"
    )
    out, errors = started.run("-c", debugger)
    assert out, errors
    importing, working = json.loads(out)
    lines = {name: started.mine(name).read_text(encoding="utf-8").splitlines() for name in ("shapes", "rules")}
    for path, number, name in importing:
        assert path in (str(started.mine("shapes")), str(started.mine("rules"))), (path, number)
        assert name in ("<module>", "Square", "rule", "register"), name
        assert lines[Path(path).stem][number - 1].strip()
    assert [(Path(path).parent.name, name) for path, _, name in working] == [
        ("01_shapes", "area"),
        ("01_shapes", "__init__"),
        ("tinytorch", "area"),
        ("tinytorch", "_squared"),
        ("01_shapes", "__init__"),
        ("tinytorch", "halve"),
        ("01_shapes", "__init__"),
    ]


def test_who_asks_once_a_file_name_is_told_the_right_file(started: SmallWorkspace) -> None:
    """So does coverage.py: it takes what runs for the globals' `__file__` where the last parts of both paths agree."""
    tracer = (
        "import json, sys\n"
        "first = {}\n"
        "def trace(frame, event, argument):\n"
        "    first.setdefault(frame.f_code.co_filename, frame.f_globals.get('__file__'))\n"
        "sys.settrace(trace)\n"
        "from tinytorch import shapes\n"
        "shapes.area(1, 2), shapes.Square(1).area()\n"
        "sys.settrace(None)\n"
        "print(json.dumps(first))"
    )
    first = json.loads(started.run("-c", tracer)[0])
    for path in (started.mine("shapes"), started.root / "tinytorch" / "shapes.py"):
        assert first[str(path)] == str(path)


def test_line_counts_name_both_files(started: SmallWorkspace) -> None:
    said = started.ask(
        "import trace\n"
        "tracer = trace.Trace(count=1, trace=0)\n"
        "tracer.runfunc(lambda: (shapes.area(1, 2), shapes.Square(1).perimeter()))\n"
        "counts = [[*place] for place in tracer.results().counts if 'string' not in place[0]]",
        counts="sorted(counts)",
    )
    reference = (started.root / "tinytorch" / "shapes.py").read_text(encoding="utf-8").splitlines()
    mine = str(started.mine("shapes"))
    assert said.counts == [
        [mine, started.line("shapes", MINE)],
        [mine, started.line("shapes", "self.side = side")],
        [str(started.root / "tinytorch" / "shapes.py"), reference.index("        return SIDES * self.side") + 1],
    ]


def test_the_mode_and_the_list_of_what_is_set_aside(started: SmallWorkspace) -> None:
    facts = {"area": "shapes.area(2, 3)", "side": "rules.double(shapes.Square(1)).side", "yours": "_workspace.yours()"}
    everything = started.ask(
        env={"TINYTORCH": "reference"}, state="_workspace.exercise_states('shapes')['01.1']", **facts
    )
    assert (everything.area, everything.side, everything.state) == (6, 2, "aside")
    assert everything.yours == "reference mode: the reference runs, nothing of yours"
    aside = started.root / ".tito" / "aside"
    aside.parent.mkdir()
    aside.write_bytes(b"05\n\xff\nnonsense\n")
    one = started.ask(**facts)
    assert (one.area, one.side, one.notices) == ("mine", 2, [])
    assert one.yours == "yours: 01 1/3 typed; the rest is the reference; 05 is set aside"
    aside.unlink()
    aside.mkdir()
    assert started.ask(**facts).side == 20
    _, errors = started.run("-c", "import tinytorch", TINYTORCH="refrence")
    assert errors[-1] == "ImportError: TINYTORCH is 'refrence': wanted 'reference' or nothing; unset it or correct it"


def test_an_installed_package_is_the_reference_whatever_lies_beside_it(started: SmallWorkspace) -> None:
    (started.root / "modules").rename(started.root / "elsewhere")
    facts = {"area": "shapes.area(2, 3)", "answer": "setup.answer()", "yours": "_workspace.yours()"}
    alone = started.ask(**facts)
    (started.root / "modules").mkdir()
    (started.root / "modules" / "other.py").touch()
    beside = started.ask(**facts)
    assert alone == beside
    assert (alone.area, alone.answer, alone.yours, alone.notices) == (6, 42, "the reference runs", [])


MAIN = "\n\nif __name__ == '__main__':\n    method = Square(2).area()\n    print('main', area(1, 2), method)\n"


def test_a_main_block_runs_when_asked_for_and_never_at_import(started: SmallWorkspace) -> None:
    path = started.mine("shapes")
    path.write_text(path.read_text(encoding="utf-8").replace(METHOD, "return 'my method'") + MAIN, encoding="utf-8")
    out, errors = started.run("-c", "import tinytorch")
    assert (out, errors) == ("", [])
    assert started.run(str(path)) == ("main mine my method\n", [])
    out, errors = started.run("-W", "ignore", "-m", "tinytorch.shapes")
    assert (out, errors) == ("main mine my method\n", [])


def test_python_m_runs_the_filled_in_module(started: SmallWorkspace) -> None:
    path = started.mine("shapes")
    path.write_text(path.read_text(encoding="utf-8") + MAIN, encoding="utf-8")
    assert started.run("-W", "ignore", "-m", "tinytorch.shapes")[0] == "main mine 4.0\n"
    path.write_text("def area(:", encoding="utf-8")
    out, errors = started.run("-W", "ignore", "-m", "tinytorch.shapes")
    assert (out, len(errors)) == ("", 1)


def test_the_run_button_on_a_stub_does_no_harm(started: SmallWorkspace) -> None:
    before = started.mine("rules").read_bytes()
    script = f"import runpy, tinytorch; found = runpy.run_path({str(started.mine('rules'))!r})"
    said = started.ask(
        script, side="found['double'](shapes.Square(1)).side", table="rules.RULES['double'] is rules.double"
    )
    assert (said.side, said.table) == (20, True)
    assert started.run(str(started.mine("rules"))) == ("", [])
    assert started.run(str(started.mine("shapes"))) == ("", [])
    assert started.mine("rules").read_bytes() == before


def test_a_scratch_file_and_a_session_use_the_learners_code(started: SmallWorkspace, tmp_path: Path) -> None:
    code = "from tinytorch.shapes import Square, area\nprint(area(1, 2), Square(3).area())\n"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in (started.root, elsewhere):
        (folder / "scratch.py").write_text(code, encoding="utf-8")
        assert started.run("scratch.py", cwd=folder) == ("mine 9.0\n", [])
    assert started.run("-i", "-q", text=code)[0] == "mine 9.0\n"


def test_reloading_takes_the_file_as_it_is_now(started: SmallWorkspace) -> None:
    path = started.mine("shapes")
    said = started.ask(
        "import importlib\n"
        "from pathlib import Path\n"
        f"path = Path({str(path)!r})\n"
        "text = path.read_text()\n"
        "def use(new):\n"
        "    path.write_text(new)\n"
        "    importlib.reload(shapes)\n"
        "    return shapes.area(2, 3), sorted(_workspace.failures), Path(shapes.__file__).parent.name\n"
        "results = [use(text.replace('mine', 'new')), use('def area(:'), use(text.replace('mine', 'mended'))]\n"
        "importlib.reload(tinytorch)\n"
        "finders = [type(finder).__name__ for finder in sys.meta_path].count('Finder')",
        results="results",
        finders="finders",
    )
    assert said.results == [["new", [], "01_shapes"], [6, ["shapes"], "tinytorch"], ["mended", [], "01_shapes"]]
    assert said.finders == 1
    assert len(said.notices) == 1


def test_threads_may_import_at_once(started: SmallWorkspace) -> None:
    code = (
        "import threading, importlib, json\n"
        "start, found = threading.Barrier(8), []\n"
        "def work(name):\n"
        "    start.wait()\n"
        "    found.append(id(importlib.import_module(name).Square))\n"
        "threads = [threading.Thread(target=work, args=(f'tinytorch.{n}',)) for n in 4 * ['shapes', 'rules']]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(found), len(set(found)))"
    )
    assert started.run("-c", code) == ("8 1\n", [])


def test_an_older_stub_keeps_working_after_a_course_update(started: SmallWorkspace) -> None:
    reference = started.root / "tinytorch" / "shapes.py"
    text = reference.read_text(encoding="utf-8").replace("SIDES = 4", "SIDES = 4\nCORNERS = SIDES + 0")
    text = text.replace("return SIDES * self.side", "return self.corners() * self.side")
    new = "class Shape:\n    pass\n\n\nclass Square:\n    def corners(self):\n        return CORNERS + extra()\n"
    text = text.replace("class Square:", new)
    text += "\n\nimport itertools\n\n\ndef extra():\n    return next(itertools.count())\n"
    reference.write_text(text, encoding="utf-8")
    said = started.ask(
        area="shapes.area(2, 3), shapes.Square(3).perimeter(), shapes.Square(3).area()",
        new="shapes.Shape.__module__",
        states="_workspace.exercise_states('shapes')",
    )
    assert (said.area, said.new, said.notices) == (["mine", 12, 9.0], "tinytorch.shapes", [])
    assert said.states == {"01.1": "built", "01.2": "unbuilt", "01.3": "unbuilt"}


def test_a_state_is_that_of_the_file_as_it_is_now(started: SmallWorkspace) -> None:
    path = started.mine("shapes")
    said = started.ask(
        "from pathlib import Path\n"
        f"path = Path({str(path)!r})\n"
        "states = lambda: list(_workspace.exercise_states('shapes').values())\n"
        "found = [states()]\n"
        f"for old, new in [({PERIMETER!r}, 'return 1'), ('def area', 'def other'), ('return 1', 'return (')]:\n"
        "    path.write_text(path.read_text().replace(old, new))\n"
        "    found.append(states())",
        found="found",
    )
    assert said.found == [
        ["built", "unbuilt", "unbuilt"],
        ["built", "unbuilt", "built"],
        ["missing", "missing", "built"],
        ["broken"] * 3,
    ]
