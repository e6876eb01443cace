"""Does a test notice when the reference is changed? For maintainers, outside CI.

    python scripts/mutate.py 01 05 --sample 120

Changes one thing at a time in the files of these modules, in memory, and runs the tests that reach it (`trials.py` says
how). A mutant that no test notices survives; it is printed, and needs a test or a reason in
`tests/workspace/survivors.toml`. Exit code 1 if one has neither.
"""

import argparse
import os
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from mutations import mutants
from tito import anatomy, course
from tito.course import ROOT
from trials import End, Trial, Trials

EXPLAINED = ROOT / "tests" / "workspace" / "survivors.toml"
LATER = {"checkpoints", "data", "interrupted", "metrics", "milestone", "optimizer", "optimizers", "resume", "samplers"}
LATER |= {"schedulers", "summaries", "training", "weights"}  # in the names of tests of 06 to 08, which are long
AT_IMPORT = {"vjp", "torch_keywords", "pair_by_dim"}  # decorators: done before a mutant of theirs is put in
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # a fork has none of the other threads
Key = tuple[str, str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample of mutants of each module; print who survived, and the score of each file."""
    asked = _parse(arguments)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"), TINYTORCH="reference")
    trials = [t for number in asked.modules for t in _sample(number, asked.sample, asked.seed, asked.only)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = scratch
        ends = _try(trials, asked.jobs)
    _report(ends, time.monotonic() - began)
    explained = explanations()
    return 1 if any(end in ("survived", "not run") and _key(t) not in explained for t, end in ends.items()) else 0


def explanations() -> dict[Key, str]:
    """Return the reasons why a mutant may survive, by file, function, and the text before and after the change."""
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["survivors"]
    return {(e["file"], e["function"], e["before"], e["after"]): e["why"] for e in entries}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", help="numbers of modules: 01 05")
    parser.add_argument("--sample", type=int, default=100, help="so many mutants a module, 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--only", default="", help="only files or functions with one of these in their name: a.py,b.py")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(arguments)


def _sample(number: str, count: int, seed: int, only: str) -> list[Trial]:
    chapter = next(c for c in anatomy.chapters() if c.number == number)
    found = [Trial(number, file, m) for file in chapter.files for m in mutants(file.read_text(encoding="utf-8"))]
    found = [t for t in found if t.mutant.function not in AT_IMPORT]
    found = [t for t in found if any(part in f"{t.file.name} {t.mutant.function}" for part in only.split(","))]
    if count and count < len(found):
        found = random.Random(seed).sample(found, count)
    return sorted(found, key=lambda t: (t.file.name, t.mutant.line))


def _try(trials: Sequence[Trial], jobs: int) -> dict[Trial, End]:
    """Run the judged tests and the course's own tests of the reference on all these mutants."""
    import tinytorch  # noqa: F401  (it registers its modules)

    own = sorted((ROOT / "tests" / "workspace").glob("test_reference_*.py"))
    tests = [*(m.tests for m in course.modules()), *(path for path in own if not LATER & {*path.stem.split("_")})]
    explained = explanations()
    ends: dict[Trial, End] = {}

    def tell(trial: Trial, end: End) -> None:
        ends[trial] = end
        if end in ("survived", "not run"):
            print(f"  {end:9} {trial}   {explained.get(_key(trial), '')}".rstrip(), flush=True)

    quiet = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:terminal"]
    code = pytest.main(["--reference", *quiet, *map(str, tests)], plugins=[Trials(trials, jobs, tell)])
    if code:
        raise SystemExit(f"pytest ended with {code!r}")
    return ends


def _key(trial: Trial) -> Key:
    return trial.file.name, trial.mutant.function, trial.mutant.before, trial.mutant.after


def _report(ends: dict[Trial, End], seconds: float) -> None:
    by_file: defaultdict[str, Counter[End]] = defaultdict(Counter)
    for trial, end in ends.items():
        by_file[f"{trial.number} {trial.file.name}"][end] += 1
        by_file[trial.number][end] += 1
    for name, counts in sorted(by_file.items()):
        noticed = counts["noticed"] + counts["hung"]
        print(f"{name:28} {noticed:4} of {counts.total():4} noticed, {noticed / counts.total():6.1%}", end="")
        print(f"; {counts['hung']} of them by a time limit, {counts['not run']} not run")
    print(f"{len(ends)} mutants in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
