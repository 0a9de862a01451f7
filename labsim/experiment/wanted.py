"""Read a target as somebody types it: a target of the province by its id, or "certified >= 40% in 2030"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labsim.errors import ConfigError, Problem
from labsim.groups import PEOPLE_OF
from labsim.indicators import BY_GROUP, FLOWS, INCOME_CHANGES
from labsim.members import members_of
from labsim.number_text import range_of, read_number
from labsim.profile import GROUPINGS, unknown_grouping
from labsim.quantity import allowed_range, within
from labsim.targets import Label, Target
from labsim.text import _, did_you_mean
from labsim.text_files import composed

if TYPE_CHECKING:
    from labsim.config import Config
    from labsim.results import IndicatorInfo

__all__ = ["find_indicator", "groupings_needed", "read_targets"]

OPTION = "--target"
_NUMBER = re.compile(r"[-+\u2212]?\d[\d.,_']*(?:[ \u00a0\u2009\u202f]\d{3})*(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_WRITTEN = re.compile(
    rf"(?P<what>[^<>=]+?(?:=[^<>=]+?)*?)\s*(?P<sign>>=|<=|≥|≤)\s*(?P<number>{_NUMBER.pattern})\s*(?P<unit>[^\d\s][^=]*?)?"
    r"\s+in\s+(?P<year>\d{4})(?P<rest>(?:\s.*)?)"
)
_SINCE = re.compile(r"\bsince\s+(\d{4})\b")
_GROUP = re.compile(r"(\w+)=(\S+)")
_SHARES = ("%", "share")


class _Wrong(Exception):
    """Carry a message about one target."""


def read_targets(
    texts: Sequence[str], config: Config, stated: Sequence[Target], indicators: Mapping[str, IndicatorInfo]
) -> tuple[Target, ...]:
    """Return the targets that texts ask for. Raises ConfigError with everything that is wrong with them.

    A text is the id of one of the `stated` targets, or "INDICATOR [GROUPING=GROUP] >= NUMBER[% | unit] in YEAR [since
    YEAR]", also with <=. The indicator is given by its id, its label, or the beginning of its id (certified for
    certified_share); `since` sums a flow over years.
    """
    found: list[Target] = []
    problems = []
    for text in texts:
        try:
            target = _one(text, config, stated, indicators)
            _require_in_period(target, config, indicators)
        except _Wrong as wrong:
            problems.append(Problem(OPTION, None, None, f'"{text}"', str(wrong)))
            continue
        same = sum(one.year == target.year and one.id.partition("#")[0] == target.id for one in found)
        found.append(target.model_copy(update={"id": f"{target.id}#{same + 1}"}) if same else target)
    if problems:
        raise ConfigError(problems)
    return tuple(found)


def groupings_needed(targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the groupings that runs must record beyond what they always do, so that targets can be scored."""
    flows = {one.name for one in FLOWS}
    asked_for = {one.name for one in (*BY_GROUP, *INCOME_CHANGES)}
    needed = set()
    for target in targets:
        grouping = next((name for name, word in target.groups.items() if word != "all"), None)
        if target.indicator in asked_for:
            needed.add(grouping or "sex")  # any grouping makes runs count them
        elif target.indicator in flows and grouping:
            needed.add(grouping)
    return tuple(sorted(needed))


def find_indicator(word: str, indicators: Mapping[str, IndicatorInfo]) -> str:
    """Return the id of an indicator from its id, its label or the beginning of its id; raises ConfigError."""
    try:
        return _indicator(word, indicators)
    except _Wrong as wrong:
        raise ConfigError([Problem(None, None, None, word, str(wrong))]) from wrong


def _require_in_period(target: Target, config: Config, indicators: Mapping[str, IndicatorInfo]) -> None:
    """Refuse a target whose years the run does not cover."""
    first, last = config.period.year_and_month(0), config.period.year_and_month(config.period.n_months)
    info = indicators[target.indicator or ""]
    is_flow = target.cumulate_from is not None or info.kind == "flow"
    begins = (target.cumulate_from or target.year, 0) if is_flow else (target.year, 12)
    if begins < first or (is_flow and begins[0] == first[0]) or (target.year, 12) > last:
        message = _("the run covers {first} to {last}; it must hold all of {years} (see --until)")
        years = f"{begins[0]}-{target.year}" if begins[0] != target.year else str(target.year)
        raise _Wrong(message.format(
            first=f"{first[0]}-{first[1]:02d}", last=f"{last[0]}-{last[1]:02d}", years=years))  # fmt: skip


def _one(
    text: str, config: Config, stated: Sequence[Target], indicators: Mapping[str, IndicatorInfo]
) -> Target:
    word = composed(text.strip())
    by_id = [one for one in stated if one.id == word]
    if len(by_id) == 1:
        if by_id[0].indicator not in indicators:
            raise _Wrong(_("the model does not simulate what this target asks for"))
        return by_id[0]
    if not re.search(r"[<>≤≥=]", word):
        hint = did_you_mean(word, [one.id for one in stated]) if stated else ""
        wanted = _('give the id of a target, or "INDICATOR >= NUMBER in YEAR"')
        raise _Wrong("; ".join(part for part in (_("no target of this name"), hint, wanted) if part))
    match = _WRITTEN.fullmatch(word)
    if match is None:
        form = _('allowed: "INDICATOR [GROUPING=GROUP] >= NUMBER[% | unit] in YEAR [since YEAR]", also with <=')
        raise _Wrong(form)
    return _written(word, match, config, indicators)


def _written(text: str, match: re.Match[str], config: Config, indicators: Mapping[str, IndicatorInfo]) -> Target:
    rest = match["rest"]
    since = _SINCE.search(rest)
    rest = _SINCE.sub(" ", rest)
    given = [*_GROUP.findall(match["what"]), *_GROUP.findall(rest)]
    left = _GROUP.sub(" ", rest).strip()
    if left:
        raise _Wrong(_('not understood: "{words}"').format(words=left))
    name = _indicator(_GROUP.sub(" ", match["what"]).strip(), indicators)
    info = indicators[name]
    if since and info.kind != "flow":
        raise _Wrong(_("{name} is a stock; only flows are summed since a year").format(name=name))
    if since and int(since[1]) > int(match["year"]):
        raise _Wrong(_("given since {first} in {last}; allowed the earlier year first").format(
            first=since[1], last=match["year"]))  # fmt: skip
    groups = _groups(given, name, config)
    number, unit = _number_and_unit(match["number"], (match["unit"] or "").strip(), info)
    return Target(
        id="_".join([name, *groups.values(), match["year"]]),
        label=Label(en=text, vi=text),
        indicator=name,
        concept=info.concept,
        direction="at_least" if match["sign"] in (">=", "≥") else "at_most",
        value=number,
        year=int(match["year"]),
        unit=unit,
        source=_("asked for"),
        cumulate_from=int(since[1]) if since else None,
        **groups,
    )


def _indicator(word: str, indicators: Mapping[str, IndicatorInfo]) -> str:
    plain = re.sub(r"[\s-]+", "_", word.strip().lower())
    if plain in indicators:
        return plain
    for name, info in indicators.items():
        if word.strip().lower() in (info.label.lower(), _(info.label).lower()):
            return name
    for ending in ("_share", "_rate"):
        if plain + ending in indicators:
            return plain + ending
    starting = [name for name in indicators if plain and name.startswith(f"{plain}_")]
    if len(starting) == 1:
        return starting[0]
    if starting:
        raise _Wrong(_('"{word}" may be {names}').format(word=word, names=", ".join(starting)))
    raise _Wrong(_('no indicator "{word}"; {hint}').format(word=word, hint=did_you_mean(plain, indicators)))


def _number_and_unit(text: str, given: str, info: IndicatorInfo) -> tuple[float, str]:
    try:
        number = read_number(text, given or info.unit)
    except ValueError as error:
        raise _Wrong(str(error)) from error
    unit = _unit(given, number, info)
    least, most = (None, None) if info.name.endswith("_change") else range_of(unit)
    if not within(number, least, most):
        allowed = allowed_range(least, most, unit)
        raise _Wrong(_("given {given}; allowed {allowed}").format(given=text, allowed=allowed))
    return number, unit


def _unit(given: str, number: float, info: IndicatorInfo) -> str:
    is_share = info.unit in _SHARES
    if given == "" and is_share and 0 < abs(number) < 1:
        message = _("given {number} of {unit}; write {number}% or {times}%")
        raise _Wrong(message.format(number=f"{number:g}", unit=info.unit, times=f"{100 * number:g}"))
    allowed = (*_SHARES, info.unit) if is_share else (info.unit,)
    if given in ("", info.unit, _(info.unit)):
        return info.unit
    if given not in allowed:
        message = _('given the unit "{given}"; allowed {allowed}')
        raise _Wrong(message.format(given=given, allowed=", ".join(dict.fromkeys(allowed))))
    return given


def _groups(given: Sequence[tuple[str, str]], indicator: str, config: Config) -> dict[str, str]:
    groups: dict[str, str] = {}
    for grouping, group in given:
        if grouping not in GROUPINGS:
            raise _Wrong(unknown_grouping(grouping))
        known = members_of(config)[grouping]
        if group not in known:
            hint = did_you_mean(group, known)
            raise _Wrong(_('no {grouping} "{group}"; {hint}').format(grouping=grouping, group=group, hint=hint))
        groups[grouping] = group
    if len(groups) > 1:
        raise _Wrong(_("given several groupings; people are counted by one at a time"))
    states = {one.name for one in FLOWS} - set(PEOPLE_OF)
    if groups and indicator in states:
        allowed = _("{name} is not counted by group; of flows these are: {names}")
        raise _Wrong(allowed.format(name=indicator, names=", ".join(PEOPLE_OF)))
    return groups
