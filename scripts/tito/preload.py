"""What `tito watch` has in memory before a file is saved: NumPy, pytest and its plugins. Importing this does it.

Never tinytorch, nor anything that imports it: each run imports the learner's code anew. The plugins are loaded by an
empty test run, because pytest complains of plugins that were imported without it.
"""

import contextlib
import io
import os
import tempfile

import numpy  # noqa: F401
import pytest

from tito import testing  # noqa: F401

with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as empty:
    pytest.main(["-q", "--no-header", "-c", os.devnull, "--rootdir", empty, "-p", "tito.verdicts", empty])
