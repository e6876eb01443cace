"""The engine of module 05: graphs of every shape, seeds, errors, memory, hooks, gradcheck, pictures."""

import gc
import threading
import weakref
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import tinytorch
from tinytorch import Tensor, no_grad
from tinytorch.autograd import RULES, in_shape_of, sum_to_shape, vjp
from tinytorch.gradcheck import GradientMismatch, gradcheck
from tinytorch.graph import graph_svg, graph_text
from tinytorch.tensor import from_numpy, record


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values, np.float64), requires_grad=True)


def grad(x: Tensor) -> list[float]:
    assert x.grad is not None
    return x.grad.tolist()


# ---- graphs


def test_a_diamond_adds_both_ways():
    x = leaf(3.0)
    a = x * 2.0
    (a * a + a * x).backward()  # 4x² + 2x²
    assert grad(x) == [36.0]


def test_a_value_used_as_both_inputs():
    x = leaf(3.0, -1.0)
    (x * x).backward(np.array([1.0, 10.0]))
    assert grad(x) == [6.0, -20.0]


def test_a_tied_weight_gets_both_gradients():
    w = Tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), requires_grad=True)
    x = Tensor(np.array([[5.0, 6.0]]))
    ((x @ w) @ w).sum().backward()
    h = x.data @ w.data
    assert np.allclose(w.grad.data, h.T @ np.ones((1, 2)) + x.data.T @ (np.ones((1, 2)) @ w.data.T))


def test_a_chain_of_50_000_operations():
    x = leaf(1.0)
    z = x
    for _ in range(50_000):
        z = z + 1.0
    z.backward()
    assert grad(x) == [1.0]


def test_a_fan_in_of_10_000():
    x = leaf(2.0)
    total = x * 0.0
    for _ in range(10_000):
        total = total + x
    total.backward()
    assert grad(x) == [10_000.0]


def test_two_to_the_sixtieth_paths():
    x = leaf(1.0)
    z = x * 1.0
    for _ in range(60):
        z = z + z
    z.backward()
    assert grad(x) == [2.0**60]


def test_each_rule_is_asked_once_however_many_ways_lead_to_it(monkeypatch):
    asked = []
    rule = RULES[tinytorch.add]
    monkeypatch.setitem(RULES, tinytorch.add, lambda g, out, a, b: (asked.append(1), rule(g, out, a, b))[1])
    z = leaf(1.0)
    for _ in range(20):
        z = z + z
    z.backward()
    assert len(asked) == 20


# ---- seeds and accumulation


def test_gradients_add_up_until_they_are_cleared():
    x = leaf(3.0)
    (x * 2.0).backward()
    (x * 5.0).backward()
    assert grad(x) == [7.0]
    x.grad = None
    (x * 5.0).backward()
    assert grad(x) == [5.0]


def test_a_leaf_may_be_the_loss():
    x = leaf(3.0)
    x.backward()
    assert grad(x) == [1.0]


def test_a_result_that_is_no_leaf_keeps_no_gradient():
    x = leaf(3.0)
    y = x * 2.0
    y.backward()
    assert y.grad is None


def test_the_gradient_has_the_leafs_dtype():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * Tensor(np.array([3.0, 4.0]))).sum().backward()
    assert x.grad.dtype == np.float32


def test_a_seed_needs_the_results_shape():
    x = leaf(1.0, 2.0)
    with pytest.raises(ValueError, match=r"seed.*\(3,\).*\(2,\)"):
        (x * 2.0).backward(np.ones(3))
    assert x.grad is None


def test_more_than_one_element_needs_a_seed():
    with pytest.raises(RuntimeError, match=r"shape \(2,\) needs a seed"):
        (leaf(1.0, 2.0) * 2.0).backward()


def test_without_a_leaf_that_requires_grad_there_is_nothing_to_do():
    with pytest.raises(RuntimeError, match="requires no grad"):
        (Tensor([1.0]) * 2.0).backward()


def test_a_second_backward_says_that_the_graph_is_used_up():
    x = leaf(3.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()
    assert grad(x) == [6.0]


def test_a_shared_trunk_is_used_up_as_well():
    x = leaf(3.0)
    trunk = x * x
    one, other = trunk * 2.0, trunk * 3.0
    one.backward()
    with pytest.raises(RuntimeError, match="used this graph up"):
        other.backward()


def test_a_retained_graph_can_be_walked_again():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert grad(x) == [12.0]


# ---- aliasing


def test_gradients_of_two_summands_are_two_arrays():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).backward(np.array([1.0, 10.0]))
    a.grad.data[0] = 99.0
    assert grad(b) == [1.0, 10.0]


def test_a_gradient_is_no_view_of_the_seed():
    x, seed = leaf(1.0, 2.0), np.array([1.0, 10.0])
    x.reshape(2, 1).backward(seed.reshape(2, 1))
    x.grad.data[0] = 99.0
    assert seed.tolist() == [1.0, 10.0]


def test_a_rule_that_hands_on_its_input_does_not_tie_the_gradient_to_it():
    def half_square(x: Tensor) -> Tensor:
        return record(half_square, x.data**2 / 2, x)

    vjp(half_square)(lambda g, out, x: (x,))
    try:
        x = leaf(3.0)
        half_square(x).backward()
        x.grad.data[0] = 99.0
        assert x.tolist() == [3.0]
    finally:
        del RULES[half_square]


def test_the_next_backward_leaves_an_earlier_gradient_alone():
    x = leaf(1.0)
    (x * 2.0).backward()
    first = x.grad
    (x * 2.0).backward()
    assert first.tolist() == [2.0]


# ---- writing into what was recorded


def test_an_input_that_was_written_into_is_refused():
    x, y = Tensor(np.array([1.0, 2.0])), leaf(3.0, 4.0)
    loss = (x * y).sum()
    x[0] = 9.0
    with pytest.raises(RuntimeError, match=r"shape \(2,\) was written into after multiply had used it"):
        loss.backward()
    assert y.grad is None


def test_a_write_through_a_view_is_seen():
    x, y = Tensor(np.array([[1.0, 2.0]])), leaf(3.0, 4.0)
    loss = (x * y).sum()
    x[0][1] = 9.0
    with pytest.raises(RuntimeError, match="written into"):
        loss.backward()


def test_a_result_that_was_written_into_is_refused():
    x = leaf(3.0, 4.0)
    y = x * x
    loss = (y * y).sum()
    with no_grad():
        y[0] = 9.0
    with pytest.raises(RuntimeError, match="written into"):
        loss.backward()


def test_a_write_before_computing_is_fine():
    x, y = Tensor(np.array([1.0, 2.0])), leaf(3.0, 4.0)
    x[0] = 9.0
    (x * y).sum().backward()
    assert grad(y) == [9.0, 2.0]


# ---- no_grad and detach


def test_no_grad_nests_and_survives_exceptions():
    x = leaf(1.0)
    with no_grad():
        with no_grad():
            assert (x * 2.0).op is None
        assert (x * 2.0).op is None
    with pytest.raises(ZeroDivisionError, match="division"), no_grad():
        _ = 1 / 0
    assert (x * 2.0).requires_grad


def test_no_grad_holds_for_its_own_thread():
    seen = []
    x = leaf(1.0)
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_no_grad_decorates_functions_that_call_themselves():
    x = leaf(1.0)

    @no_grad()
    def down(n: int) -> Tensor:
        return x * 2.0 if n == 0 else down(n - 1) * 2.0

    assert not down(5).requires_grad
    assert (x * 2.0).requires_grad


def test_no_grad_in_a_generator_ends_with_its_block():
    x = leaf(1.0)

    def values():
        with no_grad():
            yield x * 2.0
        yield x * 2.0

    assert [value.requires_grad for value in values()] == [False, True]


def test_no_grad_as_an_object_can_be_used_again():
    quiet, x = no_grad(), leaf(1.0)
    for _ in range(2):
        with quiet, quiet:
            assert not (x * 2.0).requires_grad
        assert (x * 2.0).requires_grad


def test_detach_stops_the_gradient():
    x = leaf(3.0)
    (x.detach() * x).backward()
    assert grad(x) == [3.0]


def test_threads_walk_graphs_of_their_own():
    results = []

    def work(factor: float) -> None:
        x = leaf(1.0)
        z = x
        for _ in range(200):
            z = z * 1.0 + 0.0
        (z * factor).backward()
        results.append(grad(x)[0] == factor)

    threads = [threading.Thread(target=work, args=(float(i),)) for i in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


# ---- what is wrong is said, and nothing is half changed


def unruly(x: Tensor) -> Tensor:
    return record(unruly, x.data * 1.0, x)


@pytest.fixture
def rule():
    """Register a rule for `unruly` and take it away again."""
    yield lambda function: vjp(unruly)(function)
    RULES.pop(unruly, None)


def test_an_operation_without_a_rule_is_named():
    x, y = leaf(1.0), leaf(2.0)
    with pytest.raises(NotImplementedError, match=r"no gradient rule for unruly.*@vjp\(unruly\)"):
        (y * 2.0 + unruly(x)).backward()
    assert x.grad is None
    assert y.grad is None


def wrong_rule(g, out, x):
    return (np.ones((3, 2)),)


def test_a_rule_that_returns_a_wrong_shape_is_named(rule):
    rule(wrong_rule)
    x = leaf(1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match=r"wrong_rule returned .* \(3, 2\) .* \(3,\), and sum_to_shape made \(2,\)"):
        unruly(x).sum().backward()
    assert x.grad is None


def too_few_axes(g, out, x):
    return (np.ones(()),)


def test_a_rule_that_returns_too_few_axes_is_named(rule):
    rule(too_few_axes)
    with pytest.raises(ValueError, match=r"too_few_axes returned .* \(\) for an input of shape \(2,\)$"):
        unruly(leaf(1.0, 2.0)).sum().backward()


def no_tuple(g, out, x):
    return g


@pytest.mark.parametrize(
    "result", [lambda g, out, x: g, lambda g, out, x: None, lambda g, out, x: (g, g)], ids=["array", "None", "two"]
)
def test_a_rule_returns_a_tuple_with_a_gradient_an_input(rule, result):
    rule(result)
    with pytest.raises(TypeError, match="must return a tuple of 1 gradients"):
        unruly(leaf(1.0)).backward()


def test_a_rule_may_return_a_python_number_as_a_gradient(rule):
    rule(lambda g, out, x: (2.0,))
    x = Tensor(np.array(1.0), requires_grad=True)
    unruly(x).backward()
    assert x.grad.item() == 2.0


def test_a_rule_that_raises_changes_nothing(rule):
    def fails(g, out, x):
        raise KeyError("mine")

    rule(fails)
    x, y = leaf(1.0), leaf(2.0)
    loss = unruly(x) + y * 3.0
    with pytest.raises(KeyError, match="mine"):
        loss.backward()
    assert x.grad is None
    assert y.grad is None
    rule(lambda g, out, x: (g,))
    loss.backward()  # the graph is still whole
    assert grad(y) == [3.0]


def test_integers_cannot_require_grad():
    with pytest.raises(TypeError, match=r"only floating-point tensors can require grad, got int64"):
        Tensor([1, 2], requires_grad=True)


# ---- memory


def test_a_graph_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        x = leaf(1.0)
        y = x * 2.0
        seen = weakref.ref(y)
        loss = (y * y).sum()
        del y
        assert seen() is not None
        del loss
        assert seen() is None
    finally:
        gc.enable()


def test_backward_lets_go_of_the_graph():
    gc.disable()
    try:
        x = leaf(1.0)
        y = x * 2.0
        seen = weakref.ref(y)
        loss = (y * y).sum()
        del y
        loss.backward()
        assert seen() is None
    finally:
        gc.enable()


def test_a_long_chain_is_dropped_without_recursion():
    z = leaf(1.0)
    for _ in range(200_000):
        z = z * 1.0
    seen = weakref.ref(z)
    del z
    assert seen() is None


def test_only_wanted_gradients_of_a_product_are_computed():
    asked = []
    rule = RULES[tinytorch.matmul]

    def watched(g, out, a, b, *, needs=(True, True)):
        asked.append(needs)
        return rule(g, out, a, b, needs=needs)

    RULES[tinytorch.matmul] = watched
    try:
        w = Tensor(np.ones((3, 2)), requires_grad=True)
        (Tensor(np.ones((4, 3))) @ w).sum().backward()
    finally:
        RULES[tinytorch.matmul] = rule
    assert asked == [(False, True)]


PRODUCTS = [lambda a, b: a @ b, lambda a, b: tinytorch.einsum("ij,jk->ik", a, b)]


@pytest.mark.parametrize("product", PRODUCTS, ids=["matmul", "einsum"])
@pytest.mark.parametrize("learns", [(True, False), (False, True)])
def test_either_factor_alone_gets_its_gradient(learns, product):
    a, b = (
        Tensor(np.ones(shape), requires_grad=wanted) for shape, wanted in zip([(4, 3), (3, 2)], learns, strict=True)
    )
    product(a, b).sum().backward()
    assert a.grad is None if learns[1] else grad(a) == [[2.0] * 3] * 4
    assert b.grad is None if learns[0] else grad(b) == [[4.0] * 2] * 3


def test_a_rule_of_three_inputs_gets_them_all(monkeypatch):
    def fused(a, b, c):
        return record(fused, a.data * b.data + c.data, a, b, c)

    monkeypatch.setitem(RULES, fused, lambda g, out, a, b, c: (g * b, g * a, g))
    a, b, c = leaf(2.0), leaf(3.0), leaf(5.0)
    fused(a, b, c).backward(np.array([10.0]))
    assert (grad(a), grad(b), grad(c)) == ([30.0], [20.0], [10.0])


def test_an_array_that_a_rule_made_is_kept_without_a_copy(rule):
    made = []

    def twice(g, out, x):
        made.append(2 * g)
        return (made[0],)

    rule(twice)
    x = leaf(1.0, 2.0)
    unruly(x).sum().backward()
    assert np.shares_memory(x.grad.data, made[0])


def test_an_array_that_a_rule_gives_twice_is_kept_by_neither(monkeypatch):
    def joined(a, b):
        return record(joined, a.data + b.data, a, b)

    made = []

    def one_array(g, out, a, b):
        made.append(2 * g)
        return made[0], made[0]

    monkeypatch.setitem(RULES, joined, one_array)
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    joined(a, b).sum().backward()
    assert (grad(a), grad(b)) == ([2.0, 2.0], [2.0, 2.0])
    assert not any(np.shares_memory(x.grad.data, y) for x, y in ((a, made[0]), (b, made[0]), (a, b.grad.data)))


def test_a_gradient_of_the_right_shape_passes_as_it_is():
    x = leaf(1.0, 2.0)
    array = np.array([3.0, 4.0])
    assert in_shape_of(x, array, x * 2.0) is array


# ---- hooks


def test_a_hook_sees_the_whole_gradient_once():
    seen = []
    x = leaf(3.0)
    y = x * 2.0
    y.register_hook(lambda g: seen.append(("y", g.tolist())))
    x.register_hook(lambda g: seen.append(("x", g.tolist())))
    (y * y + y).backward()
    assert seen == [("y", [13.0]), ("x", [26.0])]


def test_a_hook_looks_and_changes_nothing():
    x = leaf(3.0)
    x.register_hook(lambda g: g.data.fill(0.0))
    (x * 2.0).backward()
    assert grad(x) == [2.0]


def test_a_hook_on_what_gets_no_gradient_is_refused():
    with pytest.raises(RuntimeError, match="requires no grad"):
        Tensor([1.0]).register_hook(print)


# ---- sum_to_shape


@pytest.mark.parametrize(
    ("shape", "to"),
    [
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 3), (1, 1)),
        ((2, 3), ()),
        ((4, 2, 3), (1, 3)),
        ((0, 3), (3,)),
        ((2, 3), (2, 3)),
    ],
    ids=str,
)
def test_sum_to_shape_undoes_broadcasting(shape, to):
    g = np.arange(float(np.prod(shape))).reshape(shape)
    value = np.zeros(to)
    expected = np.einsum("i,ij->j", g.ravel(), _spread(value, shape)).reshape(to)
    assert sum_to_shape(g, to).shape == to
    assert np.allclose(sum_to_shape(g, to), expected)


def _spread(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the matrix that broadcasts the flattened value to the flattened shape."""
    numbers = np.broadcast_to(np.arange(value.size).reshape(value.shape), shape).ravel()
    return (numbers[:, None] == np.arange(value.size)).astype(float)


# ---- gradcheck


def test_gradcheck_accepts_what_is_right():
    a, b = Tensor(np.array([[1.0, 2.0], [3.0, 5.0]]), requires_grad=True), leaf(0.5, -2.0)
    assert gradcheck(lambda a, b: (a @ a + b) * a, a, b)


def test_gradcheck_names_the_worst_element(rule):
    rule(lambda g, out, x: (g * np.array([1.0, 1.5]),))
    with pytest.raises(GradientMismatch, match=r"input 0, element \(1,\): .* \(1 of 2 elements differ\)"):
        gradcheck(unruly, leaf(1.0, 2.0))


def test_gradcheck_needs_float64():
    with pytest.raises(TypeError, match="float64, got float32"):
        gradcheck(unruly, Tensor([1.0], requires_grad=True))


def test_gradcheck_needs_something_to_check():
    with pytest.raises(ValueError, match="requires_grad=True"):
        gradcheck(unruly, from_numpy(np.ones(2)))


def test_gradcheck_leaves_its_inputs_alone():
    x = leaf(1.0, 2.0)
    gradcheck(lambda x: x * x, x)
    assert x.grad is None


# ---- graphs to look at


def test_the_graph_as_text():
    x, w = Tensor(np.ones((2, 3))), Tensor(np.ones((3, 1)), requires_grad=True)
    h = x @ w
    assert graph_text((h * h).sum(axis=0)) == (
        "1 sum (1,) axis=0\n"
        "  2 multiply (2, 1)\n"
        "    3 matmul (2, 1)\n"
        "      4 leaf (2, 3)\n"
        "      5 leaf (3, 1) requires grad\n"
        "    3 again"
    )


def test_numbers_are_shown_as_such_unless_they_have_a_name_or_learn():
    x, named, learns = leaf(1.0), Tensor(3.0), Tensor(4.0, requires_grad=True)
    text = graph_text(x * 2.5 + named * learns, names={named: "rate"})
    assert [line.split(maxsplit=1)[1] for line in text.splitlines()] == [
        "add (1,)",
        "multiply (1,)",
        "leaf (1,) requires grad",
        "2.5",
        "multiply ()",
        "rate ()",
        "leaf () requires grad",
    ]


def test_the_graph_as_text_is_cut_off():
    z = leaf(1.0)
    for _ in range(50_000):
        z = z + 1.0
    assert graph_text(z, most=5).splitlines()[-1] == "... cut off after 5 lines"


def test_the_graph_as_a_picture_has_a_box_a_tensor_and_an_arrow_a_use():
    x, y = leaf(1.0), leaf(2.0)
    root = ElementTree.fromstring(graph_svg(x * y + x))
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}rect[@class]")) == 4
    assert len(root.findall(f"{space}path")) == 4


def test_the_picture_stands_in_rows_inputs_above_what_they_went_into():
    x, y = leaf(1.0), Tensor([2.0])
    picture = graph_svg(x * y + x)
    root = ElementTree.fromstring(picture)
    assert root.attrib["viewBox"] == "0 0 300 210"  # 150 by 70 for each place
    space = "{http://www.w3.org/2000/svg}"
    corners = {(float(box.attrib["x"]), float(box.attrib["y"])) for box in root.findall(f"{space}rect[@class]")}
    assert corners == {(13.0, 16.0), (163.0, 16.0), (88.0, 86.0), (88.0, 156.0)}
    kinds = [(box.attrib["class"], box.attrib["x"], box.attrib["y"]) for box in root.findall(f"{space}rect[@class]")]
    assert sorted(kinds)[2:] == [("leaf", "163.0", "16.0"), ("learns", "13.0", "16.0")]
    assert {path.attrib["d"] for path in root.findall(f"{space}path")} == {
        "M75.0,54.0 L150.0,86.0",
        "M225.0,54.0 L150.0,86.0",
        "M150.0,124.0 L150.0,156.0",
        "M75.0,54.0 L150.0,156.0",
    }


def test_a_leaf_stands_just_above_its_first_use():
    x, late = leaf(1.0), leaf(2.0)
    root = ElementTree.fromstring(graph_svg(x * x * x + late))
    assert root.attrib["viewBox"] == "0 0 300 280"
    learning = [box for box in root.iter() if box.attrib.get("class") == "learns"]
    assert sorted(float(box.attrib["y"]) for box in learning) == [16.0, 156.0]  # in the rows 0 and 2 of 4


def test_the_picture_of_a_leaf_is_one_box():
    assert 'viewBox="0 0 150 70"' in graph_svg(leaf(1.0))


def test_too_large_a_picture_is_refused():
    z = leaf(1.0)
    for _ in range(300):
        z = z + 1.0
    with pytest.raises(ValueError, match="more than 200 tensors"):
        graph_svg(z)
