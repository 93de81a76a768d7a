"""What the addon does outside of Odoo's models, in rooms.

``wire``, ``signature``, ``records`` and ``dialects`` are pure: bytes and dicts in, small frozen
objects out. ``asking`` and ``crvs_service`` know Odoo. :class:`CRVSService` can be imported from
here, and is only loaded then, so that the pure rooms can be used without Odoo.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CRVSService"]


def __getattr__(name: Any) -> Any:
    if name == "CRVSService":
        from .crvs_service import CRVSService

        return CRVSService
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
