"""Who may do what. It is decided on the server, from the address that asks and from the seat or code it has.

`docs/workshop.md` has the table.
"""

from __future__ import annotations

from enum import IntEnum

from labsim.app.hub import Hub, Session

__all__ = ["HERE", "Reach", "reach_of"]

HERE = ("127.0.0.1", "::1", "::ffff:127.0.0.1")  # who sits at this computer needs no code


class Reach(IntEnum):
    """How far somebody reaches: each level may do all that the one below may."""

    NOBODY = 0  # came without a code: may join
    PARTICIPANT = 1  # has a seat: their own seat, draft, run and plans
    GUEST = 2  # has the code of the server: may also open and lead workshops of their own
    HOST = 3  # sits at the computer: every plan in the workspace


def reach_of(hub: Hub, session: Session, address: str) -> Reach:
    """Return how far a browser at an address reaches."""
    if not hub.is_open or address in HERE:
        return Reach.HOST
    if session.admitted:
        return Reach.GUEST
    workshop = hub.workshops.get(session.workshop)
    person = workshop.participants.get(session.seat) if workshop is not None else None
    return Reach.PARTICIPANT if person is not None and person.session == session.id else Reach.NOBODY
