"""What pages of the site hold of the program itself: its commands, and its public Python names.

A page says `<!-- written: commands -->` where they belong; they are written while the site is built, so that the two
cannot drift apart.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What a user calls on these classes; their other methods serve labsim itself.
MEMBERS = {
    "labsim.LabourModel": ("step",),
    "labsim.Results": ("series", "by", "groupings", "costs", "spending", "answers", "save"),
    "labsim.config.Config": ("hash",),
    "labsim.experiment.opened.OpenedStudy": (
        "points", "runs", "monthly", "target_values", "targets", "spent", "costs", "results", "sql", "export",
    ),
}  # fmt: skip
RETURNED = ("labsim.config.Config", "labsim.experiment.opened.OpenedStudy")
QUESTIONS = ("compare", "ask", "sensitivity", "robust", "decompose", "displacement")


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx ask here whenever it has read a page."""
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _show_examples)
    app.connect("autodoc-process-signature", _hide_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill(_app: Sphinx, _page: str, source: list[str]) -> None:
    for name, write in WRITTEN.items():
        mark = f"<!-- written: {name} -->"
        if mark in source[0]:
            source[0] = source[0].replace(mark, "\n".join(write()))


def _hide_fields(_app: Sphinx, what: str, name: str, *_rest: object) -> tuple[str, None] | None:
    """Leave out how an object is made that only functions make."""
    return ("", None) if what == "class" and name in MEMBERS and not name.endswith("Model") else None


def _show_examples(_app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Mark what a docstring indents after an empty line as code, which it is throughout labsim."""
    before = ["", *lines[:-1]]
    for row in reversed([row for row, line in enumerate(lines) if line.startswith("    ") and not before[row].strip()]):
        above = next((line for line in reversed(lines[:row]) if line.strip()), "")
        if not above.startswith("    "):
            lines[row:row] = ["::", ""]


def commands() -> Iterator[str]:
    """Yield every command in Markdown: what it does, how it is typed, its arguments and options."""
    from labsim.cli import cli

    context = click.Context(cli, info_name="labsim")
    yield "| command | |\n|---|---|"
    for name, command in cli.commands.items():
        yield f"| [`labsim {name}`](#labsim-{name}) | {_plain(command.help or '')} |"
    for name, command in cli.commands.items():
        yield from _command(command, click.Context(command, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    words = " ".join(command.collect_usage_pieces(context))
    yield f"\n## labsim {context.info_name}\n\n{command.help}\n\n`{context.command_path} {words}`\n"
    for option in command.get_params(context):
        if isinstance(option, click.Option) and not option.hidden:
            told, about = option.get_help_record(context) or ("", "")
            default = f", by default `{_default(about)}`" if option.show_default else ""
            yield f"`{told}`{default}\n: {_plain(option.help or '')}\n"


def _default(about: str) -> str:
    return about.rpartition("[default: ")[2].partition("]")[0].partition(";")[0]


def public_names() -> Iterator[str]:
    """Yield what `import labsim` offers, each name under a heading of its own."""
    import labsim

    for name in sorted(labsim.__all__, key=str.lower):
        if not isinstance(getattr(labsim, name), str):  # the version is a word
            yield f"\n## labsim.{name}\n"
            yield _documented(f"labsim.{name}")


def returned() -> Iterator[str]:
    """Yield the classes that public functions return and that nobody makes by hand."""
    yield from map(_documented, RETURNED)


def questions() -> Iterator[str]:
    """Yield the functions behind the commands that make many runs."""
    yield from (_documented(f"labsim.experiment.{name}.{name}") for name in QUESTIONS)


def _documented(path: str) -> str:
    """Return the directive that takes a name's documentation out of the code."""
    module, _dot, name = path.rpartition(".")
    kind = "class" if inspect.isclass(getattr(import_module(module), name)) else "function"
    members = f"\n   :members: {', '.join(MEMBERS[path])}" if path in MEMBERS else ""
    return f"```{{eval-rst}}\n.. auto{kind}:: {path}{members}\n```\n"


def _plain(text: str) -> str:
    """Return text on one line whose signs mean nothing in Markdown."""
    return re.sub(r"([\\*_`<>|\[\]])", r"\\\1", " ".join(text.split()))


WRITTEN = {"commands": commands, "public names": public_names, "returned": returned, "questions": questions}
