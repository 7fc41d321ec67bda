"""Start a stand-in, say where it is, and stop it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rsdat.base.errors import Conflict
from rsdat.base.files import private_folder, write_json
from rsdat.demo.door.auth import Logins, RateLimiter
from rsdat.demo.door.channels import Channels
from rsdat.demo.door.control import Control
from rsdat.demo.door.discovery import OpenPages
from rsdat.demo.door.faults import SERVERS, Faults
from rsdat.demo.door.frontend import Frontend
from rsdat.demo.door.listener import Handler, Listener
from rsdat.demo.door.movers import Movers
from rsdat.demo.door.options import Options
from rsdat.demo.door.pins import Pins
from rsdat.demo.door.pool import Pool
from rsdat.demo.door.site import Site
from rsdat.demo.door.store import AttributeStore
from rsdat.demo.door.tape import Stager
from rsdat.demo.door.throttle import Rates
from rsdat.demo.door.tree import Tree
from rsdat.demo.door.webdav import WebDav

ADDRESS_FILE = "door.json"


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Site]:
    """A stand-in that serves until the block ends; `site.urls` says where.

    Raises:
        Conflict: The port is taken.
    """
    private_folder(options.state)
    store = AttributeStore(options.state / "attributes.sqlite")
    tree = Tree(options.root, store, hidden=options.state)
    logins = Logins(options.token, options.password)
    logins.mints_over_http = options.macaroons_over_http
    movers = Movers(options.movers, options.mover_timeout_s, options.mover_cost_ms / 1000)
    stager = Stager(tree, options.stage_delay_s, options.tape_drives)
    channels = Channels(tree.notices)
    rates = Rates(options.bytes_per_s, options.bytes_per_s_each)
    site = Site(options, tree, stager, Pins(tree), movers, logins, Faults(), channels, rates)
    handlers: dict[str, Handler] = {
        "frontend": Frontend(site).answer,
        "redirect": WebDav(site, redirects=True).answer,
        "proxy": WebDav(site, redirects=False).answer,
    }
    limiters = {
        name: RateLimiter(options.block_s, requests_per_s=options.requests_per_s)
        for name in handlers
    }
    listeners = {
        name: Listener(
            name,
            handler,
            faults=site.faults,
            logins=logins,
            open_pages=OpenPages(site, frontend=name == "frontend").answer,
            limiter=limiters[name],
            rates=None if name == "frontend" else site.rates,
        )
        for name, handler in handlers.items()
    }
    listeners["pool"] = Listener(
        "pool",
        Pool(site).answer,
        faults=site.faults,
        rates=site.rates,
        on_lost=movers.connection_lost,
    )
    control = Control(site, {name: listeners[name] for name in SERVERS}, limiters)
    # The control server has logins of its own: it stays open when the token is refused.
    own = Logins(options.token, options.password)
    listeners["control"] = Listener("control", control.answer, logins=own)
    try:
        for name, listener in listeners.items():
            await _start(listener, options.port if name == "frontend" else 0)
            site.urls[name] = listener.url
        yield site
    finally:
        channels.close_all()
        await asyncio.gather(*(listener.stop() for listener in listeners.values()))
        movers.end_all()
        await asyncio.gather(site.bulk.stop(), site.qos.stop())
        await stager.stop()
        store.close()


async def _start(listener: Listener, port: int) -> None:
    try:
        await listener.start(port)
    except OSError as error:
        raise Conflict(
            f"port {port} is taken: {error.strerror}", hint="Choose another with --port."
        ) from error


def addresses(site: Site) -> dict[str, str]:
    """What clients need; `webdav_url` is the door that redirects."""
    return {
        "api_url": site.urls["frontend"] + "/api/v1",
        "webdav_url": site.urls["redirect"],
        "token": site.options.token.reveal(),
    }


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; prints one JSON line when ready.

    All addresses, with those of the other servers and the password, are in `door.json` of the
    state folder, which only its owner can read.

    Raises:
        Conflict: The port is taken.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with running(options) as site:
        ready = addresses(site)
        file = options.state / ADDRESS_FILE
        everything = {**ready, "password": options.password.reveal(), "urls": site.urls}
        write_json(file, everything, format_version=1)
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await ended.wait()
        file.unlink(missing_ok=True)
