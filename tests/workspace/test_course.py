"""What a learner may call a module or an exercise, wherever they stand."""

import pytest
from tito import course
from tito.course import UnknownName, select


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
    ("name", "near"), [("autogard", "autograd"), ("05.4", "05.3"), ("matmul_vpj", "matmul_vjp"), ("", "00")]
)
def test_an_unknown_name_gets_the_nearest(name, near):
    with pytest.raises(UnknownName, match=near):
        select(name)


def test_a_file_that_is_not_there_is_no_module(monkeypatch):
    monkeypatch.chdir(course.ROOT / "modules" / "01_tensor")
    with pytest.raises(UnknownName, match="tensr"):
        select("tensr.py")
