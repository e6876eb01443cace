"""Runs the tests on mutants, each in a process of its own and only the tests that reach its line. For `mutate.py`.

Public parts: `Trial`, `End`, `Trials`.

pytest collects once. A first run notes which lines of the reference each test runs; a second one, in a mixed order, how
much processor time each takes, and which fail without any mutant: those are left out. A process that tries a mutant is
a fork of this one, so nothing is imported again. All limits are in processor time: on a busy machine
no mutant counts as one that hangs.
"""

import contextlib
import functools
import gc
import itertools
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import IO, Any, Literal

import pytest
from mutations import Mutant, mutated_code

SECONDS = 3.0  # of processor time that any test may take on a mutant,
TIMES = 5.0  # and so many times what it takes without one
ENOUGH = 12.0  # seconds that all tests of a mutant together take without one; the longest are left out
LONGEST = 900  # seconds on the clock for all tests of a mutant: for one that waits for ever and uses no processor time
MEMORY = 6 * 2**30  # bytes that a mutant may ask for

End = Literal["noticed", "hung", "survived", "not run"]
Line = tuple[str, int]


@dataclass(frozen=True)
class Trial:
    """One mutant of one file."""

    number: str  # of the module that the file belongs to
    file: Path
    mutant: Mutant

    def __str__(self) -> str:
        return f"{self.file.name} {self.mutant}"


class Trials:
    """A pytest plugin: in place of running all tests once, it runs, for each mutant, those that reach its line."""

    def __init__(self, trials: Sequence[Trial], jobs: int, tell: Callable[[Trial, End], None]) -> None:
        self.trials = trials
        self.jobs = jobs
        self.tell = tell
        self.items: list[pytest.Item] = []
        self.reached: dict[Line, set[int]] = {}  # by which tests, as places in `items`
        self.seconds: list[float] = []  # of processor time, for each test
        self.failing: set[int] = set()  # without a mutant
        self.failed = False  # whether the running test has
        self.mutant_is_in = False

    def pytest_sessionstart(self) -> None:
        """Let a failure decide at once, without a search for a smaller example, and the same one each time."""
        from hypothesis import Phase, settings

        settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), database=None, derandomize=True)
        settings.load_profile("mutants")

    def pytest_timeout_set_timer(self) -> bool:
        """Leave out pytest-timeout's limits, which are on the clock."""
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure; the first one decides about a mutant."""
        self.failed |= report.failed
        if report.failed and self.mutant_is_in:
            os._exit(1)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests twice without a mutant, then on all mutants."""
        if session.testsfailed:
            raise pytest.UsageError("the tests can't be collected; run them without mutants first")
        self.items = session.items
        gc.freeze()  # so that the processes go on sharing memory
        mixed = random.Random(0).sample(range(len(self.items)), len(self.items))
        (self.reached, slow), (self.seconds, self.failing) = _in_processes(self._traced, lambda: self._timed(mixed))
        for i in sorted(self.failing):
            print(f"  left out, since it fails without a mutant: {self.items[i].nodeid}", flush=True)
        print(f"  {len(slow)} tests: {sum(self.seconds):.0f} s of processor time, {sum(slow):.0f} s traced", flush=True)
        self._try_all()
        return True

    def _try_all(self) -> None:
        running: dict[int, Trial] = {}
        for trial in self.trials:
            chosen = self._tests_of(trial)
            if not chosen:
                self.tell(trial, "not run")
                continue
            if len(running) == self.jobs:
                self._wait_for_one(running)
            running[_fork(functools.partial(self._try, trial, chosen))] = trial
        while running:
            self._wait_for_one(running)

    def _tests_of(self, trial: Trial) -> list[int]:
        """Return the places of the tests that reach a mutant's lines: the file's own first, then the short ones."""
        lines = [self.reached.get((str(trial.file), line), set()) for line in trial.mutant.lines]
        chosen = set().union(*lines) - self.failing
        order = sorted(chosen, key=lambda i: (trial.file.stem not in self.items[i].path.stem, self.seconds[i]))
        spent = itertools.accumulate(self.seconds[i] for i in order)
        return [i for i, seconds in zip(order, spent, strict=True) if seconds < ENOUGH] or order[:1]

    def _wait_for_one(self, running: dict[int, Trial]) -> None:
        pid, status = os.wait()
        at_a_limit = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM)
        self.tell(running.pop(pid), "hung" if at_a_limit else "noticed" if status else "survived")

    def _try(self, trial: Trial, chosen: Sequence[int]) -> None:
        """Put the mutant in and run tests until one fails, which ends this process."""
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        signal.alarm(LONGEST)
        self.mutant_is_in = True
        function = _live(trial.file, trial.mutant.function)
        function.__code__ = mutated_code(trial.mutant, str(trial.file))
        for place, following in _in_order(chosen):
            signal.setitimer(signal.ITIMER_PROF, SECONDS + TIMES * self.seconds[place])
            self._run(place, following)

    def _traced(self) -> tuple[dict[Line, set[int]], list[float]]:
        """Return which tests reach each line, and about how long each takes."""
        files = {str(trial.file) for trial in self.trials}
        reached: dict[Line, set[int]] = defaultdict(set)
        seconds = []
        for place, following in _in_order(range(len(self.items))):
            seen: set[Line] = set()
            with _lines_into(seen, files):
                seconds.append(self._run(place, following))
            for line in seen:
                reached[line].add(place)
        return dict(reached), seconds

    def _timed(self, order: Sequence[int]) -> tuple[list[float], set[int]]:
        """Return each test's processor time, and which fail in this order."""
        seconds, failing = [0.0] * len(order), set()
        for place, following in _in_order(order):
            seconds[place] = self._run(place, following)
            if self.failed:
                failing.add(place)
        return seconds, failing

    def _run(self, place: int, following: int | None) -> float:
        """Run one test, with its fixtures; return its processor time."""
        self.failed = False
        item = self.items[place]
        began = time.process_time()
        nextitem = None if following is None else self.items[following]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        return time.process_time() - began


def _in_order(places: Sequence[int]) -> Iterator[tuple[int, int | None]]:
    """Yield each place with the one that follows."""
    return zip(places, [*places[1:], None], strict=True)


@contextlib.contextmanager
def _lines_into(seen: set[Line], files: Collection[str]) -> Iterator[None]:
    """Add the lines of these files that run meanwhile, in any thread."""

    def in_function(frame: FrameType, event: str, _: Any) -> Any:
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return in_function

    def at_call(frame: FrameType, event: str, _: Any) -> Any:
        return in_function if frame.f_code.co_filename in files else None

    threading.settrace(at_call)
    sys.settrace(at_call)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)


def _fork(work: Callable[[], object]) -> int:
    """Do some work in a process of its own, which ends with code 0, or 1 if it raised; return its id."""
    pid = os.fork()
    if pid:
        return pid
    with contextlib.suppress(BaseException):
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        work()
        os._exit(0)
    os._exit(1)


def _in_processes(*works: Callable[[], Any]) -> list[Any]:
    """Return the results of works that are done at once in processes of their own, so that this one stays as it was."""
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in works]
        running = [_fork(functools.partial(_keep, work, file)) for work, file in zip(works, files, strict=True)]
        if any([os.waitpid(pid, 0)[1] for pid in running]):
            raise RuntimeError("the tests can't be run without a mutant")
        for file in files:
            file.seek(0)
        return [pickle.load(file) for file in files]


def _keep(work: Callable[[], Any], file: IO[bytes]) -> None:
    pickle.dump(work(), file)
    file.flush()


def _live(file: Path, name: str) -> FunctionType:
    """Return the function object that runs under this name."""
    found: Any = sys.modules[f"tinytorch.{file.stem}"]
    for part in name.split("."):
        found = vars(found)[part]
    if isinstance(found, property):
        found = found.fget
    while not isinstance(found, FunctionType):
        found = getattr(found, "__wrapped__", None) or found.__func__
    return found
