"""The shapes of the JSON files that labsim writes and reads: manifest.json, study.json and posterior.json."""

from __future__ import annotations

from labsim.json_shape import (
    ANYTHING,
    AT_LEAST_ONE,
    COUNT,
    MONTH,
    NUMBER,
    OBJECT,
    SCALE,
    TEXT,
    Each,
    Group,
    OneOf,
    Row,
)

__all__ = ["MANIFEST", "POSTERIOR", "STUDY", "TOLD_OF_DRAWS"]

_NAMES = Group({"en": TEXT, "vi": TEXT})
_TEXTS = Each(TEXT, of_list=False)
_MEMBERS = Each(Group({"id": TEXT, "en": TEXT, "vi": TEXT}))

TOLD_OF_DRAWS = Group(
    {
        "file": TEXT, "hash": TEXT, "drawn": Each(TEXT), "own": Each(TEXT), "stale": Each(TEXT),
        "outside": Each(Group({"name": TEXT, "value": NUMBER, "low": NUMBER, "high": NUMBER})),
        "draws": Each(COUNT, of_list=False),
        "calibrated": Group({}, {"start": MONTH, "until": MONTH, "scale": NUMBER}),
    },
    {"worth": OneOf((NUMBER,))},
)  # fmt: skip

_CONFIG = Group(
    {},
    {
        "province": Group(
            {"id": TEXT, "name": _NAMES},
            {"kind": TEXT, "fields": _MEMBERS, "groups": Each(_MEMBERS, of_list=False), "institutions": Each(OBJECT)},
        ),
        "period": Group({"start": MONTH, "until": MONTH}),
        "title": _NAMES, "question": _NAMES, "by": Each(TEXT), "scale": SCALE, "policies": Each(OBJECT, of_list=False),
        "replicates": AT_LEAST_ONE, "seed": COUNT,
    },
)  # fmt: skip

_SPAN = Row((TEXT, OneOf((TEXT,))))
_NOTE = {
    "code": TEXT, "where": TEXT, "values": Each(OneOf((TEXT, NUMBER, Each(_SPAN)), or_null=False), of_list=False),
}  # fmt: skip

MANIFEST = Group(
    {"format": TEXT, "files": Each(Group({}, {"sha256": TEXT, "columns": _TEXTS}), of_list=False)},
    {
        "province": TEXT, "province_name": _NAMES, "scenario": TEXT, "scale": SCALE, "start": MONTH, "until": MONTH,
        "months": COUNT, "replicates": AT_LEAST_ONE, "seed": COUNT, "seeds": Each(COUNT, of_list=False),
        "config": _CONFIG, "config_hash": TEXT, "changes": Each(TEXT), "code_hash": TEXT,
        "posterior": OneOf((TOLD_OF_DRAWS,)), "parameters_by_grade": Each(COUNT, of_list=False), "versions": _TEXTS,
        "platform": TEXT, "command": TEXT, "executor": TEXT, "started": TEXT, "wall_time_s": NUMBER,
        "notes": Each(Group(_NOTE)), "timing": Each(NUMBER, of_list=False), "study": TEXT, "values": OBJECT,
        "misfit": Each(Group({"margin": TEXT}, {"expected": NUMBER, "got": NUMBER, "cells": COUNT})),
    },
)  # fmt: skip

STUDY = Group(
    {
        "format": TEXT,
        "study": Group({"name": TEXT}, {"title": _NAMES, "question": _NAMES, "replicates": AT_LEAST_ONE}),
        "points": Each(
            Group(
                {
                    "number": COUNT, "name": TEXT, "province": TEXT, "scenario": TEXT, "values": OBJECT,
                    "config_hash": TEXT, "changes": Each(TEXT),
                    "differs": Each(Row((Each(TEXT, at_least=1), TEXT, ANYTHING))),
                },
                {"posterior": OneOf((TOLD_OF_DRAWS,))},
            )
        ),
        "runs": Each(Row((TEXT, COUNT, AT_LEAST_ONE, COUNT))),
        "bases": Each(_CONFIG, of_list=False), "code_hash": TEXT, "versions": _TEXTS,
    },
    {
        "factors": Each(OBJECT), "platform": TEXT, "started": TEXT,
        "notes": Each(Group(_NOTE | {"points": OneOf((Each(COUNT),))})),
    },
)  # fmt: skip

_PARAMETER = Group({"name": TEXT, "present": ANYTHING})

POSTERIOR = Group(
    {"format": TEXT},
    {
        "province": TEXT, "scenario": Each(TEXT), "settings": Each(TEXT), "scale": SCALE, "start": MONTH,
        "until": MONTH,
        "seed": COUNT, "config_hash": TEXT, "assumed": Each(NUMBER, of_list=False), "code_hash": TEXT,
        "data_hash": TEXT, "observations_hash": TEXT, "configuration_hash": TEXT, "draws_hash": TEXT, "runs": COUNT,
        "draws": COUNT, "distinct_draws": COUNT, "effective_sample_size": NUMBER, "left_of_the_prior": NUMBER,
        "plan_following": Each(NUMBER, of_list=False), "waves": Each(Each(NUMBER, of_list=False)),
        "observations": Each(OBJECT), "parameters": Each(_PARAMETER),
    },
)  # fmt: skip
