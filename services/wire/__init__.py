"""The wire: bytes of a message in, a checked envelope out, and the acknowledgement of it.

Strict JSON, header and shape of each kind of message (JSON Schemas in ``schemas/``). Pure: imports
nothing of Odoo, and of the other rooms only ``errors``. Whoever sent it is the affair of the
``signature`` room, what it says that of the ``records`` room.
"""
