"""Which parameters decide the numbers of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsim.schedule import of_month

if TYPE_CHECKING:
    from labsim.config_base import ConfigBase, Evidence

__all__ = ["evidence_in_use"]


def evidence_in_use(config: ConfigBase) -> list[Evidence]:
    """Return the evidence of every parameter that decides something in a configuration.

    Parameters of sections that are switched off, and those of reference worlds where a province runs, decide nothing.
    """
    sections = {process.section for process in of_month(config.switched_off)} | {"policies"}
    if config.province.kind == "reference":
        sections.add("reference")
    return [one for one in config.evidence() if one.path.partition(".")[0] in sections]
