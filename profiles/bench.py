"""Compare the reference with PyTorch's CPU eager mode: `python profiles/bench.py [--write]`. Needs PyTorch.

Each case does the same work in both, interleaved in one process, on one thread, in CPU time. Printed is the ratio (ours
by PyTorch's; below 1 we are faster) as the median of the rounds, with the quartiles beside it: the times of a shared
machine vary, the ratios hold. `--write` puts the table into profiles/RATIOS.md with the machine and the versions. The
reference runs, whatever is built.
"""

import os

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
for variable in ONE_THREAD:  # before NumPy and PyTorch read them
    os.environ[variable] = "1"
os.environ["TINYTORCH"] = "reference"

import argparse
import gc
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tinytorch as tt
from tinytorch import nn, optim
from tinytorch.tensor import Tensor, from_numpy

try:
    import torch
except ImportError:
    sys.exit('profiles/bench.py compares with PyTorch, which is not installed; try: pip install "tinytorch[oracle]"')

TABLE = Path(__file__).parent / "RATIOS.md"
Work = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """The same work twice, and the ratio that is wanted."""

    name: str
    budget: float | None  # None: only shown
    repeat: int  # times the work is done in a round
    make: Callable[[], tuple[Work, Work]]  # ours, PyTorch's


@dataclass(frozen=True)
class Measured:
    """The ratios of one case over the rounds."""

    case: Case
    ratios: list[float]
    ours: float  # median CPU seconds of one repetition
    theirs: float

    def row(self) -> str:
        """Return a row of the table."""
        low, median, high = statistics.quantiles(self.ratios, n=4)
        budget = self.case.budget
        verdict = "" if budget is None else "met" if median <= budget else "missed"
        times = f"{_shown(self.ours)} | {_shown(self.theirs)}"
        ratio = f"{median:.2f} | {low:.2f} to {high:.2f} | {'' if budget is None else f'{budget:.2f}'} | {verdict}"
        return f"| {self.case.name} | {ratio} | {times} |"


HEAD = "| work | ratio | quartiles | budget | | ours | PyTorch |\n| --- | --- | --- | --- | --- | --- | --- |"


def chain(shape: tuple[int, ...], other: tuple[int, ...], both_learn: bool = False) -> tuple[Work, Work]:
    """Return 200 small operations forward and backward: a product and a sum in turn."""
    random = np.random.default_rng(0)
    a, b = (random.uniform(0.5, 0.9, s).astype(np.float32) for s in (shape, other))

    def ours() -> None:
        x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=both_learn)
        z = x
        for _ in range(100):
            z = z * y
            z = z + y
        z.sum().backward()

    def theirs() -> None:
        x, y = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=both_learn)
        z = x
        for _ in range(100):
            z = z * y
            z = z + y
        z.sum().backward()

    return ours, theirs


def mlp_step(widths: tuple[int, ...] = (784, 512, 512, 10), batch: int = 128) -> tuple[Work, Work]:
    """Return a training step of an MLP with Adam."""
    random = np.random.default_rng(0)
    images = random.standard_normal((batch, widths[0]), np.float32)
    labels = random.integers(0, widths[-1], batch)
    pairs = list(zip(widths[:-1], widths[1:], strict=True))
    ours = nn.Sequential([part for n, m in pairs for part in (nn.Linear(n, m, seed=0), nn.ReLU())][:-1])
    theirs = torch.nn.Sequential(*[part for n, m in pairs for part in (torch.nn.Linear(n, m), torch.nn.ReLU())][:-1])
    our_adam, their_adam = optim.Adam(ours.parameters(), lr=1e-3), torch.optim.Adam(theirs.parameters(), lr=1e-3)
    x, their_x, their_labels = from_numpy(images), torch.tensor(images), torch.tensor(labels)

    def our_step() -> None:
        our_adam.zero_grad()
        tt.cross_entropy(ours(x), labels).backward()
        our_adam.step()

    def their_step() -> None:
        their_adam.zero_grad()
        torch.nn.functional.cross_entropy(theirs(their_x), their_labels).backward()
        their_adam.step()

    return our_step, their_step


def optimizer_step(name: str, **options: float) -> tuple[Work, Work]:
    """Return a step alone over that MLP's parameters, whose gradients stay as they are."""
    random = np.random.default_rng(0)
    ours, theirs = [], []
    for shape in ((784, 512), (512,), (512, 512), (512,), (512, 10), (10,)):
        values, slopes = (random.standard_normal(shape, np.float32) for _ in range(2))
        ours.append(Tensor(values, requires_grad=True))
        theirs.append(torch.tensor(values, requires_grad=True))
        ours[-1].grad, theirs[-1].grad = Tensor(slopes), torch.tensor(slopes)
    optimizers = getattr(optim, name)(ours, lr=1e-3, **options), getattr(torch.optim, name)(theirs, lr=1e-3, **options)
    return optimizers[0].step, optimizers[1].step


def one_operation(name: str, **options: int) -> tuple[Work, Work]:
    """Return an operation of 128x512 float32 numbers forward and backward; cross_entropy has 512 classes."""
    random = np.random.default_rng(0)
    values, weights = (random.standard_normal((128, 512), np.float32) for _ in range(2))
    labels = random.integers(0, 512, 128)
    seed, their_seed, their_labels = from_numpy(weights), torch.tensor(weights), torch.tensor(labels)
    ours, theirs = getattr(nn.functional, name), getattr(torch.nn.functional, name)
    is_loss = name == "cross_entropy"

    def our_work() -> None:
        x = from_numpy(values)
        x.requires_grad = True
        ours(x, labels).backward() if is_loss else ours(x, **options).backward(seed)

    def their_work() -> None:
        x = torch.from_numpy(values).requires_grad_()
        theirs(x, their_labels).backward() if is_loss else theirs(x, **options).backward(their_seed)

    return our_work, their_work


CASES = [
    Case("small op, forward + backward, 4x4 and 4x4", 0.65, 10, lambda: chain((4, 4), (4, 4))),
    Case("small op, forward + backward, 4x4 and 4", 1.00, 10, lambda: chain((4, 4), (4,))),
    Case("the same, and both learn: 4x4 and 4x4", 0.65, 10, lambda: chain((4, 4), (4, 4), both_learn=True)),
    Case("the same, and both learn: 4x4 and 4", 1.00, 10, lambda: chain((4, 4), (4,), both_learn=True)),
    Case("MLP 784-512-512-10, batch 128, Adam: a step", 0.90, 3, mlp_step),
    Case("SGD, its parameters: a step alone", None, 10, lambda: optimizer_step("SGD")),
    Case("SGD with momentum 0.9", None, 10, lambda: optimizer_step("SGD", momentum=0.9)),
    Case("Adam", None, 5, lambda: optimizer_step("Adam")),
    Case("AdamW", None, 5, lambda: optimizer_step("AdamW")),
    Case("RMSprop", None, 5, lambda: optimizer_step("RMSprop")),
    Case("relu, 128x512", None, 20, lambda: one_operation("relu")),
    Case("gelu, 128x512", None, 20, lambda: one_operation("gelu")),
    Case("softmax, 128x512", None, 20, lambda: one_operation("softmax", dim=-1)),
    Case("log_softmax, 128x512", None, 20, lambda: one_operation("log_softmax", dim=-1)),
    Case("cross_entropy, 128x512", None, 20, lambda: one_operation("cross_entropy")),
]


def measure(case: Case, rounds: int) -> Measured:
    """Run both in turn; each round gives one ratio."""
    works = case.make()
    for work in works:
        _cpu_seconds(work, 2)
    times = [[_cpu_seconds(work, case.repeat) for work in works] for _ in range(rounds)]
    ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    return Measured(case, [a / b for a, b in times], ours, theirs)


def _cpu_seconds(work: Work, repeat: int) -> float:
    gc.collect()
    start = time.process_time()
    for _ in range(repeat):
        work()
    return (time.process_time() - start) / repeat


def linearity(lengths: tuple[int, ...] = (1_000, 10_000, 100_000)) -> str:
    """Return the CPU time of backward an operation, for chains of different lengths."""
    parts = []
    for length in lengths:
        best = float("inf")
        for _ in range(3):
            z = Tensor([1.0], requires_grad=True)
            for _ in range(length):
                z = z + 1.0
            best = min(best, _cpu_seconds(z.backward, 1))
        parts.append(f"{length:,} operations: {best / length * 1e6:.2f} us each")
    return "backward of a chain: " + ", ".join(parts)


def memory() -> str:
    """Return the peak of a step's memory beside what it has to hold."""
    widths, batch = (784, 512, 512, 10), 128
    mlp_step(widths, batch)  # with its first optimizer PyTorch imports much, which is no part of a step
    tracemalloc.start()
    step, _ = mlp_step(widths, batch)
    for _ in range(3):
        step()
    tracemalloc.reset_peak()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    parameters = sum(n * m + m for n, m in zip(widths[:-1], widths[1:], strict=True))
    # An activation is what a layer hands on: the product, the sum with the bias, ReLU's result; logits have no ReLU.
    activations = batch * (widths[0] + sum(3 * m for m in widths[1:-1]) + 2 * widths[-1])
    needed = 4 * (4 * parameters + activations)  # float32: parameters, gradients, two of Adam's; activations
    return (
        f"peak memory of that step: {peak / 1e6:.1f} MB, {peak / needed:.2f} x (parameters + gradients + optimizer "
        f"state + activations = {needed / 1e6:.1f} MB); budget 1.30"
    )


def machine() -> str:
    """Return what the figures were measured on."""
    return (
        f"Measured by `python profiles/bench.py --write` on {platform.machine()}, {os.cpu_count()} cores, one thread "
        f"used; Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}."
    )


def _shown(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def main() -> None:
    """Measure, print, and write the table if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    lines = [HEAD]
    print(HEAD)
    for case in CASES:
        lines.append(measure(case, asked.rounds).row())
        print(lines[-1], flush=True)
    notes = [linearity(), memory(), machine()]
    print("\n" + "\n\n".join(notes))
    if asked.write:
        table = "\n".join(lines)
        text = f"# The reference beside PyTorch's CPU eager mode\n\nBelow 1: ours is faster.\n\n{table}\n\n"
        TABLE.write_text(text + "\n\n".join(notes) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
