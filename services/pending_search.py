"""A search step by step, so that its caller can do something else while the registry works."""


class PendingSearch:
    """One message of a search.

    :param Registry registry: whom to ask
    :param dict message: see :meth:`Registry.search_message`
    :param list[str] references: reference ids in the message
    :param read: see :meth:`Registry.search`
    """

    def __init__(self, registry, message, references, read):
        self._registry = registry
        self._message = message
        self._references = references
        self._read = read
        self._envelope = None
        self._answer = None

    def _written(self):
        if self._envelope is None:
            self._envelope = self._registry.write("search", self._message)
        return self._registry.endpoint("sync/search"), self._envelope

    def send_next(self):
        """Have it sent when the search that is waited for next is answered.

        :meth:`wait` has to follow all the same.
        """
        self._registry.send_next(*self._written())

    def wait(self):
        """Send it unless it is sent, and wait for the answer.

        :raise UserError: when the registry cannot be reached
        """
        self._answer = self._registry.send(*self._written())

    def read(self):
        """Read the answer that :meth:`wait` waited for.

        :return: see :meth:`Registry.search`
        :raise RegistryError: see :meth:`Registry.search`
        """
        answer = self._registry.accept(self._answer).message
        transaction_id = self._message["transaction_id"]
        return self._registry.read_search(answer, transaction_id, self._references, self._read)
