"""`tito profile`: where a module's workload spends its time or memory, on the learner's own lines.

Public parts: `profile`. The workload (`profiles/NN_name.py`) runs in a process of its own with the threads of every
numerical library fixed to one. The result goes to `runs/profiles/`, in a format that the editor shows above the lines
themselves.
"""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tito import course
from tito import profile_formats as formats
from tito.profile_formats import Frame, Json, Sample

FOLDER = course.RUNS / "profiles"
WORKLOADS = course.ROOT / "profiles"
OWN = (course.MODULES, course.ROOT / "tinytorch", WORKLOADS)  # whose lines are shown
RATE = 200  # samples a second
RUNS = 15  # timed runs
LINES = 12  # shown in the table at most
SHOWN_FROM = 0.005  # the share below which a line is left out of it
START_UP = 60.0  # seconds that a workload may take beyond what was asked for, before it is ended
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
EDITORS = ("code", "code-insiders", "codium", "code-server")  # the editor's own command in its terminals
_NUMBER = re.compile(r"-(\d+)$")
_FORBIDDEN = re.compile("permission denied|operation not permitted|requires root|elevated permissions", re.IGNORECASE)

console = Console()
errors = Console(stderr=True)


class Tool(StrEnum):
    """What measures."""

    PY_SPY = "py-spy"
    MEMRAY = "memray"
    TIME = "time"


class Trouble(Exception):
    """Nothing could be measured; the message says why and what to try."""


def profile(
    module: Annotated[str, typer.Argument(help="The module: 01, tensor, or a file in its folder.")],
    tool: Annotated[Tool, typer.Option("--with", help="Time by line, peak memory by line, or run time.")] = Tool.PY_SPY,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long py-spy watches.")] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the result, in an editor's terminal.")] = True,
) -> None:
    """Measure a module's workload and show its hottest lines, yours first.

    Example: tito profile 01 --with py-spy
    """
    chosen = course.module(module)
    try:
        result = _measure(chosen, tool, seconds)
    except Trouble as trouble:
        _complain(str(trouble), as_json)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _complain("stopped; nothing was written", as_json)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    _show(chosen, result)
    if open_it and tool is not Tool.TIME:
        _open(course.ROOT / result["file"])


def _measure(module: course.Module, tool: Tool, seconds: float) -> Json:
    """Run the workload under the tool, keep what it found, and return what to show."""
    workload = WORKLOADS / f"{module.folder.name}.py"
    if not workload.is_file():
        raise Trouble(f"module {module.number} has no workload: {_shown(workload)} is not there")
    measure = {Tool.PY_SPY: _with_py_spy, Tool.MEMRAY: _with_memray, Tool.TIME: _with_time}[tool]
    with tempfile.TemporaryDirectory(prefix="tito-profile-") as folder:
        found = measure(module, workload, Path(folder), seconds)
    return {"module": module.number, "with": tool.value, "workload": _shown(workload), **found}


def _with_py_spy(module: course.Module, workload: Path, folder: Path, seconds: float) -> Json:
    raw = folder / "raw.txt"
    sampler = [_py_spy(), "record", "--full-filenames", "-r", str(RATE), "-f", "raw", "-o", str(raw), "--"]
    ran = _run(workload, ["--seconds", str(seconds)], folder, before=sampler, limit=seconds + START_UP)
    samples = formats.own_code(formats.read_raw(raw.read_text(encoding="utf-8")) if raw.exists() else [], OWN)
    count = sum(amount for _, amount in samples)
    if not count:
        raise Trouble(f"py-spy saw no line of {_shown(workload)} at work; watch longer: --seconds {seconds * 3:g}")
    file = _new_file(module, "cpuprofile")
    _write(file, formats.cpu_profile(samples, ran["seconds"]))
    return {"file": _shown(file), "unit": "samples", "total": count, **ran, "lines": _lines(samples)}


def _with_memray(module: course.Module, workload: Path, folder: Path, seconds: float) -> Json:
    _run(workload, ["--memory", str(folder / "trace.bin")], folder, limit=START_UP)
    found, peak = formats.read_memray(folder / "trace.bin")
    samples = formats.own_code(found, OWN)
    if not samples:
        raise Trouble(
            f"memray saw no allocation: one repetition of {_shown(workload)} has no memory of its own at its peak"
        )
    file = _new_file(module, "heapprofile")
    _write(file, formats.heap_profile(samples))
    total = sum(amount for _, amount in samples)
    return {"file": _shown(file), "unit": "bytes", "total": total, "peak": peak, "lines": _lines(samples)}


def _with_time(module: course.Module, workload: Path, folder: Path, seconds: float) -> Json:
    ran = _run(workload, ["--runs", str(RUNS)], folder, limit=START_UP)
    low, median, high = statistics.quantiles(ran["runs"], n=4)
    file = FOLDER / f"{module.folder.name}.time.json"
    before = _earlier(file)
    found = {"unit": "seconds", "median": median, "quartiles": [low, high], "threads": 1, **ran}
    _write(file, found)
    return {"file": _shown(file), **found, "before": before}


def _run(workload: Path, asked: Sequence[str], folder: Path, limit: float, before: Sequence[str] = ()) -> Json:
    """Run the workload in a child process and return its result; Trouble if it raised, hung or ended without one."""
    result = folder / "result.json"
    child = [sys.executable, "-m", "tito.workload", str(workload), "--result", str(result), "--limit", str(limit)]
    paths = [str(course.ROOT), str(course.ROOT / "scripts"), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)}
    command = [*before, *child, *asked]
    try:
        ended = subprocess.run(
            command, cwd=course.ROOT, env=env, capture_output=True, text=True, errors="replace", timeout=limit + 10
        )
    except OSError as error:
        raise Trouble(f"{command[0]} can't be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Trouble(f"{_shown(workload)} did not end within {limit:g} seconds") from None
    for line in ended.stderr.splitlines():
        if line.startswith("tinytorch: "):  # the loader says which file it can't use
            errors.print(line, highlight=False, markup=False, soft_wrap=True)
    return _result(json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}, ended, workload, limit)


def _result(result: Json, ended: "subprocess.CompletedProcess[str]", workload: Path, limit: float) -> Json:
    """Return a good result; Trouble with one sentence for each way to fail."""
    if "error" in result:
        place = _place(Frame(*frame) for frame in result["frames"])
        raise Trouble(f"{result['error']} (at {place or _shown(workload)}); `tito test` says more")
    if result:
        return result
    if "Timeout (" in ended.stderr:
        frames = re.findall(r'File "(.*)", line (\d+) in (\S+)', ended.stderr)
        place = _place(Frame(function, file, int(line)) for file, line, function in frames)
        raise Trouble(f"still running after {limit:g} seconds, at {place or _shown(workload)}: an endless loop?")
    if _FORBIDDEN.search(ended.stderr):
        raise Trouble(
            "py-spy may not read another process here: a container needs the capability SYS_PTRACE, macOS wants sudo; "
            "`--with memray` and `--with time` remain"
        )
    if "No module named 'memray'" in ended.stderr:
        raise Trouble(
            "memray is not installed here (there is none for Windows); `--with py-spy` and `--with time` remain"
        )
    last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
    raise Trouble(f"the workload ended with exit code {ended.returncode} and no result: {last}")


def _place(frames: Any) -> str:
    """Return where an error belongs: the innermost line of the learner's, or else of the workspace."""
    own = [frame for frame in frames if any(Path(frame.file).is_relative_to(folder) for folder in OWN)]
    own.sort(key=lambda frame: not _is_yours(frame.file))
    return f"{_shown(Path(own[0].file))}:{own[0].line} in {own[0].function}" if own else ""


def _py_spy() -> str:
    """Return the program that belongs to this environment, also where that is not activated."""
    places = [str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
    found = shutil.which("py-spy", path=os.pathsep.join(places))
    if not found:
        raise Trouble("py-spy is not installed here; `python3 scripts/start.py` renews the environment")
    return found


def _new_file(module: course.Module, suffix: str) -> Path:
    """Return a name with the next number: the editor never reads a profile again that it has open."""
    numbers = [
        int(found[1])
        for path in FOLDER.glob(f"{module.folder.name}-*.{suffix}")
        if (found := _NUMBER.search(path.stem))
    ]
    return FOLDER / f"{module.folder.name}-{max(numbers, default=0) + 1}.{suffix}"


def _write(file: Path, content: Json) -> None:
    """Write a result in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(file)


def _earlier(file: Path) -> float | None:
    """Return the median of the last timing, or None."""
    try:
        return float(json.loads(file.read_text(encoding="utf-8"))["median"])
    except (OSError, ValueError, KeyError):
        return None


def _lines(samples: Sequence[Sample]) -> list[Json]:
    """Return the hottest lines, the learner's own before all others."""
    total = sum(amount for _, amount in samples)
    lines = [
        {
            "file": _shown(Path(frame.file)),
            "line": frame.line,
            "function": frame.function,
            "amount": amount,
            "share": amount / total,
            "yours": _is_yours(frame.file),
        }
        for (frame,), amount in formats.hottest(samples)
    ]
    return sorted(lines, key=lambda line: not line["yours"])


def _is_yours(file: str) -> bool:
    return Path(file).is_relative_to(course.MODULES)


def _shown(path: Path) -> str:
    return path.relative_to(course.ROOT).as_posix() if path.is_relative_to(course.ROOT) else str(path)


def _complain(message: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": message}))
    else:
        errors.print(f"tito profile: {message}", highlight=False, markup=False, soft_wrap=True)


def _show(module: course.Module, result: Json) -> None:
    from tinytorch import _workspace  # imports what the learner wrote: only once it is wanted

    _say(_workspace.yours())
    if result["unit"] == "seconds":
        _show_time(module, result)
        return
    memory = result["unit"] == "bytes"
    whole = (
        f"{_bytes(result['total'])} at the peak of one repetition"
        if memory
        else f"{result['seconds']:.1f} s, one thread"
    )
    _say(f"{module.number} {module.name}, {result['with']}: {whole}")
    table = Table(box=None, pad_edge=False)
    for name in ("share", "memory") if memory else ("share",):
        table.add_column(name, justify="right")
    for name in ("line", "function", ""):
        table.add_column(name, overflow="fold")
    for line in [line for line in result["lines"] if line["share"] >= SHOWN_FROM][:LINES]:
        amounts = [f"{line['share']:.1%}", _bytes(line["amount"])][: 1 + memory]
        mark, style = ("yours", "bold") if line["yours"] else ("", "")
        table.add_row(*amounts, f"{line['file']}:{line['line']}", line["function"], mark, style=style)
    console.print(table, highlight=False, markup=False)
    if not any(line["yours"] for line in result["lines"]):
        _say(f"None of these lines is yours: what is not built in {_shown(module.file)} runs from the reference.")
    _say(f"The editor shows this above the lines themselves: open {result['file']}")


def _show_time(module: course.Module, result: Json) -> None:
    low, high = map(_time, result["quartiles"])
    spread = f"half of {len(result['runs'])} runs between {low} and {high}"
    _say(
        f"{module.number} {module.name}: {_time(result['median'])} a repetition ({spread}), one thread, after a warm-up"
    )
    if result["before"]:
        _say(f"The last time it was {_time(result['before'])}; now {result['median'] / result['before']:.2f} of that.")


def _say(line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _bytes(number: int) -> str:
    return f"{number / 1e6:.2f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"


def _open(file: Path) -> None:
    """Show the result beside the code where this runs in the editor's own terminal; never a reason to fail."""
    if os.environ.get("TERM_PROGRAM") != "vscode":
        return
    editor = next(filter(None, map(shutil.which, EDITORS)), None)
    if editor:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([editor, "-r", str(file)], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
