"""Module 07: Ctrl-C in the middle of a training waits for the end of the step, so that nothing is left half done.

Public part: `Interrupts`.
"""

import signal
import threading
from types import FrameType, TracebackType


class Interrupts:
    """A context in which Ctrl-C is only noted; `check` raises it. A second Ctrl-C acts at once.

    That holds where Ctrl-C would raise KeyboardInterrupt: in the main thread, and unless a program has its own way.
    """

    def __init__(self) -> None:
        self.pressed = False
        self.holds = False

    def __enter__(self) -> "Interrupts":
        main = threading.current_thread() is threading.main_thread()
        self.pressed, self.holds = False, main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self.holds:
            signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.holds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed since the last check."""
        if self.pressed:
            self.pressed = False
            raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            signal.default_int_handler(number, frame)
        self.pressed = True
