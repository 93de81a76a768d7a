"""For trying things out and for tests: a civil registry that speaks the DCI API over HTTP.

It is an implementation of its own, on Werkzeug, cryptography, PyJWT and requests, and shares no
code with the addon, so that the two check each other. Never let it near real data: its keys,
tokens and admin URLs protect nothing. ``python -m sandbox --help`` lists the options.
"""
