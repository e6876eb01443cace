"""`tito profile NN --predict`: say what you expect, then measure, then explain what surprised you.

Public parts: `predict`, `explain`, `ASK`. Predictions and measurements are kept in `.tito/predictions.json`, by module,
the newest last.

Floating-point operations are counted while the work runs (`flops.py`), bytes are memray's, the time is a median, and
the hottest line is py-spy's. What can't be measured here, such as bytes without memray, says so and keeps the rest.
"""

import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from tito import profile_kept, profile_run, quantities
from tito.answer import document, note, say
from tito.course import Module
from tito.memory import CannotDo, lay_aside, read_json, write_json
from tito.profile_run import Tool
from tito.quantities import Kind

PREDICTIONS = "predictions.json"
ASK = "ask"  # what the option holds where it was given without values
FAR = 2.0  # a ratio above this, or below 1 by it, wants an explanation
SECONDS = 3.0  # that py-spy watches


Value = float | str  # an amount, or a line


class Quantity(NamedTuple):
    """One thing to predict."""

    key: str
    what: str
    kind: Kind | None  # None: a line or a function, which has no unit


QUANTITIES = (
    Quantity("flop", "operations of one repetition", Kind.FLOP),
    Quantity("allocated", "bytes allocated in all", Kind.BYTES),
    Quantity("peak", "bytes at the peak", Kind.BYTES),
    Quantity("time", "time of one repetition", Kind.SECONDS),
    Quantity("line", "hottest line or function", None),
)
OTHER_NAMES = {"flops": "flop", "bytes": "allocated", "memory": "peak", "seconds": "time", "function": "line"}


def predict(module: Module, values: str, as_json: bool) -> None:
    """Take the predictions, from `values` or by asking, measure the same, and show both."""
    profile_run.workload_of(module)
    predicted = _ask(module) if values == ASK else _read(values)
    if not predicted:
        raise CannotDo("nothing was predicted, so nothing was measured")
    if not as_json:
        say("Measuring ...")
    measures = _Measures(module)
    rows = [_row(quantity, predicted[quantity.key], measures) for quantity in QUANTITIES if quantity.key in predicted]
    if all(row["measured"] is None for row in rows):
        raise CannotDo(rows[0]["note"])  # most likely the code itself fails
    entry = {
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "digest": profile_kept.digest(module),
        "rows": rows,
        "explained": "",
    }
    _keep(module, [*_entries(module), entry])
    if as_json:
        document({"module": module.number, **entry})
        return
    _show(module, rows)
    far = [row for row in rows if row["explain"]]
    if far:
        _ask_why(module, far)


def explain(module: Module, text: str, as_json: bool) -> None:
    """Add an explanation to the module's last prediction. Raises CannotDo where there is none."""
    entries = _entries(module)
    if not entries:
        raise CannotDo(f"nothing is predicted yet: tito profile {module.number} --predict")
    entries[-1] = {**entries[-1], "explained": text.strip()}
    _keep(module, entries)
    if as_json:
        document({"module": module.number, **entries[-1]})
    else:
        say(f"Kept with your prediction of {module.number}.")


class _Measures:
    """Measures what is asked for; each method returns what it found and a note, and has a quantity's name."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.memory: dict[str, Any] = {}

    def flop(self) -> tuple[float, str]:
        found = profile_run.in_child(self.module, "--flop")
        parts = [f"{name} {count / found['flop']:.0%}" for name, count in found["by"].items() if count][:3]
        return found["flop"], ", ".join(parts) if found["counted"] else "by the workload's formula"

    def time(self) -> tuple[float, str]:
        low, high = (found := profile_run.measure(self.module, Tool.TIME, SECONDS))["quartiles"]
        spread = " to ".join(quantities.shown(seconds, Kind.SECONDS) for seconds in (low, high))
        return found["median"], f"half of the runs {spread}"

    def allocated(self) -> tuple[float, str]:
        return self._memory()["allocated"], ""

    def peak(self) -> tuple[float, str]:
        return self._memory()["total"], ""

    def line(self) -> tuple[str, str]:
        found = profile_run.measure(self.module, Tool.PY_SPY, SECONDS)
        line = max(found["lines"], key=lambda line: line["amount"])
        return f"{line['file']}:{line['line']} {line['function']}", f"{line['share']:.0%} of the time"

    def _memory(self) -> dict[str, Any]:
        self.memory = self.memory or profile_run.measure(self.module, Tool.MEMRAY, SECONDS)
        return self.memory


def _ask(module: Module) -> dict[str, Value]:
    """Ask for each quantity until the answer is understood; an empty one leaves it out."""
    if not sys.stdin.isatty():
        example = 'tito profile NN --predict "flop=450M,peak=7MB,time=20ms,line=sum"'.replace("NN", module.number)
        raise CannotDo(f"nobody sits here to be asked; give the values: {example}")
    say(f"What does one repetition of {module.number} {module.name} take? What runs: profiles/{module.folder.name}.py")
    say("Return alone leaves one out.")
    found: dict[str, Value] = {}
    for key, what, kind in QUANTITIES:
        example = quantities.EXAMPLES[kind].partition(" or ")[0].strip('"') if kind else "sum, or tensor.py:88"
        while text := input(f"  {what} (such as {example}): ").strip():
            try:
                found[key] = quantities.read(text, kind) if kind else text
                break
            except ValueError as error:
                say(f"  {error}")
    return found


def _read(values: str) -> dict[str, Value]:
    """Read "flop=450M,peak=7MB,line=sum". Raises CannotDo."""
    kinds = {quantity.key: quantity.kind for quantity in QUANTITIES}
    found: dict[str, Value] = {}
    for part in filter(None, map(str.strip, values.split(","))):
        name, equals, text = map(str.strip, part.partition("="))
        key = OTHER_NAMES.get(name.lower(), name.lower())
        if key not in kinds or not equals or not text:
            raise CannotDo(f"{part!r} is no prediction; wanted NAME=VALUE with a name of {', '.join(kinds)}")
        try:
            kind = kinds[key]
            found[key] = quantities.read(text, kind) if kind else text
        except ValueError as error:
            raise CannotDo(f"{name}: {error}") from None
    return found


def _row(quantity: Quantity, predicted: Value, measures: _Measures) -> dict[str, Any]:
    """Measure one quantity and compare; what can't be measured says why."""
    measure: Callable[[], tuple[Value, str]] = getattr(measures, quantity.key)
    row = {"key": quantity.key, "what": quantity.what, "predicted": predicted}
    try:
        measured, about = measure()
    except CannotDo as error:
        return {**row, "measured": None, "ratio": None, "explain": False, "note": str(error)}
    if isinstance(measured, str) or isinstance(predicted, str):
        right = _names(str(predicted), str(measured))
        return {**row, "measured": measured, "ratio": None, "right": right, "explain": not right, "note": about}
    ratio = measured / predicted
    far = not 1 / FAR <= ratio <= FAR
    return {**row, "measured": measured, "ratio": ratio, "explain": far, "note": about}


def _names(predicted: str, measured: str) -> bool:
    """Return whether "matmul", "Tensor.sum()", "@", "tensor.py:88" or "88" means the line that was measured."""
    place, _, function = measured.rpartition(" ")
    wanted = predicted.strip().removesuffix("()").lower()
    if wanted == "@":
        return "matmul" in function.lower()
    if found := re.fullmatch(r"(?:(.*?):|line )?(\d+)", wanted):
        return place.lower().endswith(f"{found[1] or ''}:{found[2]}")
    return wanted in function.lower()


def _show(module: Module, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("what", "predicted", "measured", "ratio"):
        table.add_column(name, justify="left" if name == "what" else "right", overflow="fold")
    notes = []
    for quantity, row in ((q, r) for r in rows for q in QUANTITIES if q.key == r["key"]):
        predicted, measured = (_shown(row[name], quantity.kind) for name in ("predicted", "measured"))
        if quantity.kind is None and row["measured"]:
            notes.append(f"The hottest line is {row['measured']}: {row['note']}.")
            measured = str(row["measured"]).rpartition(" ")[2]
        elif row["note"]:
            notes.append(f"{quantity.what.capitalize()}: {row['note']}.")
        ratio = "" if row["measured"] is None else quantities.ratio(row["ratio"]) if row["ratio"] else _verdict(row)
        table.add_row(quantity.what, predicted, measured, ratio, style="bold" if row["explain"] else "")
    say(f"{module.number} {module.name}, one repetition; the ratio is measured / predicted\n")
    Console().print(table, highlight=False, markup=False)
    for text in ["", *notes]:
        _wrapped(text)


def _wrapped(text: str) -> None:
    """Print a sentence without markup, broken at the terminal's width."""
    from rich.console import Console

    Console(highlight=False, markup=False).print(text)


def _verdict(row: dict[str, Any]) -> str:
    return "right" if row.get("right") else "another line"


def _shown(value: Value | None, kind: Kind | None) -> str:
    if value is None:
        return "not measured"
    return str(value) if isinstance(value, str) or kind is None else quantities.shown(value, kind)


def _ask_why(module: Module, far: list[dict[str, Any]]) -> None:
    """Ask for the explanation of what is far off; where nobody can answer, say how to give it."""
    names = " and ".join(row["what"] for row in far)
    say()
    _wrapped(f"Far from what you predicted: {names}.")
    _wrapped("Explain it in three sentences: what you assumed, what happens instead, how you would find out.")
    text = input("  why: ").strip() if sys.stdin.isatty() else ""
    if text:
        explain(module, text, as_json=False)
    else:
        say(f'  later: tito profile {module.number} --explain "..."')


def _entries(module: Module) -> list[dict[str, Any]]:
    known, _ = read_json(PREDICTIONS)
    entries = known.get(module.number)
    return entries if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) else []


def _keep(module: Module, entries: list[dict[str, Any]]) -> None:
    known, damage = read_json(PREDICTIONS)
    if damage:
        note(f"{damage}; it lies in {lay_aside(PREDICTIONS) or 'no other place'} now, and a new one is begun")
    write_json(PREDICTIONS, {**known, module.number: entries})
