"""Run the tests of a selection in this process.

Public parts: `run`, and the command `tito test`.
"""

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tito import course, record
from tito.course import ROOT, Exercise
from tito.limit import import_course

NO_TESTS = 5  # pytest's code where no test was selected
NOTHING_BUILT = "Nothing here is built yet, so there is nothing to judge: tito status says where to begin."


def run(targets: Sequence[str], *, pytest_args: Sequence[str] = ()) -> int:
    """Run the judged tests of modules and exercises ("05", "05.3", "autograd"; nothing: all) and return the exit code.

    0 only if everything that was selected is built and right; 1 if something is wrong or not built yet; pytest's code
    (2 to 5) where it could not run. Raises course.UnknownName.
    """
    code, _ = _run(targets, pytest_args)
    return code


def _run(targets: Sequence[str], pytest_args: Sequence[str]) -> tuple[int, dict[str, str]]:
    """Return the exit code, and the verdict of each exercise that was selected."""
    import pytest

    selected = [course.select(target) for target in targets] or list(course.modules())
    files, exercises = [], []
    for one in selected:
        module = course.owner(one) if isinstance(one, Exercise) else one
        files.append(str(module.tests))
        exercises += [one.id] if isinstance(one, Exercise) else [*(e.id for e in module.exercises), module.number]
    keeper = _Keeper()
    options = [
        "-q",
        "-rN",
        "--no-header",
        "--tb=no",
        "--brief",
        f"--rootdir={ROOT}",
        "-c",
        str(ROOT / "pyproject.toml"),
        *(f"--exercise={e}" for e in exercises),
    ]
    marks = {} if os.environ.get("TINYTORCH") == "reference" else record.marks()
    code = int(pytest.main([*dict.fromkeys(files), *options, *pytest_args], plugins=[keeper]))
    verdicts = {e: keeper.verdicts.get(e, "not run") for e in exercises if "." in e or e in keeper.verdicts}
    verdicts |= {e: "read" for e, verdict in verdicts.items() if verdict == "passed" and marks.get(e) == "read"}
    if code == 0 and not _asked_for_less(pytest_args) and any(v != "passed" for v in verdicts.values()):
        code = 1
    return code, verdicts


def _asked_for_less(pytest_args: Sequence[str]) -> bool:
    """Return whether an option of the caller's leaves tests out, so that "all of it" can't be demanded."""
    return any(a in ("-k", "--built", "-m", "--collect-only") or a.startswith("-k") for a in pytest_args)


class _Keeper:
    """Takes the verdicts from the course's plugin when a run ends."""

    def __init__(self) -> None:
        self.verdicts: dict[str, str] = {}

    def pytest_sessionfinish(self, session: object) -> None:
        """Read what the plugin gathered."""
        gathered = session.config.pluginmanager.get_plugin("tito-verdicts")  # type: ignore[attr-defined]
        if gathered is not None:
            self.verdicts = {e: gathered.verdict(e) for e in gathered.outcomes}


def test(
    context: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="modules or exercises: 05, 05.3, autograd; nothing: all", show_default=False),
    ] = None,
    built: Annotated[bool, typer.Option("--built", help="only what is built")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """Judge what you have built: right, wrong, or not built yet.

    Exits 0 only if all that was selected is built and right. Whatever stands behind `--` goes to pytest.

    Example: [bold]tito test 05.3[/bold]      [bold]tito test 01 -- -k broadcasts -vv[/bold]
    """
    sys.path[:0] = [p for p in (str(ROOT), str(ROOT / "scripts")) if p not in sys.path]
    chosen, passed_on = _divide([*(targets or []), *context.args])
    options = [*passed_on, *(["--built"] if built else [])]
    for target in chosen:
        course.select(target)  # an unknown name is said before anything else
    import_course()
    if not as_json:
        typer.echo(record.yours())
        if "--built" in options and not _any_built(chosen):
            typer.echo(NOTHING_BUILT)
            raise SystemExit(NO_TESTS)
        raise SystemExit(run(chosen, pytest_args=options))
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        code, verdicts = _run(chosen, options)
    typer.echo(json.dumps({"exit": code, "verdicts": verdicts, "output": text.getvalue()}, indent=1))
    raise SystemExit(code)


def _any_built(chosen: Sequence[str]) -> bool:
    """Return whether something can be judged: what is built, or what should be there and can't be used."""
    from tinytorch import _workspace

    states = {id: s for m in course.modules() for id, s in _workspace.exercise_states(m.name).items()}
    return any(states[e.id] in ("built", "broken", "missing") for e in _exercises(chosen))


def _exercises(targets: Sequence[str]) -> list[Exercise]:
    selected = [course.select(target) for target in targets] or list(course.modules())
    return [e for one in selected for e in ([one] if isinstance(one, Exercise) else one.exercises)]


def _divide(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the targets and, from the first option on, what goes to pytest."""
    first = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    paths = {word: Path(re.sub(r":\d+$", "", word)) for word in words[:first]}  # FILE:LINE is there if the file is
    return [word for word, path in paths.items() if not path.is_absolute() or path.exists()], words[first:]
