"""The text of a failure, as a learner reads it.

Public parts: `explain`, `behaviour`, `timed_out`, `not_run`, `not_there`, `file_not_there`, `unusable`, `next_row`,
`row`; `wrapped`.

The editor's problem matcher reads three neighbouring rows: what is said last before "look at" (rule or likely), "look
at", "again". Nothing may come between them, and none of the three is ever broken.
"""

import linecache
import os
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tito import memory
from tito.check import FORM, NO_TENSOR, Mismatch, labelled_rows, learner_line
from tito.course import Exercise, Module

_ROW = re.compile(r"  (?:[a-z]+(?: [a-z]+)*)? {2,}(?=\S)")  # the label, or the room below it
_KEPT = ("  look at ", "  again ")  # what starts so is read by the editor, and stays whole


def explain(case: Any, judged: str, module: Module, exercise: Exercise, mismatch: Mismatch) -> str:
    """Return the text of a failure: behaviour, call, expected, got, rule, likely mistake, place, next command."""
    from tito import cases

    lines = [f"{exercise if judged == exercise.id else module.number + ' ' + module.name}: {behaviour(case)}"]
    cause = None if os.environ.get("TINYTORCH") == "reference" else cases.cause(case, module, exercise)
    if cause:
        lines.append(row("first", f"{cause} is wrong, and this test runs it: start there, with  tito test {cause.id}"))
    lines += mismatch.rows()
    likely = None if cause or judged != exercise.id else cases.likely(case, module, exercise, mismatch)
    if mismatch.outcome.error == "NoneType":
        lines += labelled_rows("likely", "the function ends without handing its result back: is `return` missing?")
    elif likely:
        lines += labelled_rows("likely", likely.says)
    elif mismatch.outcome.error == NO_TENSOR:
        lines += labelled_rows("likely", "an array is handed back: record() makes a Tensor of it, which remembers")
    if needed := cases.lacking(mismatch):
        lines.append(row("needs", f"{needed}, which is not built, and the reference has no body for it either"))
    else:
        lines.append(row("look at", place(module, exercise, mismatch.line)))
    return "\n".join([*lines, next_row(judged, exercise)])


def behaviour(case: Any) -> str:
    """Return what a judged test demands: its docstring's first line."""
    return str(case.__doc__ or case.__name__.removeprefix("test_").replace("_", " ")).strip().splitlines()[0]


def place(module: Module, exercise: Exercise, line: tuple[Path, int] | None) -> str:
    """Return "modules/05_autograd/autograd.py:88  sum_to_shape": where it raised, or where the body starts."""
    if line is None:
        from tito.mistakes import target

        code = target(module, exercise.function).__code__
        line = (
            Path(code.co_filename),
            min((n for *_, n in code.co_lines() if n and n > code.co_firstlineno), default=code.co_firstlineno),
        )
    return f"{memory.shown(line[0])}:{line[1]}  {exercise.function}"


def timed_out(case: Any, judged: str, module: Module, exercise: Exercise, error: BaseException, seconds: float) -> str:
    """Return the text for a test that found no end."""
    rows = [
        f"{exercise}: {behaviour(case)}",
        *labelled_rows("got", f"no answer within {seconds:g} s: a loop that never ends?"),
        row("look at", place(module, exercise, learner_line(error, exercise.function))),
        next_row(judged, exercise),
    ]
    return "\n".join(rows)


def not_run(judged: str) -> str:
    """Return the text for a test that isn't run any more."""
    return f"{judged}: not run, since an earlier test of it found no end\n{row('again', f'tito test {judged}')}"


def not_there(exercise: Exercise, module: Module) -> str:
    """Return the text for an exercise that the learner's file lacks."""
    back = row("again", f"tito reset {exercise.id}   (puts its stub back)")
    return f"{exercise} is not in {memory.shown(module.file)}\n{back}"


def file_not_there(module: Module) -> str:
    """Return the text for all exercises of a file that is gone; it is the same for each, so that it is said once."""
    back = row("again", f"tito reset {module.number}   (puts the stub back)")
    return f"{module.number} {module.name}: {memory.shown(module.file)} is not there; the reference runs\n{back}"


def unusable(module: Module, failure: Any) -> str:
    """Return the text for all exercises of a file that can't be used; it is the same for each.

    failure: the loader's, with `path`, `line` and `error`; None where it has none.
    """
    head = f"{module.number} {module.name}: your file can't be used; the reference runs, and nothing of it is judged"
    path, line, error = failure or (module.file, 1, "the file can't be read")
    code = linecache.getline(str(path), line).strip() or module.file.name
    rows = [*labelled_rows("got", error), row("look at", f"{memory.shown(path)}:{line}  {code}")]
    return "\n".join([head, *rows, row("again", f"tito test {module.number}")])


def next_row(judged: str, exercise: Exercise) -> str:
    """Return the row on what to do next."""
    return row("again", f'tito test {judged}      debug: F5 "Debug this test"      hint: tito hint {exercise.id}')


def row(label: str, text: str) -> str:
    """Return one row of a failure's text."""
    return FORM.format(label, text)


def wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Return lines broken at blanks to keep within a terminal's width, except those that the editor reads."""
    result = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if len(line) <= width or line.startswith(_KEPT) or following.startswith(_KEPT[0]):
            result.append(line)
            continue
        label = _ROW.match(line)
        indent = " " * (len(label[0]) if label else 2)
        options: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False, "drop_whitespace": True}
        text = line[len(label[0]) :] if label else line
        first = label[0] if label else ""
        result += textwrap.wrap(text, max(width, 40), initial_indent=first, subsequent_indent=indent, **options)
    return result
