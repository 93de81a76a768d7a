"""What came in: one row per accepted message, and the questions of ours that answers belong to.

Imports the pure services. Hands vital events to the ``event`` room, answers to who waits for them.
"""

from . import request
from . import request_search
from . import request_again
from . import message
from . import refusal
