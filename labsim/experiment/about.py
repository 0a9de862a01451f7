"""What `study.json` says: a study, its points with their whole configurations, its runs, and their versions.

A configuration is kept as what it differs in from the first of its province and scenario, so that a study of thousands
of points stays a small file and every run in it can be repeated. The file carries a checksum of itself.
"""

from __future__ import annotations

import copy
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labsim.checksums import NO_SEAL, sealed
from labsim.config import Config
from labsim.config_hash import hash_of
from labsim.config_notes import notes_of
from labsim.errors import ConfigError, ResultsError
from labsim.experiment.run import versions
from labsim.experiment.study import Plan
from labsim.file_shapes import STUDY
from labsim.json_shape import require_shape
from labsim.notes import Note, notes_in
from labsim.text import _
from labsim.text_files import json_object_of

__all__ = ["STUDY_FORMAT", "config_data", "described", "notes_of_plan", "notes_on_point", "read_about"]

STUDY_FORMAT, _BEFORE_SEALS = "labsim-study-2", "labsim-study-1"
_GONE = "gone"
_POINTS_LOOKED_AT = 500  # on opening, a millisecond each; those of larger studies when they are asked for


def described(plan: Plan) -> str:
    """Return the text of `study.json` for a plan."""
    bases: dict[str, dict[str, Any]] = {}
    points = []
    replicates = sorted({run.replicate for run in plan.runs})
    for point in plan.points:
        config = _data_of(point.config)
        base = bases.setdefault(_base_key(point.province, point.scenario), config)
        points.append({
            "number": point.number,
            "name": point.name,
            "province": point.province,
            "scenario": point.scenario,
            "values": dict(point.values),
            "config_hash": point.config.hash,
            "changes": list(point.config.changes),
            "posterior": plan.drawn[point.number].told(replicates) if point.number in plan.drawn else None,
            "differs": list(_differences(base, config)),
        })  # fmt: skip
    about = {
        "format": STUDY_FORMAT,
        "seal": NO_SEAL,
        "study": plan.study.model_dump(mode="json"),
        "factors": [asdict(factor) for factor in plan.factors],
        "points": points,
        "notes": notes_of_plan(plan),
        "runs": [[run.id, run.point, run.replicate, run.seed] for run in plan.runs],
        "bases": bases,
        "code_hash": plan.code,
        "versions": versions(),
        "platform": platform.platform(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return sealed(json.dumps(about, ensure_ascii=False, allow_nan=False).encode("utf-8")).decode("utf-8")


def notes_of_plan(plan: Plan) -> list[dict[str, Any]]:
    """Return every note on a point once, with the numbers of its points; None stands for all of them."""
    found: dict[str, tuple[Note, list[int]]] = {}
    for point in plan.points:
        for note in notes_of(point.config):
            found.setdefault(json.dumps(note.to_dict()), (note, []))[1].append(point.number)
    every = len(plan.points)
    return [note.to_dict() | {"points": here if len(here) < every else None} for note, here in found.values()]


def notes_on_point(about: Mapping[str, Any], number: int) -> list[Note]:
    """Return the notes on a point of a study; an earlier labsim wrote none."""
    kept = about.get("notes", ())
    return notes_in(one for one in kept if one["points"] is None or number in one["points"])


def read_about(folder: Path) -> dict[str, Any]:
    """Read `study.json` of a folder. Raises ResultsError if there is none, or if it is damaged."""
    path = folder / "study.json"
    if not path.is_file():
        raise ResultsError(_("{folder}: not the folder of a study (it has no study.json)").format(folder=folder))
    try:
        content = path.read_bytes()
        about = json_object_of(content, str(path))
        if about["format"] not in (STUDY_FORMAT, _BEFORE_SEALS):
            message = _("format {given}; this labsim reads {known}")
            raise ValueError(message.format(given=about["format"], known=STUDY_FORMAT))
        require_shape(about, STUDY)
        _require_whole(about)
        if about["format"] != _BEFORE_SEALS and sealed(content) != content:
            raise ValueError(_("its content is not what was written"))
    except KeyError as error:
        raise ResultsError(_damaged(path, _("the key {name} is missing").format(name=error))) from error
    except ConfigError as error:
        raise ResultsError(_damaged(path, error.problems[0].message)) from error
    except (OSError, ValueError, TypeError) as error:
        raise ResultsError(_damaged(path, error)) from error
    return about


def config_data(about: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the configuration of a point as plain values, from which `Config.from_dict` makes it again.

    Raises ResultsError if it is not the one that was run.
    """
    try:
        data = _laid_over(about, number)
    except (KeyError, TypeError, AttributeError, IndexError):
        data = {}
    _require_same(about, number, data)
    return data


def _laid_over(about: Mapping[str, Any], number: int) -> dict[str, Any]:
    point = about["points"][number]
    data: dict[str, Any] = copy.deepcopy(about["bases"][_base_key(point["province"], point["scenario"])])
    for path, what, value in point["differs"]:
        inside = data
        for key in path[:-1]:
            inside = inside[key]
        if what == _GONE:
            del inside[path[-1]]
        else:
            inside[path[-1]] = value
    return data


def _require_whole(about: Mapping[str, Any]) -> None:
    """Raise ValueError if points, runs and configurations do not belong together."""
    points, runs, bases = about["points"], about["runs"], about["bases"]
    if [point["number"] for point in points] != list(range(len(points))):
        raise ValueError(_("points: not numbered 0, 1, 2, ..."))
    for point in points:
        if _base_key(point["province"], point["scenario"]) not in bases:
            message = _("bases: no configuration of {province}, {scenario}")
            raise ValueError(message.format(province=point["province"], scenario=point["scenario"]))
    looked_at = points if len(points) <= _POINTS_LOOKED_AT else points[:1]
    for point in looked_at:
        config_data(about, point["number"])
    if any(not run[1] < len(points) for run in runs):
        raise ValueError(_("runs: one is of a point that does not exist"))
    if len({(run[1], run[2]) for run in runs}) < len(runs):
        raise ValueError(_("runs: a replicate of a point stands there twice"))


def _require_same(about: Mapping[str, Any], number: int, data: Mapping[str, Any]) -> None:
    """Raise ResultsError if a configuration is not the one that was run."""
    try:
        same = hash_of(data) == about["points"][number]["config_hash"]
    except (KeyError, TypeError, AttributeError, ValueError):
        same = False
    if not same:
        message = _("study.json: damaged (the configuration of point {number} is not the one that was run)")
        raise ResultsError(message.format(number=number))


def _damaged(path: Path, why: object) -> str:
    return _("{path}: damaged ({why})").format(path=path, why=why)


def _base_key(province: str, scenario: str) -> str:
    return f"{province}/{scenario}"


def _data_of(config: Config) -> dict[str, Any]:
    data = config.to_dict()
    data["province"].pop("folder", None)  # where the files lie on this machine decides nothing
    data.pop("changes", None)
    return data


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], path: Sequence[str] = ()
) -> Iterator[tuple[list[str], str, Any]]:
    """Yield path, "set" or "gone", and the new value of every key that differs."""
    for key in sorted(old.keys() | new.keys()):
        here = [*path, key]
        if key not in new:
            yield here, _GONE, None
        elif key not in old:
            yield here, "set", new[key]
        elif isinstance(old[key], dict) and isinstance(new[key], dict):
            yield from _differences(old[key], new[key], here)
        elif old[key] != new[key]:
            yield here, "set", new[key]
