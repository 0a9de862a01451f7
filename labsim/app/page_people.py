"""Who works where? Sectors, activities, and how many people move between them."""

from __future__ import annotations

from labsim.app.answers import Answer
from labsim.app.charts import activities, flows, sectors
from labsim.app.frame import Chart, RunPage, region
from labsim.text import _

__all__ = ["PeoplePage"]


class PeoplePage(RunPage):
    """Show who works where and who moves."""

    path = "/people"

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("People")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("Who works where, and who moves?")

    def draw(self, answer: Answer) -> None:
        """Build the three pictures."""
        with region("two"):
            self._charts = [
                (Chart(_("Sectors of work"), sectors(answer), _("Of people in work in December, middle replicate.")),
                 sectors),
                (Chart(_("What people of 15 and older do"), activities(answer), _("In December, middle replicate.")),
                 activities),
            ]  # fmt: skip
        words = _("How many did each of these in the last year; one person may do several.")
        self._charts.append((Chart(_("Moves in a year"), flows(answer), words, "tall"), flows))

    def renew(self, answer: Answer) -> None:
        """Show newer numbers in the same pictures."""
        for chart, options in self._charts:
            chart.renew(options(answer))
