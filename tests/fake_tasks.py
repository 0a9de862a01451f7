"""Tasks that new processes can import quickly."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from labsim.errors import RunError
from labsim.experiment.executor import peak_memory_mb, stop_requested


def slow_square(task):
    number, seconds = task
    time.sleep(seconds)
    return number * number


def die(task):
    """Kill this process: always ("poison"), or the first time only (a path to a flag)."""
    number, how = task
    if how == "poison" or (how and not Path(how).exists()):
        if how != "poison":
            Path(how).touch()
        os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    time.sleep(0.05)
    return number


def until_stopped(folder):
    """Wait to be stopped, and leave a file that says so."""
    Path(folder, "started").touch()
    for _moment in range(400):
        if stop_requested():
            Path(folder, "stopped").touch()
            raise RunError("interrupted")
        time.sleep(0.05)
    return "never stopped"


def first_or_until_stopped(task):
    """Return at once for an empty task, when the other has started; else wait to be stopped."""
    folder, is_first = task
    if not is_first:
        return until_stopped(folder)
    while not Path(folder, "started").exists():
        time.sleep(0.02)
    return "first"


def first_or_for_ever(task):
    """Return at once for an empty task, when the other has started; else never return, whoever asks."""
    folder, is_first = task
    if is_first:
        return first_or_until_stopped(task)
    Path(folder, "started").touch()
    while True:
        pass


def patient(seconds):
    """Work for a while, unless stopped."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if stop_requested():
            raise RunError("stopped by another run")
        time.sleep(0.01)
    return "finished"


def fail(task):
    raise ValueError(f"task {task}")


def memory(_task):
    return peak_memory_mb()
