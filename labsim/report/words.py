"""Names of policies, their amounts and what they pay for, as a reader who knows no code would say them."""

from __future__ import annotations

from labsim.report.numbers import unit_name
from labsim.text import _, mark

__all__ = [
    "amount_name", "capital", "margin_name", "paid_for", "parameter_name", "policy_name", "recipient_name",
    "unit_of_amount",
]  # fmt: skip

_POLICIES = {
    "vocational_training": mark("vocational training"),
    "labour_export": mark("work abroad under contract"),
    "talent_attraction": mark("attraction of degree holders"),
    "climate_retraining": mark("retraining after climate hazards"),
    "job_placement": mark("employment services"),
    "labour_information": mark("labour market information"),
    "school_enterprise_linkage": mark("training linked to enterprises"),
    "digital_skills": mark("digital skills"),
    "officials_degrees": mark("degrees of officials and public employees"),
    "industrial_parks": mark("industrial parks and clusters"),
    "startups": mark("business start-ups and cooperatives"),
    "rural_minority_training": mark("training of rural and ethnic minority people"),
    "demand_path": mark("path of labour demand"),
}  # fmt: skip
_AMOUNTS = {
    "seats_per_year": mark("training seats a year"),
    "places_per_year": mark("places a year"),
    "conversions_per_year": mark("changes of livelihood supported a year"),
    "persons_per_year": mark("people trained a year"),
    "posts_per_year": mark("new posts a year"),
    "expansion": mark("growth of enterprises in parks a year"),
    "share_per_year": mark("share of the labour force reached a year"),
    "institutions": mark("share of schools that get forecasts"),
    "workers": mark("share of people who get forecasts"),
    "officials_per_year": mark("officials sent to study for a degree a year"),
    "public_employees_per_year": mark("public employees sent to study for a degree a year"),
    "communes_per_year": mark("officials of communes sent to study a year"),
    "masters_per_year": mark("officials sent to a master's course a year"),
    "quotas_from": mark("strength of the quotas"),
    "campaign_days_per_year": mark("campaign days a year"),
    "share": mark("share of programmes linked to enterprises"),
    "loans_per_year": mark("business loans a year"),
    "digital_support_per_year": mark("businesses supported to go digital a year"),
    "cooperatives_per_year": mark("new cooperatives a year"),
    "budget": mark("budget ceiling"),
    "start": mark("first month in force"),
    "stop": mark("last month in force"),
}  # fmt: skip
_UNITS = {
    "persons per year": mark("persons a year"),
    "posts per year": mark("posts a year"),
    "cooperatives per year": mark("cooperatives a year"),
    "days per year": mark("days a year"),
    "VND per year": mark("VND a year"),
    "VND per person": mark("VND a person"),
    "VND per post": mark("VND a post"),
    "share of programmes": mark("share of programmes"),
    "share of seats": mark("share of seats"),
    "share of cost": mark("share of the cost"),
    "share of wage": mark("share of the wage"),
    "share of institutions": mark("share of schools"),
    "share of people": mark("share of people"),
    "share of the labour force per year": mark("share of the labour force a year"),
    "share of target headcount": mark("share of the headcount"),
    "months": mark("months"),
    "per month": mark("a month"),
    "per year": mark("a year"),
}  # fmt: skip
_LEVELS = {
    "short_course": mark("short courses"), "elementary": mark("elementary level"),
    "intermediate": mark("intermediate level"), "college": mark("college"),
}  # fmt: skip
_PURPOSES = {
    "fees": mark("fees"),
    "fees paid by trainees": mark("fees paid by trainees"),
    "meals and travel": mark("meals and travel"),
    "preparation": mark("language and preparation"),
    "loan for work abroad": mark("loan for work abroad"),
    "conversion grant": mark("grant for a change of livelihood"),
    "conversion credit (loan)": mark("loan for a change of livelihood"),
    "lump sum": mark("lump sum"),
    "wage supplement": mark("wage supplement"),
    "campaigns": mark("campaigns"),
    "cooperative grant": mark("grant to cooperatives"),
    "courses in digital skills": mark("courses in digital skills"),
    "digital support": mark("digital support"),
    "expansion in parks": mark("growth in parks"),
    "posts in parks": mark("posts in parks"),
    "forecasts for institutions": mark("forecasts for schools"),
    "forecasts for people": mark("forecasts for people"),
    "linked programmes": mark("linked programmes"),
    "practice in enterprises": mark("practice in enterprises"),
    "running the information system": mark("running the information system"),
    "study for a degree": mark("study for a degree"),
    "business loan": mark("business loan"),
    "business grant": mark("business grant"),
}  # fmt: skip
_RECIPIENTS = {
    "training institutions": mark("training institutions"),
    "trainees": mark("trainees"),
    "workers sent abroad": mark("workers sent abroad"),
    "farmers who change livelihood": mark("farmers who change livelihood"),
    "degree holders": mark("degree holders"),
    "enterprises": mark("enterprises"),
    "enterprises in parks": mark("enterprises in parks"),
    "cooperatives": mark("cooperatives"),
    "owners of household businesses": mark("owners of household businesses"),
    "organisers in communes": mark("organisers in communes"),
    "job service centre": mark("job service centre"),
}  # fmt: skip
_MARGINS = {
    "population by age and sex": mark("population by age and sex"),
    "population by district and residence": mark("population by district and residence"),
    "population by people and residence": mark("population by ethnic group and residence"),
    "population by district and people": mark("population by district and ethnic group"),
    "end-2020 age and sex": mark("age and sex at the end of 2020"),
    "schooling by age and sex": mark("schooling by age and sex"),
    "labour force by age and sex": mark("labour force by age and sex"),
    "level of training": mark("level of training"),
    "trained by residence": mark("trained people by residence"),
    "trained by ethnicity": mark("trained people by ethnic group"),
    "trained by age": mark("trained people by age"),
    "unemployed by residence": mark("unemployed by residence"),
    "sector": mark("people in work by sector"),
    "agriculture in towns": mark("agriculture in towns"),
    "household businesses by trade": mark("household businesses by trade"),
    "trained in agriculture": mark("trained people in agriculture"),
    "digital skills": mark("basic digital skills"),
    "poor by district": mark("poor households by district"),
    "employees by ownership and field": mark("employees by ownership and field"),
    "employees by group of employers": mark("employees by group of employers"),
}  # fmt: skip
_TEACHING = "teaching, "


def policy_name(policy: str) -> str:
    """Name a policy; one of the reader's own keeps the name it was given."""
    return _(_POLICIES[policy]) if policy in _POLICIES else policy.replace("_", " ")


def amount_name(name: str) -> str:
    """Name an amount of a policy; one that is not known keeps its name in the code."""
    return _(_AMOUNTS[name]) if name in _AMOUNTS else name.replace("_", " ")


def parameter_name(path: str) -> str:
    """Name a parameter by its path: an amount with its policy in words, others as `labsim params` lists them."""
    parts = path.split(".")
    if parts[0] in _POLICIES:  # as a study may write it
        parts = ["policies", *parts]
    if parts[0] != "policies" or len(parts) < 2:
        return path
    policy = policy_name(parts[1])
    if len(parts) == 2:
        return policy
    amount = amount_name(parts[2])
    more = f" ({', '.join(part.replace('_', ' ') for part in parts[3:])})" if parts[3:] else ""
    return _("{policy}: {amount}").format(policy=policy, amount=f"{amount}{more}")


def unit_of_amount(unit: str) -> str:
    """Return the unit of a parameter in the language in use; one that is not known stays as it is."""
    return _(_UNITS[unit]) if unit in _UNITS else unit_name(unit)


def paid_for(purpose: str) -> str:
    """Return what was paid for."""
    if purpose.startswith(_TEACHING):
        level = purpose.removeprefix(_TEACHING)
        return _("teaching: {level}").format(level=_(_LEVELS.get(level, level)))
    return _(_PURPOSES.get(purpose, purpose))


def recipient_name(recipient: str) -> str:
    """Return who was paid."""
    return _(_RECIPIENTS.get(recipient, recipient))


def margin_name(margin: str) -> str:
    """Name a margin that the starting population is held against."""
    return _(_MARGINS.get(margin, margin))


def capital(words: str) -> str:
    """Return words as they begin a line: the first letter large, all others as they are."""
    return words[:1].upper() + words[1:]
