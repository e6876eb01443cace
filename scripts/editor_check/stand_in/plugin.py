"""A pytest plugin that notes what the stand-in shows: the tests that there are, and how they ended."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

NOTES = Path(os.environ["STAND_IN_NOTES"])


def note(**fields: Any) -> None:
    """Add one JSON line."""
    with NOTES.open("a", encoding="utf-8") as notes:
        print(json.dumps(fields), file=notes)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note every test that was found."""
    items: Sequence[pytest.Item] = session.items
    for item in items:
        note(id=item.nodeid, line=(item.location[1] or 0) + 1)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a phase of a test ended."""
    note(id=report.nodeid, when=report.when, outcome=report.outcome, text=report.longreprtext)
