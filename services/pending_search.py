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

    def wait(self, following=None):
        """Send it unless it is sent, and wait for the answer.

        :param PendingSearch following: to be sent as soon as the answer is here, if the base
            client can; :meth:`wait` is to be called for it all the same
        :raise UserError: when the registry cannot be reached
        """
        written = self._written()
        if following and self._registry.sends_next:
            self._registry.send_next(*following._written())
        try:
            self._answer = self._registry.send(*written)
        except UserError:
            # Not sent, and who knows when it will be: a signature expires.
            if following:
                following._envelope = None
            raise

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
