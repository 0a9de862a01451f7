"""Mesa as its users know it: a plain script, a data collector, the verbs of an AgentSet, people read as agents."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

from labsim.agents import Province, TrainingInstitution
from labsim.ledger import PRIVATE_PAYERS
from labsim.model import LabourModel
from labsim.world import Activity, Kind, Level, Schooling, Sex, Tier

# Whatever Mesa deprecates, or will change, is an error.
pytestmark = [
    pytest.mark.filterwarnings(f"error::{kind}")
    for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
]


@pytest.fixture
def model(son_la):
    """Build a small Son La."""
    return LabourModel(son_la(scale=0.005), seed=1)


def test_a_plain_script_with_a_data_collector(model):
    collector = mesa.DataCollector(
        model_reporters={
            "unemployed": lambda model: int((model.workers.activity == Activity.UNEMPLOYED).sum()),
            "unemployment rate": lambda model: model.province.unemployment_rate,
            "month": "month",
        }
    )
    for _ in range(12):
        model.step()
        collector.collect(model)
    frame = collector.get_model_vars_dataframe()
    assert frame["month"].tolist() == list(range(1, 13))
    assert frame["unemployed"].iloc[-1] == model.world.ledger.stocks[Activity.UNEMPLOYED]
    force = model.world.ledger.stocks[:4].sum()
    assert frame["unemployment rate"].iloc[-1] == 100.0 * frame["unemployed"].iloc[-1] / force
    assert frame["unemployed"].nunique() > 1


def test_it_is_a_mesa_model_and_takes_its_seed(model, son_la):
    assert isinstance(model, mesa.Model)
    assert LabourModel(son_la(scale=0.005), seed=7).seed_of_run == 7
    assert LabourModel(son_la("seed=9", scale=0.005)).seed_of_run == 9


def test_institutions_answer_the_verbs_of_an_agent_set(model):
    model.step()
    institutions = model.agents_by_type[TrainingInstitution]
    assert len(institutions) == len(model.institutions) == len(model.config.province.institutions)
    colleges = institutions.select(lambda one: "College" in one.name)
    assert 0 < len(colleges) < len(institutions)
    seats = institutions.get("seats")
    assert institutions.agg("seats", sum) == pytest.approx(sum(seats))
    assert sum(seats) == pytest.approx(model.programmes.seats.sum() / model.world.scale)
    assert institutions.agg("trainees", sum) == pytest.approx(model.programmes.taken.sum() / model.world.scale)
    assert all(0.0 <= rate <= 1.0 for rate in institutions.get("fill_rate"))
    assert set(institutions.get("district")) <= set(model.world.places.names)
    np.testing.assert_allclose(institutions.get("quality"), model.institutions.quality[institutions.get("row")])


def test_an_institution_adds_seats_of_its_own(model):
    institutions = model.agents_by_type[TrainingInstitution]
    before = model.programmes.base_seats.copy()
    institutions.do("add_seats", 1000)
    added = (model.programmes.base_seats - before) / model.world.scale
    for one in institutions:
        assert added[one.programmes].sum() == pytest.approx(1000)
    seats = model.programmes.seats.sum()
    model.step()
    # a seat more or less a programme comes from rounding to whole seats
    grown = len(institutions) * 1000 * model.world.scale
    assert abs(model.programmes.seats.sum() - seats - grown) <= len(model.programmes)
    assert model.imbalance() == []


def test_seats_in_a_field_that_is_not_taught_are_refused(model):
    (medical,) = model.agents_by_type[TrainingInstitution].select(lambda one: "Medical" in one.name)
    with pytest.raises(ValueError, match=r"teaches nothing in 'tourism'"):
        medical.add_seats(10, field="tourism")
    medical.add_seats(10, field="health_education_administration")


def test_one_person_reads_as_an_agent(model):
    person = model.workers[123]
    assert person.id == 123
    assert isinstance(person.activity, Activity)
    assert isinstance(person.sex, Sex)
    assert isinstance(person.level, Level)
    assert isinstance(person.schooling, Schooling)
    assert type(person.wage) is float
    assert person.district == int(model.workers.district[123])
    assert repr(person).startswith("<Workers 123: birth_month=")
    assert f"activity={person.activity.name.lower()}" in repr(person)
    assert {"id", "activity", "wage"} <= set(dir(person))
    model.workers.activity[123] = Activity.ABROAD
    assert person.activity is Activity.ABROAD
    assert model.workers[123].activity is Activity.ABROAD


def test_an_employer_reads_as_an_agent(model):
    employer = model.enterprises[0]
    assert isinstance(employer.kind, Kind)
    assert employer.headcount.shape == (len(Tier),)
    employer.headcount[:] = -5  # a copy: reading an agent cannot unbalance the books
    assert model.imbalance() == []


def test_rows_that_do_not_exist_say_which_do(model):
    n = len(model.workers)
    with pytest.raises(IndexError, match=rf"Workers: row {n}; there are rows 0 to {n - 1}"):
        model.workers[n]
    with pytest.raises(IndexError, match=r"Workers: row -1; there are rows 0 to"):
        model.workers[-1]
    with pytest.raises(AttributeError, match=r"Workers have no column 'salary'"):
        _ = model.workers[0].salary


def test_people_are_selected_by_columns(model):
    unemployed = model.workers.where(model.workers.activity == Activity.UNEMPLOYED)
    assert len(unemployed) == model.world.ledger.stocks[Activity.UNEMPLOYED]
    assert (unemployed.employer == -1).all()
    assert next(iter(unemployed)).activity is Activity.UNEMPLOYED


def test_the_province_is_one_agent(model):
    (province,) = model.agents_by_type[Province]
    assert province is model.province
    model.run(12)
    stocks = model.world.ledger.stocks
    assert province.labour_force == stocks[:4].sum() / model.world.scale
    public = [payment for payment in model.world.ledger.payments if payment.payer not in PRIVATE_PAYERS]
    assert province.spent == sum(payment.amount for payment in public) > 0
