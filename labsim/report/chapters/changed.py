"""What scenarios change against their base: clear gains and losses, money, who ranks before whom."""

from __future__ import annotations

from collections.abc import Iterator

from labsim.experiment.compare import Comparison
from labsim.report.blocks import Block

__all__ = ["changed_answer"]


def changed_answer(found: Comparison) -> Iterator[Block]:
    """Yield what stands on the first page of a comparison."""
    yield from ()
