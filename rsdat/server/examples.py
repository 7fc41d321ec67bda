"""Routes that list the example notebooks, and put one into the workspace."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import ensure_async
from tornado import web

from rsdat.base.errors import NotFound
from rsdat.base.examples import described_examples, read_example
from rsdat.server.handler import RsdatHandler

#: Looking for a free name and taking it are two steps of Jupyter's contents.
_one_at_a_time = asyncio.Lock()


class ExamplesHandler(RsdatHandler):
    """`/api/examples`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """What there is."""
        found = await asyncio.to_thread(described_examples)
        self.reply({"examples": [example.as_dict() for example in found]})


class OpenExampleHandler(RsdatHandler):
    """`/api/examples/{name}/open`."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Copy it, unless a notebook of its name is there; what is there is never changed."""
        request = self.body("ExampleRequest")
        notebook = await asyncio.to_thread(read_example, name)
        folder = request["folder"].strip("/")
        contents = self.settings["contents_manager"]
        if not await ensure_async(contents.dir_exists(folder)):
            raise NotFound(f"There is no folder '{folder}' in the workspace")
        async with _one_at_a_time:
            file = f"{name}.ipynb"
            path = f"{folder}/{file}" if folder else file
            if await ensure_async(contents.file_exists(path)):
                if not request["another"]:
                    there = await ensure_async(contents.get(path, content=True))
                    same = _sources(there["content"]) == _sources(notebook)
                    self.reply({"path": path, "state": "same" if same else "changed"})
                    return
                file = await ensure_async(contents.increment_filename(file, folder, insert="-"))
                path = f"{folder}/{file}" if folder else file
            model = {"type": "notebook", "format": "json", "content": notebook}
            await ensure_async(contents.save(model, path))
        self.reply({"path": path, "state": "new"}, 201)


def _sources(notebook: Any) -> list[tuple[str, str]]:
    """What somebody wrote: kind and text of each cell. Running it changes none of that."""
    cells = notebook.get("cells", []) if isinstance(notebook, dict) else []
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
