"""Which series the picture of a run shows: those of a province, or those of a reference world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labsim.errors import ResultsError
from labsim.results import Results
from labsim.text import _

__all__ = ["Panel", "fields_of_world", "is_reference", "of_province", "of_reference"]


@dataclass(frozen=True)
class Panel:
    """Show one series with its fan, several named ones as lines, or one by field of work at the end.

    Of several `choices` (indicator, residence) the first that has a target is drawn, else the first recorded. A
    `yearly` stock is drawn as the mean over each year, where the season would hide the trend; a `monthly` flow by
    month instead of summed over years.
    """

    title: str
    choices: tuple[tuple[str, str], ...] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
    yearly: bool = False
    monthly: bool = False
    by_field: bool = False


def of_province() -> tuple[Panel, ...]:
    """Return the panels of a province: what its targets are about."""
    doing = {
        "labour_force": _("labour force"),
        "farmers": _("own-account farming"),
        "employees": _("employees"),
        "household_businesses": _("household businesses"),
        "away_in_viet_nam": _("in other provinces"),
        "unemployed": _("unemployed"),
    }
    unemployment = (("unemployment_rate", "urban"), ("unemployment_rate_survey", "urban"))
    return (
        Panel(_("Agricultural labour"), (("agricultural_share", "all"),)),
        Panel(_("Trained labour"), (("trained_share", "all"),)),
        Panel(_("Labour with a degree or certificate"), (("certified_share", "all"),)),
        Panel(_("Urban unemployment"), unemployment),
        Panel(_("Underemployment"), (("underemployment_rate", "all"),), yearly=True),
        Panel(_("People trained in a year"), (("people_trained", "all"),)),
        Panel(_("Jobs created in a year"), (("jobs_created", "all"),)),
        Panel(_("People sent abroad in a year"), (("sent_abroad", "all"),)),
        Panel(_("What people do"), lines=doing),
    )


def of_reference(results: Results) -> list[Panel]:
    """Return the panels of a reference world: the market by month and by field; what does not happen is left out."""
    single = (
        Panel(_("Unemployment"), (("unemployment_rate", "all"),)),
        Panel(_("Vacancies"), (("vacancies", "all"),)),
        Panel(_("People who search"), (("seekers", "all"),)),
        Panel(_("Hires in a month"), (("hires", "all"),), monthly=True),
        Panel(_("In training"), (("in_training", "all"),)),
        Panel(_("Abroad"), (("abroad", "all"),)),
    )
    panels = [panel for panel in single if _ever(results, panel.choices[0][0])]
    if "field" in results.groupings and len(fields_of_world(results)) > 1:
        by_field = (
            Panel(_("Unemployment at the end, by field number"), (("unemployment_rate", "all"),), by_field=True),
            Panel(_("Vacancies at the end, by field number"), (("vacancies", "all"),), by_field=True),
        )
        panels += [panel for panel in by_field if _ever(results, panel.choices[0][0])]
    return panels


def is_reference(results: Results) -> bool:
    """Say whether the results are those of a reference world, which has no targets."""
    return bool(results.manifest.get("config", {}).get("province", {}).get("kind") == "reference")


def fields_of_world(results: Results) -> list[str]:
    """Return the fields of a reference world, in the order of their numbers."""
    words = results.monthly["field"].unique()
    return sorted((str(word) for word in words if word != "all"), key=lambda word: (len(word), word))


def _ever(results: Results, indicator: str) -> bool:
    """Say whether an indicator was recorded and is ever anything but zero."""
    try:
        return bool(results.series(indicator).to_numpy().any())
    except ResultsError:
        return False
