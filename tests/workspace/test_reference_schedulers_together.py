"""Schedulers of module 06 where they are not alone, against PyTorch's: two on one optimizer, rates changed by hand,
made in the middle of a training, or written as PyTorch's users write them."""

import itertools
import math
import warnings

import numpy as np
import pytest

from tinytorch import SGD, Tensor, optim
from tinytorch.optim import lr_scheduler

STEPS = 120
MAKERS = {
    "Constant": lambda m, o, **at: m.ConstantLR(o, 0.3, 20, **at),
    "Cosine": lambda m, o, **at: m.CosineAnnealingLR(o, 30, eta_min=0.001, **at),
    "Exponential": lambda m, o, **at: m.ExponentialLR(o, 0.97, **at),
    "Lambda": lambda m, o, **at: m.LambdaLR(o, lambda step: 1 / (1 + step), **at),
    "Linear": lambda m, o, **at: m.LinearLR(o, 0.1, total_iters=20, **at),
    "Linear to 0": lambda m, o, **at: m.LinearLR(o, 0.5, 0.0, total_iters=20, **at),
    "MultiStep": lambda m, o, **at: m.MultiStepLR(o, [10, 10, 30], 0.5, **at),
    "Polynomial": lambda m, o, **at: m.PolynomialLR(o, 50, 2.0, **at),
    "Restarts": lambda m, o, **at: m.CosineAnnealingWarmRestarts(o, 10, 2, 0.001, **at),
    "Step": lambda m, o, **at: m.StepLR(o, 7, 0.5, **at),
}

pytestmark = pytest.mark.filterwarnings("ignore:.*(epoch parameter|lr_scheduler.step)")  # PyTorch's


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, at import
        return pytest.importorskip("torch", reason="PyTorch is not installed; it is never needed: pip install torch")


def one(lr=0.1):
    return SGD([Tensor([1.0], requires_grad=True)], lr=lr)


def rates(make, module, optimizer, between=lambda number, optimizer: None, steps=STEPS):
    """Return the rates before the first step and after each; `make` gives one scheduler or a list of them."""
    made = make(module, optimizer)
    found = [optimizer.param_groups[0]["lr"]]
    for number in range(steps):
        between(number, optimizer)
        for scheduler in made if isinstance(made, list) else [made]:
            scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


def same(torch, make, between=lambda number, optimizer: None, before=None, steps=STEPS):
    """Compare the rates that `make(module, optimizer)` leads to in both."""
    theirs = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
    ours = one()
    for optimizer in (ours, theirs):
        optimizer.param_groups[0].update(before or {})
    got = rates(make, lr_scheduler, ours, between, steps)
    expected = rates(make, torch.optim.lr_scheduler, theirs, between, steps)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


PAIRS = list(itertools.permutations(MAKERS, 2))


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_two_on_one_optimizer_multiply(torch, names):
    first, second = (MAKERS[name] for name in names)
    same(torch, lambda m, o: [first(m, o), second(m, o)])
    same(torch, lambda m, o: m.ChainedScheduler([first(m, o), second(m, o)]))


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_one_after_the_other(torch, names):
    first, second = (MAKERS[name] for name in names)
    same(torch, lambda m, o: m.SequentialLR(o, [first(m, o), second(m, o)], milestones=[13]))


@pytest.mark.parametrize("name", MAKERS)
def test_a_rate_that_is_changed_by_hand(torch, name):
    def between(number, optimizer):
        if number in (3, 40):
            optimizer.param_groups[0]["lr"] *= 0.7

    same(torch, MAKERS[name], between)


@pytest.mark.parametrize("step", [0, 9, 13, 20])
@pytest.mark.parametrize("name", MAKERS)
def test_made_in_the_middle(torch, name, step):
    if (name, step) == ("Restarts", 20):
        step = 8  # PyTorch loses its place in the second wave, which is longer; here the waves go on as they would have
    same(torch, lambda m, o: MAKERS[name](m, o, last_epoch=step), before={"initial_lr": 0.1, "lr": 0.07}, steps=60)


def test_made_in_the_middle_without_a_first_rate_is_refused():
    with pytest.raises(ValueError, match="StepLR with last_epoch=5 wanted groups with an 'initial_lr'"):
        lr_scheduler.StepLR(one(), 3, last_epoch=5)


def test_warm_restarts_by_fractions_of_epochs(torch):
    def found(module, optimizer, times):
        scheduler = module.CosineAnnealingWarmRestarts(optimizer, 4, times)
        for epoch, batch in itertools.product(range(25), range(5)):
            scheduler.step(epoch + batch / 5)
            yield optimizer.param_groups[0]["lr"], scheduler.last_epoch
        scheduler.step()
        yield optimizer.param_groups[0]["lr"], scheduler.last_epoch

    for times in (1, 2, 3):
        theirs = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        expected = list(found(torch.optim.lr_scheduler, theirs, times))
        np.testing.assert_allclose(list(found(lr_scheduler, one(), times)), expected, rtol=1e-10, atol=1e-15)


def test_a_step_may_be_named(torch):
    for name in ("Step", "Cosine", "Linear", "Lambda"):
        scheduler = MAKERS[name](lr_scheduler, one())
        for _ in range(25):
            scheduler.step()
        other = MAKERS[name](lr_scheduler, one())
        other.step(25)
        assert (other.get_last_lr(), other.last_epoch) == (scheduler.get_last_lr(), 25)


def test_a_scheduler_written_for_pytorch(torch):
    def make(module, optimizer):
        class WarmUp(module.LRScheduler):
            def __init__(self, optimizer, steps, last_epoch=-1):
                self.steps = steps
                super().__init__(optimizer, last_epoch)

            def get_lr(self):
                return [base * min(1, (self.last_epoch + 1) / self.steps) for base in self.base_lrs]

        return WarmUp(optimizer, 10)

    same(torch, make)


class TestOneCycle:
    def test_linear_stays_at_its_last_rate(self):
        cycle = lr_scheduler.OneCycleLR(one(), 0.1, total_steps=10, anneal_strategy="linear")
        for _ in range(10):
            cycle.step()
        assert cycle.optimizer.lr == pytest.approx(0.1 / 25 / 1e4)
        again = one()
        again.load_state_dict(cycle.optimizer.state_dict())
        assert again.lr > 0
        with pytest.raises(ValueError, match=r"made for 10 steps, got one more; .* epochs \* len\(loader\)"):
            cycle.step()
        assert cycle.last_epoch == 10


class TestRefused:
    def test_a_chain_that_fails_changes_nothing(self):
        optimizer = one()
        step = lr_scheduler.StepLR(optimizer, 1)
        chain = lr_scheduler.ChainedScheduler([step, lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=1)])
        chain.step()
        before, state = optimizer.lr, chain.state_dict()
        with pytest.raises(ValueError, match="made for 1 steps"):
            chain.step()
        assert (optimizer.lr, chain.state_dict()) == (before, state)

    def test_a_function_that_fails_changes_nothing(self):
        def function(step):
            return 1.0 if step < 2 else 1 / 0

        scheduler = lr_scheduler.LambdaLR(one(), function)
        scheduler.step()
        before = scheduler.state_dict()
        with pytest.raises(ZeroDivisionError):
            scheduler.step()
        assert scheduler.state_dict() == before

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda o: lr_scheduler.LambdaLR(o, 0.5), "lr_lambda wanted a function of the number of steps, got 0.5"),
            (lambda o: lr_scheduler.LambdaLR(o, [abs, abs]), "wanted a function or one for each of 1 groups"),
            (lambda o: lr_scheduler.ConstantLR(o, 2.0), r"a factor in \[0, 1\], got 2.0"),
            (lambda o: lr_scheduler.ConstantLR(o, "x"), "factor must be a number from 0 on, got 'x'"),
            (lambda o: lr_scheduler.ExponentialLR(o, -1), "gamma must be"),
            (lambda o: lr_scheduler.PolynomialLR(o, 0), "total_iters must be"),
            (lambda o: lr_scheduler.PolynomialLR(o, 2.5), "total_iters must be an integer from 1 on, got 2.5"),
            (lambda o: lr_scheduler.PolynomialLR(o, math.inf), "total_iters must be an integer from 1 on, got inf"),
            (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), "T_0 must be"),
            (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3).step(-1), "epoch must be a number from 0 on"),
            (lambda o: lr_scheduler.ChainedScheduler([]), "ChainedScheduler wanted schedulers, got none"),
            (
                lambda o: lr_scheduler.ChainedScheduler([o]),
                "ChainedScheduler wanted schedulers that count steps, got SGD",
            ),
        ],
        ids=range(12),
    )
    def test_wrong_options(self, make, message):
        with pytest.raises((ValueError, TypeError), match=message):
            make(one())


def test_numpys_numbers_leave_pythons():
    optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=np.float64(0.1))
    scheduler = lr_scheduler.StepLR(optimizer, 1.0, gamma=np.float32(0.5))
    scheduler.step()
    assert type(optimizer.param_groups[0]["lr"]) is type(scheduler.get_last_lr()[0]) is float
