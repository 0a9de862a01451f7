"""The documentation site: `python -m sphinx -W --keep-going -b html docs build/site`, without network."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from labsim import __version__
from labsim.text import use_language

use_language("en")  # before the command line is read, whose help is translated when it is defined

project = "labsim"
author = "The labsim contributors"
copyright = author
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "site_pages"]
exclude_patterns = ["_build"]
smartquotes = False  # an option begins with two hyphens, and not with a dash
default_role = "code"  # a single back quote, as in Markdown, is what docstrings use

# Fences with back quotes hold what tests/test_docs.py executes; directives stand between colons.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = "labsim"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "navigation_with_keys": True,
    "top_of_page_buttons": [],  # neither edit nor view links: the pages lie in the repository
    # fonts of the reader's own machine, all with Vietnamese letters
    "light_css_variables": {
        "font-stack": "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif",
        "font-stack--monospace": "ui-monospace, 'SF Mono', Consolas, 'Noto Sans Mono', 'DejaVu Sans Mono', monospace",
        "color-brand-primary": "#0b5394",
        "color-brand-content": "#0b5394",
    },
    "dark_css_variables": {"color-brand-primary": "#8ab4f8", "color-brand-content": "#8ab4f8"},
}
