"""For trying things out and for tests: starts the sandbox registry on this machine."""

import argparse
import gc
import logging
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from .app import App
from .generate import generate
from .population import Population
from .registry import Registry
from .tokens import Tokens
from .wire import Refused

HERE = Path(__file__).parent


class Handler(WSGIRequestHandler):
    """Answers without delay; logs nothing, since queries can hold secrets."""

    disable_nagle_algorithm = True

    def log(self, type, message, *args):
        """Log nothing."""

    def connection_dropped(self, error, environ=None):
        """Close the connection, as when a fault orders it."""
        self.close_connection = True


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default 8765)")
    parser.add_argument("--population", type=Path, help="JSON file of the people")
    parser.add_argument("--generate", type=int, metavar="N", help="make up so many people instead")
    parser.add_argument("--state", help="file that keeps keys, subscriptions and events registered")
    parser.add_argument("--base-url", help="URL by which clients know it")
    parser.add_argument("--sender-id", default="crvs-sandbox", help="default crvs-sandbox")
    parser.add_argument("--client-id", default="spp", help="of the OAuth2 client (default spp)")
    parser.add_argument("--client-secret", default="spp-secret", help="default spp-secret")
    parser.add_argument("--token-lifetime", type=int, default=3600, help="seconds (default 3600)")
    parser.add_argument(
        "--client-jwks",
        action="append",
        default=[],
        metavar="SENDER_ID=URL",
        help="where the keys of a client are; its signatures are then verified",
    )
    parser.add_argument(
        "--client-key",
        action="append",
        default=[],
        metavar="SENDER_ID=FILE",
        help="public key of a client, as PEM",
    )
    parser.add_argument(
        "--require-signature", action="store_true", help="refuse clients without registered keys"
    )
    return parser, parser.parse_args(argv)


def _population(arguments):
    if arguments.generate:
        return Population(generate(arguments.generate))
    return Population.from_file(arguments.population or HERE / "population.json")


def _register_clients(registry, arguments):
    for text in arguments.client_jwks:
        sender_id, _equals, url = text.partition("=")
        registry.clients.register(sender_id, jwks_url=url)
    for text in arguments.client_key:
        sender_id, _equals, path = text.rpartition("=")
        registry.clients.register(sender_id, public_key=Path(path).read_text(encoding="ascii"))


def main(argv=None):
    """Serve until SIGTERM or SIGINT.

    :param argv: list of arguments without the program's name.
    :return: exit status.
    """
    parser, arguments = _arguments(argv)
    # Werkzeug warns that this is no server for production; the first line of the help does too.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        registry = Registry(
            _population(arguments),
            arguments.sender_id,
            Tokens(arguments.client_id, arguments.client_secret, arguments.token_lifetime),
            arguments.require_signature,
            arguments.state,
        )
        _register_clients(registry, arguments)
    except (OSError, ValueError, KeyError, Refused) as error:
        parser.error(str(error))
    # The people stay: the collector need not look at all of them again and again.
    gc.freeze()
    server = make_server(
        "127.0.0.1", arguments.port, App(registry), threaded=True, request_handler=Handler
    )
    registry.serve_at((arguments.base_url or f"http://127.0.0.1:{server.port}").rstrip("/"))

    def stop(_signal, _frame):
        # serve_forever must not be stopped from the thread it runs in.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"Sandbox registry ready at {registry.url}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
