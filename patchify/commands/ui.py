"""The command `patchify-ui`: all runs of a store in a browser."""

import argparse
import os
import socket
import sys

from patchify.display import say
from patchify.store import StoreError

HOST = "127.0.0.1"


def main() -> None:
    """Serve until Ctrl-C (exit status 130) or SIGTERM (143); exit status 1 if there is nothing to serve."""
    parser = argparse.ArgumentParser(prog="patchify-ui", description="Show all runs of a store in a browser.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--folder", metavar="FOLDER", help="tracking folder (default: mlruns)")
    which.add_argument("--uri", metavar="ADDRESS", help="MLflow address (default: MLFLOW_TRACKING_URI if there is one)")
    parser.add_argument("--port", type=int, default=5000, help="of 127.0.0.1 (default: 5000; 0: any that is free)")
    words = parser.parse_args()

    uri = words.uri or (None if words.folder else os.environ.get("MLFLOW_TRACKING_URI"))
    if uri and uri.startswith(("http://", "https://")):
        say(f"{uri} is a server already: open it in a browser")
        return
    try:
        show(uri, words.folder, words.port)
    except StoreError as error:
        sys.exit(f"patchify-ui: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def show(uri: str | None, folder: str | None, port: int) -> None:
    """Serve the store, and say where. Raises StoreError, also where the port can't be had."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port is free as soon as its server ended
        try:
            listener.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise StoreError(f"port {port} can't be used: {error.args[-1]}; choose another with --port") from error

        from patchify.config.catalog import tracking_folder  # noqa: PLC0415 - these take seconds to import
        from patchify.store.opening import address_of, existing_store  # noqa: PLC0415
        from patchify.store.server import serve  # noqa: PLC0415

        store = existing_store(address_of(uri, folder or tracking_folder()))
        listener.listen()  # from now on browsers wait for the server, which takes seconds to start
        say(f"{store.address}\nopen http://{HOST}:{listener.getsockname()[1]} in a browser; Ctrl-C ends the server")
        serve(store, listener)


if __name__ == "__main__":
    main()
