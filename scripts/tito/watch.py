"""`tito watch`: the verdict on a module within a second of every save.

A parent that has NumPy and pytest in memory (`preload.py`) forks a fresh process for each run, so that the learner's
code is always imported anew and nothing else is. Where forking is not safe (macOS) or absent, each run is a new Python.
"""

import hashlib
import json
import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from tito import course
from tito.course import MODULES, ROOT
from tito.limit import import_course
from tito.memory import CannotDo

if TYPE_CHECKING:  # not all of them are there on every system
    from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess

TESTS = ROOT / "tests"
NUMBER = re.compile(r"(?:^|_)(\d\d)_")  # 01_tensor, test_01_tensor.py
STEP = 25  # ms without another change, after which a burst of saves is over
POLL = 50  # ms between looks at the run
SLOW = 5.0  # seconds, after which a run is said to take long


@dataclass
class Run:
    """The tests of some targets in a process of their own."""

    targets: list[str]
    process: "ForkServerProcess | SpawnProcess"
    began: float = field(default_factory=time.monotonic)
    called_slow: bool = False

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began

    def cancel(self) -> None:
        """End it at once, also in an endless loop."""
        self.process.kill()
        self.process.join()


def watch(
    target: Annotated[
        str, typer.Argument(metavar="[NN[.k]]", help="Run these tests at every save, not the saved module's.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document a line and run; tests go to standard error.")
    ] = False,
) -> None:
    """Run a module's tests whenever one of its files is saved, until Ctrl-C.

    Example: tito watch, or tito watch 05.3
    """
    if target:
        course.select(target)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    watcher = Watcher(target, as_json)
    try:
        watcher.loop()
    except KeyboardInterrupt:
        pass
    except (OSError, RuntimeError) as error:
        raise CannotDo(f"watching does not work here: {error}; WATCHFILES_FORCE_POLLING=1 may help") from None
    finally:
        watcher.stop()
    watcher.tell("\nended")


class Watcher:
    """What is watched, and the run that is on."""

    def __init__(self, target: str, as_json: bool) -> None:
        self.target = target
        self.as_json = as_json
        self.run: Run | None = None
        self.contents: dict[str, str] = {}  # what the files held when their tests were last started
        self.context = _context()

    def loop(self) -> None:
        """Start a run at each save, and say how it ended."""
        import watchfiles

        self.tell(
            f"watching modules/ and tests/: save a file, and {self.target or 'its module'} is tested; Ctrl-C ends"
        )
        if self.target:
            self.start([self.target])
        places = [place for place in (MODULES, TESTS) if place.is_dir()]
        for changes in watchfiles.watch(
            *places, watch_filter=_is_source, step=STEP, rust_timeout=POLL, yield_on_timeout=True
        ):
            self.saved({path for _, path in changes})
            self.look()

    def saved(self, paths: set[str]) -> None:
        """Start the tests of what was saved; a run that is on is cancelled, and its targets are run again as well."""
        contents = {path: _digest(path) for path in paths}
        again = self.run is not None and all(self.contents.get(path) == digest for path, digest in contents.items())
        targets = [self.target] if self.target and paths else _modules(paths)
        if again or not targets:
            return
        self.contents |= contents
        if self.run:
            targets = sorted({*targets, *self.run.targets})
            self.run.cancel()
            self.tell("\nsaved again: starting over")
        self.start(targets)

    def start(self, targets: list[str]) -> None:
        """Start a run."""
        self.tell(f"\n{time.strftime('%H:%M:%S')}  {', '.join(targets)}")
        process = self.context.Process(target=judge, args=(targets, self.as_json))
        self.run = Run(targets, process)
        process.start()

    def look(self) -> None:
        """Say how the run that is on has ended, or that it takes long."""
        run = self.run
        if run is None:
            return
        if run.process.exitcode is None:
            if run.seconds > SLOW and not run.called_slow:
                run.called_slow = True
                self.tell(f"still running after {SLOW:g} s; a save starts it over, Ctrl-C ends")
            return
        self.run = None
        if self.as_json:
            answer = {"targets": run.targets, "exit": run.process.exitcode, "seconds": round(run.seconds, 3)}
            print(json.dumps(answer), flush=True)
        else:
            right = "all right" if run.process.exitcode == 0 else "not all built and right yet"
            self.tell(f"{', '.join(run.targets)}: {right}, {run.seconds:.1f} s")

    def stop(self) -> None:
        """Leave nothing running."""
        if self.run:
            self.run.cancel()

    def tell(self, text: str) -> None:
        """Print for people."""
        if not self.as_json:
            print(text, flush=True)


def judge(targets: list[str], quiet: bool) -> None:
    """Run the tests of the targets: the whole life of a run's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches this process too; the watcher ends it
    if quiet:
        os.dup2(2, 1)
    import_course()
    from tito import record, testing

    print(record.yours(), flush=True)
    sys.exit(testing.run(targets))


def _context() -> "ForkServerContext | SpawnContext":
    """Return the way to start processes; a parent to fork from begins to load at once."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tito.cli", "tito.preload"])
    forkserver.ensure_running()
    return context


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _is_source(change: object, path: str) -> bool:
    """Return whether a file is Python that somebody saves: no editor's temporary file, nothing generated."""
    name = Path(path).name
    return name.endswith(".py") and not name.startswith((".", "#", "~")) and "__pycache__" not in path


def _modules(paths: Iterable[str]) -> list[str]:
    """Return the numbers of the modules that these files belong to: in modules/ by folder, in tests/ by name."""
    known = {module.number for module in course.modules()}
    found = set()
    for path in paths:
        matches = (NUMBER.search(part) for part in Path(path).parts[len(ROOT.parts) :])
        found |= {match[1] for match in matches if match} & known
    return sorted(found)


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""
