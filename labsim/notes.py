"""What is right in form but has no effect, or cannot be together: notes beside results, which stop nothing.

A note is a code with values. Its sentence is made in the language of the reader, so that what a manifest written in
English says can be read in Vietnamese.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labsim.text import _, current_language, mark, speaking

__all__ = ["STOPS", "Note", "noted", "notes_in"]

# What stands in braces is a value of the note. Years and months are texts, so that nobody groups their digits.
_SENTENCES = {
    "starts_later": mark("is never in force in this run: it starts in {start}, and the run ends in {until}"),
    "stopped_before": mark("is never in force in this run: it stops in {stop}, and the run begins in {first}"),
    "amount_outside": mark("does nothing in this run: the amount is for {years}, and it is in force {in_force}"),
    "changed_outside": mark("changes nothing in this run: it differs for {years} only, and the run covers {run}"),
    "no_amount": mark("is switched on and does nothing: none of its amounts is above 0 ({amounts})"),
    "without_amount": mark("has no effect: the amount is 0 ({amounts})"),
    "zero_weights": mark("every weight is 0, so that nobody gets anything ({amounts})"),
    "zero_shares": mark("the shares sum to 0, so that nobody gets anything ({amounts})"),
    "nothing_kept": mark("every share is 0: nothing is kept for anybody"),
    "no_means": mark("does nothing without {needs}"),
    "no_hazard": mark("does nothing in this run: no hazard strikes, and at_risk is 0"),
    "same_demand": mark("changes no demand: it has no amplitude, and no field ends at another factor than 1"),
    "process_off": mark("cannot act: what reads it is switched off ({processes})"),
    "process_off_in_part": mark("acts in part only: what reads {levers} is switched off ({processes})"),
    "section_off": mark("changes nothing: {section} is switched off"),
    "no_money": mark("is never in force in this run: its budget is 0"),
    "tiny_budget": mark("pays for next to nothing: the budget is {budget} VND a year at most"),
    "budget_outside": mark("limits nothing in this run: the budget is for {years}, and it is in force {in_force}"),
    "below_one": mark(
        "at scale 1:{one_in} the amount of the whole run is {agents} of one simulated unit: luck decides whether it"
        " acts"
    ),
    "no_rows": mark(
        "too many: about {missing} of {wanted} employers will find no row left in their districts and cannot open;"
        " at most {most} can"
    ),
    "rows_gone": mark(
        "only {found} of {wanted} opened in the whole run (mean of replicates): no row was left for more employers in"
        " their districts, or no employer of their field is there at this scale"
    ),
    "employers_lost": mark(
        "no row was left for employers that were to be founded: {lost} in the whole run (mean of replicates)"
    ),
    "firms_gone": mark(
        "asks for more new employers than there are rows: about {wanted} in the whole run, and {most} can be founded"
    ),
    "more_than_people": mark("asks for {wanted} persons a year, and {people} of 15 and older live there"),
    "not_taught": mark("no programme of level {level} is taught in the fields and districts named: the run will stop"),
    "not_taught_skipped": mark("no programme of the levels and fields named is taught: there will be no seats"),
    "no_month": mark("the run ends where it begins ({until}): nothing acts in it"),
    "nothing_came": mark(
        "was in force and nothing came of it: nobody was reached and nothing was spent in any replicate"
    ),
    "people_gone": mark(
        "asks for more people than there are outside: about {wanted} are to move in, and {most} may come"
    ),
    "differs_later": mark("the scenarios differ from {since}, after the end of the run ({until})"),
    "differs_nowhere": mark("is the same as {base} in everything that this run uses"),
}  # fmt: skip

STOPS = frozenset({"not_taught"})  # what a run does not survive


@dataclass(frozen=True)
class Note:
    """Say that something was given and has no effect; `where` is the path of the policy or parameter."""

    code: str
    where: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """Return the sentence in the language in use, without where."""
        said = {name: _worded(value) for name, value in self.values.items()}
        try:
            return _(_SENTENCES[self.code]).format(**said)
        except KeyError:  # written by another labsim
            return ", ".join((self.code, *(f"{name} {value}" for name, value in said.items())))

    def __str__(self) -> str:
        """Return where and what in the language in use."""
        return f"{self.where}: {self.message}" if self.where else self.message

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON, with the English sentence for whoever reads them without labsim."""
        with speaking("en"):
            return {"code": self.code, "where": self.where, "values": dict(self.values), "en": str(self)}


def noted(notes: Iterable[Note]) -> list[dict[str, Any]]:
    """Return notes as a manifest keeps them."""
    return [note.to_dict() for note in notes]


def notes_in(kept: Iterable[Mapping[str, Any]]) -> list[Note]:
    """Return the notes that a manifest keeps."""
    return [Note(str(one["code"]), str(one["where"]), dict(one["values"])) for one in kept]


def _worded(value: Any) -> str:
    """Write a value in the language in use; a list of pairs is spans of years, the last of which may be open."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        from babel.numbers import format_decimal

        pattern = "#,##0" if abs(value) >= 10 or value == round(value) else "#,##0.##"
        return str(format_decimal(value, pattern, locale=current_language()))
    return ", ".join(_span(*one) for one in value)


def _span(first: str, last: str | None) -> str:
    if last is None:
        return _("{first} and later").format(first=first)
    return first if first == last else _("{first} to {last}").format(first=first, last=last)
