"""Does a test notice when the reference is changed? For maintainers, outside CI.

    python scripts/mutate.py 01 05 --sample 120

Changes one thing at a time in the files of these modules, in memory, and runs the tests of the module on it, each in a
process of its own. A mutant that no test notices survives; it is printed, and needs a test or a reason in
`tests/workspace/survivors.toml`. Exit code 1 if one has neither.
"""

import argparse
import concurrent.futures
import contextlib
import functools
import os
import random
import signal
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Literal

from mutations import Mutant, mutants, mutated_code
from tito import anatomy
from tito.course import ROOT

EXPLAINED = ROOT / "tests" / "workspace" / "survivors.toml"
LONGEST = 150  # seconds for the tests of a mutant; who takes longer hangs, and is noticed
AT_IMPORT = {"vjp", "register"}  # these did their work before a mutant of theirs is put in

End = Literal["noticed", "hung", "survived"]


@dataclass(frozen=True)
class Trial:
    """One mutant of one file."""

    file: Path
    mutant: Mutant

    def __str__(self) -> str:
        return f"{self.file.name} {self.mutant}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample of mutants of each module; print the score and who survived."""
    asked = _parse(arguments)
    os.environ["TINYTORCH"] = "reference"
    explained = _explained()
    open_ones = 0
    for number in asked.modules:
        trials = _sample(number, asked.sample, asked.seed, asked.only)
        tests = _tests(number)
        ends: dict[Trial, End] = {}
        with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
            for trial, end in zip(trials, pool.map(functools.partial(_try, tests), trials), strict=True):
                ends[trial] = end
                if end == "survived":
                    reason = explained.get(_key(trial))
                    open_ones += reason is None
                    print(f"  survived  {trial}   {reason or ''}".rstrip(), flush=True)
        _report(number, list(ends.values()))
    return 1 if open_ones else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", help="numbers of modules: 01 05")
    parser.add_argument("--sample", type=int, default=100, help="so many mutants a module, 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--only", default="", help="only files or functions with this in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(arguments)


def _sample(number: str, count: int, seed: int, only: str) -> list[Trial]:
    chapter = next(c for c in anatomy.chapters() if c.number == number)
    found = [Trial(file, m) for file in chapter.files for m in mutants(file.read_text(encoding="utf-8"))]
    found = [t for t in found if t.mutant.function not in AT_IMPORT and only in f"{t.file.name} {t.mutant.function}"]
    if count and count < len(found):
        found = random.Random(seed).sample(found, count)
    return sorted(found, key=lambda t: (t.file.name, t.mutant.line))


def _tests(number: str) -> list[str]:
    """Return the test files of a module: those that judge, then the course's own that import one of its files."""
    chapter = next(c for c in anatomy.chapters() if c.number == number)
    names = [f"tinytorch.{file.stem}" for file in chapter.files] + ["from tinytorch import"]
    own = [
        path
        for path in sorted((ROOT / "tests" / "workspace").glob("test_reference_*.py"))
        if any(name in path.read_text(encoding="utf-8") for name in names) and "milestone" not in path.name
    ]
    first = [path for path in own if any(file.stem in path.stem for file in chapter.files)]
    judged = [chapter.module.tests] if chapter.module else []
    return [str(path) for path in [*judged, *first, *(path for path in own if path not in first)]]


def _try(tests: Sequence[str], trial: Trial) -> End:
    """Run the tests on a mutant in a process of its own."""
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            os._exit(_run_tests(trial, tests))
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "hung" if os.WTERMSIG(status) == signal.SIGALRM else "noticed"
    return "survived" if os.WEXITSTATUS(status) == 0 else "noticed"


def _run_tests(trial: Trial, tests: Sequence[str]) -> int:
    """Put the mutant in and run pytest; the exit code is pytest's."""
    signal.alarm(LONGEST)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    import pytest

    import tinytorch  # noqa: F401  (it registers its modules)

    function = _live(trial.file, trial.mutant.function)
    function.__code__ = mutated_code(trial.mutant, str(trial.file))
    options = ["--reference", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "-W", "ignore"]
    return int(pytest.main([*options, *tests]))


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


def _key(trial: Trial) -> tuple[str, str, str, str]:
    return trial.file.name, trial.mutant.function, trial.mutant.before, trial.mutant.after


def _explained() -> dict[tuple[str, str, str, str], str]:
    """Return the reasons why a mutant may survive."""
    if not EXPLAINED.exists():
        return {}
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["survivors"]
    return {(e["file"], e["function"], e["before"], e["after"]): e["why"] for e in entries}


def _report(number: str, ends: Sequence[End]) -> None:
    noticed = len(ends) - ends.count("survived")
    hung = ends.count("hung")
    print(
        f"{number}: {noticed} of {len(ends)} noticed, {noticed / max(len(ends), 1):.1%}; {hung} of them by a time limit"
    )


if __name__ == "__main__":
    sys.exit(main())
