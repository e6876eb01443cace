"""The schedulers of module 06: rates against PyTorch's and by hand, states, and what is refused."""

import math
import warnings

import numpy as np
import pytest

from tinytorch import SGD, Adam, RMSprop, Tensor, optim
from tinytorch.schedulers import (
    CosineAnnealingLR,
    CyclicLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

STEPS = 200
MAKERS = {
    "StepLR": lambda m, o: m.StepLR(o, 30, gamma=0.5),
    "MultiStepLR": lambda m, o: m.MultiStepLR(o, [20, 20, 150], gamma=0.3),
    "LinearLR": lambda m, o: m.LinearLR(o, start_factor=0.1, total_iters=50),
    "CosineAnnealingLR": lambda m, o: m.CosineAnnealingLR(o, T_max=200, eta_min=0.001),
    "CosineAnnealingLR, on and on": lambda m, o: m.CosineAnnealingLR(o, T_max=35),
    "OneCycleLR": lambda m, o: m.OneCycleLR(o, 0.2, total_steps=200),
    "OneCycleLR by epochs": lambda m, o: m.OneCycleLR(o, 0.2, epochs=20, steps_per_epoch=10, cycle_momentum=False),
    "OneCycleLR, three phases": lambda m, o: m.OneCycleLR(o, 0.2, 200, three_phase=True, pct_start=0.4),
    "OneCycleLR, linear": lambda m, o: m.OneCycleLR(o, 0.2, 250, anneal_strategy="linear", pct_start=0.1),
    "SequentialLR": lambda m, o: m.SequentialLR(o, [m.LinearLR(o, 0.1), m.CosineAnnealingLR(o, 180)], milestones=[20]),
    "SequentialLR of three": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, 0.1), m.StepLR(o, 7), m.CosineAnnealingLR(o, 90)], milestones=[5, 90]
    ),
    "ConstantLR": lambda m, o: m.ConstantLR(o, factor=0.3, total_iters=20),
    "LinearLR, to nothing": lambda m, o: m.LinearLR(o, 0.5, end_factor=0.0, total_iters=20),
    "ExponentialLR": lambda m, o: m.ExponentialLR(o, 0.97),
    "PolynomialLR": lambda m, o: m.PolynomialLR(o, total_iters=50, power=2.0),
    "LambdaLR": lambda m, o: m.LambdaLR(o, lambda step: 1 / (1 + step)),
    "CyclicLR": lambda m, o: m.CyclicLR(o, 0.01, 0.1, step_size_up=7),
    "CyclicLR, other down": lambda m, o: m.CyclicLR(o, 0.01, 0.1, 7, 13, mode="triangular2", max_momentum=0.95),
    "CyclicLR, falling": lambda m, o: m.CyclicLR(o, 0.01, 0.1, 9, mode="exp_range", gamma=0.99, cycle_momentum=False),
    "CyclicLR, function": lambda m, o: m.CyclicLR(
        o, 0.01, 0.1, 9, scale_fn=lambda step: 1 / (1 + step), scale_mode="iterations"
    ),
    "MultiplicativeLR": lambda m, o: m.MultiplicativeLR(o, lambda step: 1 - 0.5 / (step + 1)),
    "CosineAnnealingWarmRestarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, 10, T_mult=2, eta_min=0.001),
    "CosineAnnealingWarmRestarts, alike": lambda m, o: m.CosineAnnealingWarmRestarts(o, 10),
    "ChainedScheduler": lambda m, o: m.ChainedScheduler([m.LinearLR(o, 0.1), m.ExponentialLR(o, 0.97)]),
    "ReduceLROnPlateau": lambda m, o: m.ReduceLROnPlateau(o, factor=0.5, patience=5, cooldown=3, min_lr=0.001),
    "ReduceLROnPlateau, max": lambda m, o: m.ReduceLROnPlateau(o, mode="max", threshold_mode="abs", patience=9),
}
OPTIMIZERS = {
    "SGD": lambda m, p: m.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda m, p: m.Adam(p, lr=0.05),
    "RMSprop": lambda m, p: m.RMSprop(p, lr=0.01, momentum=0.5),
}


def parameter(*values):
    return Tensor(np.array(values, dtype=np.float64), requires_grad=True)


def advance(scheduler, number):
    """Step once; a plateau's measure falls for a while and then stays."""
    if type(scheduler).__name__ == "ReduceLROnPlateau":
        scheduler.step(max(1 / (number + 1), 0.05))
    else:
        scheduler.step()


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, at import
        return pytest.importorskip("torch", reason="PyTorch is not installed; it is never needed: pip install torch")


@pytest.mark.filterwarnings("ignore:.*epoch parameter")  # PyTorch's SequentialLR warns of its own call
@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("name", MAKERS)
def test_trajectory_against_pytorch(torch, name, kind):
    start = np.random.default_rng(0).standard_normal((3, 2))
    ours, theirs = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    optimizer, other = OPTIMIZERS[kind](optim, [ours]), OPTIMIZERS[kind](torch.optim, [theirs])
    scheduler = MAKERS[name](optim.lr_scheduler, optimizer)
    other_scheduler = MAKERS[name](torch.optim.lr_scheduler, other)
    generator = np.random.default_rng(1)
    for number in range(STEPS):
        assert optimizer.lr == pytest.approx(other.param_groups[0]["lr"], rel=1e-10, abs=1e-15), number
        g = generator.standard_normal((3, 2)) + 0.3 * ours.data
        ours.grad, theirs.grad = Tensor(g), torch.tensor(g)
        optimizer.step()
        other.step()
        assert np.abs(ours.data - theirs.detach().numpy()).max() < 1e-10, number
        advance(scheduler, number)
        advance(other_scheduler, number)


def rates(scheduler, steps):
    found = [scheduler.optimizer.lr]
    for _ in range(steps):
        scheduler.step()
        found.append(scheduler.optimizer.lr)
    return found


class TestByHand:
    def made(self, kind, *args, lr=1.0, **options):
        return kind(SGD([parameter(1.0)], lr=lr), *args, **options)

    def test_step(self):
        assert rates(self.made(StepLR, 2, gamma=0.5), 5) == [1, 1, 0.5, 0.5, 0.25, 0.25]

    def test_multi_step(self):
        assert rates(self.made(MultiStepLR, [3, 1], gamma=0.5), 4) == [1, 0.5, 0.5, 0.25, 0.25]

    def test_linear_warm_up(self):
        warm_up = self.made(LinearLR, start_factor=0.25, total_iters=3)
        np.testing.assert_allclose(rates(warm_up, 4), [0.25, 0.5, 0.75, 1, 1])

    def test_cosine(self):
        cosine = self.made(CosineAnnealingLR, 4, eta_min=0.5)
        half = math.sqrt(0.5) / 4
        np.testing.assert_allclose(rates(cosine, 4), [1, 0.75 + half, 0.75, 0.75 - half, 0.5])

    def test_one_cycle(self):
        cycle = self.made(OneCycleLR, 1.0, total_steps=5, pct_start=0.6, anneal_strategy="linear", div_factor=4.0)
        found = rates(cycle, 4)
        np.testing.assert_allclose(found, [0.25, 0.625, 1.0, 0.5 + 0.25e-4 / 2, 0.25e-4], rtol=1e-11)
        assert cycle.optimizer.param_groups[0]["momentum"] == 0.95

    def test_one_cycle_with_no_room_to_rise(self):
        assert rates(self.made(OneCycleLR, 1.0, total_steps=10, pct_start=0.1), 0) == [1.0]

    def test_plateau(self):
        optimizer = SGD([parameter(1.0)], lr=1.0)
        scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1, threshold=0.0, min_lr=0.3)
        found = []
        for measure in (3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0):
            scheduler.step(measure)
            found.append(optimizer.lr)
        assert found == [1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3]

    def test_each_group_has_its_own_rate(self):
        optimizer = SGD([{"params": [parameter(1.0)], "lr": 1.0}, {"params": [parameter(1.0)], "lr": 0.1}])
        scheduler = StepLR(optimizer, 1, gamma=0.5)
        scheduler.step()
        assert scheduler.get_last_lr() == [0.5, 0.05]
        cycle = OneCycleLR(optimizer, [25.0, 50.0], total_steps=10)
        assert cycle.get_last_lr() == [group["lr"] for group in optimizer.param_groups] == [1.0, 2.0]
        assert scheduler.get_last_lr() == [0.5, 0.05]  # its own last step, as in PyTorch


def test_a_scheduler_that_derives_from_pytorchs_former_name():
    class Halving(optim.lr_scheduler._LRScheduler):
        def get_lr(self):
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    assert rates(Halving(SGD([parameter(1.0)], lr=1.0)), 2) == [1, 0.5, 0.25]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("cut", [0, 1, 19, 20, 100])
def test_a_loaded_state_gives_the_same_rates_to_the_bit(name, cut):
    def made():
        return MAKERS[name](optim.lr_scheduler, SGD([parameter(1.0)], lr=0.1, momentum=0.5))

    def going(scheduler, first, last):
        for number in range(first, last):
            advance(scheduler, number)
            yield scheduler.optimizer.lr, scheduler.optimizer.param_groups[0]["momentum"]

    whole, again = made(), made()
    list(going(whole, 0, cut))
    saved, optimizer_state = whole.state_dict(), whole.optimizer.state_dict()
    expected = list(going(whole, cut, 150))
    again.load_state_dict(saved)
    again.optimizer.load_state_dict(optimizer_state)
    assert list(going(again, cut, 150)) == expected


class TestRefused:
    def optimizer(self):
        return SGD([parameter(1.0)], lr=0.1)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda o: StepLR(o, 0), "step_size must be an integer from 1 on, got 0"),
            (lambda o: StepLR(o, 2, gamma=-0.1), "gamma must be a number from 0 on"),
            (lambda o: MultiStepLR(o, [0]), "a milestone must be an integer from 1 on"),
            (lambda o: LinearLR(o, start_factor=0.0), r"start_factor in \(0, 1\] and an end_factor in \[0, 1\], got 0"),
            (lambda o: LinearLR(o, end_factor=2.0), "end_factor"),
            (lambda o: LinearLR(o, total_iters=0), "total_iters must be"),
            (lambda o: CosineAnnealingLR(o, 0), "T_max must be an integer from 1 on"),
            (lambda o: CosineAnnealingLR(o, 5, eta_min=-1.0), "eta_min must be"),
            (lambda o: OneCycleLR(o, 0.1), "wanted total_steps, or epochs and steps_per_epoch; got neither"),
            (lambda o: OneCycleLR(o, 0.1, total_steps=0), "total_steps must be"),
            (lambda o: OneCycleLR(o, 0.1, 5, pct_start=1.5), "pct_start from 0 to 1.0, got 1.5"),
            (lambda o: OneCycleLR(o, 0.1, 5, pct_start=0.6, three_phase=True), "pct_start from 0 to 0.5"),
            (lambda o: OneCycleLR(o, 0.1, 5, anneal_strategy="sin"), "'cos' or 'linear', got 'sin'"),
            (lambda o: OneCycleLR(o, [0.1, 0.2], 5), "max_lr wanted a number or one for each of 1 groups, got 2"),
            (lambda o: OneCycleLR(o, 0.1, 5, div_factor=0.0), "factors above 0"),
            (lambda o: OneCycleLR(o, 0.1, 5, base_momentum=0.99), "base_momentum <= max_momentum"),
            (lambda o: CyclicLR(o, 0.1, 0.2, mode="round"), "'exp_range' and .*, got 'round' and 'cycle'"),
            (lambda o: CyclicLR(o, 0.1, 0.2, 0), "step_size_up must be an integer from 1 on"),
            (lambda o: CyclicLR(o, 0.1, [0.2, 0.2]), "max_lr wanted a number or one for each of 1 groups"),
            (lambda o: CyclicLR(o, 0.1, 0.2, max_momentum=1.0), "max_momentum wanted a number in"),
            (lambda o: ReduceLROnPlateau(o, factor=1.0), r"factor in \[0, 1\), got 1.0"),
            (lambda o: ReduceLROnPlateau(o, mode="low"), "mode 'min' or 'max' and .* got 'low'"),
            (lambda o: ReduceLROnPlateau(o, patience=-1), "patience must be"),
            (lambda o: ReduceLROnPlateau(o, min_lr=[0.1, 0.1]), "min_lr wanted"),
            (lambda o: SequentialLR(o, [], []), "SequentialLR wanted schedulers, got none"),
            (lambda o: SequentialLR(o, [StepLR(o, 1)], [5]), "got 1 schedulers and 1 milestones"),
            (lambda o: SequentialLR(o, [StepLR(o, 1)] * 3, [5, 4]), r"milestones that rise, got \[5, 4\]"),
            (lambda o: SequentialLR(o, [ReduceLROnPlateau(o)], []), "wanted schedulers that count steps, got Reduce"),
            (lambda o: SequentialLR(o, [StepLR(SGD([parameter(1.0)]), 1)], []), "a StepLR of another optimizer"),
            (lambda o: StepLR([o], 1), "a scheduler wanted an optimizer, got list"),
        ],
        ids=range(30),
    )
    def test_wrong_options(self, make, message):
        optimizer = self.optimizer()
        with pytest.raises((ValueError, TypeError), match=message):
            make(optimizer)
        assert optimizer.lr == 0.1 or "Sequential" in message or "schedulers" in message

    def test_more_steps_than_the_cycle_has(self):
        cycle = OneCycleLR(self.optimizer(), 0.1, total_steps=2)
        rates(cycle, 2)
        before = cycle.state_dict(), cycle.optimizer.state_dict()
        with pytest.raises(ValueError, match="made for 2 steps, got one more; make total_steps larger"):
            cycle.step()
        assert (cycle.state_dict(), cycle.optimizer.state_dict()) == before

    def test_no_momentum_to_cycle(self):
        class Plain(optim.Optimizer):
            pass

        optimizer = Plain([parameter(1.0)], {"lr": 0.1})
        with pytest.raises(ValueError, match="Plain has no momentum to cycle; give cycle_momentum=False"):
            OneCycleLR(optimizer, 0.1, 5)

    @pytest.mark.parametrize("name", ["StepLR", "ReduceLROnPlateau"])
    def test_a_group_that_came_later(self, name):
        scheduler = MAKERS[name](optim.lr_scheduler, self.optimizer())
        scheduler.optimizer.add_param_group({"params": [parameter(1.0)]})
        with pytest.raises(ValueError, match="made for 1 groups of parameters, the optimizer has 2 now"):
            advance(scheduler, 0)

    def test_a_measure_that_is_no_number(self):
        scheduler = ReduceLROnPlateau(self.optimizer())
        with pytest.raises(ValueError, match="wanted a number to go by, got nan"):
            scheduler.step(math.nan)
        assert scheduler.last_epoch == 0

    def test_the_base_says_what_is_missing(self):
        with pytest.raises(NotImplementedError, match=r"LRScheduler has no rate\(\)"):
            LRScheduler(self.optimizer())

    def test_wrong_states_change_nothing(self):
        optimizer = self.optimizer()
        step, cosine = StepLR(optimizer, 3), CosineAnnealingLR(optimizer, 3)
        sequence = SequentialLR(optimizer, [step, cosine], [2])
        other = SequentialLR(optimizer, [cosine, step], [2])
        two = StepLR(SGD([{"params": [parameter(1.0)]}, {"params": [parameter(1.0)]}]), 3)
        for scheduler, state, message in [
            (step, cosine.state_dict(), "StepLR wanted a state with .* got .*T_max"),
            (step, 5, "got int"),
            (step, {**step.state_dict(), "gamma": "x"}, "wanted gamma like 0.1, got 'x'"),
            (step, two.state_dict(), r"wanted _last_lr like \[.*\], got \[0.001, 0.001\]"),
            (sequence, other.state_dict(), "wanted a state with"),
        ]:
            before = scheduler.state_dict()
            with pytest.raises(ValueError, match=message):
                scheduler.load_state_dict(state)
            assert scheduler.state_dict() == before


def test_pytorchs_names_are_at_optim():
    assert optim.lr_scheduler.StepLR is StepLR
    assert (optim.Adam, optim.RMSprop) == (Adam, RMSprop)


def test_numpys_integers_count_steps():
    optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    scheduler = optim.lr_scheduler.StepLR(optimizer, np.int64(2))
    assert type(scheduler.state_dict()["step_size"]) is int
