"""What happened and why, in sentences of the language in use: the first says what, the others why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labsim.life import words_of_learning, words_of_work
from labsim.life.record import Event, Life
from labsim.life.terms import Names, months, named, per_cent, term, vnd
from labsim.report.numbers import number
from labsim.text import _

__all__ = ["introduction", "sentences"]

Teller = Callable[[Mapping[str, Any], Names], list[str]]


def sentences(event: Event, names: Names) -> list[str]:
    """Return what happened, then why, in the language in use."""
    return _TELLERS[event.kind](event.facts, names)


def introduction(life: Life) -> str:
    """Say in one sentence who the person is at the start of the run."""
    who, names = life.who, life.names
    words = _("{sex}, {age} years old ({ethnicity}), {home} {district}; {schooling}, {level}; {activity}")
    return words.format(
        sex=term(who["sex"]).capitalize(), age=who["age"], ethnicity=named(names, "ethnicity", who["ethnicity"]),
        home=_("in a town of") if who["urban"] else _("in the countryside of"),
        district=named(names, "district", who["district"]), schooling=term(who["schooling"]), level=term(who["level"]),
        activity=_doing(who, names),
    )  # fmt: skip


def _doing(who: Mapping[str, Any], names: Names) -> str:
    if who["work_field"] and who["activity"] in ("household_business", "employee"):
        field = named(names, "field", who["work_field"])
        return _("{activity} in {field}").format(activity=term(who["activity"]), field=field)
    return term(who["activity"])


def _to_farm(facts: Mapping[str, Any]) -> list[str]:
    if not facts["rural"]:
        return []
    return [_("In rural homes {share} join the family farm; the others look for work.").format(
        share=per_cent(facts["farm_share"]))]  # fmt: skip


def _stays_at_school(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Turned fifteen and stays at school until eighteen.")]


def _left_school(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Left school at {age}.").format(age=facts["age"]), *_to_farm(facts)]


def _died(facts: Mapping[str, Any], names: Names) -> list[str]:
    why = _("Of people of this age and sex {chance} die in a year.").format(chance=per_cent(facts["chance"]))
    return [_("Died at {age}.").format(age=facts["age"]), why]


def _retired(facts: Mapping[str, Any], names: Names) -> list[str]:
    years, rest = divmod(int(facts["age_months"]), 12)
    age = _("{years} years and {months} months").format(years=years, months=rest)
    what = _("Retired from the post on reaching the retirement age of the year, {age}.").format(age=age)
    return [what, _("{share} then stop working; the others go on at the family farm.").format(
        share=per_cent(facts["stays_share"]))]  # fmt: skip


def _takes_part(facts: Mapping[str, Any], names: Names) -> list[str]:
    why = _("Of people of this age and sex {share} take part; the chance of this step in a month was {chance}.")
    return [why.format(share=per_cent(facts["participation"]), chance=per_cent(facts["chance"]))]


def _entered(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Entered the labour force at {age}.").format(age=facts["age"]), *_takes_part(facts, names),
            *_to_farm(facts)]  # fmt: skip


def _left_force(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Stopped working or looking for work at {age}.").format(age=facts["age"]), *_takes_part(facts, names)]


def _hazard(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("A hazard struck the district: farm income is {cut} lower for {months}, {savings} of savings are gone.")
    return [what.format(cut=per_cent(facts["income_cut"]), months=months(facts["months"]),
                        savings=vnd(facts["savings_lost"]))]  # fmt: skip


def _left_province(facts: Mapping[str, Any], names: Names) -> list[str]:
    here = _("living on {income} out of work") if facts["idle"] else _("{income} a month here")
    why = _("Pay there is about {there} a month, against {here}; that makes leaving {gain} times as likely.")
    means = _("Savings of {savings} for a journey of {cost} let {ease} of such plans through; the chance of leaving "
              "in a month was {chance}.")  # fmt: skip
    return [
        _("Left to work in another province."),
        why.format(there=vnd(facts["pay_there"]), here=here.format(income=vnd(facts["income_here"])),
                   gain=number(round(facts["gain"], 1), "")),
        means.format(savings=vnd(facts["savings"]), cost=vnd(facts["cost"]), ease=per_cent(facts["ease"]),
                     chance=per_cent(facts["chance"])),
    ]  # fmt: skip


def _came_home(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Came home from another province after {months}, with {saved} saved.")
    why = _("Everybody away has the same chance of coming back, {chance} a month.").format(
        chance=per_cent(facts["chance"]))  # fmt: skip
    return [what.format(months=months(facts["months_away"]), saved=vnd(facts["saved"])), why, *_to_farm(facts)]


def _settled(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Settled in the other province for good after {months}.").format(months=months(facts["months_away"]))
    return [what, _("The chance of it is {chance} a month.").format(chance=per_cent(facts["chance"]))]


def _moved_in(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Moved into the province and looks for work.")
    return [what, _("{rate} per 1,000 inhabitants move in every year.").format(
        rate=number(round(1000 * facts["rate"], 2), ""))]  # fmt: skip


def _went_abroad(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Went to work in {country} for {months}.").format(
        country=term(facts["country"]), months=months(facts["months"]))  # fmt: skip
    money = _("It cost {cost}, of which {loan} could be borrowed, and leaves a debt of {debt}; {saved} a month can be "
              "saved there, against an income of {income} before.")  # fmt: skip
    return [what, _drawn(facts), money.format(
        cost=vnd(facts["cost"]), loan=per_cent(facts["loan"]), debt=vnd(facts["debt"]),
        saved=vnd(facts["saved_a_month"]), income=vnd(facts["income_before"]),
    )]  # fmt: skip


def _drawn(facts: Mapping[str, Any]) -> str:
    words = _("{applied} applied this month for {places} places; by lot the person stood at place {rank}.")
    return words.format(applied=facts["applied"], places=facts["places"], rank=facts["rank"])


def _not_drawn(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Applied for a contract in {country} and was not drawn.").format(country=term(facts["country"]))
    return [what, _drawn(facts)]


def _could_not_go(facts: Mapping[str, Any], names: Names) -> list[str]:
    lacks = []
    if not facts["age_fits"]:
        words = _("the age is {age}, and contracts are for people of {youngest} to below {oldest}")
        lacks.append(words.format(age=facts["age"], youngest=number(facts["youngest"], ""),
                                  oldest=number(facts["oldest"], "")))  # fmt: skip
    if not facts["schooled"]:
        lacks.append(_("lower secondary school is asked for"))
    if facts["savings"] < facts["own_part"]:
        words = _("savings are {savings}, and the part to be paid oneself is at least {part}")
        lacks.append(words.format(savings=vnd(facts["savings"]), part=vnd(facts["own_part"])))
    return [_("Wished to work abroad and could not: {lacks}.").format(lacks="; ".join(lacks))]


def _returned(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Came back from {country} at the end of the contract, with savings less debt of {savings}.")
    why = _("{saved} a month were saved there.").format(saved=vnd(facts["saved_a_month"]))
    learnt = _("Skill rose by {gain}.").format(gain=per_cent(facts["skill_gain"]))
    return [what.format(country=term(facts["country"]), savings=vnd(facts["savings"])), f"{why} {learnt}"]


def _returned_early(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Came back early from {country}, with savings less debt of {savings}.")
    why = _("The chance that a contract breaks off is {chance} a month.").format(chance=per_cent(facts["chance"]))
    return [what.format(country=term(facts["country"]), savings=vnd(facts["savings"])), why]


_TELLERS: dict[str, Teller] = {
    "stays_at_school": _stays_at_school,
    "left_school": _left_school,
    "died": _died,
    "retired": _retired,
    "entered_labour_force": _entered,
    "left_labour_force": _left_force,
    "hazard": _hazard,
    "left_province": _left_province,
    "came_home": _came_home,
    "settled_elsewhere": _settled,
    "moved_in": _moved_in,
    "went_abroad": _went_abroad,
    "not_drawn_abroad": _not_drawn,
    "could_not_go_abroad": _could_not_go,
    "returned": _returned,
    "returned_early": _returned_early,
    **words_of_learning.TELLERS,
    **words_of_work.TELLERS,
}
