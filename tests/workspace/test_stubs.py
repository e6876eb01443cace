"""The stub generator: what it takes away, what stays byte for byte, what it refuses, whose work it never touches."""

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from small_workspace import exercise
from tito import course
from tito.course import Module
from tito.stubs import Refused, make_stub
from workspace_copy import ROOT, Workspace, copy_workspace

from tinytorch._splice import functions, unbuilt_id
from tinytorch._stubs import STUBS


def stub_of(source: str, *names: str, hidden: tuple[str, ...] = (), starts_with: str = "") -> str:
    exercises = tuple(exercise(f"01.{k}", name, starts_with) for k, name in enumerate(names, 1))
    return make_stub(Module("01", "some", "", "", 1, exercises, hidden), source)


def test_a_body_goes_to_its_last_comment_and_all_else_stays() -> None:
    source = (
        "x = 1  # stays\n\n\n@cache\ndef f(\n    x,\n):  # stays\n"
        '    """Say.\n\n    More.\n    """\n'
        "    # the first step\n    y = x\n\n    # the second\n    return y  # done\n    # and why\n\n\n"
        "# about g\ndef g():\n    return 2\n"
    )
    head, tail = source.split("    # the first step\n")[0], source[source.index("\n\n# about g") - 1 :]
    assert stub_of(source, "f") == head + '    raise NotImplementedError("01.1 f")\n' + tail[1:]


def test_a_comment_behind_an_empty_line_belongs_to_the_body_by_its_indentation() -> None:
    source = 'def f():\n    """Say."""\n    return 1\n\n    # the answer is 1\n\n\n# outside\nx = 1\n'
    assert stub_of(source, "f") == (
        'def f():\n    """Say."""\n    raise NotImplementedError("01.1 f")\n\n\n# outside\nx = 1\n'
    )


@pytest.mark.parametrize("head", ["def f(self):", "async def f(self):", "@property\n    def f(self):"])
def test_methods_of_every_kind(head: str) -> None:
    source = f'class A:\n    {head}\n        """Say."""\n        return 1\n\n    x = 2\n'
    assert stub_of(source, "A.f") == source.replace("return 1", 'raise NotImplementedError("01.1 A.f")')


def test_a_setter_is_an_exercise_apart_from_its_getter() -> None:
    parts = [
        f'    @{d}\n    def f(self, *v):\n        """Say."""\n        return {d!r}\n' for d in ("property", "f.setter")
    ]
    source = "class A:\n" + "\n".join(parts)
    wanted = source.replace("return 'f.setter'", 'raise NotImplementedError("01.1 A.f@setter")')
    assert stub_of(source, "A.f@setter") == wanted


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def g():\n    return 1\n", "01.1 f: the reference has no such function"),
        ("def f(): return 1\n", "01.1 f: an exercise needs a docstring"),
        ("def f():\n    return 1\n", "01.1 f: an exercise needs a docstring"),
        ('def f(): "Say."; return 1\n', "01.1 f: an exercise needs a body on lines of its own"),
        ('def f():\n    "Say."; return 1\n', "01.1 f: an exercise needs a body on lines of its own"),
        ('def f():\n    """Say."""\n', "01.1 f: an exercise needs a body on lines of its own"),
        ('class f:\n    """Say."""\n    x = 1\n', "01.1 f: the reference has no such function"),
    ],
)
def test_what_makes_no_stub_is_refused(source: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        stub_of(source, "f")


HIDING = '''import math
from itertools import chain, count

A = 1
B: int = 2


def f(x):
    """Say."""
    return _helper(x)


@chain
def _helper(x):
    return x


class Box:
    kept = 1

    def _method(self):
        return 2

    def last(self):
        return 3
'''


@pytest.mark.parametrize(
    ("hidden", "gone"),
    [
        ("math", "import math\n"),
        ("A", "A = 1\n"),
        ("B", "B: int = 2\n\n\n"),
        ("_helper", "@chain\ndef _helper(x):\n    return x\n\n\n"),
        ("Box._method", "    def _method(self):\n        return 2\n\n"),
    ],
)
def test_a_hidden_name_leaves_no_trace(hidden: str, gone: str) -> None:
    assert stub_of(HIDING, hidden=(hidden,)) == HIDING.replace(gone, "")


def test_a_hidden_name_needs_an_import_of_its_own() -> None:
    with pytest.raises(Refused, match="its import brings other names too"):
        stub_of(HIDING, hidden=("chain",))


def test_an_unknown_hidden_name_is_refused() -> None:
    with pytest.raises(Refused, match="hidden name 'other': the reference has no such statement"):
        stub_of(HIDING, hidden=("other",))


def test_an_exercise_may_open_with_a_wrong_value() -> None:
    assert stub_of('def f():\n    """Say."""\n    return 42\n', "f", starts_with="x = 0\nreturn x") == (
        'def f():\n    """Say."""\n    x = 0\n    return x\n'
    )


@pytest.mark.parametrize("module", course.modules(), ids=lambda module: module.folder.name)
def test_the_notes_are_those_of_the_reference_as_it_is(module: Module) -> None:
    """Whether the files in `modules/` are the stubs is for CI, `make_stubs.py --check`: a learner's are not."""
    text = make_stub(module, (ROOT / "tinytorch" / f"{module.name}.py").read_text(encoding="utf-8"))
    noted = STUBS[module.name]
    assert noted.digest == hashlib.sha256(text.encode()).hexdigest(), "run python scripts/make_stubs.py"
    assert noted.exercises == {e.id: e.function for e in module.exercises}
    assert (noted.number, noted.hidden) == (module.number, module.hidden)
    unbuilt = {name: unbuilt_id(node) for name, node in functions(ast.parse(text)).items()}
    red = {e.function for e in module.exercises if e.starts_with}
    assert noted.opens_red == bool(red)
    assert red in (set(), set(noted.exercises.values())), "the loader runs an untouched stub that opens red as it is"
    wanted = {e.function: e.id for e in module.exercises if e.function not in red}
    assert {name: id for name, id in unbuilt.items() if id} == wanted


@pytest.mark.parametrize("module", course.modules(), ids=lambda module: module.folder.name)
def test_hidden_names_mean_one_thing_in_the_reference(module: Module) -> None:
    """The loader renames them where the learner uses the name: no parameter or inner function may have it too."""
    tree = ast.parse((ROOT / "tinytorch" / f"{module.name}.py").read_bytes())
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        defined = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and id(node) not in top
        names = {getattr(node, "arg", None), getattr(node, "name", None) if defined else None}
        assert not names & set(module.hidden), ast.dump(node)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return copy_workspace(tmp_path)


def generate(workspace: Workspace, *arguments: str) -> "tuple[int, str]":
    command = [sys.executable, str(workspace.root / "scripts" / "make_stubs.py"), *arguments]
    run = subprocess.run(command, env=workspace.environment(), capture_output=True, text=True, timeout=120, check=False)
    return run.returncode, run.stdout + run.stderr


def contents(workspace: Workspace) -> dict[Path, bytes]:
    paths = [*workspace.root.glob("modules/*/*.py"), workspace.root / "tinytorch" / "_stubs.py"]
    return {path: path.read_bytes() for path in paths}


def test_the_generator_follows_the_reference_and_then_rests(workspace: Workspace) -> None:
    before = contents(workspace)
    assert generate(workspace) == (0, f"{len(course.modules())} stubs are what the reference gives\n")
    reference = workspace.root / "tinytorch" / "tensor.py"
    reference.write_text(reference.read_text(encoding="utf-8") + "\n\ndef new() -> None:\n    pass\n", encoding="utf-8")
    code, said = generate(workspace, "--check")
    assert (code, said.count("differs from what the reference gives")) == (1, 2)
    assert contents(workspace) == before
    assert generate(workspace)[0] == 0
    after = contents(workspace)
    assert {path.name for path in after if after[path] != before[path]} == {"tensor.py", "_stubs.py"}
    assert b"def new()" in after[workspace.mine("tensor")]
    assert generate(workspace, "--check")[0] == 0
    assert contents(workspace) == after


def test_the_generator_never_overwrites_somebodys_work(workspace: Workspace) -> None:
    workspace.edit("tensor", 'raise NotImplementedError("01.1 Tensor.__add__")', "return 1")
    workspace.mine("setup").unlink()
    reference = workspace.root / "tinytorch" / "tensor.py"
    reference.write_text(reference.read_text(encoding="utf-8") + "\n# new\n", encoding="utf-8")
    mine = workspace.mine("tensor").read_bytes()
    missing = workspace.root / "modules" / "00_setup" / "setup.py"
    code, said = generate(workspace)
    assert code == 1
    assert "tensor.py was edited and stays" in said
    assert workspace.mine("tensor").read_bytes() == mine
    assert missing.exists()
    code, said = generate(workspace)
    assert (code, workspace.mine("tensor").read_bytes()) == (1, mine)
