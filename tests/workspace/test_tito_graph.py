"""`tito graph`: what an expression records, in three forms, and errors that say what to try."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from workspace_copy import Workspace, copy_workspace

SVG = "{http://www.w3.org/2000/svg}"
LAYER = ("(a @ b + c).sum()", "--shape", "a=2x3", "--shape", "b=3x4", "--shape", "c=4", "--constant", "a")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("graph"))


def lines(workspace: Workspace, *arguments: str) -> list[str]:
    """Return what is printed behind the line that says whose code runs."""
    run = workspace.tito("graph", *arguments)
    assert run.returncode == 0, run.stderr
    first, *rest = run.stdout.splitlines()
    assert first == "nothing of yours yet: the reference runs"
    return rest


def test_a_graph_as_text(workspace):
    assert lines(workspace, *LAYER) == [
        "1 sum ()",
        "  2 add (2, 4)",
        "    3 matmul (2, 4)",
        "      4 a (2, 3)",
        "      5 b (3, 4) requires grad",
        "    6 c (4,) requires grad",
        "backward visits: sum, add, matmul",
    ]


def test_a_name_without_a_shape_is_square_and_numbers_are_shown(workspace):
    assert lines(workspace, "2.5 * x") == [
        "1 multiply (3, 3)",
        "  2 2.5",
        "  3 x (3, 3) requires grad",
        "backward visits: multiply",
    ]


def test_functions_layers_and_numpy_are_known(workspace):
    assert lines(workspace, "nn.ReLU()(matmul(x, x) * np.pi)")[0] == "1 relu (3, 3)"


def test_a_name_may_be_a_number_and_stand_in_a_comprehension(workspace):
    printed = lines(workspace, "concatenate([x * i for i in range(2)]).sum() + n", "--shape", "n=()")
    assert [line.split()[1:] for line in printed[:-1] if " n " in line] == [["n", "()", "requires", "grad"]]


def test_backward_visits_results_by_serial(workspace):
    assert lines(workspace, "(lambda y: y @ -(y + 1))(x * 2)")[-1] == "backward visits: matmul, negative, add, multiply"


def test_a_graph_as_a_document(workspace):
    answer = workspace.json("graph", *LAYER)
    assert answer["backward"] == ["sum", "add", "matmul"]
    assert answer["svg"] is None
    nodes = answer["nodes"]
    assert [(node["op"], node["name"], node["shape"]) for node in nodes] == [
        ("sum", None, []),
        ("add", None, [2, 4]),
        ("matmul", None, [2, 4]),
        (None, "c", [4]),
        (None, "a", [2, 3]),
        (None, "b", [3, 4]),
    ]
    assert [node["inputs"] for node in nodes] == [[1], [2, 3], [4, 5], [], [], []]
    assert [node["requires_grad"] for node in nodes] == [True, True, True, True, False, True]
    assert nodes[0]["attributes"] == {"axis": "None", "keepdims": "False"}


def test_a_graph_as_a_picture(workspace):
    answer = workspace.json("graph", *LAYER, "--svg")
    assert answer["svg"] == "runs/graphs/a-b-c-sum.svg"
    root = ElementTree.fromstring((workspace.root / answer["svg"]).read_bytes())
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert {"sum", "add", "matmul", "a", "b", "c"} <= set(texts)
    assert len(root.findall(f"{SVG}path")) == 5
    assert [box.get("class") for box in root.findall(f"{SVG}rect[@class]")].count("learns") == 2
    printed = workspace.tito("graph", *LAYER, "--svg").stdout
    assert printed.splitlines()[-1] == "picture: runs/graphs/a-b-c-sum.svg"


def test_the_name_of_a_picture_stays_in_its_folder(workspace):
    answer = workspace.json("graph", "x * len('../../../over/there')", "--svg")
    assert Path(answer["svg"]).parent == Path("runs/graphs")
    assert (workspace.root / answer["svg"]).exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["a +"], 1, "'a +' is no expression: invalid syntax"),
        (["a = 2"], 1, "is no expression"),
        ([""], 1, "is no expression"),
        (["rellu(a)"], 2, "there is no function 'rellu'; did you mean relu"),
        (["a * 2", "--shape", "b=2"], 2, "no tensor 'b': its tensors are a"),
        (["a * 2", "--constant", "b"], 2, "no tensor 'b': its tensors are a"),
        (["a * 2", "--shape", "a=2,3"], 1, "wanted a name and lengths, such as a=2x3"),
        (["a * 2", "--shape", "a=99999x99999"], 1, "10,000 are enough"),
        (["a @ b", "--shape", "a=2x4"], 1, "cannot multiply (2, 4) @ (3, 3)"),
        (["a"], 1, "nothing was recorded"),
        (["a * 2", "--constant", "a"], 1, "nothing was recorded"),
        (["a.shape"], 1, "the expression gives tuple, wanted a tensor"),
        (["a.missing"], 1, "AttributeError"),
        (["concatenate([a * i for i in range(150)])", "--svg"], 1, "more than 200 tensors"),
    ],
    ids=lambda value: str(value[0])[:20] if isinstance(value, list) else None,
)
def test_what_is_wrong_is_one_line(workspace, arguments, code, message):
    run = workspace.tito("graph", *arguments)
    assert run.returncode == code
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_an_error_can_be_read_by_programs(workspace):
    run = workspace.tito("graph", "a +", "--json")
    assert run.returncode == 1
    assert "is no expression" in json.loads(run.stdout)["error"]


def test_help_has_an_example(workspace):
    assert 'tito graph "(a @ b + c).sum()"' in " ".join(workspace.tito("graph", "--help").stdout.split())
