"""A bare relay: what any program between curl and the door costs on the machine that measures.

It knows nothing of HTTP. What comes is received into one buffer of a MiB, summed as every upload
must be, and sent on, by a thread for each direction of each connection. Nothing can be between two
connections for less, but what doesn't look at the bytes.

    python -m bench.relay 127.0.0.1 PORT

prints the port at which it listens, on loopback.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from rsdat.dcache.adler import adler32

_BUFFER_BYTES = 1024 * 1024
_STOP_S = 10


@contextlib.contextmanager
def relay(url: str) -> Iterator[int]:
    """A relay to the host and port of a URL, in a process of its own; its port."""
    target = urlsplit(url)
    argv = [sys.executable, "-m", "bench.relay", str(target.hostname), str(target.port)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the relay has no output")
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(_STOP_S)


def _serve(host: str, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            door = socket.create_connection((host, port))
            for pair in ((client, door), (door, client)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    value = 1
    with contextlib.suppress(OSError), memoryview(bytearray(_BUFFER_BYTES)) as view:
        while got := source.recv_into(view):
            value = adler32(view[:got], value)
            target.sendall(view[:got])
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
