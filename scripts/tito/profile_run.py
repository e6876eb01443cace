"""Measure a module's workload: run `profiles/NN_name.py` in a process of its own, under a profiler, on one thread.

Public parts: `measure`, `Tool`; `in_child`, `workload_of` and `place` for other counts of a workload. Results are
written to `runs/profiles/`. Whatever goes wrong is a CannotDo with one sentence.
"""

import contextlib
import importlib.util
import io
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from tito import profile_formats as formats
from tito import profile_kept, record
from tito.course import MODULES, ROOT, Module
from tito.memory import CannotDo, shown, write_whole
from tito.profile_formats import Frame, Sample
from tito.profile_kept import Result, new_file
from tito.profile_lines import function_at, named, owner_of

WORKLOADS = ROOT / "profiles"
OWN = (MODULES, ROOT / "tinytorch", WORKLOADS)  # whose lines are shown
RATE = 200  # samples a second
RUNS_TIMED = 15
START_UP = 60.0  # seconds that a workload may take beyond what was asked for, before it is ended

_POOLS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")
ONE_THREAD = dict.fromkeys(_POOLS, "1")

_FORBIDDEN = re.compile("permission denied|operation not permitted|requires root|elevated permissions", re.IGNORECASE)


class Tool(StrEnum):
    """What measures."""

    PY_SPY = "py-spy"
    MEMRAY = "memray"
    SCALENE = "scalene"
    TIME = "time"


def measure(module: Module, tool: Tool, seconds: float) -> Result:
    """Run the workload under the tool, keep what it found, and return what to show."""
    workload = workload_of(module)
    run = {
        Tool.PY_SPY: _with_py_spy,
        Tool.MEMRAY: _with_memray,
        Tool.SCALENE: _with_scalene,
        Tool.TIME: _with_time,
    }[tool]
    with tempfile.TemporaryDirectory(prefix="tito-profile-") as folder:
        found = run(workload, Path(folder), seconds)
    result = {"module": module.number, "with": tool.value, "workload": shown(workload), **found}
    if tool is not Tool.TIME:
        return profile_kept.keep(module, result)
    before = _time_before(module)
    kept = profile_kept.keep(module, {**result, "code": _code(module)})
    return {**kept, "file": kept["kept"], "before": before}


def in_child(module: Module, *asked: str) -> Result:
    """Run a module's workload in a process of its own with these options, and return its result. Raises CannotDo."""
    with tempfile.TemporaryDirectory(prefix="tito-profile-") as folder:
        return _run(workload_of(module), asked, Path(folder), START_UP)


def workload_of(module: Module) -> Path:
    """Return a module's workload. Raises CannotDo where there is none."""
    workload = WORKLOADS / f"{module.folder.name}.py"
    if not workload.is_file():
        raise CannotDo(f"module {module.number} has no workload: {shown(workload)} is not there")
    return workload


def _with_py_spy(workload: Path, folder: Path, seconds: float) -> Result:
    raw = folder / "raw.txt"
    sampler = [_py_spy(), "record", "--full-filenames", "-r", str(RATE), "-f", "raw", "-o", str(raw), "--"]
    ran = _run(workload, ["--seconds", str(seconds)], folder, before=sampler, limit=seconds + START_UP)
    samples = formats.own_code(formats.read_raw(raw.read_text(encoding="utf-8")) if raw.exists() else [], OWN)
    count = sum(amount for _, amount in samples)
    if not count:
        raise CannotDo(f"py-spy saw no line of {shown(workload)} at work; watch longer: --seconds {seconds * 3:g}")
    file = new_file(workload.stem, "cpuprofile")
    _write(file, formats.cpu_profile(samples, ran["seconds"]))
    return {"file": shown(file), "unit": "samples", "total": count, **ran, "lines": _lines(samples)}


def _with_memray(workload: Path, folder: Path, seconds: float) -> Result:
    if importlib.util.find_spec("memray") is None:
        raise CannotDo("memray is not installed here, and there is none for Windows; `--with py-spy` remains")
    trace = folder / "trace.bin"
    _run(workload, ["--memory", str(trace)], folder, limit=START_UP)
    found, peak = formats.read_memray(trace)
    samples = named(formats.own_code(found, OWN))
    allocated = sum(amount for _, amount in formats.own_code(formats.allocated(trace), OWN))
    facts = {"unit": "bytes", "peak": peak, "allocated": allocated}
    if not samples:
        return {"file": None, **facts, "total": 0, "lines": []}
    file = new_file(workload.stem, "heapprofile")
    _write(file, formats.heap_profile(samples))
    return {"file": shown(file), **facts, "total": sum(amount for _, amount in samples), "lines": _lines(samples)}


def _with_scalene(workload: Path, folder: Path, seconds: float) -> Result:
    if importlib.util.find_spec("scalene") is None:
        raise CannotDo("scalene is not installed here; `--with py-spy` says the same, and is right about products")
    out, start = folder / "scalene.json", folder / "start.py"
    start.write_text("import sys\nfrom tito.workload import main\nsys.exit(main())\n", encoding="utf-8")
    options = ["--cpu-only", "--program-path", str(ROOT), "--cpu-sampling-rate", str(1 / RATE), "-o", str(out)]
    child = [sys.executable, "-m", "scalene", "run", *options, str(start), "---"]
    ran = _run(workload, ["--seconds", str(seconds)], folder, limit=seconds + START_UP, child=child)
    samples = formats.own_code(formats.read_scalene(_found_by_scalene(out), RATE, function_at), OWN)
    count = sum(amount for _, amount in samples)
    if not count:  # it ends well all the same, and its file holds {} or no line
        raise CannotDo(f"scalene saw no line of {shown(workload)} at work; watch longer: --seconds {seconds * 3:g}")
    file = new_file(workload.stem, "cpuprofile")
    _write(file, formats.cpu_profile(samples, ran["seconds"]))
    return {"file": shown(file), "unit": "samples", "total": count, **ran, "lines": _lines(samples)}


def _found_by_scalene(file: Path) -> Result:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else {}


def _with_time(workload: Path, folder: Path, seconds: float) -> Result:
    ran = _run(workload, ["--runs", str(RUNS_TIMED)], folder, limit=START_UP)
    low, median, high = statistics.quantiles(ran["runs"], n=4)
    found = {"unit": "seconds", "median": median, "quartiles": [low, high], "threads": 1, **ran}
    found["parts"] = {name: statistics.median(runs) for name, runs in ran["parts"].items()}
    return found


def _run(
    workload: Path,
    asked: Sequence[str],
    folder: Path,
    limit: float,
    before: Sequence[str] = (),
    child: Sequence[str] = (sys.executable, "-m", "tito.workload"),
) -> Result:
    """Run the workload in a child process and return its result; CannotDo if it raised, hung or ended without one."""
    result = folder / "result.json"
    paths = [str(ROOT), str(ROOT / "scripts"), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)}
    command = [*before, *child, str(workload), "--result", str(result), "--limit", str(limit), *asked]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, errors="replace", timeout=limit + 10
        )
    except OSError as error:
        raise CannotDo(f"{command[0]} can't be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise CannotDo(f"{shown(workload)} did not end within {limit:g} seconds") from None
    for line in ended.stderr.splitlines():
        if line.startswith("tinytorch: "):  # the loader says which file it can't use
            print(line, file=sys.stderr)
    return _result(json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}, ended, workload, limit)


def _result(result: Result, ended: "subprocess.CompletedProcess[str]", workload: Path, limit: float) -> Result:
    """Return a good result; CannotDo with one sentence for each way to fail."""
    if "error" in result:
        at = place(result["frames"])
        raise CannotDo(f"{result['error']} (at {at or shown(workload)}); `tito test` says more")
    if result:
        return result
    said = ended.stderr
    if "Timeout (" in said:
        root = str(ROOT).encode("ascii", "backslashreplace").decode()  # faulthandler writes nothing but ASCII
        frames = re.findall(r'File "(.*)", line (\d+) in (\S+)', said.replace(root, str(ROOT)))
        at = place((function, file, int(line)) for file, line, function in frames)
        raise CannotDo(f"still running after {limit:g} seconds, at {at or shown(workload)}: an endless loop?")
    if _FORBIDDEN.search(said):
        raise CannotDo(
            "py-spy may not read another process here: a container needs the capability SYS_PTRACE, macOS wants sudo; "
            "`--with memray` and `--with time` remain"
        )
    last = (said.strip().splitlines() or ["it said nothing"])[-1]
    raise CannotDo(f"the workload ended with exit code {ended.returncode} and no result: {last}")


def place(frames: Iterable[Sequence[Any]]) -> str:
    """Return where an error belongs: the innermost line of the learner's, or else of the workspace, or "".

    frames: function, file and line of each, from the innermost.
    """
    own = [
        frame
        for frame in itertools.starmap(Frame, frames)
        if any(Path(frame.file).is_relative_to(folder) for folder in OWN)
    ]
    own.sort(key=lambda frame: not Path(frame.file).is_relative_to(MODULES))
    return f"{shown(Path(own[0].file))}:{own[0].line} in {own[0].function}" if own else ""


def _py_spy() -> str:
    """Return the program that belongs to this environment, also where that is not activated."""
    places = [str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
    found = shutil.which("py-spy", path=os.pathsep.join(places))
    if not found:
        raise CannotDo("py-spy is not installed here; `python3 scripts/start.py` renews the environment")
    return found


def _write(file: Path, content: Result) -> None:
    write_whole(file, json.dumps(content).encode())


def _code(module: Module) -> record.Code:
    """Return which code was timed; what the learner's files print while they are imported, the workload said."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return record.code(module)


def _time_before(module: Module) -> Result | None:
    """Return the median and the code of the last timing, or None where it was kept without saying which code ran."""
    try:
        found = profile_kept.earlier(module, Tool.TIME)
        code = record.Code(exercises=list(found["code"]["exercises"]), digest=str(found["code"]["digest"]))
        return {"median": float(found["median"]), "code": code}
    except (CannotDo, KeyError, TypeError, ValueError):
        return None


def _lines(samples: Sequence[Sample]) -> list[Result]:
    """Return the hottest lines, those that the learner wrote before all others."""
    total = sum(amount for _, amount in samples)
    lines = [
        {
            "file": shown(Path(frame.file)),
            "line": frame.line,
            "function": frame.function,
            "amount": amount,
            "share": amount / total,
            "yours": owner_of(frame) == "yours",
            "given": owner_of(frame) == "given",
        }
        for (frame,), amount in formats.hottest(samples)
    ]
    return sorted(lines, key=lambda line: not line["yours"])
