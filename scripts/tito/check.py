"""Judge one behaviour of an exercise: run a call, compare the result, and say what differs in a form made for learners.

Public parts: `Check` (the `check` argument of every judged test), `Mismatch`, `Outcome`, `recorded`.

A test writes the call as text; the same text is what runs and what a failure shows as "you called". Comparison goes
shape, dtype, NaN, values, and stops at the first difference.
"""

import ast
import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

import numpy as np
import pytest

from tito.course import MODULES

Array = np.ndarray[Any, Any]
Raises = tuple[type[BaseException], *tuple[str, ...]]  # the error's type, and what its message contains

RTOL = 1e-5
ATOL = 1e-6
SHOWN_ELEMENTS = 24  # larger arrays are shown in part; -vv shows them whole
DIGITS = 5  # shown of a float; more where wanted and got would look the same
FORM = "  {:<12} {}"
NO_TENSOR = "an array in place of a Tensor"  # an outcome's error


@dataclass(frozen=True)
class Outcome:
    """What a call gave, in a form that compares: arrays, or an error."""

    arrays: tuple[Array, ...] = ()
    error: str = ""  # "ValueError: ..." where it raised, "none, ..." where it should have raised

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


@dataclass(frozen=True)
class _Question:
    """What a check asks: the call, and what it has to give."""

    call: str
    given: str  # the arguments' shapes
    expected: Any
    raises: Raises | None
    parts: tuple[str, ...]
    rule: str
    rtol: float
    atol: float

    def mismatch(self, wanted: str, got: str, outcome: Outcome, line: tuple[Path, int] | None = None) -> Mismatch:
        return Mismatch(self.call, self.given, wanted, got, self.rule, outcome, line)


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
        raises: Raises | None = None,
        parts: tuple[str, ...] = (),
        rtol: float = RTOL,
        atol: float = ATOL,
        **given: Any,
    ) -> None:
        """Run `call` with the names in `given` and compare what it gives.

        call: statements divided by semicolons; the last one is the expression that is compared.
        expected: an array, a number, a text, or a tuple of them; an array's dtype counts, a list's does not, and a
            float in place of an int is wrong.
        raises: the error's type and what its message has to contain, where the call must raise.
        parts: what to call each element where the result is a tuple.
        Arrays in `given` are copied: what the call writes into reaches no other test.
        Raises Mismatch.
        """
        shapes = "   ".join(f"{name}: {_kind(value)}" for name, value in given.items())
        given = {name: value.copy("K") if type(value) is np.ndarray else value for name, value in given.items()}
        question = _Question(call, shapes, expected, raises, parts, rule, rtol, atol)
        try:
            result = self._run(call, given)
        except pytest.exit.Exception:
            raise  # `q` in the debugger: the learner ends the run
        except (Exception, SystemExit) as error:  # whatever the learner's code raises is the result to be judged
            self._judge_error(question, error)
            return
        if raises:
            outcome = Outcome(_arrays_or_none(result) or (), error=f"none, but {type(result).__name__}")
            raise question.mismatch(_wanted(raises), f"no error, but {self._gift(result)}", outcome)
        self._compare(question, result)

    def _run(self, call: str, given: dict[str, Any]) -> Any:
        *statements, last = ast.parse(call).body
        if not isinstance(last, ast.Expr):
            raise TypeError(f"a check ends in an expression: {call}")
        names = {**self.names, **given}
        before: CodeType = compile(ast.Module(list(statements), []), "<the call of this test>", "exec")
        exec(before, names)
        return eval(compile(ast.Expression(last.value), "<the call of this test>", "eval"), names)

    def _judge_error(self, question: _Question, error: BaseException) -> None:
        raises = question.raises
        if raises and isinstance(error, raises[0]) and all(part in str(error) for part in raises[1:]):
            return
        wanted = _wanted(raises) if raises else self._show(_arrays(question.expected))
        if (array := _array_for_a_tensor(error)) is not None:
            text = f"a NumPy array of shape {array.shape}"
            raise question.mismatch("a Tensor", text, Outcome(error=NO_TENSOR)) from error
        advised = traceback.format_exception_only(error)[-1].strip()  # with Python's "Did you mean"
        endless = isinstance(error, RecursionError)  # whose message says where the limit was met, by chance
        outcome = Outcome(error=type(error).__name__ if endless else f"{type(error).__name__}: {error}")
        raise question.mismatch(wanted, f"raised {advised}", outcome, learner_line(error, self.function)) from error

    def _compare(self, question: _Question, result: Any) -> None:
        expected = question.expected
        wanted = expected if isinstance(expected, tuple) else (expected,)
        got = _arrays_or_none(result)
        if got is None:
            outcome = Outcome(error=type(result).__name__)
            raise question.mismatch(self._show(_arrays(expected)), self._gift(result), outcome)
        if len(got) != len(wanted) or isinstance(result, tuple) != isinstance(expected, tuple):
            wish = f"a tuple of {len(wanted)}" if isinstance(expected, tuple) else "one result"
            text = f"{wish}: {self._show(_arrays(expected))}"
            kind = "number or array" if isinstance(result, np.ndarray | np.generic) else type(result).__name__
            raise question.mismatch(text, self._gift(result), Outcome(got, error=kind))
        for name, one_wanted, one_got in zip(question.parts or ("",) * len(wanted), wanted, got, strict=True):
            target = _arrays(one_wanted)[0]
            difference = _difference(
                target, one_got, question.rtol, question.atol, dtype=_is_exact(one_wanted, one_got)
            )
            if difference is not None:
                label = f"{name}  " if name else ""
                texts = self._tell_apart(target, one_got)
                arrow = "" if one_got.shape == target.shape == () and one_got.dtype == target.dtype else difference
                arrow = f"     <- {arrow}" if arrow else ""
                raise question.mismatch(f"{label}{texts[0]}", f"{label}{texts[1]}{arrow}", Outcome(got))

    def _gift(self, result: Any) -> str:
        """Say what came where something of another kind was wanted."""
        arrays = _arrays_or_none(result)
        if arrays is None:
            return "nothing: None" if result is None else f"{type(result).__name__}: {result!r:.60}"
        kind = f"a {type(result).__name__} of {len(result)}: " if isinstance(result, tuple | list) else ""
        return kind + self._show(arrays)

    def _show(self, arrays: tuple[Array, ...]) -> str:
        return "   ".join(_text(array, self.verbose) for array in arrays)

    def _tell_apart(self, wanted: Array, got: Array) -> tuple[str, str]:
        """Return both as texts, with as many digits as it takes to see that they differ."""
        for digits in (DIGITS, 9, 17):
            texts = _text(wanted, self.verbose, digits), _text(got, self.verbose, digits)
            if texts[0] != texts[1]:
                break
        return texts


def recorded(tensor: Any) -> str:
    """Return what a tensor remembers, as text: "sum of (2, 3), axis=1, keepdims=True"; "nothing" for a leaf."""
    if tensor.op is None:
        return "nothing"
    name = getattr(tensor.op, "__name__", f"{tensor.op!r}, which is no operation")
    inputs = " and ".join(str(x.shape) for x in tensor.inputs)
    return ", ".join([f"{name} of {inputs}", *(f"{key}={value}" for key, value in sorted(tensor.attributes.items()))])


def _array_for_a_tensor(error: BaseException) -> Array | None:
    """Return the array that was used as a Tensor by a test, or by the course: "ndarray has no attribute 'op'"."""
    array = getattr(error, "obj", None) if isinstance(error, AttributeError) else None
    if not isinstance(array, np.ndarray | np.generic):
        return None
    from tinytorch.tensor import Tensor

    *_, last = _steps(error)
    asked_by_learner = MODULES in Path(last.tb_frame.f_code.co_filename).parents
    return np.asarray(array) if getattr(error, "name", "") in dir(Tensor) and not asked_by_learner else None


def learner_line(error: BaseException, function: str) -> tuple[Path, int] | None:
    """Return the line at which an error passed through an exercise's function, else through a file of the course."""
    steps = [
        (step.tb_frame.f_code, step.tb_lineno)
        for step in _steps(error)
        if _is_course_file(Path(step.tb_frame.f_code.co_filename))
    ]
    own = [(code, line) for code, line in steps if code.co_qualname == function] or steps
    return (Path(own[-1][0].co_filename), own[-1][1]) if own else None


def _steps(error: BaseException) -> Iterator[TracebackType]:
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def _is_course_file(path: Path) -> bool:
    return path.parent.name == "tinytorch" or path.parent.parent.name == "modules"


def _wanted(raises: Raises) -> str:
    return f"{raises[0].__name__} that names {' and '.join(raises[1:])}"


def _is_exact(wanted: Any, got: Array) -> bool:
    """Return whether the dtype counts: an array's does, and a float is no int."""
    is_array = isinstance(wanted, np.ndarray | np.generic) or hasattr(wanted, "requires_grad")
    return is_array or (isinstance(wanted, int) and got.dtype.kind == "f")


def _arrays(value: Any) -> tuple[Array, ...]:
    """Return the arrays of a result: of a tuple each, of a Tensor its data. Raises TypeError for what is no number."""
    if isinstance(value, tuple):
        return tuple(array for one in value for array in _arrays(one))
    array = np.asarray(value.data if hasattr(value, "requires_grad") else value)
    if array.dtype.kind not in "biufU":
        raise TypeError(f"{type(value).__name__} instead of numbers")
    return (array,)


def _arrays_or_none(value: Any) -> tuple[Array, ...] | None:
    try:
        return _arrays(value)
    except (TypeError, ValueError, RuntimeError):  # no numbers, lists of different lengths, or of tensors
        return None


def _difference(wanted: Array, got: Array, rtol: float = RTOL, atol: float = ATOL, dtype: bool = True) -> str | None:
    """Say what differs first: shape, dtype, NaN, values; None where nothing does."""
    if wanted.shape != got.shape:
        return _shape_difference(wanted.shape, got.shape)
    if "U" in (wanted.dtype.kind, got.dtype.kind):
        return None if np.array_equal(wanted, got) else "another text"
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
    return f"{int((~close).sum())} of {got.size} differ, worst{where}: {_apart(got[worst], wanted[worst])}"


def _apart(got: Any, wanted: Any) -> str:
    """Return both numbers with as many digits as it takes to see that they differ."""
    texts = (f"{got:.{digits}g} instead of {wanted:.{digits}g}" for digits in (6, 9, 17))
    return next((text for text in texts if len({*text.split(" instead of ")}) == 2), f"{got} instead of {wanted}")


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


def _text(array: Array, verbose: bool, digits: int = DIGITS) -> str:
    """Return shape and numbers on one line, in part where they are many."""
    limit = None if verbose else SHOWN_ELEMENTS
    flat = limit is not None and array.size > limit
    form: Any = {"float_kind": lambda x: f"{x:.{digits}g}", "numpystr": str}
    numbers = np.array2string(
        array.ravel()[:limit] if flat else array, formatter=form, threshold=10**9, max_line_width=10**9
    )
    text = re.sub(r"\s+", " ", numbers).replace("[ ", "[")
    plain = array.dtype == np.float32 or (not array.shape and array.dtype.kind in "biuU")
    dtype = "" if plain else f"  {array.dtype}"
    more = " ... (-vv shows all)" if flat else ""
    return f"{array.shape}{dtype}  {text}{more}" if array.shape else f"{text}{dtype}"
