"""Extract the words that labsim says, update the catalogues of translations, and compile them.

python tools/messages.py update     after changing a message: extract, and merge into every labsim.po
python tools/messages.py compile    after translating: write labsim.mo beside each labsim.po
python tools/messages.py check      say what is missing, fuzzy or out of step; exit code 1 if anything is
"""

from __future__ import annotations

import argparse
import ast
import gettext
import io
import re
import string
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "labsim"
DOMAIN = "labsim"
TRANSLATED = ("vi",)
KEYWORDS = {"_": None, "n_": (1, 2), "mark": None, "LeverKind": (5,)}  # what a lever means
# a date that moves would make every update a change
NEVER = datetime(2026, 1, 1, tzinfo=UTC)
# headers that say nothing about the words, or change with the version of Babel
_NOT_KEPT = (b'"Generated-By:', b'"Report-Msgid-Bugs-To:', b'"Last-Translator:', b'"Language-Team:')


def words_of_python(
    file: IO[bytes], keywords: Iterable[str], comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, tuple[str | None, ...], list[str]]]:
    """Yield the words given to each keyword as they stand in a module.

    Babel's own extractor takes what Python's tokens look like: from one version to the next it finds more or fewer
    words inside f-strings and inside what is computed, as `_(NAMES[row["group"]])`. A syntax tree leaves no choice.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords:
            given = (one.value if isinstance(one, ast.Constant) else None for one in node.args)
            words = tuple(one if isinstance(one, str) else None for one in given)
            if any(words):
                yield node.lineno, node.func.id, words, []


METHODS = [("**.py", words_of_python), ("**/templates/**.*", babel_extract)]


def extract(package: Path) -> Catalog:
    """Return the template of every message below a package."""
    template = _catalogue(None)
    found = extract_from_dir(package, METHODS, keywords=KEYWORDS)
    for file, _line, message, comments, context in sorted(found, key=lambda one: (Path(one[0]).as_posix(), one[1])):
        # files without line numbers: an edit above a message is no change to its translation
        where = [(f"{package.name}/{Path(file).as_posix()}", 0)]
        template.add(message, None, where, auto_comments=comments, context=context)
    return template


def updated(po: Path, template: Catalog, language: str) -> Catalog:
    """Return the catalogue of a language brought in step with the template; a missing file starts empty."""
    catalogue = _catalogue(language)
    if po.exists():
        with po.open("rb") as file:
            catalogue = read_po(file, locale=language, domain=DOMAIN)
    catalogue.update(template, no_fuzzy_matching=False)
    catalogue.creation_date = catalogue.revision_date = NEVER
    return catalogue


def problems_of(catalogue: Catalog) -> Iterator[str]:
    """Yield what a user of this language would not read in it, or would read wrong."""
    for message in catalogue:
        if not message.id:
            continue
        wording = message.id if isinstance(message.id, str) else message.id[0]
        if not _translations(message):
            yield f"untranslated: {wording!r}"
        elif message.fuzzy:
            yield f"fuzzy: {wording!r}"
        elif any(_fields(one) != _fields(wording) for one in _translations(message)):
            yield f"other {{fields}} than the original: {wording!r}"


def po_file(package: Path, language: str) -> Path:
    """Return where the catalogue of a language lies."""
    return package / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def update(package: Path) -> None:
    """Extract, and merge into the catalogue of every language."""
    template = extract(package)
    for language in TRANSLATED:
        po = po_file(package, language)
        po.parent.mkdir(parents=True, exist_ok=True)
        po.write_bytes(_po_text(updated(po, template, language)))


def compile_all(package: Path) -> None:
    """Write the compiled catalogue of every language."""
    for language in TRANSLATED:
        po = po_file(package, language)
        po.with_suffix(".mo").write_bytes(_mo_bytes(po, language))


def check(package: Path) -> list[str]:
    """List what is missing, fuzzy or out of step."""
    template = extract(package)
    found: list[str] = []
    for language in TRANSLATED:
        po = po_file(package, language)
        if not po.exists():
            found.append(f"{language}: no catalogue; run: python tools/messages.py update")
            continue
        catalogue = updated(po, template, language)
        if _without_flags(_po_text(catalogue)) != _without_flags(po.read_bytes().replace(b"\r\n", b"\n")):
            found.append(f"{language}: out of step with the source; run: python tools/messages.py update")
        mo = po.with_suffix(".mo")
        if not mo.exists() or _words_of(mo.read_bytes()) != _words_of(_mo_bytes(po, language)):
            found.append(f"{language}: not compiled; run: python tools/messages.py compile")
        found += [f"{language}: {problem}" for problem in problems_of(catalogue)]
    return found


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("update", "compile", "check"))
    command = parser.parse_args().command
    if command == "check":
        found = check(PACKAGE)
        sys.stdout.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    (update if command == "update" else compile_all)(PACKAGE)
    return 0


def _catalogue(language: str | None) -> Catalog:
    return Catalog(
        locale=language,
        domain=DOMAIN,
        project=DOMAIN,
        version="1",
        header_comment="# Words of labsim.",
        creation_date=NEVER,
        revision_date=NEVER,
        last_translator="",
        language_team="",
        fuzzy=False,
    )


def _translations(message: Message) -> list[str]:
    given = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return given if given and all(given) else []


def _fields(text: str) -> set[str]:
    try:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}
    except ValueError:  # braces that are not a format, as in a YAML example
        return set()


def _po_text(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, sort_output=True, include_lineno=False, ignore_obsolete=True)
    lines = buffer.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_NOT_KEPT))


def _without_flags(po: bytes) -> bytes:
    # which forms of fields are flagged depends on the version of Babel; `fuzzy` is looked for by itself
    return re.sub(rb"(?m)^#, .*\n", b"", po)


def _words_of(mo: bytes) -> dict[Any, str]:
    # the header names the version of Babel, which is no difference in words
    words: dict[Any, str] = vars(gettext.GNUTranslations(io.BytesIO(mo)))["_catalog"]
    return {message: string for message, string in words.items() if message}


def _mo_bytes(po: Path, language: str) -> bytes:
    with po.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
