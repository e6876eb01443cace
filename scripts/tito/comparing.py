"""Run a module's workload and the same work in PyTorch, in turns, in a process of its own, on one thread.

Public parts: `main`. `tito compare` starts `python -m tito.comparing profiles/05_autograd.py
profiles/pytorch_05_autograd.py --result FILE` and reads the result. The PyTorch file is a workload (`tito.workload`)
with the same parts, and has `values(workload)`, which yields (name, our array, PyTorch's array).
"""

import argparse
import faulthandler
import gc
import importlib.util
import json
import statistics
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tito.workload import RUN_SECONDS, WARM_UPS, Work

ROUNDS = 15
ALL = "in all"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare as asked and write a JSON object to the result file; 1 if something raised."""
    parser = argparse.ArgumentParser(prog="tito.comparing")
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path)
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which the process ends itself")
    asked = parser.parse_args(arguments)
    faulthandler.dump_traceback_later(asked.limit, exit=True)
    try:
        import torch

        torch.set_num_threads(1)
        ours, theirs = _load(asked.ours), _load(asked.theirs)
        values = [_difference(*value) for value in theirs.values(ours)]
        result, code = {"pytorch": str(torch.__version__), "values": values, "times": compare(ours, theirs)}, 0
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # whatever the learner's code does: `tito compare` says it
        result, code = _describe(error), 1
    asked.result.write_text(json.dumps(result), encoding="utf-8")
    return code


def compare(ours: ModuleType, theirs: ModuleType) -> list[dict[str, Any]]:
    """Time both in turns; return for each part, and for all of it, the ratios' median and quartiles, and the times."""
    work = [_work(ours), _work(theirs)]
    if work[0].keys() != work[1].keys():
        raise ValueError(f"the parts differ: {', '.join(work[0])} and {', '.join(work[1])}")
    rounds = _rounds(work)
    names = [*work[0], ALL] if len(work[0]) > 1 else [ALL]
    return [_row(name, [r[0][i] for r in rounds], [r[1][i] for r in rounds]) for i, name in enumerate(names)]


def _rounds(work: Sequence[Mapping[str, Work]]) -> list[list[list[float]]]:
    """Return for each round, for ours and for theirs, the seconds of each part and at last of all of it."""
    repeats = [{name: _enough(run) for name, run in parts.items()} for parts in work]
    found = []
    for _ in range(ROUNDS):
        gc.collect()
        both: list[list[float]] = [[], []]
        ends = [0.0, 0.0]
        for name in work[0]:
            for side, parts in enumerate(work):
                end = _time(parts[name], repeats[side][name]) / repeats[side][name]
                both[side].append(end - ends[side])
                ends[side] = end
        found.append([[*times, end] if len(times) > 1 else times for times, end in zip(both, ends, strict=True)])
    return found


def _row(name: str, ours: list[float], theirs: list[float]) -> dict[str, Any]:
    low, median, high = statistics.quantiles([a / b for a, b in zip(ours, theirs, strict=True)], n=4)
    times = {"ours": statistics.median(ours), "theirs": statistics.median(theirs)}
    return {"part": name, "ratio": median, "quartiles": [low, high], **times, "rounds": len(ours)}


def _difference(name: str, ours: Any, theirs: Any) -> dict[str, Any]:
    """Return how far two arrays are apart, at most, and how large the values are."""
    if ours.shape != theirs.shape:
        return {"name": name, "shapes": [list(ours.shape), list(theirs.shape)]}
    apart, largest = float(abs(ours - theirs).max()), float(abs(theirs).max())
    return {"name": name, "difference": apart, "largest": largest}


def _work(module: ModuleType) -> dict[str, Work]:
    return dict(getattr(module, "PARTS", {ALL: module.main}))


def _enough(work: Work) -> int:
    """Warm up; return how often to repeat the work for a run that can be timed."""
    repeat = 1
    for _ in range(WARM_UPS):
        work(repeat)
    while _time(work, repeat) < RUN_SECONDS:
        repeat *= 2
    return repeat


def _time(work: Work, repeat: int) -> float:
    """Return the seconds of CPU time: what else the machine does is not in them."""
    start = time.process_time()
    work(repeat)
    return time.process_time() - start


def _describe(error: BaseException) -> dict[str, Any]:
    """Return the error in one line, and its places from the innermost."""
    text = " ".join(str(error).split())
    places = [[f.filename, f.lineno or 1] for f in reversed(traceback.extract_tb(error.__traceback__))]
    return {"error": f"{type(error).__name__}: {text}" if text else type(error).__name__, "places": places}


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"compared_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
