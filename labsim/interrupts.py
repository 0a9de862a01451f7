"""What Ctrl-C does to the command line: a quiet end while it loads, `KeyboardInterrupt` once there is work to end.

While libraries are imported an interrupt would be a traceback of theirs, and nothing is lost by leaving at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from time import monotonic
from types import FrameType
from typing import NoReturn

__all__ = [
    "INTERRUPTED",
    "command_begins",
    "deaf_from_now_on",
    "leave_quietly",
    "leave_threads_behind",
    "raise_from_now_on",
]

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended
_PATIENCE_S = 1.0
_running = False


def leave_quietly() -> None:
    """Let Ctrl-C end this process without a word until a command begins, and while one still imports."""
    signal.signal(signal.SIGINT, _leave)


def command_begins() -> None:
    """Let Ctrl-C raise KeyboardInterrupt from now on, except in the middle of an import."""
    global _running
    _running = True


def raise_from_now_on() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, whatever is going on: there are workers to end or files to put away."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def deaf_from_now_on() -> None:
    """Let no further Ctrl-C disturb the end of the command line; the first has been heard."""
    if _running and signal.getsignal(signal.SIGINT) in (_leave, signal.default_int_handler):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def leave_threads_behind() -> None:
    """End this process if threads of it do not end by themselves, as Python would wait for them for ever.

    What interrupts a thread is lost where its code catches it, or while it imports.
    """
    until = monotonic() + _PATIENCE_S
    here = threading.current_thread()
    for thread in threading.enumerate():
        if thread is not here and not thread.daemon:
            thread.join(max(0.0, until - monotonic()))
            if thread.is_alive():
                _end_now()


def _leave(_signal: int, frame: FrameType | None) -> None:
    if _running and not _importing(frame):
        raise KeyboardInterrupt
    _end_now()


def _end_now() -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # closed, or in the middle of a line: nothing of use is lost
            continue
    os._exit(INTERRUPTED)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
