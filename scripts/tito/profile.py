"""`tito profile`: where a module's workload spends its time or memory, on the learner's own lines.

Public parts: `profile`.
"""

import contextlib
import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from tito import course
from tito.answer import Json, document, note, say
from tito.limit import import_course
from tito.memory import shown
from tito.profile_run import Result, Tool, measure

LINES = 12  # shown in the table at most
SHOWN_FROM = 0.005  # the share below which a line is left out of it
EDITORS = ("code", "code-insiders", "codium", "code-server")  # the editor's own command in its terminals
INTERRUPTED = 130  # the exit code after Ctrl-C


def profile(
    module: Annotated[str, typer.Argument(metavar="NN", help="The module: 01, tensor, or a file of it.")],
    tool: Annotated[Tool, typer.Option("--with", help="Time by line, peak memory by line, or run time.")] = Tool.PY_SPY,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long py-spy watches.")] = 3.0,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the result, in an editor's terminal.")] = True,
    as_json: Json = False,
) -> None:
    """Measure a module's workload and show its hottest lines, yours first.

    Example: tito profile 01 --with py-spy
    """
    chosen = course.module(module)
    try:
        result = measure(chosen, tool, seconds)
    except KeyboardInterrupt:
        note("stopped; nothing was written")
        raise SystemExit(INTERRUPTED) from None
    if as_json:
        document(result)
        return
    _show(chosen, result)
    if open_it and tool is not Tool.TIME and result["file"]:
        _open(course.ROOT / result["file"])


def _show(module: course.Module, result: Result) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import_course()  # runs what the learner wrote: only once it is wanted; what it says was said by the workload
    from tinytorch import _workspace

    say(_workspace.yours())
    if result["unit"] == "seconds":
        _show_time(module, result)
        return
    if not result["lines"]:
        head = f"{module.number} {module.name}, {result['with']}"
        say(f"{head}: one repetition allocates nothing but small Python objects, so there is nothing to show.")
        return
    memory = result["unit"] == "bytes"
    whole = f"{_bytes(result['total'])} at the peak of one repetition" if memory else f"{result['seconds']:.1f} s"
    say(f"{module.number} {module.name}, {result['with']}: {whole}, one thread")
    _show_table(result, memory)
    if not any(line["yours"] for line in result["lines"]):
        say(f"None of these lines is yours: what is not built in {shown(module.file)} runs from the reference.")
    say(f"VS Code shows this above the lines themselves: open {result['file']} there; this table is the same in short.")


def _show_table(result: Result, memory: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("share", "memory") if memory else ("share",):
        table.add_column(name, justify="right")
    for name in ("line", "function", ""):
        table.add_column(name, overflow="fold")
    for line in [line for line in result["lines"] if line["share"] >= SHOWN_FROM][:LINES]:
        amounts = [f"{line['share']:.1%}", _bytes(line["amount"])][: 1 + memory]
        mark, style = ("yours", "bold") if line["yours"] else ("given" if line["given"] else "", "")
        table.add_row(*amounts, f"{line['file']}:{line['line']}", line["function"], mark, style=style)
    Console().print(table, highlight=False, markup=False)


def _show_time(module: course.Module, result: Result) -> None:
    low, high = map(_time, result["quartiles"])
    spread = f"half of {len(result['runs'])} runs between {low} and {high}"
    say(
        f"{module.number} {module.name}: {_time(result['median'])} a repetition ({spread}), one thread, after a warm-up"
    )
    if result["parts"]:
        _show_parts(result["parts"])
    if result["before"]:
        say(f"The last time it was {_time(result['before'])}; now {result['median'] / result['before']:.2f} of that.")


def _show_parts(parts: dict[str, float]) -> None:
    """Show each part's time, and how it compares with the first one's."""
    (first, base), *others = parts.items()
    compared = [f"{name} {_time(seconds)} ({seconds / base:.2f} times {first})" for name, seconds in others]
    say(f"  of which {', '.join([f'{first} {_time(base)}', *compared])}")


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _bytes(number: int) -> str:
    return f"{number / 1e6:.2f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"


def _open(file: Path) -> None:
    """Show the result beside the code where this runs in the editor's own terminal; never a reason to fail."""
    editor = next(filter(None, map(shutil.which, EDITORS)), None)
    if editor and os.environ.get("TERM_PROGRAM") == "vscode":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([editor, "-r", str(file)], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
