"""Routes of the credential: what it is, another in its place, a narrower one to hand out."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.base.clock import SystemClock, to_iso
from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler


class TokenHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/token`."""

    @web.authenticated
    @authorized
    async def get(self, endpoint: str) -> None:
        """About the present one, never the credential itself."""
        await self._tell(endpoint)

    @web.authenticated
    @authorized
    async def put(self, endpoint: str) -> None:
        """Replace the token in its file."""
        token = self.body("TokenRequest")["token"]
        # Loaded with the client.
        client = await self.companion.storage.client(endpoint)
        from rsdat.dcache.tokens import renew

        await renew(client.endpoint.credential, token, http=client.http)
        await self.companion.credentials.renewed(endpoint)
        await self._tell(endpoint)

    async def _tell(self, endpoint: str) -> None:
        client = await self.companion.storage.client(endpoint)
        from rsdat.dcache.tokens import ask

        now = SystemClock().now()
        self.reply((await ask(client.http, now)).as_dict(now))


class MacaroonsHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/macaroons`."""

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Have a narrower one made. Its answer holds a secret, and is kept nowhere."""
        body = self.body("MacaroonRequest")
        client = await self.companion.storage.client(endpoint)
        from rsdat.dcache.minting import mint, write_down

        entry = await client.info(paths.parse(body["path"]))
        minted = await mint(
            client.http,
            entry.path,
            activities=body["activities"],
            validity_s=body["validity"],
            ips=body.get("ips", ()),
            now=SystemClock().now(),
        )
        text, file_name = write_down(minted, body["form"], client.endpoint, entry)
        answer = {"text": text, "file_name": file_name, "expires": to_iso(minted.expires)}
        self.reply(answer, 201)
