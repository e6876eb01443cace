"""The pytest plugin of the course: what is not built yet is skipped, what is wrong is explained, and verdicts are kept.

Loaded by `-p tito.verdicts` in pyproject.toml, so that the command line, the editor's Test Explorer and CI judge
alike. A test that judges an exercise carries `@pytest.mark.exercise("05.3")` and takes `check`; others are left alone.
"""

import os
import re
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tito import course, explaining, fingerprints, memory, record
from tito.check import Check, Mismatch
from tito.course import ROOT, Exercise, Module
from tito.limit import import_course

OWN_TESTS = ROOT / "tests" / "workspace"
VERDICTS = "verdicts.json"  # in .tito/
TIME_LIMIT = 10  # seconds for a judged test, which takes milliseconds: what takes longer never ends
UNUSABLE = ("missing", "broken")  # states in which nothing can be judged
TIMED_OUT = pytest.StashKey[set[str]]()
TIMEOUT = re.compile(r"Timeout \(?>?\s*([\d.]+)")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the course's options."""
    group = parser.getgroup("tinytorch")
    group.addoption(
        "--reference", action="store_true", help="test the reference, with everything of the learner's set aside"
    )
    group.addoption(
        "--exercise", action="append", default=[], metavar="NN.k", help="only the tests of this exercise (repeatable)"
    )
    group.addoption("--brief", action="store_true", help="explain the first failure of each exercise, name the others")
    group.addoption("--built", action="store_true", help="only the tests of exercises that are built")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the mode, import the learner's files within a time limit, and start keeping verdicts."""
    if config.getoption("--reference"):
        os.environ["TINYTORCH"] = "reference"
    if config.rootpath == ROOT:  # not in the empty run by which `tito watch` loads this plugin beforehand
        import_course()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Verdicts(config), "tito-verdicts")


def pytest_report_header() -> str:
    """Say whose code is tested."""
    return record.yours()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the course's own tests out where a learner's code runs, unless they are named: they judge the reference."""
    if collection_path != OWN_TESTS or os.environ.get("TINYTORCH") == "reference":
        return None
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(OWN_TESTS) for path in named) else True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that `--exercise` or `--built` ask for, and tell each what it judges."""
    wanted, built_only = set(config.getoption("--exercise")), config.getoption("--built")
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        judged = judged_by(item)
        if judged:
            item.user_properties.append(("exercise", judged))
            item.add_marker(pytest.mark.timeout(TIME_LIMIT))
        asked = not wanted or judged in wanted
        (
            kept
            if asked and (not built_only or (judged and _state(judged) in ("built", "broken", "missing")))
            else dropped
        ).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Check:
    """Return the judge of one call; see `tito.check.Check`."""
    from tito.cases import names_for

    judged = judged_by(request.node)
    function = _exercises_of(judged)[-1].function
    return Check(names_for(_module_of(judged)), function, verbose=request.config.get_verbosity() >= 2)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what isn't built; fail what can't be judged because the learner's file can't be used."""
    judged = judged_by(item)
    if not judged or os.environ.get("TINYTORCH") == "reference":
        return
    if judged in item.config.stash.setdefault(TIMED_OUT, set()):
        pytest.fail(explaining.not_run(judged), pytrace=False)
    from tinytorch import _workspace

    module = _module_of(judged)
    states = _workspace.exercise_states(module.name)
    for exercise in _exercises_of(judged):
        state = states.get(exercise.id, "missing")
        if state == "unbuilt":
            pytest.skip(f"not built yet: {exercise}")
        elif state == "aside":
            pytest.skip(f"set aside: {exercise}; `tito use mine {module.number}` takes your own code again")
        elif state == "missing":
            gone = not module.file.exists()
            text = explaining.file_not_there(module) if gone else explaining.not_there(exercise, module)
            pytest.fail(text, pytrace=False)
        elif state == "broken":
            pytest.fail(explaining.unusable(module, _workspace.failures.get(module.name)), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    """Complete a mismatch with a diagnosis while the test's time limit still holds."""
    result = yield
    judged = judged_by(pyfuncitem)
    mismatch = result.excinfo[1] if judged and result.excinfo else None
    if isinstance(mismatch, Mismatch):
        module, exercise = _module_of(judged), _exercises_of(judged)[-1]
        mismatch.details = explaining.explain(pyfuncitem.function, judged, module, exercise, mismatch)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Show the form for learners instead of a traceback."""
    result = yield
    report: pytest.TestReport = result.get_result()
    judged = judged_by(item)
    if not judged or call.excinfo is None:
        return
    error = call.excinfo.value
    if isinstance(error, Mismatch):
        report.longrepr = error.details or str(error)
    elif isinstance(error, pytest.fail.Exception) and (match := TIMEOUT.search(str(error))):
        module, exercise = _module_of(judged), _exercises_of(judged)[-1]
        case = getattr(item, "function", None)
        report.longrepr = explaining.timed_out(case, judged, module, exercise, error, float(match[1]))
        item.config.stash.setdefault(TIMED_OUT, set()).add(judged)


def judged_by(item: pytest.Item) -> str:
    """Return the exercise (or the module) that a test judges, or ""."""
    mark = item.get_closest_marker("exercise")
    return str(mark.args[0]) if mark else ""


class Verdicts:
    """Gathers the outcome of each exercise over a run, keeps it in `.tito/verdicts.json`, and sums it up."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.outcomes: dict[str, list[str]] = {}
        self.failed: list[tuple[str, str]] = []  # what a failed test judges ("" for others), and its text

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test's outcome; under xdist this runs in the controller."""
        judged = dict(report.user_properties).get("exercise")
        if judged and (report.when == "call" or report.outcome != "passed"):
            self.outcomes.setdefault(str(judged), []).append(report.outcome)
        if report.failed:
            self.failed.append(
                (str(judged or ""), report.longreprtext if judged else f"{report.nodeid}\n{report.longreprtext}")
            )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that can't be collected."""
        if report.failed:
            self.failed.append(("", f"{report.nodeid}\n{report.longreprtext}"))

    def verdict(self, exercise: str) -> str:
        """Return "passed", "failed", "skipped", "partly" (right so far, but not all of its tests ran) or "not run"."""
        from tito.cases import cases

        outcomes = self.outcomes.get(exercise, [])
        if "failed" in outcomes:
            return "failed"
        if "passed" in outcomes:
            return "passed" if len(outcomes) >= len(cases(_module_of(exercise)).get(exercise, ())) else "partly"
        return "skipped" if outcomes else "not run"

    def pytest_sessionfinish(self) -> None:
        """Keep the verdicts of the learner's code; what isn't there, or can't be used, was not judged."""
        if os.environ.get("TINYTORCH") != "reference":
            judged = [e for e in self.outcomes if "." in e and _state(e) not in UNUSABLE]
            keep({e: v for e in judged if (v := self.verdict(e)) in ("passed", "failed")})

    def _module_summary(self, module: Module) -> list[str]:
        """Return the lines of one module: what is right with how to compare, what is wrong, what did not run."""
        ran = [e for e in module.exercises if e.id in self.outcomes]
        read = [id for id, mark in record.marks().items() if mark == "read"]
        usable = [e for e in ran if _state(e.id) not in UNUSABLE]
        lines = [line for e in usable if (line := _verdict_line(e, self.verdict(e.id), e.id in read))]
        if right := [e for e in usable if self.verdict(e.id) == "passed" and e.id not in read]:
            lines.append(f"            compare with the reference: tito show {right[-1].id} --reference")
        name = memory.shown(module.file)
        for state, why in (("missing", f"not in {name}"), ("broken", f"{name} can't be used")):
            lines += _listed(state, [e.id for e in ran if _state(e.id) == state], why)
        skipped = [e.id for e in ran if self.verdict(e.id) == "skipped"]
        aside = [id for id in skipped if _state(id) == "aside"]
        lines += _listed("aside", aside, f"the reference runs there; `tito use mine {module.number}` takes yours again")
        return lines + _listed("not run", [id for id in skipped if id not in aside], "not built yet")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what stands, and what to do next."""
        explained = self.explained() if self.config.getoption("--brief") else []
        lines = [line for text in [*explained, *self.summary()] for line in text.splitlines() or [""]]
        if terminalreporter.isatty:
            lines = explaining.wrapped(lines, shutil.get_terminal_size().columns)
        for line in lines:
            terminalreporter.write_line(line)

    def explained(self) -> list[str]:
        """Return the first failure of each exercise in full, with the other behaviours that fail below it."""
        lines: list[str] = []
        told: set[str] = set()  # a file that can't be used fails all its exercises with one text
        for judged in dict.fromkeys(judged for judged, _ in self.failed):
            first, *others = [text for of, text in self.failed if of == judged]
            if not judged:
                lines += ["", "\n\n".join([first, *others])]
                continue
            if first in told:
                continue
            told.add(first)
            headline = first.partition("\n")[0]
            also = [line for text in others if (line := text.partition("\n")[0]) != headline]
            rows = (explaining.row("also fails", line.partition(": ")[2]) for line in dict.fromkeys(also))
            lines += ["", first, *rows]
        return [*lines, ""]

    def summary(self) -> list[str]:
        """Return the lines of the summary: one an exercise, then the next step."""
        if os.environ.get("TINYTORCH") == "reference" or not self.outcomes:
            return []
        lines: list[str] = []
        for module in course.modules():
            lines += self._module_summary(module)
        if following := self._following():
            lines.append(
                f"  next      {following}: {memory.shown(course.owner(following).file)}, then  tito test {following.id}"
            )
        return lines

    def _following(self) -> Exercise | None:
        """Return what comes next: of what was asked for the first that isn't right, or else of the whole course."""
        every = [e for m in course.modules() for e in m.exercises if _state(e.id) not in ("aside", *UNUSABLE)]
        if left := [e for e in every if self.verdict(e.id) in ("failed", "skipped")]:
            return left[0]
        from tito.progress import following, standings

        coming = following(standings()[1])
        return coming.exercise if coming and self.verdict(coming.exercise.id) == "not run" else None


def _listed(label: str, exercises: list[str], why: str) -> list[str]:
    return [f"  {label:<9} {', '.join(exercises)}: {why}"] if exercises else []


def keep(verdicts: dict[str, str]) -> None:
    """Add verdicts to `.tito/verdicts.json`, each with the digest of the learner's code that it holds for."""
    if not verdicts:
        return
    known, damage = memory.read_json(VERDICTS)
    if damage:
        print(f"tito: {damage}; it is made anew, and the old one kept as {memory.lay_aside(VERDICTS) or 'nothing'}")
    digests = {module: fingerprints.of_exercises(module) for module in {_module_of(e) for e in verdicts}}
    for exercise, outcome in verdicts.items():
        known[exercise] = {"digest": digests[_module_of(exercise)].get(exercise, ""), "outcome": outcome}
    try:
        memory.write_json(VERDICTS, known)
    except memory.CannotDo as error:
        print(f"tito: {error}; `tito status` won't know these verdicts")


def _verdict_line(exercise: Exercise, verdict: str, read: bool) -> str:
    if read and verdict == "passed":
        return f"  read      {exercise}: the reference's body, not built; type your own: tito reset {exercise.id}"
    texts = {
        "passed": f"  right     {exercise}: {exercise.done}",
        "failed": f"  wrong     {exercise}",
        "partly": f"  so far so good  {exercise}",
    }
    return texts.get(verdict, "")


def _module_of(judged: str) -> Module:
    return course.module(judged.partition(".")[0])


def _exercises_of(judged: str) -> tuple[Exercise, ...]:
    return (course.exercise(judged),) if "." in judged else course.module(judged).exercises


def _state(judged: str) -> str:
    """Return the state of an exercise; of a module "built" only if all of it is."""
    from tinytorch import _workspace

    states = _workspace.exercise_states(_module_of(judged).name)
    of_judged = {states.get(e.id, "missing") for e in _exercises_of(judged)}
    return str(of_judged.pop()) if len(of_judged) == 1 else "unbuilt"
