"""Plain words for policies, their parameters and units, in the language in use.

A policy or parameter that is not listed here, such as one of a user's own, is called by its name in the code.
"""

from __future__ import annotations

from labsim.policies import BUILT_IN, name_of
from labsim.policies.base import Policy
from labsim.report.words import capital, policy_name
from labsim.text import _, mark

__all__ = ["PARAMETERS", "UNITS", "parameter_label", "policy_label", "unit_label"]

PARAMETERS = {
    "budget": mark("Budget ceiling"),
    "climate_retraining.seats_per_year": mark("Seats in short courses"),
    "climate_retraining.conversions_per_year": mark("Farmers helped to change livelihood"),
    "climate_retraining.grant": mark("Grant to a farmer who changes"),
    "climate_retraining.credit": mark("Credit to a farmer who changes"),
    "climate_retraining.cost_short_course": mark("Teaching cost, short course"),
    "climate_retraining.cost_elementary": mark("Teaching cost, elementary course"),
    "climate_retraining.months_after": mark("Months after a hazard in which it helps"),
    "climate_retraining.at_risk": mark("Weight of districts at risk"),
    "demand_path.amplitude": mark("Swing of the business cycle"),
    "demand_path.cycle_months": mark("Length of the business cycle"),
    "demand_path.midpoint": mark("When half the shift is done"),
    "demand_path.width": mark("How long the shift takes"),
    "digital_skills.persons_per_year": mark("Places in courses"),
    "digital_skills.cost": mark("Cost of a place"),
    "industrial_parks.posts_per_year": mark("Posts of enterprises that settle"),
    "industrial_parks.expansion": mark("Growth of employers already there"),
    "industrial_parks.cost_per_post": mark("Public money for a post that settles"),
    "industrial_parks.cost_of_expansion": mark("Public money for a post added"),
    "job_placement.share_per_year": mark("People reached"),
    "job_placement.cost_fair": mark("Cost of a person at a fair"),
    "job_placement.cost_counselling": mark("Cost of a person counselled"),
    "job_placement.cost_portal": mark("Cost of a person on the portal"),
    "labour_export.places_per_year": mark("Contracts on offer"),
    "labour_export.loan_share": mark("Share of the cost that can be borrowed"),
    "labour_export.preparation": mark("Language course and papers paid"),
    "labour_information.institutions": mark("Schools that plan by forecasts"),
    "labour_information.workers": mark("People who know the forecasts"),
    "labour_information.running_cost": mark("Running cost of the system"),
    "labour_information.cost_institution": mark("Cost of reaching a school"),
    "labour_information.cost_worker": mark("Cost of reaching a person"),
    "officials_degrees.officials_per_year": mark("Officials sent to university"),
    "officials_degrees.public_employees_per_year": mark("Teachers, health workers and others sent to university"),
    "officials_degrees.communes_per_year": mark("Officials of communes sent to study"),
    "officials_degrees.masters_per_year": mark("Officials sent to a master's course"),
    "officials_degrees.cost": mark("Cost of a year of study"),
    "officials_degrees.state_share": mark("Share that the State pays"),
    "rural_minority_training.quotas_from": mark("Part of the quotas that holds"),
    "rural_minority_training.campaign_days_per_year": mark("Days of campaigns in communes"),
    "rural_minority_training.reached_per_day": mark("People reached by a day"),
    "rural_minority_training.hearing": mark("Effect of hearing of courses"),
    "rural_minority_training.cost_per_day": mark("Cost of a day of campaign"),
    "school_enterprise_linkage.share": mark("Programmes taught with enterprises"),
    "school_enterprise_linkage.cost_programme": mark("Cost of a linked programme"),
    "school_enterprise_linkage.cost_practice": mark("Cost of practice for a person"),
    "startups.loans_per_year": mark("Loans to open a business"),
    "startups.loan": mark("Size of a loan"),
    "startups.grant": mark("Grant beside the loan"),
    "startups.digital_support_per_year": mark("Owners given digital support"),
    "startups.support_months": mark("Months of support"),
    "startups.cost_of_support": mark("Cost of digital support"),
    "startups.cooperatives_per_year": mark("Cooperatives founded"),
    "startups.cooperative_grant": mark("Grant to a cooperative"),
    "talent_attraction.places_per_year": mark("Posts reserved for graduates"),
    "talent_attraction.lump_sum": mark("Lump sum on taking up the post"),
    "talent_attraction.supplement": mark("Supplement to the wage"),
    "talent_attraction.supplement_months": mark("Months of the supplement"),
    "vocational_training.seats_per_year": mark("Seats in vocational training"),
    "vocational_training.fee_paid": mark("Share of the fee that is paid"),
    "vocational_training.allowance": mark("Meals allowance"),
    "vocational_training.travel": mark("Travel allowance"),
    "vocational_training.cost_short_course": mark("Teaching cost, short course"),
    "vocational_training.cost_elementary": mark("Teaching cost, elementary course"),
    "vocational_training.cost_intermediate": mark("Teaching cost, intermediate course"),
    "vocational_training.cost_college": mark("Teaching cost, college course"),
    "vocational_training.outreach": mark("How often people hear of courses"),
}
UNITS = {
    "VND per cooperative": mark("VND per cooperative"),
    "VND per course": mark("VND per course"),
    "VND per day": mark("VND per day"),
    "VND per institution and year": mark("VND per school and year"),
    "VND per month": mark("VND per month"),
    "VND per person": mark("VND per person"),
    "VND per person and year": mark("VND per person and year"),
    "VND per post": mark("VND per post"),
    "VND per post and year": mark("VND per post and year"),
    "VND per programme and year": mark("VND per programme and year"),
    "VND per year": mark("VND per year"),
    "VND per year of study": mark("VND per year of study"),
    "cooperatives per year": mark("cooperatives per year"),
    "days per year": mark("days per year"),
    "elasticity": mark("elasticity"),
    "factor": mark("times"),
    "months": mark("months"),
    "per month": mark("per month"),
    "per year": mark("per year"),
    "persons per day": mark("persons per day"),
    "persons per year": mark("persons per year"),
    "posts per year": mark("posts per year"),
    "share": mark("share"),
    "share of cost": mark("of the cost"),
    "share of demand": mark("of demand"),
    "share of fee": mark("of the fee"),
    "share of institutions": mark("of schools"),
    "share of people": mark("of people"),
    "share of programmes": mark("of programmes"),
    "share of target headcount": mark("of the planned headcount"),
    "share of the labour force per year": mark("of the labour force a year"),
    "share of the offer": mark("of the offer"),
    "share of wage": mark("of the wage"),
    "weight": mark("weight"),
    "years": mark("years"),
}
_BUILT_IN_NAMES = {policy: name for name, policy in BUILT_IN.items()}


def policy_label(name: str, policy: type[Policy] | None = None) -> str:
    """Return what a policy is called; one of a user's own keeps its name."""
    is_known = name in BUILT_IN and (policy is None or BUILT_IN[name] is policy)
    return capital(policy_name(name)) if is_known else _plain(name)


def parameter_label(policy: type[Policy], name: str) -> str:
    """Return what a parameter of a policy is called."""
    known = PARAMETERS.get(f"{name_of(policy)}.{name}") if policy in _BUILT_IN_NAMES else None
    known = known or PARAMETERS.get(name)
    return _(known) if known else _plain(name)


def unit_label(unit: str) -> str:
    """Return a unit as a reader of the language in use writes it."""
    return _(UNITS.get(unit, unit))


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()
