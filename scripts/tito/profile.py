"""`tito profile`: where a module's workload spends its time or memory, on the learner's own lines.

Public parts: `profile`, `Command`. What else it does stands in `predict.py`, `against.py` and `budget.py`.
"""

import contextlib
import io
import itertools
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from tito import against as comparing
from tito import budget as budgets
from tito import course, profile_kept, record
from tito import predict as predicting
from tito.answer import Json, document, note, say
from tito.editor import open_in_editor
from tito.limit import import_course
from tito.memory import CannotDo, shown
from tito.profile_kept import Result
from tito.profile_run import Tool, measure

LINES = 12  # shown in the table at most
SHOWN_FROM = 0.005  # the share below which a line is left out of it
INTERRUPTED = 130  # the exit code after Ctrl-C


class Command(TyperCommand):
    """`tito profile`, whose `--predict` asks and whose `--against` means the last one, where no value follows them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word `ask` behind a bare `--predict`, and `last` behind a bare `--against`."""
        words = []
        for word, following in itertools.zip_longest(args, args[1:], fillvalue=""):
            words.append(word)
            if word == "--predict" and "=" not in following:
                words.append(predicting.ASK)
            elif word == "--against" and (following[:1] in ("", "-") or following.isdecimal()):  # 01 is the module
                words.append(profile_kept.LAST)
        return super().parse_args(ctx, words)


def profile(
    module: Annotated[str, typer.Argument(metavar="NN", help="The module: 01, tensor, or a file of it.")],
    tool: Annotated[Tool, typer.Option("--with", help="Time by line, peak memory by line, or run time.")] = Tool.PY_SPY,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long py-spy or scalene watches.")] = 3.0,
    predict: Annotated[
        str, typer.Option(metavar="[flop=450M,...]", help="Predict, then measure; without values it asks.")
    ] = "",
    explain: Annotated[str, typer.Option(metavar="TEXT", help="Say why the last prediction was far off.")] = "",
    against: Annotated[str, typer.Option(metavar="[last|FILE]", help="Compare with the last profile, or FILE.")] = "",
    budget: Annotated[
        bool, typer.Option("--budget", help="Measure the module's budgets: counts, never times.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the result, in an editor's terminal.")] = True,
    as_json: Json = False,
) -> None:
    """Measure a module's workload and show its hottest lines, yours first.

    Predict before you measure (--predict), compare before and after a change (--against last), and see whether the
    module's budgets are met (--budget; exits 0 only then).

    Example: tito profile 01 --with py-spy, or tito profile 01 --predict
    """
    if sum(map(bool, (predict, explain, against, budget))) > 1:
        raise CannotDo("--predict, --explain, --against and --budget do different things: choose one")
    chosen = course.module(module)
    try:
        if predict:
            predicting.predict(chosen, predict, as_json)
        elif explain:
            predicting.explain(chosen, explain, as_json)
        elif budget:
            budgets.budget(chosen, as_json)
        elif against:
            _compare(chosen, tool, seconds, against, open_it, as_json)
        else:
            _measure(chosen, tool, seconds, open_it, as_json)
    except (KeyboardInterrupt, EOFError):
        note("stopped; nothing was written")
        raise SystemExit(INTERRUPTED) from None


def _measure(chosen: course.Module, tool: Tool, seconds: float, open_it: bool, as_json: bool) -> None:
    result = measure(chosen, tool, seconds)
    if as_json:
        document(result)
        return
    _show(chosen, result)
    if open_it and tool is not Tool.TIME and result["file"]:
        open_in_editor(course.ROOT / result["file"])


def _compare(chosen: course.Module, tool: Tool, seconds: float, wanted: str, open_it: bool, as_json: bool) -> None:
    before = profile_kept.earlier(chosen, tool, wanted)
    after = measure(chosen, tool, seconds)
    changes = comparing.compare(before, after)
    if as_json:
        facts = [{**change._asdict(), "ratio": change.ratio} for change in changes]
        document({"module": chosen.number, "before": before["kept"], "after": after["kept"], "changes": facts})
        return
    picture = comparing.show(chosen, before, after, changes)
    if open_it and picture:
        open_in_editor(picture)


def _show(module: course.Module, result: Result) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import_course()  # runs what the learner wrote: only once it is wanted; what it says was said by the workload
    say(record.yours())
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
    if result["with"] == Tool.SCALENE:
        say("scalene gives the time of `@` to a line that runs after it; --with py-spy names the line itself.")
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
    if before := result["before"]:
        times = f"{_time(before['median'])}; now it takes {result['median'] / before['median']:.2f} times as long"
        say(f"The last time, {_whose(before['code'], result['code'])}, it was {times}.")


def _whose(before: record.Code, now: record.Code) -> str:
    """Say which code a time belongs to, seen from the one that runs now."""
    if not before["exercises"]:  # of 00 the stub ran, of others the reference
        return "with nothing of yours built" if now["exercises"] else "on the same code"
    if not now["exercises"]:
        return "on code of yours"
    return "on the same code" if before["digest"] == now["digest"] else "on other code of yours"


def _show_parts(parts: dict[str, float]) -> None:
    """Show each part's time, and how it compares with the first one's."""
    (first, base), *others = parts.items()
    compared = [f"{name} {_time(seconds)} ({seconds / base:.2f} times {first})" for name, seconds in others]
    say(f"  of which {', '.join([f'{first} {_time(base)}', *compared])}")


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _bytes(number: int) -> str:
    return f"{number / 1e6:.2f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"
