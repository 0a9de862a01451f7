"""What does it cost, and what does it bring? Public money by policy and year, cost against gain, and the ledger."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from labsim.app.answers import Answer
from labsim.app.charts import cost_against_gain, money_by_year
from labsim.app.frame import Chart, RunPage, box, heading, paragraph, region, table
from labsim.app.names import policy_label
from labsim.app.runs import BASE, OWN
from labsim.app.words import money_words
from labsim.experiment.paired import difference_of
from labsim.report.numbers import number
from labsim.report.tables import payer_name
from labsim.report.words import capital, paid_for, recipient_name
from labsim.text import _

__all__ = ["MoneyPage"]


class MoneyPage(RunPage):
    """Show what a plan costs and what it brings."""

    path = "/money"
    chosen = ""

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Money")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("What does it cost, and what does it bring?")

    def draw(self, answer: Answer) -> None:
        """Build the pictures, the table of policies and the ledger."""
        with region("two" if answer.is_paired else "stack"):
            words = _("State budget and policy bank, loans included; mean over replicates.")
            self._years = Chart(_("Public money by policy"), money_by_year(answer, _labels(answer)), words, "tall")
            with region("stack"):
                self._gain = self._against(answer) if answer.is_paired else None
        self._tables = ui.element("div").classes("stack").style("gap:1.5rem")
        self._write(answer)

    def renew(self, answer: Answer) -> None:
        """Show newer numbers in the same pictures."""
        self._years.renew(money_by_year(answer, _labels(answer)))
        if self._gain is not None:
            self._gain.renew(cost_against_gain(answer, self._verdict(answer)))
        self._write(answer)

    def _against(self, answer: Answer) -> Chart:
        options = {one.key: one.label for one in answer.verdicts}
        self.chosen = self._verdict(answer).key
        chart = Chart(_("Cost against gain"), cost_against_gain(answer, self._verdict(answer)),
                      _("Each point is one run beside its twin without the plan."), "tall")  # fmt: skip
        pick = ui.select(options, value=self.chosen, label=_("Target"), on_change=self.say(self._choose))
        pick.props("outlined")
        return chart

    def _verdict(self, answer: Answer) -> Any:
        moved = sorted(answer.verdicts, key=lambda one: (one.is_better is None, one.gap.p))
        return next((one for one in answer.verdicts if one.key == self.chosen), moved[0])

    def _choose(self, event: Any) -> None:
        self.chosen = event.value
        answer = self.session.answer
        if answer is not None and self._gain is not None:
            self._gain.renew(cost_against_gain(answer, self._verdict(answer)))

    def _write(self, answer: Answer) -> None:
        self._tables.clear()
        with self._tables:
            with box().classes("stack"):
                heading(_("By policy, all years"), 2)
                if answer.is_paired:
                    paragraph(_("In all: {money} beyond the baseline").format(money=money_words(answer.extra_money)))
                head = [_("Policy"), _("Spent, billion VND"), _("Beyond the baseline, billion VND"),
                        _("What came of it"), _("Million VND for one")]  # fmt: skip
                table(head, _policy_rows(answer), _("By policy, all years"))
            with box().classes("stack"):
                heading(_("Ledger"), 2)
                paragraph(_("What was paid for what, to whom, by whom; all years, mean over replicates."), "soft small")
                head = [_("Policy"), _("Purpose"), _("To whom"), _("Who paid"), _("Billion VND"), _("Persons")]
                table(head, _ledger_rows(answer), _("Ledger"), 4)


def _policy_rows(answer: Answer) -> list[list[str]]:
    whole = answer.costs[OWN]
    rows: list[list[str]] = []
    before = ""
    for row in whole[whole["year"] == "all"].to_dict("records") if len(whole) else ():
        policy = str(row["policy"])
        gap = difference_of(answer.public_money(BASE, policy), answer.public_money(OWN, policy))
        outcome = f"{number(row['count'], 'persons')} × {_(str(row['outcome']))}" if row["outcome"] else "-"
        money = [policy_label(policy), number(row["spent"] / 1e9, ""), money_words(gap) if answer.is_paired else "-"]
        # what a policy spent stands once, beside the first of the things that came of it
        rows.append([
            *(money if policy != before else [""] * len(money)), outcome, number(row["unit_cost"] / 1e6, "million"),
        ])  # fmt: skip
        before = policy
    return rows


def _ledger_rows(answer: Answer) -> list[list[str]]:
    spent = answer.spending[OWN]
    rows = []
    keys = ["policy", "purpose", "recipient", "payer"]
    for (policy, purpose, recipient, payer), part in spent.groupby(keys, sort=True) if len(spent) else ():
        rows.append([
            policy_label(str(policy)), capital(paid_for(str(purpose))), recipient_name(str(recipient)),
            payer_name(str(payer)),
            number(float(part["amount"].sum()) / 1e9, ""), number(float(part["persons"].sum()), "persons"),
        ])  # fmt: skip
    return rows


def _labels(answer: Answer) -> dict[str, str]:
    table_ = answer.costs[OWN]
    return {str(name): policy_label(str(name)) for name in (set(table_["policy"]) if len(table_) else ())}
