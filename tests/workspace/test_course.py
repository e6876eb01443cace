"""What a learner may call a module or an exercise, wherever they stand."""

import re

import pytest
from tito import course
from tito.course import UnknownName, select
from tito.cursor import exercise_at


@pytest.mark.parametrize(
    "name", ["05", "5", "autograd", "05_autograd", "modules/05_autograd", "modules/05_autograd/autograd.py"]
)
def test_names_of_a_module(name, monkeypatch):
    monkeypatch.chdir(course.ROOT)
    assert select(name).number == "05"


@pytest.mark.parametrize("folder", ["", "modules/01_tensor", "modules/05_autograd", "tests", "/"])
@pytest.mark.parametrize(("name", "id"), [("01.1", "01.1"), ("Tensor.sum", "01.3"), ("05.3", "05.3")])
def test_an_exercise_is_found_from_every_folder(name, id, folder, monkeypatch):
    monkeypatch.chdir(course.ROOT / folder)
    assert select(name).id == id


def test_files_of_a_module_mean_the_module(monkeypatch):
    monkeypatch.chdir(course.ROOT / "modules" / "01_tensor")
    assert select("tensor.py").number == "01"
    assert select(".").number == "01"
    assert select(str(course.ROOT / "tests" / "test_05_autograd.py")).number == "05"


@pytest.mark.parametrize(
    ("name", "near"), [("autogard", "autograd"), ("05.33", "05.3"), ("matmul_vpj", "matmul_vjp"), ("", "00")]
)
def test_an_unknown_name_gets_the_nearest(name, near):
    with pytest.raises(UnknownName, match=near):
        select(name)


def test_a_file_that_is_not_there_is_no_module(monkeypatch):
    monkeypatch.chdir(course.ROOT / "modules" / "01_tensor")
    with pytest.raises(UnknownName, match="tensr"):
        select("tensr.py")


@pytest.mark.parametrize(("name", "id"), [("5", "05"), ("1.1", "01.1"), ("1.10", "01.10")])
def test_a_leading_zero_can_be_left_out(name, id):
    found = select(name)
    assert (found.number if isinstance(found, course.Module) else found.id) == id


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("02", "02 Activations has no exercises yet: they come in a later release"),
        ("2.1", "02 Activations has no exercises yet"),
        ("sum", "did you mean 01.3 Tensor.sum"),
        ("add", "did you mean 01.1 Tensor.__add__"),
        ("nowhere.py:3", "there is no file 'nowhere.py' here"),
        ("77", "did you mean"),
    ],
)
def test_an_unknown_name_says_what_may_be_meant(name, says):
    with pytest.raises(course.UnknownName, match=re.escape(says)):
        select(name)


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_a_line_means_the_exercise_in_which_it_stands(monkeypatch):
    module = course.module("01")
    monkeypatch.chdir(module.folder)
    name = module.file.name
    first = line_of(module.file, "def __matmul__")
    assert [select(f"{name}:{line}").id for line in (first, first + 1)] == ["01.2", "01.2"]
    assert select(f"{name}:1") == select(f"{name}:99999") == module


def test_a_decorator_belongs_to_its_exercise(monkeypatch):
    module = course.module("05")
    assert select(f"{module.file}:{line_of(module.file, 'def matmul_vjp') - 1}").id == "05.2"


def test_a_line_of_a_test_file_means_what_its_test_judges():
    tests = course.module("05").tests
    marked = line_of(tests, 'exercise("05.3")')
    assert [select(f"{tests}:{line}").id for line in (marked, marked + 2)] == ["05.3", "05.3"]
    assert select(f"{tests}:1").number == "05"


def test_a_line_of_a_guide_means_the_module():
    assert select(f"{course.module('05').folder / 'README.md'}:3").number == "05"


@pytest.mark.parametrize("line", ["x", "", "-1", "1:2"])
def test_a_line_is_a_number(line):
    with pytest.raises(UnknownName):
        select(f"{course.module('05').file}:{line}")


UNFINISHED = """class A:
    def step(self):
        if x == (

    def other(self):
        def inner():
            pass
        return 1
class B:
    def step(self):
        return (
"""


@pytest.mark.parametrize(("line", "id"), [(3, "1"), (4, "1"), (7, None), (8, None), (11, "2")])
def test_in_a_file_that_cannot_be_parsed_indentation_tells(line, id):
    assert exercise_at(UNFINISHED.encode(), line, {"A.step": "1", "B.step": "2"}) == id
