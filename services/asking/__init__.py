"""Asking a registry: questions out, verified answers in, and what they mean.

``registry`` is one exchange; ``death_checks``, ``async_search``, ``paging`` and
``unknown_outcome`` are ways of using it; ``verdicts`` says what an answer means. Imports the pure
rooms and ``dialects``; knows Odoo, but none of the models' rooms by name of their files.
"""
