"""User-facing words in English and Vietnamese, through the standard library's gettext.

English is the language of the source, so a missing catalogue or entry falls back to English.
"""

from __future__ import annotations

import difflib
import gettext
import locale
import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

__all__ = [
    "DOMAIN",
    "LANGUAGES",
    "LOCALE_FOLDER",
    "_",
    "current_language",
    "did_you_mean",
    "mark",
    "n_",
    "nearest",
    "nearly",
    "speaking",
    "use_language",
]

DOMAIN = "labsim"
LANGUAGES = ("en", "vi")
LOCALE_FOLDER = Path(__file__).parent / "locale"

_TIMES_AS_LONG = 3  # a word so many times as long as every option is like none: two thirds of it would be changed

_Spoken = tuple[str, gettext.NullTranslations]
_chosen: _Spoken | None = None
# of one thread or task: a server speaks to each of its readers in their own language
_here: ContextVar[_Spoken | None] = ContextVar("labsim_language", default=None)


def use_language(code: str) -> None:
    """Speak the language ``code`` ("en" or "vi") from now on.

    A region or encoding is ignored ("vi_VN.UTF-8" is "vi"). Raises ValueError for a language that labsim lacks.
    """
    global _chosen
    _chosen = _spoken(code)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak the language ``code`` within a `with` block, in this thread or asynchronous task only.

    Raises ValueError for a language that labsim lacks.
    """
    token = _here.set(_spoken(code))
    try:
        yield
    finally:
        _here.reset(token)


def current_language() -> str:
    """Return the code of the language in use; the first call chooses it from LABSIM_LANG or the locale."""
    return _catalogue()[0]


def _(message: str) -> str:
    """Translate ``message`` into the language in use."""
    # gettext answers the empty string with the catalogue's header
    return _catalogue()[1].gettext(message) if message else message


def n_(singular: str, plural: str, count: int) -> str:
    """Translate the form of a message that fits ``count``; fill ``{count}`` in with ``.format``."""
    return _catalogue()[1].ngettext(singular, plural, count)


def mark(message: str) -> str:
    """Mark a message for the catalogue where it stands; `_` translates it where it is shown."""
    return message


def _catalogue() -> _Spoken:
    here = _here.get()
    if here is not None:
        return here
    if _chosen is None:
        use_language(_default_language())
    assert _chosen is not None
    return _chosen


def _spoken(code: str) -> _Spoken:
    language = _short(code)
    if language not in LANGUAGES:
        raise ValueError(f"given {code!r}; allowed {', '.join(LANGUAGES)}")
    return language, gettext.translation(DOMAIN, LOCALE_FOLDER, languages=[language], fallback=True)


def _default_language() -> str:
    # what the user asked for counts also where the system has no such locale installed
    names = ("LABSIM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    asked = next((os.environ[name] for name in names if os.environ.get(name)), "") or locale.getlocale()[0] or ""
    # Windows names the locale in words: "Vietnamese_Vietnam"
    return "vi" if _short(asked) in ("vi", "vietnamese") else "en"


def _short(code: str) -> str:
    return code.replace("-", "_").partition("_")[0].partition(".")[0].lower()


def nearest(word: str, options: Iterable[str]) -> str | None:
    """Return the option that ``word`` was most likely meant to be, or None if none is close."""
    plain = {_plain(option): option for option in options}
    if len(word) > _TIMES_AS_LONG * max(map(len, plain), default=0):
        return None
    close = difflib.get_close_matches(_plain(word), list(plain), n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def nearly(word: str, options: Iterable[str]) -> str | None:
    """Return the option that differs from ``word`` by a slip of the hand only, or None."""
    plain = {_plain(option): option for option in options}
    close = difflib.get_close_matches(_plain(word), list(plain), n=1, cutoff=0.9)
    return plain[close[0]] if close else None


@lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    """Return a word as names are written: small letters without accents, joined by underscores."""
    letters = unicodedata.normalize("NFKD", word.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return "_".join(bare.lower().split())


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Write the nearest option as a question, or the list of all where none is close; "" if there are none."""
    options = list(options)
    close = nearest(word, options)
    if close is not None:
        return _('did you mean "{nearest}"?').format(nearest=close)
    return _("allowed: {options}").format(options=", ".join(options)) if options else ""
