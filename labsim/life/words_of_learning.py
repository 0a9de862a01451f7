"""Sentences about courses, degrees and skills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labsim.life.terms import Names, months, named, per_cent, term, vnd
from labsim.report.numbers import number
from labsim.text import _

__all__ = ["TELLERS"]


def course_name(facts: Mapping[str, Any], names: Names) -> str:
    """Name a course: level, field, institution, length."""
    words = _("{level} in {field} at {institution}, {months}")
    return words.format(level=term(facts["level"]), field=named(names, "field", facts["field"]),
                        institution=named(names, "institution", facts["institution"]),
                        months=months(facts["months"]))  # fmt: skip


def _queue(facts: Mapping[str, Any]) -> list[str]:
    words = _("{applied} applied, {free} could be taken; by priority, then by lot, the person stood at place {place}.")
    found = [words.format(applied=facts["applied"], free=facts["free_seats"], place=facts["queue_place"])]
    if facts["own_place"]:
        found.append(_("The person was offered a place of their own."))
    if facts["policy_part"] >= 0.005:
        found.append(_("Policies opened {part} of these seats.").format(part=per_cent(facts["policy_part"])))
    return found


def _worth(facts: Mapping[str, Any]) -> str:
    cost = facts["fee"] - facts["support"] + facts["living"]
    words = _("The gain expected from it (levels of training: +{levels}), {gain}, is above its cost, {cost} (fee "
              "{fee}, living and lost income {living}, less support {support}).")  # fmt: skip
    return words.format(levels=facts["levels"], gain=vnd(facts["gain"]), cost=vnd(cost), fee=vnd(facts["fee"]),
                        living=vnd(facts["living"]), support=vnd(facts["support"]))  # fmt: skip


def _enrolled(facts: Mapping[str, Any], names: Names) -> list[str]:
    full, beside = _("Began a full-time course: {course}."), _("Began a course beside work: {course}.")
    what = full if facts["full_time"] else beside
    return [what.format(course=course_name(facts, names)), _worth(facts), *_queue(facts)]


def _seat_refused(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Applied for a course and got no seat: {course}.").format(course=course_name(facts, names))
    return [what, *_queue(facts), _worth(facts)]


def _no_free_seat(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Wanted a course, but none worth its cost had a free seat.")]


def _no_course(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Considered training and found no course open to them that is worth its cost.")]


def _graduated(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Finished a course: {course}.").format(course=course_name(facts, names))
    papers = (
        _("It gave no certificate."), _("The person holds a certificate of a course under three months."),
        _("The person holds a certificate of three months or more."),
    )  # fmt: skip
    learnt = _("Skill rose by {gain}.").format(gain=per_cent(facts["skill_gain"]))
    linked = [_("The programme is taught with enterprises.")] if facts["linked"] else []
    return [what, f"{papers[facts['certificate']]} {learnt}", *linked]


def _dropped_out(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Dropped out of a course: {course}.").format(course=course_name(facts, names))
    why = _("At the quality of this course the chance of it is {chance} a month.")
    return [what, why.format(chance=per_cent(facts["chance"]))]


def _on_the_job(facts: Mapping[str, Any], names: Names) -> list[str]:
    why = _("In a skilled post without training, {chance} a month are trained so.")
    return [_("Trained on the job, without paper."), why.format(chance=per_cent(facts["chance"]))]


def _extension(facts: Mapping[str, Any], names: Names) -> list[str]:
    why = _("Of untrained farmers {chance} a month attend one; the province counts them as trained.")
    return [_("Attended an extension class for farmers."), why.format(chance=per_cent(facts["chance"]))]


def _digital_began(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Began a course in digital skills of {months}, a place that a policy offers and a lot gave.").format(
        months=months(facts["months"]))]  # fmt: skip


def _digital_skills(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Finished the course in digital skills.")]


def _digital_in_vain(facts: Mapping[str, Any], names: Names) -> list[str]:
    return [_("Left the course in digital skills without them; {share} do not finish, and so does who moves away.")
            .format(share=per_cent(facts["dropout"]))]  # fmt: skip


def _degree_began(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Began to study beside work, {level}, {months} to go.").format(
        level=term(facts["level"]), months=months(facts["months"]))  # fmt: skip
    if facts["at_own_cost"]:
        return [what, _("At the person's own cost: the post asks for more training than the person has.")]
    return [what, _("On a place of the policy for degrees, by lot among staff without the degree; own part {paid}.")
            .format(paid=vnd(facts["paid"]))]  # fmt: skip


def _degree_done(facts: Mapping[str, Any], names: Names) -> list[str]:
    learnt = _("Skill rose by {gain}.").format(gain=per_cent(facts["skill_gain"]))
    return [_("Took a degree beside work: {level}.").format(level=term(facts["level"])), learnt]


def _degree_given_up(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Gave up the study for a degree ({level}).").format(level=term(facts["level"]))
    if not facts["at_work"]:
        return [what, _("The person no longer works in a public body.")]
    return [what, _("{chance} a month give up.").format(chance=per_cent(facts["chance"]))]


def _reached(facts: Mapping[str, Any], names: Names) -> list[str]:
    what = _("Employment services reached the person through {channel}.").format(channel=term(facts["channel"]))
    why = _("For {months} the chance to apply is {gain} times what it was.")
    return [what, why.format(months=months(facts["months"]), gain=number(round(facts["search_gain"], 2), ""))]


TELLERS = {
    "enrolled": _enrolled,
    "seat_refused": _seat_refused,
    "no_free_seat": _no_free_seat,
    "no_course_worth_it": _no_course,
    "graduated": _graduated,
    "dropped_out": _dropped_out,
    "trained_on_the_job": _on_the_job,
    "extension_class": _extension,
    "digital_course_began": _digital_began,
    "digital_skills": _digital_skills,
    "digital_course_in_vain": _digital_in_vain,
    "degree_began": _degree_began,
    "degree_done": _degree_done,
    "degree_given_up": _degree_given_up,
    "reached_by_services": _reached,
}
