"""Run a module's workload for a profiler, in a process of its own.

Public parts: `main`. `tito profile` starts `python -m tito.workload profiles/01_tensor.py --seconds 3` under py-spy or
alone and reads the result file. A workload is a script with `main(repeat)`, which does the same work `repeat` times.
It may name parts of that work, `PARTS = {"forward": forward, "backward": main}`: each function does it as far as the
part's end.
It may have budgets, `BUDGETS = {"what, with sizes": (count, at_most, "unit")}`: each function counts something, such as
bytes or operations, and meets its budget if that is at most so much.
It may give `FLOP`, a number, for work that `flops.py` can't count.
Nothing is imported here but what is needed, so that little else is measured.
"""

import argparse
import faulthandler
import importlib.util
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

Work = Callable[[int], object]
Budget = tuple[Callable[[], float], float, str]  # counts, at most, unit

WARM_UPS = 2
RUN_SECONDS = 0.02  # what a timed run takes at least: a thousand times the clock's resolution


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the workload as asked and write a JSON object to the result file; 1 if it raised."""
    parser = argparse.ArgumentParser(prog="tito.workload")
    parser.add_argument("file", type=Path)
    parser.add_argument("--result", type=Path)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which the process ends itself")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--seconds", type=float, help="repeat for so long")
    kind.add_argument("--runs", type=int, help="time so many runs")
    kind.add_argument("--memory", type=Path, help="trace the memory of one repetition with memray, into this file")
    kind.add_argument("--flop", action="store_true", help="count the floating-point operations of one repetition")
    kind.add_argument("--budgets", action="store_true", help="count what the workload has budgets for")
    asked = parser.parse_args(arguments)
    faulthandler.dump_traceback_later(asked.limit, exit=True)
    try:
        result, code = _run(asked), 0
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # whatever the learner's code does: `tito profile` says it
        result, code = _describe(error), 1
    if asked.result:
        asked.result.write_text(json.dumps(result), encoding="utf-8")
    return code


def _run(asked: argparse.Namespace) -> dict[str, Any]:
    if asked.flop:
        return count_flop(asked.file)
    workload = _load(asked.file)
    if asked.budgets:
        return {"budgets": count_budgets(getattr(workload, "BUDGETS", {}))}
    work: Work = workload.main
    if asked.seconds:
        repeats, seconds = keep_busy(work, asked.seconds)
        return {"repeats": repeats, "seconds": seconds}
    if asked.runs:
        return {**time_runs(work, asked.runs), "parts": time_parts(getattr(workload, "PARTS", {}), asked.runs)}
    import memray

    work(1)
    with memray.Tracker(asked.memory):
        work(1)
    return {"repeats": 1}


def count_flop(file: Path) -> dict[str, Any]:
    """Count one repetition's floating-point operations by function, after a warm-up.

    Where counting arrays can't be used, because the work asks for NumPy's own type, the workload's `FLOP` counts.
    """
    from tito import flops

    with flops.counting() as found:
        workload = _load(file)
        flops.let_count(workload)
        try:
            workload.main(1)
            found.clear()
            workload.main(1)
        except (TypeError, ValueError, AttributeError):
            if not hasattr(workload, "FLOP"):
                raise
            return {"flop": workload.FLOP, "by": {}, "counted": False}
    return {"flop": found.total(), "by": dict(found.most_common()), "counted": True}


def count_budgets(budgets: Mapping[str, Budget]) -> list[dict[str, Any]]:
    """Count what each budget is about; one that can't be counted says why."""
    found = []
    for what, (count, at_most, unit) in budgets.items():
        entry: dict[str, Any] = {"what": what, "at_most": at_most, "unit": unit, "measured": None, "met": False}
        try:
            measured = float(count())
        except (Exception, SystemExit) as error:  # the learner's code: the other budgets are counted all the same
            found.append({**entry, **_describe(error)})
        else:
            found.append({**entry, "measured": measured, "met": measured <= at_most})
    return found


def keep_busy(work: Work, seconds: float) -> tuple[int, float]:
    """Repeat the work for about `seconds`; return how often and how long it was done."""
    done, repeat, passed = 0, 1, 0.0
    while passed < seconds:
        took = _time(work, repeat)
        done, passed = done + repeat, passed + took
        if took < seconds / 20:
            repeat *= 2
    return done, passed


def time_runs(work: Work, runs: int) -> dict[str, Any]:
    """Time `runs` equal runs after a warm-up; return the seconds of one repetition in each of them."""
    repeat = _enough(work)
    return {"repeats": repeat, "runs": [_time(work, repeat) / repeat for _ in range(runs)]}


def time_parts(parts: Mapping[str, Work], runs: int) -> dict[str, list[float]]:
    """Time the parts of a repetition: what each function takes more than the one before; in turns, as clocks drift."""
    repeats = {name: _enough(work) for name, work in parts.items()}
    found: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(runs):
        start = 0.0
        for name, work in parts.items():
            end = _time(work, repeats[name]) / repeats[name]
            found[name].append(end - start)
            start = end
    return found


def _enough(work: Work) -> int:
    """Warm up; return how often to repeat the work for a run that can be timed."""
    repeat = 1
    for _ in range(WARM_UPS):
        work(repeat)
    while _time(work, repeat) < RUN_SECONDS:
        repeat *= 2
    return repeat


def _time(work: Work, repeat: int) -> float:
    start = time.perf_counter()
    work(repeat)
    return time.perf_counter() - start


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("workload", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _describe(error: BaseException) -> dict[str, Any]:
    """Return the error in one line, and its frames from the innermost."""
    text = " ".join(str(error).split())
    frames = [[f.name, f.filename, f.lineno or 1] for f in reversed(traceback.extract_tb(error.__traceback__))]
    return {"error": f"{type(error).__name__}: {text}" if text else type(error).__name__, "frames": frames}


if __name__ == "__main__":
    sys.exit(main())
