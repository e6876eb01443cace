"""`tito profile NN --budget`: a module's budgets, which are counts, measured on the learner's code.

Public parts: `budget`, `BUDGETS`. The result goes into `.tito/budgets.json`, by module, with the digest of the file
that it holds for.
"""

from datetime import datetime
from typing import Any

import typer

from tito import profile_kept, profile_run, quantities
from tito.answer import document, note, say
from tito.course import Module
from tito.memory import lay_aside, read_json, shown, write_json
from tito.quantities import Kind

BUDGETS = "budgets.json"


def budget(module: Module, as_json: bool) -> None:
    """Measure a module's budgets, show them, remember them, and exit 0 only if all are met."""
    found = profile_run.in_child(module, "--budgets")["budgets"]
    for entry in found:
        entry["error"] = _error(entry)
    met = all(entry["met"] for entry in found)
    from tinytorch import _workspace

    if found and not _workspace.reference_mode():
        _remember(module, found, met)
    if as_json:
        document({"module": module.number, "budgets": found, "met": met})
    elif not found:
        workload = shown(profile_run.workload_of(module))
        say(f"{module.number} {module.name} has no budgets: nothing in {workload} is to be made smaller.")
    else:
        _show(module, found, met)
    raise typer.Exit(not met)


def _remember(module: Module, found: list[dict[str, Any]], met: bool) -> None:
    known, damage = read_json(BUDGETS)
    if damage:
        note(f"{damage}; it lies in {lay_aside(BUDGETS) or 'no other place'} now, and a new one is begun")
    at = datetime.now().astimezone().isoformat(timespec="seconds")
    entry = {"at": at, "digest": profile_kept.digest(module), "met": met, "budgets": found}
    write_json(BUDGETS, {**known, module.number: entry})


def _show(module: Module, found: list[dict[str, Any]], met: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("budget", overflow="fold")
    for name in ("measured", "at most", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for entry in found:
        measured = "" if entry["measured"] is None else _measured(entry)
        verdict = "met" if entry["met"] else "failed" if entry["error"] else "missed"
        style = "" if entry["met"] else "bold"
        table.add_row(entry["what"], measured, _amount(entry["at_most"], entry["unit"]), verdict, style=style)
    Console().print(table, highlight=False, markup=False)
    for entry in found:
        if entry["error"]:
            say(f"{entry['what']}: {entry['error']}; tito test {module.number} says more")
    count = sum(entry["met"] for entry in found)
    say("All budgets are met." if met else f"{count} of {len(found)} met.")


def _measured(entry: dict[str, Any]) -> str:
    """Return what was measured, with all digits where three would hide a miss."""
    text = _amount(entry["measured"], entry["unit"])
    hidden = not entry["met"] and text == _amount(entry["at_most"], entry["unit"])
    return f"{entry['measured']:,.10g} {entry['unit']}" if hidden else text


def _amount(number: float, unit: str) -> str:
    if unit in (Kind.BYTES, Kind.FLOP):
        return quantities.shown(number, Kind(unit))
    return f"{number:,.10g} {unit}"


def _error(entry: dict[str, Any]) -> str:
    if "error" not in entry:
        return ""
    place = profile_run.place(entry.pop("frames"))
    return f"{entry['error']}" + (f" (at {place})" if place else "")
