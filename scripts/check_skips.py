"""Which tests a run left out, and why: read from the report in JUnit's form that pytest wrote.

Public parts: `left_out`. Standard library alone.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

KINDS = {  # what a reason names, and how the tests are called that it leaves out
    "PyTorch is not installed|import 'torch'": "that compare with PyTorch, which is not installed",
    "scikit-learn": "that compare with scikit-learn, which is not installed",
    "trace|read another process": "that need the right to look into another process",
    r"\broot\b": "that need a user other than root",
}
OTHERS = "for other reasons; with -rs behind this command pytest names them"


def left_out(report: str | Path) -> list[tuple[int, str]]:
    """Return how many tests were left out for each kind of reason, the most first."""
    reasons = (skip.get("message", "") for skip in ElementTree.parse(report).iter("skipped"))
    return [(count, kind) for kind, count in Counter(map(_kind, reasons)).most_common()]


def _kind(reason: str) -> str:
    return next((kind for pattern, kind in KINDS.items() if re.search(pattern, reason, re.IGNORECASE)), OTHERS)
