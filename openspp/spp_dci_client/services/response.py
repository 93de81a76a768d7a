"""What the client returns."""


class DCIResponse(dict):
    """A decoded answer that remembers what it was decoded from.

    A signature over the received text can only be verified with the text itself.

    :ivar bytes body: the answer exactly as received, content encoding undone.
    :ivar int status_code: its HTTP status.
    :ivar bool in_doubt: whether an earlier attempt at the same request may have had its effect, so
        that this answer to the repetition need not be about the first.
    """

    def __init__(self, data, *, body, status_code, in_doubt=False):
        super().__init__(data)
        self.body = body
        self.status_code = status_code
        self.in_doubt = in_doubt
