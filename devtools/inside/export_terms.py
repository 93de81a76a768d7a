"""Run with `env` in scope: prints the translation template of the addon.

Without dates, so that it changes only when a term does.
"""
# ruff: noqa: F821

import io

from odoo.tools.translate import trans_export

DATES = ('"POT-Creation-Date:', '"PO-Revision-Date:')

buffer = io.BytesIO()
trans_export(None, ["spp_dci_client_crvs"], buffer, "po", env)
lines = buffer.getvalue().decode().splitlines(keepends=True)
print("".join(line for line in lines if not line.startswith(DATES)), end="")
