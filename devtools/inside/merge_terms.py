"""Runs inside the virtual environment: brings translations in line with the template.

Arguments: path of the template, paths of translations.
"""

from __future__ import annotations

import sys

import polib


def main(template: str, *translations: str) -> None:
    """Add what is new to each translation, and take out what is gone."""
    terms = polib.pofile(template)
    for path in translations:
        translation = polib.pofile(path, wrapwidth=terms.wrapwidth)
        translation.merge(terms)
        for entry in translation.obsolete_entries():
            translation.remove(entry)
        translation.save(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
