"""The configuration of a run: ``load("son_la", scenario="linked_seats", settings=["matching.selectivity=0.4"])``.

Later wins: defaults of the classes < profile < what a scenario extends < the scenario < settings. Two scenario files
of the same level that set the same key raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, SerializeAsAny

from labsim.config_base import ConfigBase, Evidence
from labsim.config_build import build, changes_on_top
from labsim.config_files import BASELINE, ProvinceNeeded, collect_files, find_configs, known_names
from labsim.config_schema import schema_of
from labsim.errors import ConfigError, Problem
from labsim.plain_values import plain_arguments
from labsim.policies import BUILT_IN
from labsim.policies.base import Policy
from labsim.processes.abroad import AbroadParameters
from labsim.processes.climate import ClimateParameters
from labsim.processes.counting import CountingParameters
from labsim.processes.demand import DemandParameters
from labsim.processes.demography import DemographyParameters
from labsim.processes.digital import DigitalParameters
from labsim.processes.earnings import EarningsParameters
from labsim.processes.extension import ExtensionParameters
from labsim.processes.firms import FirmsParameters
from labsim.processes.in_service import InServiceParameters
from labsim.processes.information import InformationParameters
from labsim.processes.linkage import LinkageParameters
from labsim.processes.matching import MatchingParameters
from labsim.processes.migration import MigrationParameters
from labsim.processes.new_employers import NewEmployersParameters
from labsim.processes.own_account import OwnAccountParameters
from labsim.processes.public_bodies import PublicBodiesParameters
from labsim.processes.search import SearchParameters
from labsim.processes.services import ServicesParameters
from labsim.processes.talent import TalentParameters
from labsim.processes.training import TrainingParameters
from labsim.quantity import Parameters
from labsim.reference_world import ReferenceParameters
from labsim.schedule import SWITCHABLE

__all__ = [
    "SECTIONS",
    "Config",
    "Evidence",
    "changes_of",
    "check",
    "config_schema",
    "find_configs",
    "known_names",
    "load",
]


class Config(ConfigBase):
    """Compose every section of parameters; adding a process adds one line here."""

    policy_base: ClassVar[type[Parameters]] = Policy
    built_in_policies: ClassVar[Mapping[str, type[Parameters]]] = BUILT_IN
    process_names: ClassVar[tuple[str, ...]] = SWITCHABLE

    policies: dict[str, SerializeAsAny[Policy]] = Field(default_factory=dict)

    demography: DemographyParameters = DemographyParameters()
    climate: ClimateParameters = ClimateParameters()
    demand: DemandParameters = DemandParameters()
    training: TrainingParameters = TrainingParameters()
    extension: ExtensionParameters = ExtensionParameters()
    information: InformationParameters = InformationParameters()
    linkage: LinkageParameters = LinkageParameters()
    digital: DigitalParameters = DigitalParameters()
    services: ServicesParameters = ServicesParameters()
    firms: FirmsParameters = FirmsParameters()
    new_employers: NewEmployersParameters = NewEmployersParameters()
    own_account: OwnAccountParameters = OwnAccountParameters()
    search: SearchParameters = SearchParameters()
    matching: MatchingParameters = MatchingParameters()
    migration: MigrationParameters = MigrationParameters()
    abroad: AbroadParameters = AbroadParameters()
    public_bodies: PublicBodiesParameters = PublicBodiesParameters()
    in_service: InServiceParameters = InServiceParameters()
    talent: TalentParameters = TalentParameters()
    earnings: EarningsParameters = EarningsParameters()
    counting: CountingParameters = CountingParameters()
    reference: ReferenceParameters = ReferenceParameters()

    def names_of(self, what: str) -> tuple[str, ...]:
        """Return the ids of the "fields" or "districts" of this world, which weights may name."""
        is_reference = self.province.kind == "reference"
        return self.reference.names_of(what) if is_reference else super().names_of(what)


SECTIONS: dict[str, type[Parameters]] = Config.sections()


@plain_arguments
def load(
    name_or_path: str | Path,
    *,
    scenario: str | Path | Sequence[str | Path] = BASELINE,
    settings: str | Sequence[str] | Mapping[str, Any] = (),
    allow_code: bool = True,
) -> Config:
    """Read, overlay, check and freeze a configuration.

    ``name_or_path`` is a province ("son_la"), a province and scenario ("son_la/baseline"), a reference world
    ("reference/urn_ball") or a YAML file. ``scenario`` is one name or file, or several that must not set the same
    key. ``settings`` are ``"path=value"`` texts, or a mapping from path to value. With ``allow_code=False`` policies
    in files are refused. Raises ConfigError with every problem found.
    """
    given = [scenario] if isinstance(scenario, str | Path) else list(scenario)
    # a path without an ending is a name
    scenarios = [str(one) if isinstance(one, Path) and not one.suffix and not one.is_file() else one for one in given]
    return build(Config, collect_files(name_or_path, scenarios), settings, allow_code=allow_code)


def changes_of(
    name_or_path: str | Path, *, scenario: str | Path = BASELINE, allow_code: bool = True
) -> tuple[str, ...]:
    """Return what the last file of a configuration changes of what it extends, one line a key; none for a profile."""
    return changes_on_top(Config, collect_files(name_or_path, [scenario]), allow_code=allow_code)


def check(path: str | Path, *, allow_code: bool = True) -> list[Problem]:
    """Return every problem of a profile, scenario or reference world; an empty list means that it loads.

    A scenario that fits every province is tried with each of them.
    """
    try:
        load(Path(path), allow_code=allow_code)
    except ProvinceNeeded as error:
        provinces = [name for name in known_names() if "/" not in name]
        found = [problem for name in provinces for problem in _problems(name, Path(path), allow_code)]
        return list(dict.fromkeys(found)) if provinces else error.problems
    except ConfigError as error:
        return error.problems
    return []


def _problems(province: str, scenario: Path, allow_code: bool) -> list[Problem]:
    try:
        load(province, scenario=scenario, allow_code=allow_code)
    except ConfigError as error:
        return error.problems
    return []


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of profile, scenario and reference files, for editors."""
    return schema_of(Config)
