"""Run `labsim validate` and write its scoreboard, and what each line means, into docs/validation.md.

python tools/scoreboard.py          run every line (some minutes) and rewrite both parts of the page
python tools/scoreboard.py words    rewrite only what the lines mean

Exit code 1 if a line fails; the page then shows it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from labsim.evidence.validate import GROUPS, Validation, lines, validate
from labsim.report.validation import scoreboard_view
from labsim.text import use_language

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation.md"


def scoreboard(found: Validation) -> str:
    """Return the scoreboard as the command prints it into a file."""
    console = Console(file=io.StringIO(), width=100, highlight=False, color_system=None)
    with console.capture() as printed:
        for part in scoreboard_view(found):
            console.print(part)
    text = "\n".join(row.rstrip() for row in printed.get().splitlines())
    return f"<!-- not executed: what the command prints -->\n```text\n{text}\n```"


def meanings() -> str:
    """Return what every line means and where its tolerance comes from, group by group."""
    return "\n\n".join(_paragraphs())


def _paragraphs() -> Iterator[str]:
    for group, title in GROUPS.items():
        yield f"### {title} (`{group}`)"
        told: dict[tuple[str, str], list[str]] = {}
        for line in lines([group]):
            told.setdefault((line.what_it_means, line.rule), []).append(f"`{line.id}`: {line.name} [{line.unit}]")
        for (meaning, rule), names in told.items():
            yield "\n".join(f"- {name}" for name in names) + f"\n\n  {meaning}\n  Tolerance: {rule}."


def with_part(page: str, name: str, text: str) -> str:
    """Return the page with the part between its two marks replaced. Raises ValueError if the marks are not there."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, middle, rest = page.partition(begin)
    _old, closing, after = rest.partition(end)
    if not (middle and closing):
        raise ValueError(f"{PAGE.name} has no part {name!r}")
    return before + begin + text + end + after


def main(arguments: list[str]) -> int:
    """Rewrite the page; return 1 if a line fails."""
    use_language("en")
    page = with_part(PAGE.read_text(encoding="utf-8"), "lines", meanings())
    passed = True
    if arguments != ["words"]:
        found = validate(progress=lambda event: print(f"{event.done} of {event.total}", event.message, file=sys.stderr))
        page, passed = with_part(page, "scoreboard", scoreboard(found)), found.passed
    PAGE.write_text(page, encoding="utf-8", newline="\n")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
