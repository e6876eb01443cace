"""`tito compare`: a module's workload beside the same work in PyTorch, in values and in time."""

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from tito import course, record
from tito.answer import Json, document, note, say
from tito.course import MODULES, ROOT, Module
from tito.limit import import_course
from tito.memory import CannotDo, shown

WORKLOADS = ROOT / "profiles"
OWN = (MODULES, ROOT / "tinytorch", WORKLOADS)  # whose lines an error belongs to, the learner's first
LIMIT = 120.0  # seconds that all of it may take
CLOSE = 1e-4  # of the largest value: float32 adds up in another order, by a few times 1e-6
INTERRUPTED = 130  # the exit code after Ctrl-C
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)

Result = dict[str, Any]


def compare(
    module: Annotated[str, typer.Argument(metavar="NN", help="The module: 05, autograd, or a file of it.")],
    as_json: Json = False,
) -> None:
    """Do a module's workload with your code and in PyTorch, in turns, and compare values and times.

    Needs PyTorch, which is no part of the course. Exits 0 only if the values agree; the times are for you to judge.

    Example: tito compare 05
    """
    chosen = course.module(module)
    theirs = WORKLOADS / f"pytorch_{chosen.folder.name}.py"
    if not theirs.is_file():
        raise CannotDo(f"{chosen.number} {chosen.title} has nothing to compare: its work has no counterpart in PyTorch")
    if importlib.util.find_spec("torch") is None:
        install = f"{shlex.quote(sys.executable)} -m pip install torch --index-url https://download.pytorch.org/whl/cpu"
        raise CannotDo(f"PyTorch isn't installed here; the course doesn't need it. To compare (about 1 GB): {install}")
    if not as_json:
        import_course()
        say(record.yours())
    try:
        result = {"module": chosen.number, **_run(chosen, theirs)}
    except KeyboardInterrupt:
        note("stopped; nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    agree = all(_agrees(value) for value in result["values"])
    if as_json:
        document({**result, "agree": agree})
    else:
        _show(chosen, result, agree)
    raise typer.Exit(not agree)


def _run(module: Module, theirs: Path) -> Result:
    """Compare in a child process. Raises CannotDo with one sentence if that raised, hung or ended early."""
    ours = WORKLOADS / f"{module.folder.name}.py"
    paths = [str(ROOT), str(ROOT / "scripts"), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)}
    with tempfile.TemporaryDirectory(prefix="tito-compare-") as folder:
        file = Path(folder) / "result.json"
        command = [sys.executable, "-m", "tito.comparing", str(ours), str(theirs)]
        command += ["--result", str(file), "--limit", str(LIMIT)]
        ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, errors="replace")
        result: Result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if "error" in result:
        raise CannotDo(f"{result['error']} (at {_place(result['places'], ours)}); tito test {module.number} says more")
    if "Timeout (" in ended.stderr:
        raise CannotDo(f"still running after {LIMIT:g} seconds: an endless loop? tito test {module.number} says where")
    if not result:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotDo(f"the comparison ended with exit code {ended.returncode} and no result: {last}")
    return result


def _place(places: list[list[Any]], workload: Path) -> str:
    """Return where an error belongs: the innermost line of the learner's, or else of the workspace."""
    found = [(Path(file), line) for folder in OWN for file, line in places if Path(file).is_relative_to(folder)]
    return f"{shown(found[0][0])}:{found[0][1]}" if found else shown(workload)


def _agrees(value: Result) -> bool:
    return "difference" in value and value["difference"] <= CLOSE * max(value["largest"], 1e-30)  # False for NaN


def _show(module: Module, result: Result, agree: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    rounds = result["times"][0]["rounds"]
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{module.number} {module.name} and PyTorch {result['pytorch']}, one thread, {rounds} rounds in turns\n"
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("time")
    for name in ("ratio", "half of the rounds", "yours", "PyTorch"):
        table.add_column(name, justify="right")
    for row in result["times"]:
        low, high = row["quartiles"]
        spread = f"{low:.2f} to {high:.2f}"
        table.add_row(row["part"], f"{row['ratio']:.2f}", spread, _time(row["ours"]), _time(row["theirs"]))
    console.print(table, soft_wrap=False)
    _show_values(result["values"])
    console.print("\nThe ratio is your time by PyTorch's: below 1, yours is faster.")
    if not agree:
        console.print(
            f"The values differ by more than {CLOSE:g} of the largest: tito test {module.number} finds out why."
        )


def _show_values(values: list[Result]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("values", "max difference", "largest value", ""):
        table.add_column(name, justify="left" if name in ("values", "") else "right")
    for value in values:
        if "shapes" in value:
            ours, theirs = map(tuple, value["shapes"])
            table.add_row(value["name"], "", "", f"shapes differ: {ours}, PyTorch {theirs}")
        else:
            verdict = "agree" if _agrees(value) else "differ"
            table.add_row(value["name"], f"{value['difference']:.2g}", f"{value['largest']:.3g}", verdict)
    console = Console(highlight=False)
    console.print()
    console.print(table, markup=False)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"
