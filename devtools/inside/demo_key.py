"""Run with `env` in scope: prints an API key of the administrator that is good for a day."""
# ruff: noqa: F821

from datetime import timedelta

from odoo import fields

NAME = "./dev demo"

admin = env.ref("base.user_admin")
keys = env["res.users.apikeys"].with_user(admin).sudo()
keys.search([("name", "=", NAME), ("user_id", "=", admin.id)]).unlink()
print(keys._generate("rpc", NAME, fields.Datetime.now() + timedelta(days=1)))
