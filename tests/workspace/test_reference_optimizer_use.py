"""How PyTorch's users use optimizers: closures, names, groups, odd numbers and arrays, copies. And what is refused."""

import copy
import math
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from tinytorch import SGD, Adam, AdamW, RMSprop, Tensor, clip_grad_norm_, clip_grad_value_, nn, no_grad, optim

ROOT = Path(__file__).resolve().parents[2]
KINDS = [SGD, Adam, AdamW, RMSprop]


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, at import
        return pytest.importorskip("torch", reason="PyTorch is not installed; it is never needed: pip install torch")


def parameter(*values, dtype=np.float64):
    return Tensor(np.array(values, dtype=dtype), requires_grad=True)


class TestClosure:
    def test_step_returns_its_loss(self):
        p = parameter(1.0, 2.0)
        optimizer = SGD([p], lr=0.1)

        def closure():
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        assert optimizer.step(closure).item() == 5.0
        np.testing.assert_allclose(p.data, [0.8, 1.6])
        assert optimizer.step() is None

    def test_gradients_are_on_inside_and_as_before_outside(self):
        p = parameter(1.0)
        optimizer = SGD([p], lr=0.1)

        def failing():
            assert (p * 2).requires_grad
            raise KeyError("the data ended")

        with no_grad():
            with pytest.raises(KeyError):
                optimizer.step(failing)
            assert not (p * 2).requires_grad


class TestNames:
    def test_named_parameters(self):
        model = nn.Sequential(nn.Linear(3, 2, seed=0), nn.ReLU(), nn.Linear(2, 1, seed=1))
        optimizer = Adam(model.named_parameters(), lr=0.1)
        assert optimizer.parameters == list(model.parameters())
        assert optimizer.param_groups[0]["param_names"] == [name for name, _ in model.named_parameters()]
        assert optimizer.state_dict()["param_groups"][0]["param_names"][0] == "0.weight"

    def test_in_groups_and_loaded_into_other_names(self):
        p, q = parameter(1.0), parameter(2.0)
        first = SGD([{"params": [("w", p)], "lr": 0.5}, {"params": [("b", q)], "name": "bias", "layer": 3}])
        assert first.param_groups[1]["layer"] == 3  # keys of one's own stay, as in PyTorch
        other = SGD([{"params": [("v", parameter(1.0))]}, {"params": [parameter(1.0)]}])
        other.load_state_dict(first.state_dict())
        assert other.param_groups[0]["param_names"] == ["v"]
        assert (other.param_groups[0]["lr"], other.param_groups[1]["layer"]) == (0.5, 3)

    def test_pairs_and_tensors_mixed_are_refused(self):
        with pytest.raises(TypeError, match="parameter 0 can't be learned"):
            SGD([("w", parameter(1.0)), parameter(1.0)])

    def test_a_set_has_no_order(self):
        with pytest.raises(TypeError, match="a group wanted a list of tensors as 'params', got set"):
            SGD([{"params": {parameter(1.0)}}])


class TestNumbers:
    @pytest.mark.parametrize("make", [np.float64, np.float32, Tensor, np.array, lambda x: Tensor([x])], ids=range(5))
    @pytest.mark.parametrize("kind", KINDS)
    def test_any_single_number_is_a_rate_and_keeps_the_dtype(self, kind, make):
        p, q = (parameter(1.0, 2.0, dtype=np.float32) for _ in range(2))
        optimizer, plain = kind([p], lr=make(0.125), weight_decay=make(0.5)), kind([q], lr=0.125, weight_decay=0.5)
        assert type(optimizer.lr) is float
        for _ in range(3):
            p.grad, q.grad = Tensor([1.0, -2.0]), Tensor([1.0, -2.0])
            optimizer.step()
            plain.step()
            optimizer.param_groups[0]["lr"] = make(0.25)
            plain.param_groups[0]["lr"] = 0.25
        assert p.dtype == np.float32
        assert p.data.tobytes() == q.data.tobytes()
        assert all(a.dtype == np.float32 for a in optimizer.state[p].values() if isinstance(a, np.ndarray))

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("size", [1e18, 1e19, 1e20, 3e20, 1e25, 3e38, math.inf, math.nan])
    @pytest.mark.parametrize("kind", [Adam, AdamW, RMSprop])
    def test_huge_gradients_in_float32_as_in_pytorch(self, torch, kind, size):
        start, gradients = np.ones(3, np.float32), [[size, 1.0, -size], [1.0, 1.0, size], [1.0, -1.0, 0.5]]
        p, q = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
        ours, theirs = kind([p], lr=0.1), getattr(torch.optim, kind.__name__)([q], lr=0.1)
        for g in gradients:
            p.grad, q.grad = Tensor(np.array(g, np.float32)), torch.tensor(g)
            ours.step()
            theirs.step()
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-5)

    @pytest.mark.parametrize("kind", KINDS)
    def test_rates_that_change_between_steps(self, torch, kind):
        start = np.linspace(-1, 1, 6).reshape(2, 3)
        p, q = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
        ours, theirs = kind([p], lr=0.1), getattr(torch.optim, kind.__name__)([q], lr=0.1)
        generator = np.random.default_rng(0)
        for number in range(200):
            g = generator.standard_normal((2, 3))
            p.grad, q.grad = Tensor(g), torch.tensor(g)
            for optimizer in (ours, theirs):
                optimizer.param_groups[0]["lr"] = 0.1 / (1 + number)
                optimizer.step()
            assert np.abs(p.data - q.detach().numpy()).max() < 1e-10


class TestArrays:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1)], ids=str)
    def test_shapes_at_the_edge(self, kind, shape):
        p = Tensor(np.ones(shape, np.float32), requires_grad=True)
        before = p.data
        p.grad = Tensor(np.ones(shape, np.float32))
        kind([p], lr=0.5).step()
        assert p.data is before
        assert (p.data < 1).all()

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(("dtype", "gradient"), [("f4", "f8"), ("f8", "f4"), ("f2", "f8"), ("f4", "f2")])
    def test_a_gradient_of_another_dtype(self, kind, dtype, gradient):
        p = parameter(1.0, 2.0, dtype=dtype)
        p.grad = Tensor(np.array([0.5, -0.5], gradient))
        kind([p], lr=0.25, weight_decay=0.5, maximize=True).step()
        assert p.dtype == dtype
        assert np.isfinite(p.data).all()

    def test_an_integer_gradient_is_refused_before_any_change(self):
        p, q = parameter(1.0), parameter(1.0)
        p.grad, q.grad = Tensor([1.0]), Tensor(np.array([1]))
        with pytest.raises(TypeError, match="parameter 1 wanted a gradient of floats, got int64"):
            SGD([p, q]).step()
        assert p.tolist() == [1.0]

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_has_no_gradient_stays(self, kind):
        p, q = parameter(1.0), parameter(1.0)
        p.grad = Tensor([1.0])
        optimizer = kind([p, q], weight_decay=0.1)
        optimizer.step()
        assert (q.tolist(), optimizer.state[q]) == ([1.0], {})

    def test_a_parameter_that_a_user_put_into_the_group(self):
        p, q = parameter(1.0), parameter(1.0)
        optimizer = SGD([p], lr=0.5)
        optimizer.param_groups[0]["params"].append(q)
        q.grad = Tensor([1.0])
        optimizer.step()
        assert q.tolist() == [0.5]
        assert optimizer.state_dict()["param_groups"][0]["params"] == [0, 1]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_goes_on_by_itself(kind, copied):
    def step(optimizer):
        for p in optimizer.parameters:
            p.grad = Tensor(p.data * 0.5)
        optimizer.step()

    first = kind([parameter(1.0, 2.0), parameter(3.0)], lr=0.1)
    step(first)
    second = copied(first)
    assert second.parameters[0] is not first.parameters[0]
    step(first)
    assert second.parameters[0].data.tobytes() != first.parameters[0].data.tobytes()
    step(second)
    assert second.parameters[0].data.tobytes() == first.parameters[0].data.tobytes()


def test_an_optimizer_written_for_pytorch():
    class Descent(optim.Optimizer):
        def __init__(self, params, lr=0.5):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
                        p.data -= group["lr"] * p.grad.data

    p = parameter(1.0)
    p.grad = Tensor([1.0])
    optimizer, again = Descent([p]), Descent([parameter(1.0)])
    optimizer.step()
    again.load_state_dict(optimizer.state_dict())
    assert (p.tolist(), again.state[again.parameters[0]]) == ([0.5], {"steps": 1})


def test_repr_shows_the_groups():
    assert repr(SGD([parameter(1.0)], lr=0.5)).splitlines() == [
        "SGD (",
        "Parameter Group 0",
        "    dampening: 0.0",
        "    lr: 0.5",
        "    maximize: False",
        "    momentum: 0.0",
        "    nesterov: False",
        "    weight_decay: 0.0",
        ")",
    ]


class TestClipping:
    def test_the_norm_works_as_a_number(self):
        p = parameter(0.0, 0.0, dtype=np.float32)
        p.grad = Tensor([3.0, 4.0])
        norm = clip_grad_norm_((q for q in [p]), max_norm=Tensor(1.0), norm_type="2", foreach=False)
        assert (norm.item(), float(norm), f"{norm:.2f}", norm.shape, norm.dtype) == (5.0, 5.0, "5.00", (), np.float32)
        assert norm > 1
        assert math.isfinite(norm)

    def test_a_gradient_that_cannot_be_changed_is_refused_before_any_change(self):
        p, q = parameter(1.0), parameter(1.0)
        p.grad, q.grad = Tensor([4.0]), Tensor([3.0])
        q.grad.data.flags.writeable = False
        for clip in (clip_grad_norm_, clip_grad_value_):
            with pytest.raises(ValueError, match="the gradient at place 1 can't be changed"):
                clip([p, q], 1.0)
        assert p.grad.tolist() == [4.0]


def test_a_states_names_are_pytorchs(torch):
    for kind, options in [(SGD, {"momentum": 0.9}), (Adam, {"amsgrad": True}), (RMSprop, {"centered": True})]:
        p, q = parameter(1.0), torch.ones(1, requires_grad=True)
        p.grad, q.grad = Tensor([1.0]), torch.ones(1)
        ours, theirs = kind([p], **options), getattr(torch.optim, kind.__name__)([q], **options)
        ours.step()
        theirs.step()
        assert set(ours.state[p]) <= set(theirs.state[q])
        assert set(ours.param_groups[0]) <= set(theirs.param_groups[0])


def test_pytorchs_dotted_imports():
    code = (
        "from tinytorch.optim.optimizer import Optimizer\n"
        "from tinytorch.optim.lr_scheduler import CyclicLR, MultiplicativeLR, StepLR\n"
        "import tinytorch\n"
        "assert Optimizer is tinytorch.Optimizer and issubclass(tinytorch.SGD, Optimizer)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
