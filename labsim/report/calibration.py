"""Tables for the console about a calibration: how each figure is met, what moved, and what it all rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.report.console import FEWEST_DRAWS, listed, ruled_table
from labsim.report.numbers import number, percent, unit_name
from labsim.text import _, n_

__all__ = ["calibration_view"]

_MOST_SHOWN = 12


def calibration_view(about: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what posterior.json says; `about` is its content, with `stale` where that was looked at."""
    words = _("{province}: calibrated on figures from {start} to {until}, {runs} runs at scale 1:{one_in:g}")
    yield Text(words.format(**{**about, "one_in": 1 / about["scale"]}), style="bold")
    for name in about.get("stale", ()):
        changed = {
            "code": _("code"), "data": _("data"), "observations": _("observations"),
            "configuration": _("configuration"),
        }[name]  # fmt: skip
        words = _("STALE: made before a change of {changed}; calibrate again.")
        yield Text(words.format(changed=changed), style="bold")
    yield from _figures(about["observations"])
    yield from _parameters(about["parameters"])
    yield listed(("*", line) for line in _notes(about))


def _figures(rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    table = ruled_table()
    table.add_column(_("Figure"), ratio=1, min_width=24, overflow="fold")
    table.add_column(_("Observed\n(plausible)"), justify="right", no_wrap=True)
    table.add_column(_("Before:\n90 % band"), justify="right", no_wrap=True)
    table.add_column(_("After: 90 %\nband (width)"), justify="right", no_wrap=True)
    table.add_column(_("As seen:\n90 % band"), justify="right", no_wrap=True)
    table.add_column(_("Holds"), no_wrap=True)
    for row in rows:
        unit = row["unit"]
        mark = "*" if row["plan_following"] else ""
        name = Text(f"{row['indicator']}{mark} {row['when']}")
        beside = "; ".join(part for part in (row["where"], unit_name(unit), row["unused"]) if part)
        name.append(f"\n{beside}", style="dim")
        holds = _("yes") if row["in_band"] else _("as seen") if row["in_seen"] else _("no")
        table.add_row(
            name, f"{number(row['observed'], unit)}\n({_span(row['low'], row['high'], unit)})",
            _span(row["prior_low"], row["prior_high"], unit),
            f"{_span(row['band_low'], row['band_high'], unit)}\n({number(row['width'], unit)})",
            _span(row["seen_low"], row["seen_high"], unit), holds,
        )  # fmt: skip
    yield table
    yield Text(
        _(
            "* follows the plan. After: the runs, luck included. As seen: the runs with the figure's own error, read"
            " from its plausible band. Holds: the observed figure lies in the band of the runs; as seen: only in that"
            " with its own error. A figure with a reason beside it is not in the fit."
        ),
        style="dim",
    )


def _span(low: float, high: float, unit: str) -> str:
    return f"{number(low, unit)}-{number(high, unit)}"


def _parameters(rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    moved = [row for row in rows if row["moved"]]
    yield Text("")
    if not moved:
        yield Text(_("No parameter was moved beyond what luck would do: all keep their priors."))
        return
    words = n_(
        "{count} of {n} parameters was moved by the figures:", "{count} of {n} parameters were moved by the figures:",
        len(moved),
    )  # fmt: skip
    yield Text(words.format(count=len(moved), n=len(rows)))
    table = Table(box=None, pad_edge=False)
    table.add_column(_("Parameter"), ratio=1)
    for title in (_("Grade"), _("Present"), _("Prior range"), _("90 % of draws"), _("Spread left")):
        table.add_column(title, justify="right", no_wrap=True)
    for row in moved[:_MOST_SHOWN]:
        table.add_row(
            row["name"], row["grade"], f"{_present(row):.3g}", f"{row['prior_low']:.3g} - {row['prior_high']:.3g}",
            f"{row['low']:.3g} - {row['high']:.3g}", percent(row["ratio"]),
        )  # fmt: skip
    yield table
    if len(moved) > _MOST_SHOWN:
        yield Text(_("and {n} more in posterior.json").format(n=len(moved) - _MOST_SHOWN), style="dim")


def _present(row: Mapping[str, Any]) -> float:
    """Return where a parameter stands now, as a number: no change, for an amount by the year."""
    kinds = {"factor": 1.0, "addition": 0.0}
    return float(kinds.get(row["kind"], row["present"] if isinstance(row["present"], int | float) else 0.0))


def _notes(about: Mapping[str, Any]) -> Iterator[str]:
    plan = about["plan_following"]
    yield _(
        "Figures that follow the plan make up {plan_series:g} of {series:g} series and {misfit} of the misfit; their"
        " errors count {factor:g} times. A good fit to them proves little."
    ).format(
        plan_series=plan["plan_series"], series=plan["series"], misfit=percent(plan["misfit"]),
        factor=about["assumed"]["plan_following"],
    )  # fmt: skip
    left = about["left_of_the_prior"]
    if left is None:
        yield _("The emulators rule everything out: the model cannot meet these figures within its priors.")
    else:
        yield _("History matching rules out {share} % of the prior.").format(share=f"{100 * (1 - left):.3g}")
    yield _(
        "The weights of {runs} runs are worth {size:g} equal ones; {distinct} different draws of {draws} are written."
    ).format(
        runs=about["runs"], size=about["effective_sample_size"], distinct=about["distinct_draws"], draws=about["draws"]
    )
    if about["effective_sample_size"] < FEWEST_DRAWS:
        words = _("Fewer than {least} are too few: bands are narrower than they should be; give more --samples.")
        yield words.format(least=FEWEST_DRAWS)
    yield _(
        "Priors are assumed: a parameter of grade D may be {d:g} times larger or smaller, one of grade C {c:g} times"
        " (shares: their odds). The model's own discrepancy is taken as {share:g} % of each figure."
    ).format(
        d=about["assumed"]["ratio_of_d"], c=about["assumed"]["ratio_of_c"],
        share=100 * about["assumed"]["discrepancy"],
    )  # fmt: skip
