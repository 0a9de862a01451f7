"""Policies by the name under which a scenario switches them on."""

from labsim.policies.base import Policy
from labsim.policies.climate_retraining import ClimateRetraining
from labsim.policies.digital_skills import DigitalSkills
from labsim.policies.job_placement import JobPlacement
from labsim.policies.labour_export import LabourExport
from labsim.policies.labour_information import LabourInformation
from labsim.policies.school_enterprise_linkage import SchoolEnterpriseLinkage
from labsim.policies.talent_attraction import TalentAttraction
from labsim.policies.vocational_training import VocationalTraining

BUILT_IN: dict[str, type[Policy]] = {
    "vocational_training": VocationalTraining,
    "labour_export": LabourExport,
    "talent_attraction": TalentAttraction,
    "climate_retraining": ClimateRetraining,
    "job_placement": JobPlacement,
    "labour_information": LabourInformation,
    "school_enterprise_linkage": SchoolEnterpriseLinkage,
    "digital_skills": DigitalSkills,
}
