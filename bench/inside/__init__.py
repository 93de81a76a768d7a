"""Scripts that run inside Odoo, with `env` in scope."""
