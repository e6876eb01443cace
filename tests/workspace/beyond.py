"""What the reference promises beyond an exercise's contract, such as its words: not asked of who builds the exercise.

Public parts: `beyond`.
"""

import pytest
from tito import course

from tinytorch import _workspace


def beyond(*exercises: str) -> pytest.MarkDecorator:
    """Skip a test where one of these exercises is not the reference's: it tests more than their contracts say."""
    built = [id for id in exercises if _state(id) == "built"]
    return pytest.mark.skipif(bool(built), reason=f"beyond the contract of {', '.join(built)}, whose body is another")


def _state(id: str) -> str:
    return _workspace.exercise_states(course.owner(course.exercise(id)).name)[id]
