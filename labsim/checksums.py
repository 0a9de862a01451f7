"""The checksum that a text carries of itself: the hash of all of it, with the digits of that hash read as zeros."""

from __future__ import annotations

import hashlib
import re

from labsim.text import _

__all__ = ["NO_SEAL", "sealed", "sha256_of"]

NO_SEAL = "0" * 64  # stands under "seal" until the hash is known
_SEAL = re.compile(rb'"seal": "([0-9a-f]{64})"')


def sealed(text: bytes) -> bytes:
    """Return a JSON text with its own hash under its first "seal"; one that has it already stays as it is.

    Raises ValueError if there is no place for it.
    """
    place = _SEAL.search(text)
    if place is None:
        raise ValueError(_("its checksum is missing"))
    digest = sha256_of(text[: place.start(1)] + NO_SEAL.encode() + text[place.end(1) :])
    return text[: place.start(1)] + digest.encode() + text[place.end(1) :]


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
