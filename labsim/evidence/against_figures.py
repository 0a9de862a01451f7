"""The model against what was observed: back-casts beside rules without a model, and draws of parameters that fit.

These lines say something of the province and not only of the program: a right program may fail them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial

from scipy.stats import binom

from labsim.config import load
from labsim.evidence.backcast import LEAST_DRAWS, backcast
from labsim.evidence.check import Comparison, Line, count_of
from labsim.evidence.scoring import MODEL
from labsim.experiment.posterior import SHIPPED, Posterior, posterior_for, stale
from labsim.text import _, mark

__all__ = ["LINES"]

GROUP = "figures"
START, REPLICATES = 2010, 4
_BAND, _CHANCE = 0.9, 0.05


def series_held(province: str) -> Iterator[Comparison]:
    """Compare the series of 2010-16 in which no rule is clearly closer than the model with half of all."""
    with tempfile.TemporaryDirectory() as folder:
        found = backcast(
            province, start=START, draws=LEAST_DRAWS, replicates=REPLICATES, folder=folder, executor="serial"
        )
    held, lost = 0, []
    for _key, rows in found.errors.groupby("key", sort=False):
        best = rows[rows["closest"]].iloc[0]
        if best["method"] == MODEL or not best["told"]:
            held += 1
        else:
            label = str(best["label"])
            lost.append(_(label))
    n = held + len(lost)
    yield Comparison(n / 2, held, 0.0, "; ".join(lost), "at least")


def draws_are_fresh(province: str) -> Iterator[Comparison]:
    """Compare what changed since the shipped draws of a province were made with nothing."""
    config = load(province)
    posterior = posterior_for(config, SHIPPED)
    if posterior is not None:
        yield count_of(stale(posterior, config) if posterior.about else ["posterior.json"])


def figures_in_bands(province: str) -> Iterator[Comparison]:
    """Compare the number of fitted figures that lie in the 90 % band of their draws, as seen, with nine in ten."""
    posterior = posterior_for(load(province), SHIPPED)
    if posterior is not None:
        inside = _inside(posterior)
        n, least = len(inside), float(binom.ppf(_CHANCE, len(inside), _BAND))
        yield Comparison(
            _BAND * n, sum(inside.values()), _BAND * n - least,
            "; ".join(name for name, is_in in inside.items() if not is_in), "at least",
        )  # fmt: skip


def _inside(posterior: Posterior) -> dict[str, bool]:
    return {
        " ".join(part for part in (row["indicator"], row["where"], row["when"]) if part): bool(row["in_seen"])
        for row in posterior.about["observations"]
        if not row["unused"]
    }


_BACKCASTS = {
    "son_la": mark("Son La 2010-16: series not lost to rules"),
    "lao_cai": mark("Lao Cai 2010-16: series not lost to rules"),
    "bac_kan": mark("Bac Kan 2010-16: series not lost to rules"),
}
_FRESH = {
    "son_la": mark("Son La: changes since its draws were made"),
    "lao_cai": mark("Lao Cai: changes since its draws were made"),
    "bac_kan": mark("Bac Kan: changes since its draws were made"),
}

_INSIDE = {
    "son_la": mark("Son La: fitted figures inside their 90 % bands"),
    "lao_cai": mark("Lao Cai: fitted figures inside their 90 % bands"),
    "bac_kan": mark("Bac Kan: fitted figures inside their 90 % bands"),
}

LINES = (
    *(Line(f"{province}_backcast", GROUP, name, mark("series"),
           mark("Started at the end of 2010, the model meets at least half of the observed series to 2016 as well as "
                "the last value or a straight line does, or misses by no more than the error of the figures. Named are "
                "the series in which a rule is clearly closer; labsim backcast shows all."),
           mark("none: half of the series, whatever luck does"), partial(series_held, province))
      for province, name in _BACKCASTS.items()),
    *(Line(f"{province}_draws", GROUP, name, mark("changes"),
           mark("The draws of parameters that runs take belong to this code, these data and these figures; otherwise "
                "labsim calibrate has to make them anew."),
           mark("none: there is no chance in it"), partial(draws_are_fresh, province))
      for province, name in _FRESH.items()),
    *(Line(f"{province}_observed", GROUP, name, mark("figures"),
           mark("With the shipped draws, nine in ten of the figures fitted lie in the bands of the runs with the "
                "figures' own error. Most follow the plan in a straight line, so it proves little; named are those "
                "outside."),
           mark("as few as nine in ten would leave in one case of twenty (binomial)"),
           partial(figures_in_bands, province))
      for province, name in _INSIDE.items()),
)  # fmt: skip
