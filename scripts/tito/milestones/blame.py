"""Say which of the learner's functions a failure inside a milestone comes from, in place of a long traceback.

Public parts: `Stopped`, `built`, `wrong`, `unjudged`, `doubts`, `doubted`, `stopped`, `suspects`.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tito.progress import Standing, place, standings


class Stopped(Exception):
    """The milestone can't go on; the message is for the learner, and whole."""


def built() -> list[Standing]:
    """Return the learner's exercises that run in this process: those without a raise in them."""
    return [s for s in standings()[1] if s.state == "built"]


def wrong(own: Sequence[Standing]) -> list[Standing]:
    """Return the exercises that were wrong when last judged, and are as they were then."""
    return [s for s in own if s.verdict == "failed"]


def unjudged(own: Sequence[Standing]) -> list[Standing]:
    """Return the exercises whose code was edited since they were judged, or that never were."""
    return [s for s in own if s.verdict in ("changed", "unknown")]


def doubts(own: Sequence[Standing]) -> str:
    """Return one line on what runs but is not known to be right, or ""."""
    groups = (("last judged wrong", wrong(own)), ("not judged since the last change", unjudged(own)))
    said = [f"{what}: {', '.join(str(s.exercise) for s in group)}" for what, group in groups if group]
    return f"note  {'; '.join(said)}" if said else ""


def doubted(own: Sequence[Standing]) -> list[Standing]:
    """Return the exercises that are not known to be right, in the course's order."""
    return [s for s in own if s.verdict in ("failed", "changed", "unknown")]


def stopped(error: Exception, task: str) -> Stopped:
    """Return what to tell the learner about an error that arose while `task` ran.

    Where nothing of the learner's runs, the error is the course's own fault: then it is raised again as it is.
    """
    own = built()
    if not own:
        raise error
    head = f"{task} stopped: {' '.join(str(error).split()) or 'no message'} ({type(error).__name__})"
    found = _in_traceback(error.__traceback__, own) or _in_message(str(error), own)
    if found is None:
        return Stopped("\n".join([head, *suspects(own)]))
    at, line, culprit = found
    lines = [head]
    if culprit not in wrong(own):
        lines += [f"  first    {s.exercise} was last judged wrong: tito test {s.exercise.id}" for s in wrong(own)]
    lines.append(f"  look at  {at}  {culprit.exercise}" + (f"    {line}" if line else ""))
    lines.append(f"  next     tito test {culprit.exercise.id}")
    if len(own) > 1:
        lines.append("           and where that one is right, all that you have built: tito test --built")
    return Stopped("\n".join(lines))


def suspects(own: Sequence[Standing]) -> list[str]:
    """Return lines that name what may be at fault, where nothing points to one function.

    That is what is known to be wrong; or else what is not known to be right; or else all that the learner has built.
    """
    if named := wrong(own):
        lines = ["  what was last judged wrong runs in there:"]
    elif named := unjudged(own):
        lines = ["  what you have built, and not judged since, runs in there:"]
    else:
        named, lines = list(own), ["  what you have built runs in there:"]
    lines += [f"           {place(s)}  {s.exercise}" for s in named]
    return [*lines, f"  next     tito test {' '.join(s.exercise.id for s in named)}"]


def _in_traceback(trace: TracebackType | None, own: Sequence[Standing]) -> tuple[str, str, Standing] | None:
    """Return place, source line and exercise of the innermost frame that is the learner's, or None."""
    found = None
    while trace is not None:
        code = trace.tb_frame.f_code
        for s in own:
            # A function inside the exercise's function counts as the exercise: "matmul_vjp.<locals>.flip".
            if code.co_filename == str(s.module.file) and code.co_qualname.split(".<locals>")[0] == s.exercise.function:
                file = place(s).rpartition(":")[0]
                found = f"{file}:{trace.tb_lineno}", _source_line(s.module.file, trace.tb_lineno), s
        trace = trace.tb_next
    return found


def _in_message(message: str, own: Sequence[Standing]) -> tuple[str, str, Standing] | None:
    """Return the exercise that the message names ("matmul_vjp returned a gradient of ..."), or None."""
    for s in own:
        if re.search(rf"\b{re.escape(s.exercise.function)}\b", message):
            return place(s), "", s
    return None


def _source_line(path: Path, number: int) -> str:
    try:
        return path.read_text(encoding="utf-8").splitlines()[number - 1].strip()
    except (OSError, ValueError, IndexError):
        return ""
