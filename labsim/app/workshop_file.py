"""What a workshop keeps, and how it is read back: what no version would keep today is taken out, and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labsim.app.asked import asked_of, number_for
from labsim.app.drafts import Bases
from labsim.app.levers import Lever
from labsim.app.limits import LONGEST_NAME, LONGEST_TITLE, MOST_LEVERS, MOST_SEATS, one_line
from labsim.text import _

__all__ = ["Participant", "Workshop", "workshop_of"]


@dataclass
class Participant:
    """Somebody in a workshop: `levers` and `views` hold what they set, by path; `touched` counts their changes."""

    seat: str
    name: str
    session: str
    levers: dict[str, float] = field(default_factory=dict)
    views: dict[str, float] = field(default_factory=dict)
    touched: int = 0


@dataclass
class Workshop:
    """One room: the base that everyone starts from, the levers they move and the assumptions they have a view of.

    `ran` holds the packages whose results are on show, of the group or by seat, as they were when they were run;
    `set_aside` says what was taken out when the file was read, by the name of the participant.
    """

    code: str
    title: str
    base: str
    since: int
    facilitator: str
    levers: list[str]
    views: list[str]
    participants: dict[str, Participant] = field(default_factory=dict)
    is_closed: bool = False
    ran: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)


def workshop_of(code: str, data: Mapping[str, Any], bases: Bases) -> Workshop:
    """Return a stored workshop. Raises ValueError where it cannot be opened: the others still are.

    A participant's value that is no number of its range is taken out, a seat that is none left out; both are named in
    `set_aside`.
    """
    base, since = data.get("base"), data.get("since")
    if not isinstance(base, str) or base not in bases:
        raise ValueError(_("it starts from {base}, which is not on offer").format(base=one_line(base, LONGEST_TITLE)))
    plain = data.get("code") == code and _is_year(since) and isinstance(data.get("facilitator"), str)
    if not plain or not isinstance(since, int):
        raise ValueError(_("its file is damaged"))
    levers, views = _names(data.get("levers")), _names(data.get("views"))
    known = asked_of(bases, str(base), since, [*levers, *views])
    found = Workshop(
        code, one_line(data.get("title"), LONGEST_TITLE), str(base), since, str(data["facilitator"]), levers, views,
        is_closed=data.get("is_closed") is True,
    )  # fmt: skip
    for name, why in _group(data.get("set_aside")).items():
        found.set_aside[one_line(name, LONGEST_NAME)] = one_line(why, 4 * LONGEST_TITLE)
    for seat, one in list(_group(data.get("participants")).items())[:MOST_SEATS]:
        _seat(found, seat, one, known)
    for who, package in _group(data.get("ran")).items():
        values, wrong = _package(found, _group(package), known)
        if not wrong:
            found.ran[who] = values
    return found


def _seat(workshop: Workshop, seat: str, stored: Any, known: Mapping[str, Lever]) -> None:
    """Take a stored seat into a workshop; what is wrong with it is said under its name."""
    one = _group(stored)
    name = one_line(one.get("name"), LONGEST_NAME)
    session = one.get("session")
    if not name or not isinstance(session, str) or one.get("seat") != seat:
        workshop.set_aside[name or one_line(seat, LONGEST_NAME)] = _("the seat is damaged")
        return
    values, wrong = _package(workshop, one, known)
    touched = one.get("touched")
    count = touched if isinstance(touched, int) and not isinstance(touched, bool) and 0 <= touched < 10**9 else 0
    workshop.participants[seat] = Participant(seat, name, session, values["levers"], values["views"], count)
    if wrong:
        workshop.set_aside[name] = "; ".join(wrong)


def _package(
    workshop: Workshop, stored: Mapping[str, Any], known: Mapping[str, Lever]
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return the levers and views that were stored, without what cannot be, and what is wrong with that."""
    values: dict[str, dict[str, float]] = {"levers": {}, "views": {}}
    wrong: list[str] = []
    for kind, asked in (("levers", workshop.levers), ("views", workshop.views)):
        given = stored.get(kind, {})
        if not isinstance(given, dict):
            wrong.append(_("the values are damaged"))
            continue
        for path, value in given.items():
            if path not in asked or path not in known:
                wrong.append(_("{path}: not asked about").format(path=one_line(path, LONGEST_TITLE)))
                continue
            try:
                values[kind][path] = number_for(known[path], value)
            except ValueError as error:
                wrong.append(str(error))
    return values, wrong[:MOST_LEVERS]


def _group(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)][:MOST_LEVERS] if isinstance(value, list) else []


def _is_year(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1900 < value < 2200
