"""A time limit for importing the learner's files, whose module level may hold an endless loop."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

IMPORT_LIMIT = 10.0  # seconds; importing takes a tenth of one


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer: the loader names the learner's line and goes on with the reference.

    Does nothing where there are no timers (Windows), outside of the main thread, and under a debugger.
    """

    def too_long(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {seconds:g} s; is there a loop outside of any function?")

    main_thread = threading.current_thread() is threading.main_thread()
    if not hasattr(signal, "setitimer") or not main_thread or "pydevd" in sys.modules:
        yield
        return
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def import_course() -> None:
    """Import tinytorch, and with it the learner's files, within the time limit."""
    with time_limit(IMPORT_LIMIT):
        import tinytorch  # noqa: F401
