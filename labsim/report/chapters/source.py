"""What a report is made from: the results of a run, or a study that has been run, each with the record it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from labsim.config_files import find_configs
from labsim.errors import ResultsError
from labsim.experiment.compare import Comparison, comparison_of
from labsim.experiment.opened import OpenedStudy
from labsim.experiment.run import read_observed
from labsim.results import Results
from labsim.text import _, current_language

__all__ = ["Given", "Source", "how_to_tell_apart", "place_of", "source_of"]


# without these nobody could say where the numbers come from, or make them again
_RECORD = ("config", "config_hash", "code_hash", "versions", "scale", "replicates", "start", "until", "province")


@dataclass(frozen=True)
class Source:
    """Hold what a report tells of.

    `manifest` says where the numbers come from. `results` are those of the run, or of the base of a study; `compared`
    is what differs from the base; `study` the folder of all runs. `is_for_readers` says that whoever gets the report
    runs nothing themselves, so that it names no command.
    """

    manifest: Mapping[str, Any]
    results: Results | None = None
    compared: Comparison | None = None
    study: OpenedStudy | None = None
    is_for_readers: bool = False


Given = Results | OpenedStudy | Comparison | Source


def source_of(given: Given) -> Source:
    """Return what a report can tell of results, of a study or of a comparison; a `Source` stays as it is.

    Raises ResultsError where the record of the run is incomplete.
    """
    if isinstance(given, Source):
        source = given
    elif isinstance(given, OpenedStudy):
        source = _of_study(given)
    elif isinstance(given, Comparison):
        source = Source(_manifest_of(given), compared=given)
    else:
        source = Source(given.manifest, given)
    missing = [name for name in _RECORD if source.manifest.get(name) in (None, "", {})]
    if missing:
        message = _("no report without its record: the manifest lacks {names}")
        raise ResultsError(message.format(names=", ".join(missing)))
    return source


def place_of(manifest: Mapping[str, Any]) -> str:
    """Return the name of the province in the language in use."""
    names = manifest.get("province_name") or manifest["config"].get("province", {}).get("name") or {}
    return str(names.get(current_language()) or manifest["province"])


def how_to_tell_apart(source: Source, groupings: str) -> str:
    """Return what makes a run tell groups apart: an option, or a line in the file of a study."""
    if source.study is None:
        return f"labsim run --by {groupings}"
    return f"by: [{', '.join(groupings.split(','))}]"


def _of_study(study: OpenedStudy) -> Source:
    base = study.results(int(study.points["point"].iloc[0]))
    base = replace(base, observed=_observed(str(base.manifest["province"])))
    about = {"started": study.about["started"], "platform": study.about["platform"], "seed": _seed(study)}
    return Source(about | base.manifest, base, comparison_of(study) if _compares(study) else None, study)


def _seed(study: OpenedStudy) -> Any:
    return next(iter(study.about["bases"].values())).get("seed")


def _compares(study: OpenedStudy) -> bool:
    """Say whether every province has several scenarios and nothing else differs between the points."""
    points = study.about["points"]
    each = pd.Series([point["province"] for point in points]).value_counts()
    return bool((each > 1).all()) and not any(point["values"] for point in points)


def _observed(province: str) -> pd.DataFrame:
    """Return the figures observed in a province, which a study does not keep; an empty table if there are none."""
    for root in find_configs():
        file = root / province / "observed.csv"
        if file.is_file():
            return read_observed(file)
    return pd.DataFrame()


def _manifest_of(found: Comparison) -> dict[str, Any]:
    """Return the record of a comparison's base in the form of a run's."""
    about, base = found.about, found.scenarios.iloc[0]
    point = about["points"][0]
    words = {
        "title": {code: base[f"title_{code}"] for code in ("en", "vi")},
        "province": {"name": {code: base[f"place_{code}"] for code in ("en", "vi")}},
    }
    return {
        "province": base["province"], "scenario": base["scenario"], "config": words,
        "config_hash": point["config_hash"], "changes": point["changes"], "posterior": point.get("posterior"),
        "notes": found.notes_on(str(base["scenario"]), str(base["province"])),
        "scale": about["scale"], "replicates": int(base["n"]), "start": about["period"]["start"],
        "until": about["period"]["until"], "seed": about["seed"], "code_hash": about["code_hash"],
        "versions": about["versions"], "started": about["started"], "platform": about["platform"],
    }  # fmt: skip
