"""A policy of a researcher's own: the province pays part of the wage of whoever is hired out of farming."""

from labsim.policies.base import Account, Outcome, Policy
from labsim.quantity import quantity
from labsim.world import Activity


class HireFarmers(Policy):
    """The province pays employers part of the wage of people they hire out of farming, and tells farmers of vacancies.

    Levers: wage_subsidy, search_effort.
    """

    outcome = Outcome("hired", "farmer hired with a subsidy", "wage_subsidy")
    rate: float = quantity(0.0, unit="share of wage", low=0, high=1, source="the scenario's author", grade="D")
    months: int = quantity(6, unit="months", low=0, high=36, source="the scenario's author", grade="D")
    effort: float = quantity(1.0, unit="factor", low=1, high=5, source="the scenario's author", grade="D")

    def adjust(self, levers, world):
        """Give farmers a subsidy to take along, and let them hear of vacancies more often."""
        farmers = world.workers.activity == Activity.FARMING
        levers.add("wage_subsidy", self.rate, to=farmers)
        levers.multiply("search_effort", self.effort, to=farmers)

    def settle(self, world, account: Account):
        """Pay for some months' share of the wage of every farmer hired."""
        hired = world.events.get("hired", [])
        mine = account.share("wage_subsidy")[hired] / world.scale
        wages = float((world.workers.wage[hired] * mine).sum())
        account.pay_sum("wage subsidy", "employers", float(mine.sum()), wages * self.months * self.rate)
