"""Turn what profilers write into profiles that the editor opens: `.cpuprofile` and `.heapprofile`.

Public parts: `Frame`, `Sample`, `read_raw`, `read_memray`, `read_scalene`, `allocated`, `own_code`, `hottest`,
`cpu_profile`, `heap_profile`.

Both formats are V8's (Chrome DevTools Protocol, domains Profiler and HeapProfiler). The editor shows a node's
numbers above the line that its `callFrame` names, in any language; so a node here is a line, where V8 has a function.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Json = dict[str, Any]

MICROSECONDS = 1_000_000  # in a second; the unit of `.cpuprofile`
_FRAME = re.compile(r"(?P<function>[^;]+?) \((?P<file>.*?):(?P<line>\d+)\)(?:;|$)")
_IMPORTING = "<frozen importlib"


class Frame(NamedTuple):
    """One line of a call stack."""

    function: str
    file: str  # absolute
    line: int  # from 1


class Sample(NamedTuple):
    """A call stack, outermost frame first, and how much was seen there: a number of samples, or bytes."""

    stack: tuple[Frame, ...]
    amount: int


def read_raw(text: str) -> list[Sample]:
    """Read py-spy's raw format.

    A line is `main (/a/x.py:7);work (/a/y.py:3) 12`: the frames from the outermost, then the number of samples.
    """
    samples = []
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = tuple(Frame(m["function"], m["file"], int(m["line"])) for m in _FRAME.finditer(stack))
        if frames:
            samples.append(Sample(frames, int(count)))
    return samples


def read_memray(path: Path) -> tuple[list[Sample], int]:
    """Read a memray file: what was allocated when most was, by call stack in bytes, and how many bytes that was."""
    from memray import FileReader  # not on every system

    with FileReader(path) as reader:
        records = reader.get_high_watermark_allocation_records(merge_threads=True)
        samples = [Sample(tuple(Frame(*frame) for frame in reversed(r.stack_trace())), r.size) for r in records]
        peak = reader.metadata.peak_memory
    return samples, peak


def allocated(path: Path) -> list[Sample]:
    """Read a memray file: all bytes that were allocated, whether or not they were freed again, by call stack."""
    from memray import AllocatorType, FileReader  # not on every system

    freeing = (AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE)
    samples = []
    with FileReader(path) as reader:
        for record in reader.get_allocation_records():
            if record.allocator not in freeing:
                samples.append(Sample(tuple(Frame(*frame) for frame in reversed(record.stack_trace())), record.size))
    return samples


def read_scalene(found: Json, rate: int, functions: Callable[[str, int], str]) -> list[Sample]:
    """Read what scalene wrote: a line's share of the CPU's time, as so many samples a second of it.

    functions: gives the name of the function around a line; what runs in none is the import, and is left out.
    A sample has one frame: scalene says nothing about who called.
    """
    ticks = found.get("elapsed_time_sec", 0.0) * rate / 100  # for each percent
    samples = []
    for file, facts in found.get("files", {}).items():
        for line in facts["lines"]:
            share = line["n_cpu_percent_python"] + line["n_cpu_percent_c"] + line.get("n_sys_percent", 0.0)
            name, amount = functions(file, line["lineno"]), round(share * ticks)
            if name and amount:
                samples.append(Sample((Frame(name, file, line["lineno"]),), amount))
    return samples


def own_code(samples: Iterable[Sample], folders: Sequence[Path]) -> list[Sample]:
    """Keep the frames of files in `folders`: a library's work counts for the line that called it. Drop imports."""
    inside = tuple(f"{folder}{sep}" for folder in folders for sep in "/\\")
    kept = []
    for stack, amount in samples:
        own = tuple(frame for frame in stack if frame.file.startswith(inside))
        if own and not any(frame.file.startswith(_IMPORTING) for frame in stack):
            kept.append(Sample(own, amount))
    return kept


def hottest(samples: Iterable[Sample]) -> list[Sample]:
    """Return the innermost lines, the most expensive first; each stack has one frame."""
    amounts: Counter[Frame] = Counter()
    for stack, amount in samples:
        amounts[stack[-1]] += amount
    return [Sample((frame,), amount) for frame, amount in amounts.most_common()]


def cpu_profile(samples: Sequence[Sample], seconds: float) -> Json:
    """Build a `.cpuprofile` of samples that stand for `seconds` in all.

    py-spy counts equal stacks together, so their order in time is lost: they are laid out one stack after the other.
    """
    root, leaves = _tree(samples)
    count = sum(amount for _, amount in samples)
    each = round(seconds * MICROSECONDS / count) if count else 0
    ids = [leaf.id for leaf, (_, amount) in zip(leaves, samples, strict=True) for _ in range(amount)]
    return {
        "nodes": [_cpu_node(node) for node in root.walk()],
        "startTime": 0,
        "endTime": each * count,
        "samples": ids,
        "timeDeltas": [each] * count,
    }


def heap_profile(samples: Sequence[Sample]) -> Json:
    """Build a `.heapprofile` of samples in bytes."""
    root, _ = _tree(samples)
    return {"head": _heap_node(root), "samples": []}


class _Node:
    """A line, reached in one way."""

    def __init__(self, id: int, frame: Frame) -> None:
        self.id = id
        self.frame = frame
        self.own = 0
        self.children: dict[Frame, _Node] = {}

    def walk(self) -> "Iterable[_Node]":
        yield self
        for child in self.children.values():
            yield from child.walk()

    def call_frame(self) -> Json:
        function, file, line = self.frame
        url = Path(file).as_uri() if file else ""
        place = {"url": url, "lineNumber": line - 1, "columnNumber": 0}  # counted from 0
        return {"functionName": function, "scriptId": "0", **place}


def _tree(samples: Sequence[Sample]) -> tuple[_Node, list[_Node]]:
    """Return the root of all stacks, and the node in which each of them ends."""
    root, leaves, count = _Node(1, Frame("(root)", "", 0)), [], 1
    for stack, amount in samples:
        node = root
        for frame in stack:
            if frame not in node.children:
                count += 1
                node.children[frame] = _Node(count, frame)
            node = node.children[frame]
        node.own += amount
        leaves.append(node)
    return root, leaves


def _cpu_node(node: _Node) -> Json:
    return {
        "id": node.id,
        "callFrame": node.call_frame(),
        "hitCount": node.own,
        "children": [child.id for child in node.children.values()],
        "positionTicks": [{"line": node.frame.line, "ticks": node.own}] if node.own else [],
    }


def _heap_node(node: _Node) -> Json:
    children = [_heap_node(child) for child in node.children.values()]
    return {"callFrame": node.call_frame(), "selfSize": node.own, "id": node.id, "children": children}
