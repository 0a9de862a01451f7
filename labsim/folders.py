"""Write folders whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def swap_in(draft: Path, target: Path) -> None:
    """Put a finished folder in the place of an old one; the old one is deleted only after the new one stands."""
    old: Path | None = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent)) / target.name
        target.rename(old)
    try:
        draft.rename(target)
    except BaseException:
        if old is not None:
            old.rename(target)
            old.parent.rmdir()
        raise
    sync_folder(target.parent)
    if old is not None:
        shutil.rmtree(old.parent, ignore_errors=True)


def require_writable(target: Path) -> None:
    """Raise OSError if a folder of this name cannot be made or replaced, before hours of work are lost on it."""
    above = target
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise NotADirectoryError(f"{above} is a file")
    if above == target:
        above = target.parent
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=above):
        pass


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of files to the disk."""
    if os.name != "posix":
        return  # Windows cannot open a folder to flush it
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
