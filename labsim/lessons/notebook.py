"""A lesson as a notebook: the same texts, its worlds run, its pictures shown, its questions checked."""

from __future__ import annotations

import json
from typing import Any

from labsim.lessons.content import Lesson
from labsim.text import _, current_language

__all__ = ["code_of", "notebook_of", "text_of"]


def notebook_of(lesson: Lesson) -> dict[str, Any]:
    """Return the notebook of a lesson in the language in use, in the format of Jupyter (4.5)."""
    cells = [
        _words("# ", _("Lesson {n}: {title}").format(n=lesson.number, title=_(lesson.title)), "\n\n", _(lesson.about))
    ]
    cells.append(
        _words(_("The worlds of this lesson are run when something of theirs is first shown; that takes seconds."))
    )
    cells.append(_code(f"import labsim.lessons\nfrom labsim.text import use_language\n\n"
                       f'use_language("{current_language()}")\n'
                       f"board = labsim.lessons.board({lesson.number})"))  # fmt: skip
    for place, step in enumerate(lesson.steps, start=1):
        cells.append(_words(f"## {place}. ", _(step.title), "\n\n", _(step.text)))
        if step.numbers is not None:
            cells.append(_code(f"board.table({place})"))
        if step.drawing is not None:
            cells.append(_code(f"board.picture({place})"))
    cells.append(_words("## ", _("Questions"), "\n\n", _("Put a number in place of None and run the cell.")))
    for place, question in enumerate(lesson.questions, start=1):
        cells.append(_words(f"**{place}.** ", _(question.text), " [", _(question.unit), "]"))
        cells.append(_code(f"board.check({place}, None)"))
    cells += _try_yourself(lesson)
    for place, cell in enumerate(cells, start=1):
        cell["id"] = f"lesson-{lesson.number}-{place}"
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def _try_yourself(lesson: Lesson) -> list[dict[str, Any]]:
    """Return cells that run one world of the lesson by hand, for whoever wants to change it."""
    name, world = next(iter(lesson.worlds.items()))
    settings = "".join(f"\n        {name!r}: {value!r}," for name, value in world.settings.items()).replace("'", '"')
    text = _('The world "{title}" by hand: change a number, run it again, and see what moves.')
    code = (
        f'import labsim\n\nconfig = labsim.load(\n    "{world.source}",\n    settings={{{settings}\n    }},\n)\n'
        f'results = labsim.run(config, replicates={world.replicates}, until="{world.until}", posterior="none")\n'
        f'results.series("{_main_series(name)}").mean(axis=1)'
    )
    title = _("Try it yourself")
    return [_words(f"## {title}\n\n{text.format(title=_(world.title))}"), _code(code)]


def _main_series(world: str) -> str:
    return {"half": "hires", "contracts": "abroad"}.get(world, "unemployment_rate")


def text_of(notebook: dict[str, Any]) -> str:
    """Return a notebook as the text of its file."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def code_of(notebook: dict[str, Any]) -> list[str]:
    """Return the code cells of a notebook in order."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _words(*parts: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": "".join(parts).splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "id": "", "metadata": {}, "outputs": [],
            "source": text.splitlines(keepends=True)}  # fmt: skip
