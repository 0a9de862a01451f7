"""What every configuration has; `labsim.config.Config` adds one attribute for each class of parameters.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import pydantic

from labsim.config_files import find_configs
from labsim.config_hash import hash_of
from labsim.errors import ConfigError, Problem
from labsim.policy_source import PolicyOrigin, recall_policy_class
from labsim.profile import GROUPINGS, Names, Period, Profile, district_ids, folder_hashes, unknown_grouping
from labsim.quantity import Parameters, describe

__all__ = ["ConfigBase", "Evidence", "EvidenceGiven", "defaults_of"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Describe a parameter in use: its value, and the evidence that stands behind that value."""

    path: str
    value: Any
    unit: str
    low: float | None
    high: float | None
    grade: str
    source: str
    year: int | None
    help: str


class EvidenceGiven(pydantic.BaseModel):
    """Hold evidence that a file gave; None leaves the declared one."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    source: str | None = None
    grade: str | None = None
    low: float | None = None
    high: float | None = None
    year: int | None = None


class ConfigBase(pydantic.BaseModel):
    """Hold a complete configuration: frozen, checked, hashed.

    ``scenario`` names the scenario files, joined by "+"; ``scale`` is simulated persons per person; ``replicates``
    the number of runs with different random numbers; ``by`` names the groupings of people that results tell apart
    (a reference world has "field" unless it says otherwise);
    ``switched_off`` names processes left out of the month;
    ``origins`` tells where the class of each policy comes from; ``changes`` logs what scenarios and settings changed
    over the profile; ``given`` is the evidence that files gave by the path of the parameter.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    policy_base: ClassVar[type[Parameters]] = Parameters
    built_in_policies: ClassVar[Mapping[str, type[Parameters]]] = {}
    process_names: ClassVar[tuple[str, ...]] = ()

    province: Profile
    scenario: str = "baseline"
    title: Names = Names(en="", vi="")
    question: Names = Names(en="", vi="")
    period: Period = Period()
    scale: Annotated[float, pydantic.Field(ge=0.001, le=1)] = 0.1
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**63)] = 1
    replicates: Annotated[int, pydantic.Field(ge=1)] = 1
    by: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()
    policies: Mapping[str, pydantic.SerializeAsAny[Parameters]] = {}
    origins: dict[str, PolicyOrigin] = {}
    changes: tuple[str, ...] = ()
    given: dict[str, EvidenceGiven] = {}

    @pydantic.field_validator("by")
    @classmethod
    def _are_groupings(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in GROUPINGS:
                raise ValueError(unknown_grouping(name))
        return tuple(name for name in GROUPINGS if name in value)

    @classmethod
    def sections(cls) -> dict[str, type[Parameters]]:
        """Return the classes of parameters by the attribute, which is also the key in files."""
        return {
            name: field.annotation
            for name, field in cls.model_fields.items()
            if isinstance(field.annotation, type) and issubclass(field.annotation, Parameters)
        }

    def names_of(self, what: str) -> tuple[str, ...]:
        """Return the ids of the "fields" or "districts" of this world, which weights may name; () if it has none."""
        if what == "fields":
            return tuple(field.id for field in self.province.fields)
        folder = self.province.folder
        return district_ids(folder) if folder is not None else ()

    @property
    def hash(self) -> str:
        """Return the sha256 of everything that decides the numbers of a run.

        Words (titles, names, notes, the scenario's name), folders, the number of replicates and the evidence are left
        out; the content of the margins and of policies in files is in.
        """
        return hash_of(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON, from which `from_dict` makes an equal configuration."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, allow_code: bool = True) -> Self:
        """Make a configuration from what `to_dict` returned, or from its JSON.

        Policies in files are imported again. Raises ConfigError if such a file is gone or has changed, or if
        ``allow_code`` is False and there is one; ``pydantic.ValidationError`` if the data is not a configuration.
        """
        rest = {name: value for name, value in data.items() if name != "policies"}
        config = cls.model_validate_json(json.dumps(rest), strict=True)
        policies: dict[str, Parameters] = {}
        problems: list[Problem] = []
        for name, origin in config.origins.items():
            try:
                found = recall_policy_class(
                    origin, base=cls.policy_base, built_in=cls.built_in_policies, allow_code=allow_code
                )
            except ValueError as error:
                problems.append(Problem(None, None, None, f"policies.{name}", str(error)))
                continue
            policies[name] = found.model_validate_json(json.dumps(data["policies"][name]), strict=True)
        if problems:
            raise ConfigError(problems)
        update = {"policies": dict(sorted(policies.items())), "province": _at_home(config.province)}
        return config.model_copy(update=update)

    def __reduce__(self) -> tuple[Callable[..., ConfigBase], tuple[Any, ...]]:
        """Pickle as plain values: a process of a pool imports policies in files anew."""
        return _restore, (type(self), self.to_dict())

    def changed_margins(self) -> list[str]:
        """List the margin files that are not what they were when the configuration was made."""
        folder = self.province.folder
        now = folder_hashes(folder) if folder is not None and folder.is_dir() else {}
        return sorted(dict(self.province.files.items() ^ now.items()))

    def evidence(self) -> list[Evidence]:
        """List every parameter in use with its value and evidence; policies stand below ``policies.<name>``."""
        found = _evidence_of(self, "", self.given)
        for name, policy in self.policies.items():
            found += _evidence_of(policy, f"policies.{name}.", self.given)
        return found


def _restore(model: type[ConfigBase], data: dict[str, Any]) -> ConfigBase:
    return model.from_dict(data)


def _at_home(province: Profile) -> Profile:
    """Find the margins again where a manifest comes from another machine: by the province's name."""
    if province.folder is None or province.folder.is_dir():
        return province
    for root in find_configs():
        if (root / province.id / province.folder.name).is_dir():
            return province.model_copy(update={"folder": root / province.id / province.folder.name})
    return province


def _evidence_of(model: pydantic.BaseModel, prefix: str, given: Mapping[str, EvidenceGiven]) -> list[Evidence]:
    found = []
    for info in describe(type(model), prefix):
        value: Any = model
        for name in info.path.removeprefix(prefix).split("."):
            value = getattr(value, name)
        override = given.get(info.path, EvidenceGiven()).model_dump(exclude_none=True)
        declared = dataclasses.asdict(info)
        del declared["default"]
        if "source" in override:
            # the declared year belongs to the declared source
            declared["year"] = None
        found.append(Evidence(**(declared | override), value=value))
    return found


def defaults_of(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Return the default of every parameter of a class, nested, as plain values of its own."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Parameters):
            found[name] = defaults_of(field.annotation)
        elif not field.is_required():
            found[name] = plain(field.get_default(call_default_factory=True))
    return found


def plain(value: Any) -> Any:
    """Return a copy of a value in the types that YAML has; years stay whole numbers."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return pydantic.TypeAdapter(type(value)).dump_python(value, mode="json")
