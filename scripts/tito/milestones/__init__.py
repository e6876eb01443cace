"""Milestones: real tasks that run on what the learner has built, one file each.

Public parts: `MILESTONES` (what there is), `load`. A milestone's file has `run(seed, show=...)`, which does the whole
task and returns a `Result`; `try_seeds(count, show=...)`, which returns the accuracy for each seed from 0 on; and the
`GOAL` for these.
"""

import difflib
import importlib
from types import ModuleType

from tito.course import UnknownName

MILESTONES = {
    "perceptron": "a perceptron learns AND, with module 01 alone; goal: all 4 points, and a line between them",
    "xor": "one layer fails at XOR and two learn it; goal: all 4 points, and a surface that shows why",
    "digits": "a network learns to read 1,797 real handwritten digits; goal: 97 % of 360 that it has never seen",
}


def load(name: str) -> ModuleType:
    """Return the module of a milestone. Raises UnknownName with the nearest name."""
    if name not in MILESTONES:
        near = difflib.get_close_matches(name, MILESTONES, n=1, cutoff=0) or list(MILESTONES)
        raise UnknownName(f"there is no milestone {name!r}; did you mean {near[0]}? `tito milestone` lists them")
    return importlib.import_module(f"tito.milestones.{name}")
