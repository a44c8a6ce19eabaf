"""A way to a server on which things go wrong, as asked: one fault a request."""

import http.client
import os
import socket
import struct
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

RESET = "reset"
"""The connection breaks before the request arrives."""
DROP = "drop"
"""The connection breaks after the request was carried out: nobody hears the answer."""
LATE = "late"
"""The request is carried out after the client has given it up."""
PASS = "pass"


class Proxy:
    """Passes requests on to a server, except those that meet a fault.

    faults: what the next requests meet, one each: RESET, DROP, LATE, PASS, or a status such as "500" as the answer
    delay: seconds that each request takes longer; patience: of the client, in seconds, which LATE outlasts
    """

    def __init__(self, port: int, patience: float = 0.0) -> None:
        self.faults: deque[str] = deque()
        self.delay = 0.0
        self.patience = patience
        self.late: list[threading.Thread] = []
        self.port = port
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """The server's answer: status, content type and body."""
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        server.request(method, path, body, headers)
        response = server.getresponse()
        content = response.read()
        server.close()
        return response.status, response.getheader("Content-Type", ""), content

    def carry_out_late(self, *request: Any) -> None:
        """Have a request arrive after its client has given up waiting for an answer."""

        def carry_out() -> None:
            time.sleep(self.patience + 0.3)
            self.answer(*request)

        self.late.append(threading.Thread(target=carry_out))
        self.late[-1].start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {key: value for key, value in self.headers.items() if key.lower() != "host"}
                request = (self.command, self.path, headers, body)
                fault = proxy.faults.popleft() if proxy.faults else PASS
                time.sleep(proxy.delay)
                if fault == LATE:
                    proxy.carry_out_late(*request)
                    time.sleep(proxy.patience + 0.1)
                if fault in {RESET, LATE}:
                    self.break_off()
                    return
                status, kind, content = (int(fault), "", b"") if fault.isdigit() else proxy.answer(*request)
                if fault == DROP:
                    self.break_off()
                    return
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def break_off(self) -> None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())  # so that the client hears of a reset, not of an end
                self.close_connection = True

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.pass_on)
        return Handler
