"""The structure of a province as pure data: names, fields of work, groups, institutions, and the period of a run."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from labsim.text import LANGUAGES, _, current_language, did_you_mean
from labsim.text_files import read_table

__all__ = [
    "GROUPINGS",
    "Field",
    "Group",
    "Institution",
    "Names",
    "Period",
    "Profile",
    "Programme",
    "content_hash",
    "district_ids",
    "folder_hashes",
    "unknown_grouping",
]


GROUPINGS = ("district", "sex", "age", "ethnicity", "residence", "field")
"""What people can be grouped by in results; posts by field only."""


_LAST_MONTH = "2100-12"


class _Data(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Names(_Data):
    """Name one thing in English and Vietnamese; ``str()`` gives the language in use.

    Plain text stands for both, and so does the one language that is given.
    """

    en: str
    vi: str

    @pydantic.model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"en": value, "vi": value}
        if isinstance(value, dict):
            only = [code for code in LANGUAGES if code in value]
            if len(only) == 1 and isinstance(value[only[0]], str):
                return dict.fromkeys(LANGUAGES, value[only[0]]) | value
        return value

    def __str__(self) -> str:
        """Return the name in the language in use."""
        return self.vi if current_language() == "vi" else self.en


class _Named(_Data):
    id: str
    en: str
    vi: str

    @property
    def names(self) -> Names:
        """Return both names."""
        return Names(en=self.en, vi=self.vi)


class Field(_Named):
    """Describe a field of work and training, such as "Textiles and garments".

    ``sector`` is the sector of the economy that mostly employs it; ``note`` says what it covers.
    """

    sector: Literal["agriculture", "industry", "services"]
    note: str = ""


class Group(_Named):
    """Describe one member of a grouping of people or places, such as one ethnicity or one district.

    ``circle`` names the peoples of similar work and schooling that an ethnic group is counted with: kinh, valley
    (Thai, Tay, Nung, Muong, ...) or highland (Hmong, Dao, ...); empty means valley.
    """

    note: str = ""
    circle: str = ""


class Programme(_Data):
    """Describe what an institution teaches in one field at one level.

    ``months`` is the duration, ``seats`` the yearly intake [persons], ``fee`` what a trainee pays [million VND per
    programme], ``intake_month`` the calendar month (1 to 12) in which it starts (None: every month), ``schooling``
    the schooling needed to enter; a programme that is not ``full_time`` leaves the trainee in work.
    """

    field: str
    level: str
    months: Annotated[int, pydantic.Field(ge=1, le=120)]
    seats: Annotated[int, pydantic.Field(ge=0)]
    fee: Annotated[float, pydantic.Field(ge=0)] = 0.0
    full_time: bool = True
    intake_month: Annotated[int, pydantic.Field(ge=1, le=12)] | None = None
    schooling: str | None = None


class Institution(_Named):
    """Describe a training institution, its district and what it teaches.

    ``kind`` is free text such as "college"; ``quality`` [share, 0 to 1] is the quality of its teaching.
    """

    kind: str
    district: str | None = None
    quality: Annotated[float, pydantic.Field(ge=0, le=1)] = 0.5
    programmes: tuple[Programme, ...] = ()
    note: str = ""


class Profile(_Data):
    """Describe the structure of a province, or of a small reference world.

    ``id`` is the name of its folder; ``folder`` holds the margins (CSV) and ``files`` the content hash of each of
    them by its path below the folder. The hashes, not the folder, enter the hash of the configuration. ``as_of`` is the
    month that the margins describe ("2020-12"; None: any), ``groups`` lists the members of each grouping of people
    (ethnicity).
    """

    id: str
    name: Names
    kind: Literal["province", "reference"] = "province"
    folder: Path | None = None
    files: dict[str, str] = {}
    as_of: Annotated[str, pydantic.Field(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")] | None = None
    fields: tuple[Field, ...] = ()
    groups: dict[str, tuple[Group, ...]] = {}
    institutions: tuple[Institution, ...] = ()

    @pydantic.model_validator(mode="after")
    def _names_agree(self) -> Profile:
        for what, members in (
            ("fields", self.fields),
            ("institutions", self.institutions),
            *((f"groups.{name}", group) for name, group in self.groups.items()),
        ):
            ids = [member.id for member in members]
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(_("{what}: the id {id!r} is given twice").format(what=what, id=twice[0]))
        known = {field.id for field in self.fields}
        for institution in self.institutions:
            for programme in institution.programmes:
                if programme.field not in known:
                    message = _("institution {institution} teaches {field!r}, which is not among the fields")
                    raise ValueError(message.format(institution=institution.id, field=programme.field))
        return self


class Period(_Data):
    """Say when a run starts and ends.

    ``start`` "2020-12" is the state at the end of that month (month 0); ``until`` is the last month simulated, and a
    bare year means its December.
    """

    start: str = "2020-12"
    until: str = "2030-12"

    @pydantic.field_validator("start", "until", mode="before")
    @classmethod
    def _as_month(cls, value: Any) -> Any:
        text = f"{value:04d}-12" if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(text, str) and re.fullmatch(r"[0-9]{4}", text):
            text = f"{text}-12"
        if not isinstance(text, str) or not re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", text):
            message = _("given {given!r}; allowed a year (2030) or a month (2030-06)")
            raise ValueError(message.format(given=value))
        return text

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.until < self.start:
            message = _("until: given {until}; allowed {start} (the start) or later")
            raise ValueError(message.format(until=self.until, start=self.start))
        if self.until > _LAST_MONTH:
            message = _("until: given {until}; allowed {last} or earlier")
            raise ValueError(message.format(until=self.until, last=_LAST_MONTH))
        return self

    @property
    def n_months(self) -> int:
        """Count the months to simulate."""
        return _months(self.until) - _months(self.start)

    def year_and_month(self, month: int) -> tuple[int, int]:
        """Return the calendar year and month (1 to 12) of a month of the run (0 is the start)."""
        year, month_of_year = divmod(_months(self.start) + month, 12)
        return year, month_of_year + 1

    def month_index(self, text: str) -> int:
        """Return the month of the run that "2026-01" names; negative before the start."""
        return _months(text) - _months(self.start)


def unknown_grouping(name: str) -> str:
    """Say that people cannot be grouped by `name`, and what was probably meant."""
    hint = did_you_mean(name, GROUPINGS)
    allowed = _("allowed: {options}").format(options=", ".join(GROUPINGS))
    words = [_("given {given!r}").format(given=name), hint, allowed]
    return "; ".join(dict.fromkeys(words))


def folder_hashes(folder: Path) -> dict[str, str]:
    """Return the content hash of every file below a folder, by its path with forward slashes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): content_hash(path) for path in files}


def district_ids(folder: Path) -> tuple[str, ...]:
    """Return the ids of the districts of the margins in a folder, in their order; () where it lists none.

    Raises ConfigError for a file that cannot be read as a table.
    """
    try:
        table = read_table(folder / "districts.csv", shown=f"{folder.name}/districts.csv", needed=("id", "population"))
    except FileNotFoundError:
        return ()
    return tuple(table.cells("id")) if "id" in table.places else ()


def content_hash(path: Path) -> str:
    """Return the sha256 of a text file; line endings are ignored so that it is the same on every platform."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _months(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7]) - 1
