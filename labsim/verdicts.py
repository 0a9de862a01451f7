"""Verdicts on targets: what a chance is called, and when nothing is concluded.

Two things take a verdict away. A count of few agents is mostly luck: n agents are known to about sqrt(n), and a chance
read off them is that of a coarse simulation rather than of the province. And an outcome that only a policy can bring
about says nothing of a scenario that has no such policy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from labsim.quantity import Parameters, amount_in, quantity

if TYPE_CHECKING:
    from labsim.config import Config
    from labsim.policies import Policy

__all__ = [
    "ABSENT", "COUNTED", "LIKELY", "NONE", "OPEN", "ORDER", "TOO_FEW", "UNLIKELY", "UNSAID", "Setting", "Verdict",
    "VerdictRules", "averaged_over", "brought_about_by", "is_luck", "setting_of", "telling_scale", "too_few", "verdict",
    "verdict_rules",
]  # fmt: skip

Verdict = Literal[
    "likely met", "still open", "unlikely to be met", "depends on the reading", "too few to tell at this scale",
    "not in this scenario", "",
]  # fmt: skip
LIKELY: Verdict = "likely met"
OPEN: Verdict = "still open"
UNLIKELY: Verdict = "unlikely to be met"
UNSAID: Verdict = "depends on the reading"
TOO_FEW: Verdict = "too few to tell at this scale"
ABSENT: Verdict = "not in this scenario"
NONE: Verdict = ""  # of a target that is not scored
ORDER: tuple[Verdict, ...] = (LIKELY, OPEN, UNLIKELY, UNSAID, TOO_FEW, ABSENT)
_SOURCE = "Mastrandrea et al. 2010, guidance note of the IPCC on uncertainties: likely 66-100 %, unlikely 0-33 %"
_POISSON = "the standard error of a count of n agents is about sqrt(n)"
# units of what is counted
COUNTED = ("persons", "posts", "employers", "applications")
_ONE_IN = (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)  # scales that people choose


class VerdictRules(Parameters):
    """Hold from which chance on a target is called likely or unlikely, and how many agents a verdict takes."""

    likely: float = quantity(
        0.66, unit="chance", low=0.5, high=1, grade="C", year=2010, source=_SOURCE,
        help="a target that at least so many of the replicates meet is called likely met",
    )  # fmt: skip
    unlikely: float = quantity(
        0.33, unit="chance", low=0, high=0.5, grade="C", year=2010, source=_SOURCE,
        help="a target that at most so many of the replicates meet is called unlikely to be met",
    )  # fmt: skip
    even: float = quantity(
        0.5, unit="chance", low=0, high=1, grade="D",
        source="assumed: few replicates may say nothing, so the whole 95 % interval lies on one side of an even chance",
        help="the interval of the chance must lie above it for likely and below it for unlikely",
    )  # fmt: skip
    fewest_agents: float = quantity(
        400, unit="agents", low=1, high=1e6, grade="D",
        source=f"{_POISSON}: 400 agents make 5 % of the count",
        help="a target that speaks of fewer agents has no verdict below full scale",
    )  # fmt: skip
    clear_errors: float = quantity(
        4, unit="standard errors", low=1, high=100, grade="D",
        source=f"{_POISSON}; luck moves a count by four of them in less than one case of ten thousand",
        help="fewer agents do tell where every replicate lies so far from the target, all on one side",
    )  # fmt: skip


@cache
def verdict_rules() -> VerdictRules:
    """Return the thresholds in use."""
    return VerdictRules()


@dataclass(frozen=True)
class Setting:
    """Hold what verdicts need to know of a run: people per agent, and the policies that it has.

    `policies` maps each name to the policy, or to None where its class is in a file of the user's own, which may bring
    about anything.
    """

    scale: float = 1.0
    policies: Mapping[str, Policy | None] = field(default_factory=dict)
    is_known: bool = True  # whether it is known which policies there are

    def brings_about(self, indicator: str, first: int, last: int) -> bool:
        """Say whether a policy is in force in some year from first to last that can bring an indicator about."""
        levers = _declared(indicator)[0]
        if not levers or not self.is_known:
            return True
        return any(
            policy is None or (set(levers) & set(policy.levers_named()) and _acts(policy, first, last))
            for policy in self.policies.values()
        )


def setting_of(config: Config | Mapping[str, Any]) -> Setting:
    """Return what verdicts need to know of a configuration, or of its plain values."""
    from labsim.policies import BUILT_IN

    data = config if isinstance(config, Mapping) else config.to_dict()
    origins = data.get("origins", {})
    policies: dict[str, Policy | None] = {}
    for name, values in data.get("policies", {}).items():
        origin = origins.get(name, {})
        known = BUILT_IN.get(str(origin.get("use", ""))) if origin.get("file") is None else None
        policies[name] = None if known is None else known.model_validate_json(json.dumps(values))
    return Setting(float(data["scale"]), policies)


def brought_about_by(indicator: str) -> tuple[str, ...]:
    """Return the built-in policies without which an indicator stays at nothing; () if it needs none."""
    from labsim.policies import BUILT_IN

    levers = set(_declared(indicator)[0])
    return tuple(name for name, policy in BUILT_IN.items() if levers & set(policy.levers_named()))


def averaged_over(indicator: str) -> str | None:
    """Return the indicator that counts the persons over whom an indicator is a mean, if it is one."""
    return _declared(indicator)[1]


def _declared(indicator: str) -> tuple[tuple[str, ...], str | None]:
    """Return the levers that an indicator needs and what it is averaged over; imported late, as it compiles."""
    from labsim.indicators import INDICATORS

    known = INDICATORS.get(indicator)
    return getattr(known, "levers", ()), getattr(known, "averaged_over", None)  # a world of one's own may declare none


def verdict(chance: float, low: float, high: float) -> Verdict:
    """Return the verdict of a chance with its 95 % interval; nothing is said where it is not known."""
    rules = verdict_rules()
    if chance != chance:
        return UNSAID
    if chance >= rules.likely and low > rules.even:
        return LIKELY
    if chance <= rules.unlikely and high < rules.even:
        return UNLIKELY
    return OPEN


def too_few(
    wanted: float, values: np.ndarray, unit: str, persons: np.ndarray | None, scale: float, *, is_share: bool
) -> bool:
    """Say whether the agents that a target speaks of are too few for a verdict at a scale.

    `values`, shape `(n_replicates,)`, and `wanted` are in `unit`, a share from 0 to 1; `persons` are those in the base
    of a share or a mean, or None where that is not known. With everybody simulated there is always a verdict: the luck
    is then that of the province itself.
    """
    if scale >= 1.0:
        return False
    agents = _agents(wanted, unit, persons, scale, is_share)
    if agents is None or agents >= verdict_rules().fewest_agents:
        return False
    return not _is_clear(wanted, values, persons, scale, is_share)


def is_luck(count: float, scale: float) -> bool:
    """Say whether a count, mean over replicates in real units, stands for so few simulated ones that luck decides."""
    return scale < 1.0 and 0.0 <= count * scale < verdict_rules().fewest_agents


def telling_scale(wanted: float, unit: str, persons: np.ndarray | None, scale: float, *, is_share: bool) -> float:
    """Return the smallest usual scale at which a target speaks of enough agents; see `too_few`."""
    agents = _agents(wanted, unit, persons, scale, is_share)
    if not agents:
        return 1.0
    needed = scale * verdict_rules().fewest_agents / agents
    return next((1.0 / one_in for one_in in _ONE_IN if 1.0 / one_in >= needed * (1.0 - 1e-9)), 1.0)


def _agents(wanted: float, unit: str, persons: np.ndarray | None, scale: float, is_share: bool) -> float | None:
    """Return how many agents tell as much as those that a target speaks of, or None where that is not known.

    A share p of n agents has the relative error of a count of n p / (1 - p), taken of the rarer side; a mean that of
    its n.
    """
    if unit in COUNTED:
        return wanted * scale
    if persons is None or not np.isfinite(persons).any():
        return None
    n = float(np.nanmean(persons)) * scale
    rarer = min(wanted, 1.0 - wanted) if is_share else 0.0
    return n * rarer / (1.0 - rarer) if rarer > 0.0 else n


def _is_clear(wanted: float, values: np.ndarray, persons: np.ndarray | None, scale: float, is_share: bool) -> bool:
    """Say whether every replicate lies so far on one side of a target that the luck of few agents cannot matter."""
    if persons is None:
        gap, error = (values - wanted) * scale, np.sqrt(np.maximum(values, wanted) * scale)
    elif is_share:
        n, spread = persons * scale, np.maximum(values * (1.0 - values), wanted * (1.0 - wanted))
        gap, error = (values - wanted) * n, np.sqrt(n * np.maximum(0.0, spread))
    else:  # pay varies by less than its mean; in units of what one agent earns
        n, most = persons * scale, np.maximum(values, wanted)
        gap, error = n * (values - wanted) / most, np.sqrt(n)
    far = gap / np.maximum(error, 1.0)  # no count is known to less than an agent
    limit = verdict_rules().clear_errors
    return bool((far >= limit).all() or (far <= -limit).all())


def _acts(policy: Policy, first: int, last: int) -> bool:
    """Say whether a policy has something to give in some year from first to last."""
    doses = [getattr(policy, name) for name in policy.doses()]
    return any(
        any(policy.in_window(year, month) for month in range(1, 13))
        and (not doses or any(amount_in(dose, year) > 0 for dose in doses))
        and policy.within_budget(0, year)
        for year in range(first, last + 1)
    )
