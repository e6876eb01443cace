"""`tito overview`: the graph of modules is what the code says, and the page holds all that it needs."""

import ast
import json
import re

import pytest
from tito import anatomy, course, overview
from workspace_copy import ROOT, copy_workspace

FOUND = anatomy.chapters()


def test_an_arrow_is_an_import():
    by_number = {c.number: c for c in FOUND}
    assert "from tinytorch.tensor import" in (ROOT / "tinytorch" / "autograd.py").read_text(encoding="utf-8")
    assert by_number["05"].needs == ("01",)
    assert by_number["01"].needs == ("00",)


def test_what_a_module_reaches_through_another_has_no_arrow_of_its_own():
    opened = anatomy.unlocks(FOUND)
    training = next(c for c in FOUND if c.number == "07")
    assert "01" not in training.needs
    assert "07" in opened["05"]
    assert "07" not in opened["01"]


def test_every_module_of_the_course_is_there():
    assert [c.number for c in FOUND if c.module] == [m.number for m in course.modules()]


def test_lines_are_those_of_code():
    source = (
        '"""A docstring\nof two lines."""\n\n# a comment\nx = 1  # counts\n\n\ndef f():\n    """No."""\n    return x\n'
    )
    assert anatomy.statements(ast.parse(source), source) == 3


def test_judged_tests_are_counted():
    module = course.module("00")
    marks = module.tests.read_text(encoding="utf-8").count("@pytest.mark.exercise(")
    assert next(c for c in FOUND if c.number == "00").tests == marks > 0


def test_the_guide_of_00_shows_the_same_graph():
    guide = (course.module("00").folder / "README.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{overview.mermaid(FOUND)}\n```" in guide, "paste what `tito overview --mermaid` prints"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    workspace = copy_workspace(tmp_path_factory.mktemp("overview"))
    assert workspace.tito("overview").returncode == 0
    return workspace.root / "runs" / "overview.html"


def test_the_page_asks_no_network_for_anything(page):
    text = page.read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\"' )]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, never loaded
    assert re.findall(r"(?:src|href)=[\"'](?!\.\./modules)[^\"']", text) == []


def test_the_page_holds_the_data_and_links_to_the_guides(page):
    inside = re.search(r'id="data">(.*)</script>', page.read_text(encoding="utf-8"))
    data = json.loads(inside[1])
    assert data["totals"]["exercises"] == sum(len(m.exercises) for m in course.modules())
    assert data["totals"]["done"] == 0
    guides = [m["guide"] for m in data["modules"] if m["guide"]]
    assert len(guides) == len(course.modules())
    assert all((page.parent / guide).is_file() for guide in guides)
