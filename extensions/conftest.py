"""The addons here are optional: their own tests run in an Odoo that has them (tests/)."""

collect_ignore_glob = ["spp_*", "tests/job_worker/*"]
