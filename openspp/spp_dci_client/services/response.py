"""What the client returns."""


class DCIResponse(dict):
    """A decoded answer that remembers what it was decoded from.

    A signature over the received text can only be verified with the text itself.

    :ivar bytes body: the answer exactly as received, content encoding undone.
    :ivar int status_code: its HTTP status.
    """

    def __init__(self, data, *, body, status_code):
        super().__init__(data)
        self.body = body
        self.status_code = status_code
