"""Policies by the name under which a scenario switches them on."""

from labsim.policies.base import Policy
from labsim.policies.climate_retraining import ClimateRetraining
from labsim.policies.industrial_parks import IndustrialParks
from labsim.policies.labour_export import LabourExport
from labsim.policies.officials_degrees import OfficialsDegrees
from labsim.policies.rural_minority_training import RuralMinorityTraining
from labsim.policies.startups import Startups
from labsim.policies.talent_attraction import TalentAttraction
from labsim.policies.vocational_training import VocationalTraining

BUILT_IN: dict[str, type[Policy]] = {
    "vocational_training": VocationalTraining,
    "labour_export": LabourExport,
    "talent_attraction": TalentAttraction,
    "climate_retraining": ClimateRetraining,
    "officials_degrees": OfficialsDegrees,
    "industrial_parks": IndustrialParks,
    "startups": Startups,
    "rural_minority_training": RuralMinorityTraining,
}
