"""One listening server: limiter, login, faults and the record around its room's answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from rsdat.demo.door.auth import REALM, LoginFailedError, Logins, RateLimiter
from rsdat.demo.door.faults import Fault, Faults, Seen
from rsdat.demo.door.http import TEXT, Answer, Call
from rsdat.demo.door.throttle import Rates

HOST = "127.0.0.1"
_READ_AHEAD_BYTES = 2**20
_LONGEST_LINE_BYTES = 2**16
Handler = Callable[[Call], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


class _Server(web.Server):
    """aiohttp's server that also tells when a connection has ended."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        on_lost: Callable[[int], None],
    ) -> None:
        super().__init__(
            handler,
            access_log=None,
            auto_decompress=False,
            read_bufsize=_READ_AHEAD_BYTES,
            max_line_size=_LONGEST_LINE_BYTES,
            max_field_size=_LONGEST_LINE_BYTES,
            keepalive_timeout=300,
            # A client that isn't heard out after an error would see a reset, not the answer.
            lingering_time=2,
        )
        self._on_lost = on_lost

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        self._on_lost(id(handler))
        super().connection_lost(handler, exc)


class Listener:
    """A server on one port of the loopback interface.

    Args:
        name: One of `faults.SERVERS`, or `control`.
        handler: Gives the answer once the client is let in.
        faults: Where requests are noted and faults come from; None for the control server.
        logins: Who is let in; None lets everyone (the pool: there the uuid is the right).
        open_pages: Answers what needs no login; None if it has nothing to say.
        limiter: Blocks after refused logins.
        rates: Limits of the bytes that go through; None has none.
        on_lost: Told the number of each connection that ended, see `connection_of`.
    """

    def __init__(
        self,
        name: str,
        handler: Handler,
        *,
        faults: Faults | None = None,
        logins: Logins | None = None,
        open_pages: Callable[[Call], web.StreamResponse | None] | None = None,
        limiter: RateLimiter | None = None,
        rates: Rates | None = None,
        on_lost: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.port = 0
        self._handler = handler
        self._faults = faults
        self._logins = logins
        self._open_pages = open_pages
        self._limiter = limiter
        self._rates = rates
        self._on_lost = on_lost
        self._web: _Server | None = None
        self._listening: asyncio.Server | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._lost: dict[int, asyncio.Event] = {}

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen; 0 takes any free port.

        Raises:
            OSError: The port is taken.
        """
        self._web = _Server(self._answer, self._connection_lost)
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        self._listening = await asyncio.get_running_loop().create_server(
            self._web, sock=listening, backlog=512
        )

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._reopening is not None:
            self._reopening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reopening
        await self._close()

    async def _close(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        if self._web is not None:
            await self._web.shutdown(0.05)
            self._web = None

    async def refuse(self, seconds: float) -> None:
        """Be down: close the port and all connections now, and open it again after a while."""
        await self._close()
        if self._reopening is None or self._reopening.done():
            self._reopening = asyncio.get_running_loop().create_task(self._reopen(seconds))

    async def restart(self) -> None:
        """Cut all connections and listen again at once, on the same port."""
        await self._close()
        await self.start(self.port)

    async def _reopen(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.start(self.port)

    def _connection_lost(self, connection: int) -> None:
        self._on_lost(connection)
        if event := self._lost.pop(connection, None):
            event.set()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._faults is None:
            return await self._serve(request, None)
        fault = self._faults.take(self.name, request.method, request.rel_url.raw_path)
        with self._faults.under_way(self.name, request.method):
            return await self._serve(request, fault)

    async def _serve(self, request: web.BaseRequest, fault: Fault | None) -> web.StreamResponse:
        connection = id(request.protocol)
        gone = self._lost.setdefault(connection, asyncio.Event())
        call = Call(request, self.url, fault, gone)
        if self._rates is not None:
            call.rate = self._rates.transfer()
        status = 0
        try:
            answer: web.StreamResponse
            if fault is not None and await self._spoil(call, fault):
                answer = Answer(fault.status, close=True)
            else:
                answer = await self._admit(call)
            status = answer.status
            if isinstance(answer, Answer) and not answer.prepared:
                await answer.send(call)
            return answer  # noqa: TRY300 - reads in the order of events
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            # The last line of defence of a server: told in full on stderr, in short to the client.
            _log.exception("%s: %s %s failed", self.name, call.method, call.raw_path)
            if call.headers_sent:
                raise
            status = 500
            return Answer(500, close=True)
        finally:
            self._note(call, status)

    async def _spoil(self, call: Call, fault: Fault) -> bool:
        """Let the fault happen; True if nothing but its status shall be answered."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "hang":
            await call.gone.wait()
            raise ConnectionResetError("hung on order")
        elif fault.kind == "drop":
            call.cut()
            raise ConnectionResetError("dropped on order")
        return fault.kind == "status"

    async def _admit(self, call: Call) -> web.StreamResponse:
        if self._limiter is not None and self._limiter.is_blocked(call.client):
            text = b"Server is busy. Please try again later."
            return Answer(429, headers=[("Content-Type", TEXT)], body=text)
        if self._open_pages is not None and (page := self._open_pages(call)) is not None:
            return page
        if self._logins is not None:
            try:
                given = call.header("Authorization")
                call.rights = self._logins.check(given, call.query("authz"), call.client)
            except LoginFailedError as error:
                if self._limiter is not None:
                    self._limiter.count_refusal(call.client)
                headers = [("WWW-Authenticate", REALM)]
                if call.header("Suppress-WWW-Authenticate"):
                    headers = [("Suppress-WWW-Authenticate", "suppressed")]
                return Answer(401, reason=" ".join(str(error).split()), headers=headers)
        return await self._handler(call)

    def _note(self, call: Call, status: int) -> None:
        if self._faults is not None:
            query = dict(call.request.rel_url.query)
            query.pop("authz", None)
            text = "&".join(f"{key}={value}" for key, value in query.items())
            connection = connection_of(call)
            range_ = call.header("Range")
            self._faults.note(
                Seen(self.name, call.method, call.raw_path, text, range_, connection, status)
            )


def connection_of(call: Call) -> int:
    """A number for the connection that carries this request, as `on_lost` tells it."""
    return id(call.request.protocol)
