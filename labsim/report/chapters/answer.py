"""The first page: what a reader takes home, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labsim.report.blocks import Block, Card, Cards, Chapter, Group, Groups, Listed, Words
from labsim.report.chances import SIGNS, TONES, meaning_of, word_of
from labsim.report.chapters.changed_answer import changed_answer
from labsim.report.chapters.points import points_answer
from labsim.report.chapters.source import Source
from labsim.report.numbers import money, month_name, number, percent
from labsim.report.target_words import Scored, scored_of
from labsim.results import Results
from labsim.text import _, n_
from labsim.verdicts import ABSENT, LIKELY, OPEN, ORDER, TOO_FEW, UNLIKELY, UNSAID, Verdict

__all__ = ["answer_chapter", "noise_line", "public_money"]

_MOST = 4  # targets of a verdict that are named on the first page
_SMALL = 10  # replicates, below which chances are coarse


def answer_chapter(source: Source) -> Chapter:
    """Return the first page of a report."""
    blocks: list[Block] = []
    if source.compared is not None:
        blocks += changed_answer(source, source.compared)
    elif source.study is not None:
        blocks += points_answer(source.study)
    if source.results is not None:
        of_base = _heading(source)
        blocks += _verdicts(source.results, of_base=of_base, for_readers=source.is_for_readers)
    blocks.append(Words(_("What this answer rests on"), "head"))
    has_targets = source.results is None or len(source.results.scorecard) > 0
    blocks.append(Listed(tuple(("\N{BULLET}", line) for line in _ground(source.manifest, has_targets))))
    return Chapter("answer", _("The answer in brief"), tuple(blocks))


def public_money(results: Results) -> float:
    """Return the public money of all years, mean over replicates, in VND."""
    costs = results.costs()
    whole = costs[costs["year"] == "all"].drop_duplicates("policy")
    return float(whole["spent"].sum())


def noise_line(manifest: Mapping[str, Any]) -> str:
    """Say at which scale and how often the province was simulated, and what the bands hold."""
    n = int(manifest["replicates"])
    runs = n_("{count} replicate", "{count} replicates", n).format(count=n)
    held = _("random noise and the uncertainty of parameters") if manifest.get("posterior") else _("random noise only")
    return _("{replicates} at scale 1:{one_in:g}: bands and chances hold {held}.").format(
        replicates=runs, one_in=1 / manifest["scale"], held=held
    )


def _verdicts(results: Results, *, of_base: str, for_readers: bool = False) -> Iterator[Block]:
    scored = [one for one in scored_of(results) if one.is_scored]
    by: dict[Verdict, list[Scored]] = {said: [] for said in ORDER}
    for one in scored:
        by[one.verdict].append(one)
    if of_base:
        yield Words(of_base, "head")
    if scored:
        yield Words(_lead(by), "" if of_base else "lead")
    if not of_base:
        yield Cards(tuple(_cards(results, scored, len(by[LIKELY]))))
    if scored:
        yield Groups(tuple(_group(said, by[said]) for said in ORDER))
    else:
        yield Words(_("This run has no target that it could be scored by."))
    if scored and not of_base:
        yield Words(_against_base(results.manifest, for_readers=for_readers))


def _heading(source: Source) -> str:
    """Return above what the verdicts stand where the report is about several runs."""
    if source.compared is not None:
        return _("The base against its targets")
    return "" if source.study is None else _("The first point against its targets")


def _lead(by: Mapping[Verdict, Sequence[Scored]]) -> str:
    n = sum(len(rows) for rows in by.values())
    words = n_(
        "Of {count} target that the model can measure, {likely} is likely met, {open} open and {unlikely} unlikely to"
        " be met.",
        "Of {count} targets that the model can measure, {likely} are likely met, {open} are open and {unlikely} are"
        " unlikely to be met.",
        n,
    ).format(count=n, likely=len(by[LIKELY]), open=len(by[OPEN]), unlikely=len(by[UNLIKELY]))
    if by[UNSAID]:
        count = len(by[UNSAID])
        words += " " + n_(
            "For {count} the answer depends on how an unclear wording is read.",
            "For {count} the answer depends on how an unclear wording is read.", count,
        ).format(count=count)  # fmt: skip
    if by[TOO_FEW]:
        count = len(by[TOO_FEW])
        words += " " + n_(
            "{count} speaks of too few people to tell at this scale.",
            "{count} speak of too few people to tell at this scale.", count,
        ).format(count=count)  # fmt: skip
    if by[ABSENT]:
        count = len(by[ABSENT])
        words += " " + n_(
            "{count} asks for what no policy of this scenario brings about.",
            "{count} ask for what no policy of this scenario brings about.", count,
        ).format(count=count)  # fmt: skip
    return words


def _cards(results: Results, scored: Sequence[Scored], n_likely: int) -> Iterator[Card]:
    if scored:
        yield Card(_("{part} of {whole}").format(part=n_likely, whole=len(scored)), _("targets likely met"))
    last = max((int(one.row["year"]) for one in scored), default=0)
    behind = [one for one in scored if int(one.row["year"]) == last and one.is_missed and one.missing >= 0.5]
    if behind:
        worst = max(behind, key=lambda one: one.missing)
        persons = _("{persons} persons").format(persons=number(worst.missing, "persons"))
        n, n_met = int(worst.row["n_replicates"]), int(worst.row["n_met"])
        below = worst.label
        if n_met:
            words = _("{label}; on average in the {missed} of {n} replicates that miss it")
            below = words.format(label=worst.label, missed=n - n_met, n=n)
        yield Card(persons, _("missing for the target of {year} furthest behind").format(year=last), below)
    if len(results.policies):
        years = results.policies["year"]
        over = _("{first} to {last}, state budget and policy bank, loans included").format(
            first=years.min(), last=years.max()
        )
        yield Card(money(public_money(results)), _("public money for the policies"), over)
    grades: Mapping[str, int] = results.manifest.get("parameters_by_grade", {})
    if grades:
        n_all = sum(grades.values())
        below = _("{n_assumed} of {n} parameters").format(n_assumed=grades.get("D", 0), n=n_all)
        yield Card(percent(grades.get("D", 0) / n_all), _("of the model's numbers are assumed"), below)


def _group(said: Verdict, rows: Sequence[Scored]) -> Group:
    """Return a verdict with the targets that matter most: the latest, and among these whoever misses most persons."""

    def weight(one: Scored) -> tuple[int, float]:
        return -int(one.row["year"]), -(one.missing if math.isfinite(one.missing) else 0.0)

    items = tuple((one.label, _detail(one)) for one in sorted(rows, key=weight)[:_MOST])
    left = len(rows) - len(items)
    more = n_("and {count} more, in the scorecard", "and {count} more, in the scorecard", left).format(count=left)
    return Group(word_of(said), SIGNS[said], TONES[said], meaning_of(said), len(rows), items, more if left else "")


def _detail(one: Scored) -> str:
    if not one.has_chance:
        return one.detail
    return _("{detail}; met in {met} replicates").format(detail=one.detail, met=one.met_in)


def _against_base(manifest: Mapping[str, Any], *, for_readers: bool) -> str:
    if for_readers:
        return _(
            "This is about one scenario alone. A plan is held against it on the same people with the same luck."
        )
    if manifest["scenario"] == "baseline":
        return _(
            "This is the baseline: the policies in force, carried on. What other policies would change is answered by"
            " labsim compare, on the same people with the same luck."
        )
    return _(
        "This report is about one run. What the scenario changes against the baseline is answered by labsim compare,"
        " on the same people with the same luck."
    )


def _ground(manifest: Mapping[str, Any], has_targets: bool) -> Iterator[str]:
    yield noise_line(manifest)
    if has_targets and int(manifest["replicates"]) < _SMALL:
        yield _("So few replicates tell a chance only roughly: the intervals are in the scorecard.")
    grades: Mapping[str, int] = manifest.get("parameters_by_grade", {})
    if grades:
        yield _("{n_assumed} of {n} parameters are assumed (grade D), because nobody has measured them.").format(
            n_assumed=grades.get("D", 0), n=sum(grades.values())
        )
    posterior = manifest.get("posterior")
    until = posterior and posterior["calibrated"].get("until")
    if until:
        yield _(
            "The model was held against figures up to {month}; every number after that is an extrapolation."
        ).format(month=month_name(until))
    if posterior and posterior["outside"]:
        yield _("Some parameters lie outside the region that figures support: numbers marked † extrapolate.")
    if posterior and posterior["stale"]:
        yield _(
            "The draws of parameters are older than the code or data in use: calibrate anew before deciding on this."
        )
    if has_targets:
        yield _(
            "A simulation says what follows from its assumptions; it does not know what nobody wrote down. The chapter"
            " on evidence says which numbers to collect first."
        )
