"""Why people lose a post, open or close a business, or are reached by services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labsim.life.moment import Moment, explains
from labsim.processes.own_account import MOST_GAIN
from labsim.world import Activity, Channel, Kind, Tier

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)


def employer_facts(at: Moment, row: int, tier: int) -> dict[str, Any]:
    """Return what an employer is, by ids, and the tier of the post."""
    world, e = at.world, at.world.enterprises
    group = int(e.group[row])
    return {
        "employer": int(row), "kind": Kind(int(e.kind[row])).name.lower(),
        "group": world.employer_groups[group] if 0 <= group < len(world.employer_groups) else "",
        "district": world.places.names[int(e.district[row])], "field": world.fields[int(e.field[row])],
        "tier": Tier(tier).name.lower(),
    }  # fmt: skip


@explains("firms.enter_and_exit")
def enter_and_exit(at: Moment) -> Iterator[None]:
    """Tell whose household business grew into an employer, and whose employer closed."""
    e = at.world.enterprises
    owned = {int(owner): row for row, owner in enumerate(e.owner) if owner >= 0}
    yield
    owns = {int(owner): row for row, owner in enumerate(e.owner) if owner >= 0}
    for k, person in enumerate(at.people.tolist()):
        if person in owns and person not in owned:
            at.tell(k, "became_employer", planned=float(e.weight[owns[person]]))
        elif person in owned and person not in owns:
            at.tell(k, "firm_of_ones_own_closed")


@explains("firms.separate")
def separate(at: Moment) -> Iterator[None]:
    """Tell who lost a post, and whether the employer closed, had too many people, or neither."""
    chance, e = at.world.events["separation_chance"], at.world.enterprises
    headcount = e.headcount.copy()
    yield
    for k in at.moved(start=EMPLOYEE):
        row, tier = int(at.before["employer"][k]), int(at.before["tier"][k])
        why = "closed" if not e.active[row] else "too_many" if headcount[row, tier] + e.vacancies[row, tier] > (
            e.target[row, tier]) else "other"  # fmt: skip
        at.tell(k, "lost_job", why=why, chance=chance[row, tier], employees=int(headcount[row, tier]),
                wanted=float(e.target[row, tier]), income=float(at.before["wage"][k]),
                months=int(at.before["spell"][k]), to_farm=at.after["activity"][k] == FARMING,
                farm_share=at.parameters.farm_fallback, rural=at.column("urban", k) == 0,
                **employer_facts(at, row, tier))  # fmt: skip


@explains("own_account.run_businesses")
def run_businesses(at: Moment) -> Iterator[None]:
    """Tell who opened or closed a household business, or gave up the search for a job."""
    yield
    q, places = at.parameters, at.world.places
    for k in at.moved():
        home, then, now = at.column("district", k), int(at.before["activity"][k]), int(at.after["activity"][k])
        facts: dict[str, Any] = {"months": int(at.before["spell"][k]), "rural": at.column("urban", k) == 0}
        if then == BUSINESS:
            field = int(at.before["work_field"][k])
            backed = bool(at.before["backed_until"][k] > at.world.month)
            at.tell(k, "business_closed", field=at.world.fields[field], income=float(at.before["wage"][k]),
                    usual=float(places.business_income[home, field]), rate=q.closing_rate, backed=backed,
                    **facts)  # fmt: skip
        elif now == FARMING:
            at.tell(k, "gave_up_search", chance=q.give_up, farm_income=float(places.farm_income[home]), **facts)
        elif then == UNEMPLOYED and facts["months"] >= 1 and facts["rural"] is False and (
            at.gated("household business", k) >= 1.0 - q.necessity
        ):  # fmt: skip
            at.tell(k, "petty_trade", chance=q.necessity, **_business(at, k), **facts)
        else:
            at.tell(k, "opened_business", **_business(at, k), **_weighed(at, k), **facts)


def _business(at: Moment, k: int) -> dict[str, Any]:
    field, home = int(at.after["work_field"][k]), at.column("district", k)
    return {"field": at.world.fields[field], "income": float(at.world.places.business_income[home, field])}


def _weighed(at: Moment, k: int) -> dict[str, Any]:
    """Return the incomes compared, and the means, of someone who opened a business."""
    q, wage, savings = at.parameters, float(at.before["wage"][k]), float(at.before["savings"][k])
    now = int(at.before["activity"][k])
    earned = q.idle_income * wage if now == UNEMPLOYED else wage
    income = _business(at, k)["income"]
    gain = min(MOST_GAIN, (income / max(1.0e5, earned)) ** q.opening_response)
    used = max(0.0, min(savings, q.capital_used * q.start_capital))
    got = float(at.after["savings"][k]) - savings + used
    return {"income_before": earned, "was": Activity(now).name.lower(), "gain": gain, "savings": savings,
            "start_capital": q.start_capital, "used": used, "grant": got if got > 1.0e3 else 0.0}  # fmt: skip


@explains("own_account.lend")
def lend(at: Moment) -> Iterator[None]:
    """Tell who opened a household business with a loan."""
    yield
    levers = at.world.levers
    for k in at.moved(end=BUSINESS):
        home = at.column("district", k)
        at.tell(k, "opened_with_loan", loan=levers["loan_amount"][home], months_backed=int(
            levers["business_support_months"][home]), **_business(at, k), **_weighed(at, k),
            months=int(at.before["spell"][k]))  # fmt: skip


@explains("own_account.support")
def support(at: Moment) -> Iterator[None]:
    """Tell whose business got digital support."""
    yield
    for k in at.changed("backed_until"):
        until = int(at.after["backed_until"][k]) - at.world.month
        at.tell(int(k), "business_supported", months=until, places=float(
            at.world.levers["business_support"][at.column("district", int(k))]))  # fmt: skip


@explains("services.reach")
def reach(at: Moment) -> Iterator[None]:
    """Tell whom employment services reached, and how."""
    yield
    gain = at.world.events["search_gain"]
    for k in at.changed("advised"):
        channel = int(at.after["channel"][k])
        at.tell(int(k), "reached_by_services", channel=Channel(channel).name.lower(), months=at.parameters.months,
                search_gain=float(gain[channel]) if gain is not None else 1.0)  # fmt: skip


@explains("talent.attract")
def attract(at: Moment) -> Iterator[None]:
    """Tell who took a post that the province reserved for degree holders."""
    yield
    levers = at.world.levers
    for k in at.moved(end=EMPLOYEE):
        home = at.column("district", k)
        row = int(at.after["employer"][k])
        offer = {name: levers[f"talent_{name}"][home] for name in ("lump_sum", "supplement", "supplement_months")}
        was = Activity(int(at.before["activity"][k])).name.lower()
        at.tell(k, "took_reserved_post", pay=float(at.after["wage"][k]), was=was, places=levers["talent_places"][home],
                **offer, **employer_facts(at, row, int(at.after["tier"][k])))  # fmt: skip
