"""How registries speak, one small class each, found by the code that a data source names.

Another addon adds a dialect by a subclass of :class:`Dialect` under :func:`register` and a value
of the selection ``dialect`` of ``spp.dci.data.source``.
"""

from __future__ import annotations

from typing import Any

from .base import Dialect, UnsupportedIdentifier
from .opencrvs import OpenCRVSDialect
from .opencrvs2 import OpenCRVS2Dialect
from .standard import StandardDialect

__all__ = ["Dialect", "UnsupportedIdentifier", "get", "register"]

_dialects: dict[str, Dialect] = {}


def register(dialect_class: type[Dialect]) -> type[Dialect]:
    """Make a dialect known under its ``code``; usable as a class decorator."""
    _dialects[dialect_class.code] = dialect_class()
    return dialect_class


def get(code: Any) -> Dialect:
    """Return the dialect of a code.

    :raise KeyError: when no such dialect is registered
    """
    return _dialects[code]


register(StandardDialect)
register(OpenCRVSDialect)
register(OpenCRVS2Dialect)
