"""A search step by step, so that its caller can do something else while the registry works."""

from odoo.exceptions import UserError


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
        self._error = None

    def wait(self, following=None):
        """Send it unless it is sent, and wait for the answer.

        :param PendingSearch following: to be sent as soon as the answer comes, if the base
            client can; :meth:`wait` is to be called for it all the same
        :raise UserError: when the registry cannot be reached
        """
        if self._error:
            raise self._error
        if self._answer is not None:
            return
        written = self._written()
        ahead = following if self._registry.sends_next else None
        if ahead:
            self._registry.send_next(*ahead._written())
        try:
            self._answer = self._registry.send(*written)
        finally:
            # A signature expires, and who knows when it will be sent.
            if ahead and not self._registry.is_under_way(ahead._envelope):
                ahead._envelope = None

    def settle(self):
        """Wait if it is under way, before anything else is asked; :meth:`wait` tells how it went.

        The registry never gets two requests at once.
        """
        if self._envelope is None or not self._registry.is_under_way(self._envelope):
            return
        try:
            self.wait()
        except UserError as error:
            self._error = error

    def _written(self):
        if self._envelope is None:
            self._envelope = self._registry.write("search", self._message)
        return self._registry.endpoint("sync/search"), self._envelope

    def read(self):
        """Read the answer that :meth:`wait` waited for.

        :return: see :meth:`Registry.search`
        :raise RegistryError: see :meth:`Registry.search`
        """
        answer = self._registry.accept(self._answer).message
        transaction_id = self._message["transaction_id"]
        return self._registry.read_search(answer, transaction_id, self._references, self._read)
