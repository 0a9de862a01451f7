"""A task that never ends, and how to see whether the process that runs it is alive."""

from __future__ import annotations

import os
import time
from pathlib import Path

PATIENCE_S = 60.0


def wait_for_ever(folder):
    draft = Path(folder, "draft")
    draft.write_text(str(os.getpid()), encoding="ascii")
    draft.rename(Path(folder, "worker"))
    while True:
        time.sleep(0.1)


def started(folder):
    """Return the number of the process that runs the task, once it does."""
    end = time.monotonic() + PATIENCE_S
    while not Path(folder, "worker").exists():
        assert time.monotonic() < end, "the worker never started"
        time.sleep(0.05)
    return int(Path(folder, "worker").read_text(encoding="ascii"))


def ends(process):
    """Say whether a process ends before patience does."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status = Path(f"/proc/{process}/stat")
        if status.exists() and status.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z":
            return True
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
