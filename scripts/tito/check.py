"""Judge one behaviour of an exercise: run a call, compare the result, and say what differs in a form made for learners.

Public parts: `Check` (the `check` argument of every judged test), `Mismatch`, `Outcome`.

A test writes the call as text; the same text is what runs and what a failure shows as "you called". Comparison goes
shape, dtype, NaN, values, and stops at the first difference.
"""

import ast
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

RTOL = 1e-5
ATOL = 1e-6
SHOWN_ELEMENTS = 24  # larger arrays are shown in part; -vv shows them whole
FORM = "  {:<12} {}"


@dataclass(frozen=True)
class Outcome:
    """What a call gave, in a form that compares: arrays, or an error."""

    arrays: tuple[np.ndarray[Any, Any], ...] = ()
    error: str = ""  # "ValueError: ..." where it raised

    def same(self, other: "Outcome") -> bool:
        """Return whether both are the same error, or arrays of equal shapes, dtypes and (nearly) equal values."""
        return (
            self.error == other.error
            and len(self.arrays) == len(other.arrays)
            and all(_difference(a, b) is None for a, b in zip(self.arrays, other.arrays, strict=True))
        )


@dataclass
class Mismatch(AssertionError):
    """An exercise's behaviour is not what its contract says."""

    called: str
    given: str
    expected: str
    got: str
    rule: str
    outcome: Outcome
    line: tuple[Path, int] | None = None  # where the learner's code raised
    details: str = field(default="", repr=False)

    def __str__(self) -> str:
        return "\n".join(self.rows())

    def rows(self) -> list[str]:
        """Return the lines "you called" to "rule"."""
        gap = "" if not self.given else "        " if len(self.called) + len(self.given) < 80 else "\n"
        call = f"{self.called}{gap}{self.given}"
        labelled = [("you called", call), ("expected", self.expected), ("got", self.got), ("rule", self.rule)]
        return [row for label, text in labelled if text for row in labelled_rows(label, text)]


def labelled_rows(label: str, text: str) -> list[str]:
    """Return a text under its label, further lines indented alike."""
    first, *rest = text.splitlines()
    return [FORM.format(label, first), *(FORM.format("", line) for line in rest)]


class Check:
    """Runs one call of a judged test and compares. A test may use it several times; the first difference ends it."""

    def __init__(self, names: Mapping[str, Any], function: str = "", verbose: bool = False) -> None:
        """names: what the call's text may use besides its own arguments; function: the exercise's ("Tensor.sum")."""
        self.names = names
        self.function = function
        self.verbose = verbose

    def __call__(
        self,
        call: str,
        *,
        rule: str,
        expected: Any = None,
        raises: tuple[type[BaseException], str] | None = None,
        parts: tuple[str, ...] = (),
        rtol: float = RTOL,
        atol: float = ATOL,
        **given: Any,
    ) -> None:
        """Run `call` with the names in `given` and compare what it gives.

        call: statements divided by semicolons; the last one is the expression that is compared.
        expected: an array, a number, or a tuple of them; an array's dtype counts, a number's or list's does not.
        raises: the error's type and a regular expression for its message, where the call must raise.
        parts: what to call each element where the result is a tuple.
        Raises Mismatch.
        """
        shapes = "   ".join(f"{name}: {_kind(value)}" for name, value in given.items())
        try:
            result = self._run(call, given)
        except (Exception, SystemExit) as error:  # whatever the learner's code raises is the result to be judged
            self._judge_error(call, shapes, error, expected, raises, rule)
            return
        if raises:
            arrays = _arrays_or_none(result)
            got = f"{type(result).__name__}: {result!r:.60}" if arrays is None else self._show(arrays)
            raise Mismatch(call, shapes, _wanted(raises), f"no error, but {got}", rule, Outcome(arrays or ()))
        self._compare(call, shapes, result, expected, parts, rule, rtol, atol)

    def _run(self, call: str, given: dict[str, Any]) -> Any:
        *statements, last = ast.parse(call).body
        if not isinstance(last, ast.Expr):
            raise TypeError(f"a check ends in an expression: {call}")
        names = {**self.names, **given}
        before: CodeType = compile(ast.Module(list(statements), []), "<the call of this test>", "exec")
        exec(before, names)
        return eval(compile(ast.Expression(last.value), "<the call of this test>", "eval"), names)

    def _judge_error(
        self,
        call: str,
        shapes: str,
        error: BaseException,
        expected: Any,
        raises: tuple[type[BaseException], str] | None,
        rule: str,
    ) -> None:
        if raises and isinstance(error, raises[0]) and re.search(raises[1], str(error)):
            return
        message = f"{type(error).__name__}: {error}"
        wanted = _wanted(raises) if raises else self._show(_arrays(expected))
        raise Mismatch(
            call, shapes, wanted, f"raised {message}", rule, Outcome(error=message), learner_line(error, self.function)
        ) from error

    def _compare(
        self,
        call: str,
        shapes: str,
        result: Any,
        expected: Any,
        parts: tuple[str, ...],
        rule: str,
        rtol: float,
        atol: float,
    ) -> None:
        wanted = expected if isinstance(expected, tuple) else (expected,)
        got = _arrays_or_none(result)
        if got is None:
            got_text = f"{type(result).__name__}: {result!r:.60}"
            raise Mismatch(
                call, shapes, self._show(_arrays(expected)), got_text, rule, Outcome(error=type(result).__name__)
            )
        if len(got) != len(wanted) or isinstance(result, tuple) != isinstance(expected, tuple):
            wish = f"a tuple of {len(wanted)}" if isinstance(expected, tuple) else "one result"
            gift = f"a tuple of {len(got)}" if isinstance(result, tuple) else self._show(got)
            raise Mismatch(call, shapes, f"{wish}: {self._show(_arrays(expected))}", gift, rule, Outcome(got))
        names = parts or ("",) * len(wanted)
        for name, one_wanted, one_got in zip(names, wanted, got, strict=True):
            target = np.asarray(one_wanted if not hasattr(one_wanted, "data") else _arrays(one_wanted)[0])
            exact = isinstance(one_wanted, np.ndarray | np.generic) or hasattr(one_wanted, "requires_grad")
            difference = _difference(target, one_got, rtol, atol, dtype=exact)
            if difference is not None:
                label = f"{name}  " if name else ""
                arrow = (
                    ""
                    if one_got.shape == target.shape == () and one_got.dtype == target.dtype
                    else f"     <- {difference}"
                )
                got_text = f"{label}{self._show((one_got,))}{arrow}"
                raise Mismatch(call, shapes, f"{label}{self._show((target,))}", got_text, rule, Outcome(got))

    def _show(self, arrays: tuple[np.ndarray[Any, Any], ...]) -> str:
        return "   ".join(_text(array, self.verbose) for array in arrays)


def learner_line(error: BaseException, function: str) -> tuple[Path, int] | None:
    """Return the line at which an error passed through an exercise's function, else through a file of the course."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_course_file(Path(f.filename))]
    own = [f for f in frames if f.name == function.rpartition(".")[2]] or frames
    return (Path(own[-1].filename), own[-1].lineno or 1) if own else None


def _is_course_file(path: Path) -> bool:
    return path.parent.name == "tinytorch" or path.parent.parent.name == "modules"


def _wanted(raises: tuple[type[BaseException], str]) -> str:
    return f"{raises[0].__name__} whose message matches {raises[1]!r}"


def _arrays(value: Any) -> tuple[np.ndarray[Any, Any], ...]:
    """Return the arrays of a result: of a tuple each, of a Tensor its data. Raises TypeError for what is no number."""
    if isinstance(value, tuple):
        return tuple(array for one in value for array in _arrays(one))
    array = np.asarray(value.data) if hasattr(value, "requires_grad") else np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{type(value).__name__} instead of numbers")
    return (array,)


def _arrays_or_none(value: Any) -> tuple[np.ndarray[Any, Any], ...] | None:
    try:
        return _arrays(value)
    except TypeError:
        return None


def _difference(
    wanted: np.ndarray[Any, Any], got: np.ndarray[Any, Any], rtol: float = RTOL, atol: float = ATOL, dtype: bool = True
) -> str | None:
    """Say what differs first: shape, dtype, NaN, values; None where nothing does."""
    if wanted.shape != got.shape:
        return _shape_difference(wanted.shape, got.shape)
    if dtype and wanted.dtype != got.dtype:
        return f"dtype {got.dtype} instead of {wanted.dtype}"
    if np.isnan(got).any() and not np.isnan(wanted).any():
        return f"{int(np.isnan(got).sum())} of {got.size} elements are NaN"
    close = np.isclose(got, wanted, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return None
    with np.errstate(invalid="ignore"):
        distance = np.where(close, -1.0, np.abs(got.astype(float) - wanted.astype(float)))
    worst = np.unravel_index(int(np.nanargmax(distance)), got.shape)
    where = f" at [{', '.join(map(str, worst))}]" if worst else ""
    return f"{int((~close).sum())} of {got.size} differ, worst{where}: {got[worst]:.6g} instead of {wanted[worst]:.6g}"


def _shape_difference(wanted: tuple[int, ...], got: tuple[int, ...]) -> str:
    if len(got) == len(wanted) + 1 and any(got[:i] + got[i + 1 :] == wanted for i in range(len(got))):
        axis = next(i for i in range(len(got)) if got[:i] + got[i + 1 :] == wanted)
        return f"axis {axis} is still there"
    if sorted(got) == sorted(wanted):
        return "transposed?"
    return f"shape {got} instead of {wanted}"


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return repr(value) if shape is None or shape == () else str(shape)


def _text(array: np.ndarray[Any, Any], verbose: bool) -> str:
    """Return shape and numbers on one line, in part where they are many."""
    limit = None if verbose else SHOWN_ELEMENTS
    flat = limit is not None and array.size > limit
    form: Any = {"float_kind": lambda x: f"{x:.5g}"}
    numbers = np.array2string(
        array.ravel()[:limit] if flat else array, formatter=form, threshold=10**9, max_line_width=10**9
    )
    text = re.sub(r"\s+", " ", numbers).replace("[ ", "[")
    plain = array.dtype == np.float32 or (not array.shape and array.dtype.kind in "biu")
    dtype = "" if plain else f"  {array.dtype}"
    more = " ... (-vv shows all)" if flat else ""
    return f"{array.shape}{dtype}  {text}{more}" if array.shape else f"{text}{dtype}"
