"""Sentences about applications, posts and household businesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labsim.life.terms import Names, months, named, per_cent, term, vnd
from labsim.report.numbers import number
from labsim.text import _, mark

__all__ = ["TELLERS"]

_WAYS = {
    "own": mark("The person chose this post among the vacancies in reach."),
    "introduced": mark("Employment services introduced the person to this post."),
    "kept": mark("A partner of the person's school keeps this post for its graduates, who come first."),
}
_PUBLIC = {
    "communes": mark("a commune"),
    "schools": mark("a school"),
    "hospitals": mark("a hospital"),
    "district_bodies": mark("a body of the district"),
    "province_bodies": mark("a body of the province"),
    "security": mark("police or army"),
    "public_services": mark("a public service"),
    "company_park": mark("an employer in an industrial park"),
    "cooperative_new": mark("a new cooperative"),
}


def post_name(facts: Mapping[str, Any], names: Names) -> str:
    """Name a post: employer, field, tier, district."""
    group = str(facts["group"])
    who = _(_PUBLIC[group]) if group in _PUBLIC else term(facts["kind"])
    if group.startswith("household_"):
        who = _("a household business that hires")
    words = _("{who} (no. {number}) in {district}, {field}, {tier}")
    return words.format(who=who, number=facts["employer"], district=named(names, "district", facts["district"]),
                        field=named(names, "field", facts["field"]), tier=term(facts["tier"]))  # fmt: skip


def _score(parts: Mapping[str, float]) -> str:
    """Write what a score is made of, the parts that are nothing left out."""
    told = [f"{term(name)} {number(round(value, 2), '')}" for name, value in parts.items() if value >= 0.005]
    return ", ".join(told)


def _way(facts: Mapping[str, Any]) -> str:
    way = _WAYS[facts["way"]]
    return _(way)


def _ranked(facts: Mapping[str, Any], names: Names) -> str:
    words = _("{applied} applied for this post; the person ranked at place {rank} with {score} points ({parts}).")
    return words.format(applied=facts["applied"], rank=facts["rank"], score=number(round(facts["score"], 2), ""),
                        parts=_score(facts["parts"]))  # fmt: skip


def _terms(facts: Mapping[str, Any]) -> str:
    words = _("It offers {pay} a month; the person would take {least} or more (last income: {before}).")
    return words.format(pay=vnd(facts["pay"]), least=vnd(facts["least"]), before=vnd(facts["income_before"]))


def _hired(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Hired by {post}, for {pay} a month.").format(post=post_name(facts, names), pay=vnd(facts["pay"]))
    follows = [_("The field of skill follows the new work.")] if facts["follows_field"] else []
    return [what, _way(facts), _ranked(facts, names), _terms(facts), *follows]


def _refused(facts: Mapping[str, Any], names: Names) -> list[str]:
    best = facts["best"]
    what = _("Applied to {post} and was refused.").format(post=post_name(facts, names))
    words = _("First was person {person} ({level}, {field}) with {score} points ({parts}).")
    first = words.format(person=best["person"], level=term(best["level"]), field=named(names, "field", best["field"]),
                         score=number(round(best["score"], 2), ""), parts=_score(best["parts"]))  # fmt: skip
    vacant = _("They declined the offer, and the post stays vacant: one is asked a month.")
    return [what, _way(facts), _ranked(facts, names), first, *([] if facts["post_taken"] else [vacant])]


def _not_qualified(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Applied to {post} and was not considered.").format(post=post_name(facts, names))
    why = _("The post asks for {asked}; the person has {own}.")
    return [what, why.format(asked=term(facts["level_asked"]), own=term(facts["own_level"]))]


def _declined(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Was offered a post and declined: {post}.").format(post=post_name(facts, names))
    return [what, _terms(facts), _ranked(facts, names)]


def _did_not_apply(facts: Mapping[str, Any], names: Names) -> list[str]:
    why = _("{chance} of people {months} out of work look in a month.")
    course = [_("A course takes part of the effort.")] if facts["in_course"] else []
    return [_("Did not look for work this month."), why.format(
        chance=per_cent(facts["chance"]), months=months(facts["months"])), *course]  # fmt: skip


def _no_vacancy(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Looked for work and found no vacancy in reach.")]


def _lost_job(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Lost the post after {months}: {post}.").format(
        months=months(facts["months"]), post=post_name(facts, names))  # fmt: skip
    whys = {
        "closed": _("The employer closed."),
        "too_many": _("It had {employees} people in such posts, wants {wanted}; each had a chance of {chance} to go."),
        "other": _("It wants no fewer people: posts end at a usual rate, here {chance} a month."),
    }
    why = whys[facts["why"]].format(employees=facts["employees"], wanted=number(facts["wanted"], "persons"),
                                    chance=per_cent(facts["chance"]))  # fmt: skip
    then = _("Went back to the family farm, as {share} of rural people do.") if facts["to_farm"] else _(
        "Looks for work from next month on.")  # fmt: skip
    return [what, why, then.format(share=per_cent(facts["farm_share"]))]


def _gave_up(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Gave up the search after {months} and joined the family farm.").format(months=months(facts["months"]))
    why = _("{chance} of the rural unemployed do so in a month; the land gives about {income} a month.")
    return [what, why.format(chance=per_cent(facts["chance"]), income=vnd(facts["farm_income"]))]


def _petty_trade(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Took up petty trade for want of a job: {field}, about {income} a month.").format(
        field=named(names, "field", facts["field"]), income=vnd(facts["income"]))  # fmt: skip
    return [what, _("{chance} of the unemployed in towns do so in a month.").format(chance=per_cent(facts["chance"]))]


def _opened(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Opened a household business in {field}.").format(field=named(names, "field", facts["field"]))
    why = _("It brings about {income} a month, against {before} as {was}: that makes opening {gain} times as likely.")
    found = [what, why.format(income=vnd(facts["income"]), before=vnd(facts["income_before"]), was=term(facts["was"]),
                              gain=number(round(facts["gain"], 1), ""))]  # fmt: skip
    means = _("Savings of {savings} stood against a start capital of {capital}; {used} went into it.")
    found.append(means.format(savings=vnd(facts["savings"]), capital=vnd(facts["start_capital"]),
                              used=vnd(facts["used"])))  # fmt: skip
    if facts["grant"]:
        found.append(_("A policy gave {grant}.").format(grant=vnd(facts["grant"])))
    return found


def _with_loan(facts: Mapping[str, Any], names: Names) -> list[str]:
    loan = _("A policy lent {loan}.").format(loan=vnd(facts["loan"]))
    return [*_opened(facts, names), loan]


def _closed(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Closed the household business in {field} after {months}.").format(
        field=named(names, "field", facts["field"]), months=months(facts["months"]))  # fmt: skip
    why = _("It brought {income} a month, the trade here {usual}; young businesses close at {rate} a month, older ones "
            "less often.")  # fmt: skip
    return [what, why.format(income=vnd(facts["income"]), usual=vnd(facts["usual"]), rate=per_cent(facts["rate"]))]


def _supported(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("The business got digital support: basic digital skills, and a lower risk of closing for {months}.")
    return [what.format(months=months(facts["months"]))]


def _became_employer(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("The household business grew and now seeks {n} people to hire.")
    return [what.format(n=number(facts["planned"], "persons"))]


def _own_firm_closed(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("The firm that grew out of the household business closed.")]


def _reserved_post(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Took a post reserved for degree holders: {post}, for {pay} a month.").format(
        post=post_name(facts, names), pay=vnd(facts["pay"]))  # fmt: skip
    why = _("The province offers a lump sum of {lump} and a supplement of {supplement} of pay for {months}.")
    return [what, why.format(lump=vnd(facts["lump_sum"]), supplement=per_cent(facts["supplement"]),
                             months=months(int(facts["supplement_months"])))]  # fmt: skip


TELLERS = {
    "hired": _hired,
    "refused": _refused,
    "not_qualified": _not_qualified,
    "declined_offer": _declined,
    "did_not_apply": _did_not_apply,
    "no_vacancy_in_reach": _no_vacancy,
    "lost_job": _lost_job,
    "gave_up_search": _gave_up,
    "petty_trade": _petty_trade,
    "opened_business": _opened,
    "opened_with_loan": _with_loan,
    "business_closed": _closed,
    "business_supported": _supported,
    "became_employer": _became_employer,
    "firm_of_ones_own_closed": _own_firm_closed,
    "took_reserved_post": _reserved_post,
}
