"""What the walk back does besides the rules: hooks, leaves in several threads, writes, rows; `no_grad` on functions."""

import threading

import numpy as np
import pytest
from pytorch_oracle import needs_torch, torch

import tinytorch
from tinytorch import Tensor, no_grad
from tinytorch.autograd import RULES, accumulate, vjp
from tinytorch.optim import SGD
from tinytorch.scattered import Scattered
from tinytorch.tensor import record


def leaf(*values: float) -> Tensor:
    return Tensor(list(values), requires_grad=True)


# Hooks


@needs_torch
def test_what_hooks_return_is_the_gradient_as_in_pytorch():
    found = []
    for make in (leaf, lambda *values: torch.tensor(values, requires_grad=True)):
        x = make(1.0, 2.0)
        y = x * 10.0
        y.register_hook(lambda g: g.clip(-1.0, 1.0))
        y.register_hook(lambda g: g + 1.0)
        y.register_hook(lambda g: None)
        x.register_hook(lambda g: g * 100.0)
        (y * 5.0).sum().backward()
        found.append(x.grad.tolist())
    assert found == [[2000.0, 2000.0]] * 2


def test_a_gradient_that_a_hook_returned_is_the_leafs_own():
    x, returned = leaf(1.0), Tensor([7.0])
    x.register_hook(lambda g: returned)
    (x * 2.0).sum().backward()
    returned[0] = 0.0
    assert x.grad.tolist() == [7.0]


def test_a_hook_can_be_taken_away_also_by_itself():
    x, seen = leaf(1.0), []
    first = x.register_hook(lambda g: (seen.append("first"), first.remove())[1])
    second = x.register_hook(lambda g: seen.append("second"))
    for _ in range(2):
        (x * 2.0).sum().backward()
    second.remove()
    second.remove()
    (x * 2.0).sum().backward()
    assert seen == ["first", "second", "second"]


def test_what_cannot_be_called_is_no_hook():
    with pytest.raises(TypeError, match="a hook is a function, got 3"):
        leaf(1.0).register_hook(3)


def test_a_hook_that_returns_another_shape():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(ValueError, match=r"return a gradient of shape \(2,\), got \(\)"):
        (x * 2.0).sum().backward()
    assert x.grad is None


# Leaves: all of them change, or none


def test_a_hook_that_raises_leaves_all_leaves_alone():
    leaves = [leaf(1.0) for _ in range(4)]

    def raises(g):
        raise KeyError("mine")

    leaves[1].register_hook(raises)
    with pytest.raises(KeyError, match="mine"):
        tinytorch.stack([x * 2.0 for x in leaves]).sum().backward()
    assert [x.grad for x in leaves] == [None] * 4


UNFIT = {
    "a longer gradient": (Tensor([1.0, 2.0]), ValueError, r".grad wanted the shape \(1,\), got \(2,\); set it to None"),
    "a gradient of no axis": (Tensor(1.0), ValueError, r".grad wanted the shape \(1,\), got \(\)"),
    "an array": (np.array([1.0], np.float32), TypeError, ".grad wanted a Tensor, got ndarray"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_grad_that_does_not_fit_is_refused_before_any_leaf_changes(name):
    grad, kind, message = UNFIT[name]
    a, b = leaf(1.0), leaf(2.0)
    b.grad = grad
    with pytest.raises(kind, match=message):
        (a * b).sum().backward()
    assert a.grad is None
    assert b.grad is grad


def test_threads_that_share_a_leaf_lose_no_gradient():
    w = leaf(1.0)

    def work():
        for _ in range(200):
            (w * 2.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert w.grad.tolist() == [1600.0]


def test_a_backward_in_a_leafs_hook():
    x, y = leaf(1.0), leaf(2.0)
    x.register_hook(lambda g: (y * g).sum().backward())
    (x * 3.0).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([3.0], [3.0])


def test_a_rule_that_gives_nothing():
    def parted(x):
        return record(parted, x.data, x)

    vjp(parted)(lambda g, out, x: (None,))
    try:
        x = leaf(1.0)
        (parted(x * 2.0) + x).sum().backward()
        assert x.grad.tolist() == [1.0]
    finally:
        del RULES[parted]


# Writes: refused where a rule would read them, and only there


@needs_torch
@pytest.mark.parametrize("both_learn", [True, False])
def test_a_step_between_two_backwards_as_in_pytorch(both_learn):
    """With two layers the first one's gradient needs the second's weights, which have changed."""
    found = []
    for library, optim in ((tinytorch, tinytorch.optim), (torch, torch and torch.optim)):
        tensor = tinytorch.Tensor if library is tinytorch else torch.tensor
        w = tensor([2.0], requires_grad=True)
        x = tensor([3.0], requires_grad=both_learn)
        step = optim.SGD([w], lr=0.1)
        y = (w * x).sum()
        y.backward(retain_graph=True)
        step.step()
        try:
            y.backward()
            found.append(w.grad.tolist())
        except RuntimeError:
            found.append("refused")
    assert found[0] == found[1] == ("refused" if both_learn else [6.0])


def test_the_step_is_named_where_it_comes_between():
    w = leaf(1.0)
    y = (w * w).sum()
    y.backward(retain_graph=True)
    SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="was written into after multiply had used it"):
        y.backward()


def write_into(library, x):
    with library.no_grad():
        x[0] = 5.0


READ_NOTHING = {
    "add": lambda library, w, x: w + x,
    "subtract": lambda library, w, x: w - x,
    "where": lambda library, w, x: library.where(w > 0, w, x),
    "stack": lambda library, w, x: library.stack([w, x]),
    "the other factor": lambda library, w, x: w * 2.0 + x,
}


@needs_torch
@pytest.mark.parametrize("name", READ_NOTHING)
def test_a_value_that_no_rule_reads_may_change_as_in_pytorch(name):
    found = []
    for library, tensor in ((tinytorch, tinytorch.Tensor), (torch, torch and torch.tensor)):
        w, x = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0])
        y = READ_NOTHING[name](library, w, x).sum()
        write_into(library, x)
        write_into(library, w)
        y.backward()
        found.append(w.grad.tolist())
    assert found[0] == found[1]


READ = {
    "a factor": lambda library, w, x: w * x,
    "a matrix": lambda library, w, x: w @ x,
    "a divisor": lambda library, w, x: w / x,
    "the larger one": lambda library, w, x: library.maximum(w, x),
}


@needs_torch
@pytest.mark.parametrize("name", READ)
def test_a_value_that_a_rule_reads_may_not_as_in_pytorch(name):
    for library, tensor in ((tinytorch, tinytorch.Tensor), (torch, torch and torch.tensor)):
        w, x = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0])
        y = READ[name](library, w, x).sum()
        write_into(library, x)
        with pytest.raises(RuntimeError):
            y.backward()


@needs_torch
def test_a_result_that_its_rule_reads():
    for library, tensor in ((tinytorch, tinytorch.Tensor), (torch, torch and torch.tensor)):
        w = tensor([1.0, 2.0], requires_grad=True)
        y, z = w.exp(), w.exp()
        kept = tensor([0.0])
        write_into(library, y)
        write_into(library, kept)
        with pytest.raises(RuntimeError):
            y.sum().backward()
        z.sum().backward()


# Rows


def every_use(x: Tensor) -> Tensor:
    """Return a sum that takes x by pieces that overlap, twice the same, by arrays, by masks, and whole."""
    pieces = [x[0], x[1:], x[1], x[..., 0], x[:, None, 1:], x[[0, 0, 2]], x[x > 0], x[-1, -1], x * x, x[0], x]
    weights = range(1, len(pieces) + 1)
    return sum((piece * piece).sum() * weight for piece, weight in zip(pieces, weights, strict=True))


@needs_torch
def test_a_tensor_taken_by_pieces_and_whole_as_in_pytorch():
    numbers = np.arange(-4.0, 8.0).reshape(3, 4)
    x, theirs = Tensor(numbers, requires_grad=True), torch.tensor(numbers, requires_grad=True)
    for _ in range(2):
        every_use(x * 2.0 if _ else x).backward()
        every_use(theirs * 2.0 if _ else theirs).backward()
    assert np.allclose(x.grad.data, theirs.grad.numpy())


def test_gradients_of_pieces_add_up_without_the_zeros_between():
    """A walk over 20,000 rows as whole arrays would write 400 million numbers."""
    x = leaf(*np.arange(20_000.0))
    rows = tinytorch.stack(list(x))
    filled = []
    dense = Scattered.dense
    try:
        Scattered.dense = lambda self: (filled.append(1), dense(self))[1]
        (rows * rows).sum().backward()
    finally:
        Scattered.dense = dense
    assert len(filled) == 1
    assert np.array_equal(x.grad.data, 2 * np.arange(20_000.0))


SUMS = {
    "array + part": lambda part, array: array + part,
    "part + array": lambda part, array: part + array,
    "0 + part": lambda part, array: 0 + part + array,
    "part + part": lambda part, array: part + part + array,
    "array + (part + part)": lambda part, array: array + (part + part),
    "np.add": lambda part, array: np.add.reduce([part, array]),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_part_adds_up_like_the_array_it_stands_for(name):
    part, array = Scattered((3,), slice(1, None), np.array([1.0, 2.0])), np.array([10.0, 20.0, 30.0])
    whole = part.dense()
    assert whole.tolist() == [0.0, 1.0, 2.0]
    assert np.array_equal(SUMS[name](part, array), SUMS[name](whole, array))
    assert array.tolist() == [10.0, 20.0, 30.0]


def test_a_part_has_the_dtype_of_the_sum():
    part = Scattered((3,), 1, np.array(2.0, np.float32))
    assert part.dense().dtype == np.float32
    assert (part + Scattered((3,), 2, np.array(1.0, np.float32))).dense().dtype == np.float32
    assert (np.zeros(3) + part).dense().dtype == np.float64


def test_a_part_is_accumulated_as_an_array():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    part = Scattered((3,), slice(1, None), np.array([1.0, 2.0]))
    accumulate(x, part)
    assert (x.grad.dtype, x.grad.tolist()) == (np.float32, [0.0, 1.0, 2.0])
    accumulate(x, part)
    assert (x.grad.dtype, x.grad.tolist()) == (np.float32, [0.0, 2.0, 4.0])


# no_grad as a decorator


def test_no_grad_decorates_without_parentheses():
    @no_grad
    def doubled(x):
        """Return 2 x."""
        return x * 2.0

    assert not doubled(leaf(1.0)).requires_grad
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Return 2 x.")
    assert (leaf(1.0) * 2.0).requires_grad


@needs_torch
@pytest.mark.parametrize("parentheses", [False, True])
def test_a_decorated_generator_as_in_pytorch(parentheses):
    found = []
    for library, make in ((tinytorch, leaf), (torch, lambda *values: torch.tensor(values, requires_grad=True))):
        x = make(1.0)
        log = []

        def steps(x=x, log=log):
            try:
                sent = yield (x * 2.0).requires_grad
                log.append(sent)
                yield (x * 2.0).requires_grad
            except KeyError:
                yield (x * 2.0).requires_grad
            finally:
                log.append((x * 2.0).requires_grad)
            return "done"

        decorated = (library.no_grad() if parentheses else library.no_grad)(steps)
        generator = decorated()
        log += [next(generator), (x * 2.0).requires_grad, generator.send("sent"), generator.throw(KeyError)]
        with pytest.raises(StopIteration, match="done"):
            next(generator)
        log.append((x * 2.0).requires_grad)
        half = decorated()
        next(half)
        half.close()
        found.append(log)
    assert found[0] == found[1]
    assert True in found[0]


def test_the_time_of_a_walk_is_that_of_its_own_graph():
    """A write anywhere must not make each backward look at its whole graph: only newer writes can matter."""
    elsewhere = tinytorch.zeros(1)
    elsewhere[0] = 1.0
    x = leaf(1.0)
    y = x.sum()
    asked = []
    before = tinytorch.walking._read
    try:
        tinytorch.walking._read = lambda result: (asked.append(1), before(result))[1]
        y.backward(retain_graph=True)
        assert asked == []
        elsewhere[0] = 2.0
        y.backward()
        assert asked == [1]
    finally:
        tinytorch.walking._read = before
