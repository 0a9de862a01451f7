"""Write the notebooks of the lessons from their content, or check that they are what the content says.

python tools/lessons.py write     write lessons/<language>/<number>_<name>.ipynb
python tools/lessons.py check     say which are missing or out of step; exit code 1 if any is
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from labsim.lessons import NAMES, lesson
from labsim.lessons.notebook import notebook_of, text_of
from labsim.text import LANGUAGES, use_language

FOLDER = Path(__file__).resolve().parents[1] / "lessons"


def notebooks() -> dict[str, str]:
    """Return every notebook as text, by its path below the folder of lessons."""
    found = {}
    for language in LANGUAGES:
        use_language(language)
        for number, name in enumerate(NAMES, start=1):
            found[f"{language}/{number}_{name}.ipynb"] = text_of(notebook_of(lesson(number)))
    return found


def write(folder: Path = FOLDER) -> None:
    """Write every notebook."""
    for name, text in notebooks().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def check(folder: Path = FOLDER) -> list[str]:
    """List notebooks that are missing, out of step, or of no lesson."""
    wanted = notebooks()
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.ipynb")}
    stale = [
        name for name, text in wanted.items()
        if name not in there or (folder / name).read_text(encoding="utf-8") != text
    ]  # fmt: skip
    return sorted({*stale, *(there - set(wanted))})


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("write", "check"))
    if parser.parse_args().command == "write":
        write()
        return 0
    found = check()
    sys.stdout.writelines(f"lessons/{name}: out of step; run: python tools/lessons.py write\n" for name in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
