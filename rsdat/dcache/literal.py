"""fsspec's bulk operations for names that look like patterns, such as `q?.txt` or `[a].tif`.

fsspec takes every `?`, `*` and `[` for a pattern: `rm("q?.txt")` would delete `qa.txt` too, and
`get("q?.txt", "x")` would make a folder `x`. Here a name that exists is itself.
"""

from __future__ import annotations

import asyncio
import os
from glob import has_magic
from typing import Any

from fsspec.asyn import AsyncFileSystem
from fsspec.utils import stringify_path

from rsdat.dcache import paths


class LiteralNames(AsyncFileSystem):  # type: ignore[misc]
    """An AsyncFileSystem in which an existing name wins over the pattern it could be."""

    async def _expand_path(
        self, path: Any, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any
    ) -> list[str]:
        """As fsspec's, but a name that exists is itself, even with `?`, `*` or `[` in it."""
        given = path if isinstance(path, list) else [path]
        out: set[str] = set()
        patterns = []
        for each in map(self._strip_protocol, given):
            if not has_magic(each) or not await self._exists(each):
                patterns.append(each)
                continue
            out.add(each)
            if recursive:
                out |= set(await self._find(each, maxdepth=maxdepth, withdirs=True))
        if patterns:
            out |= set(
                await super()._expand_path(
                    patterns, recursive=recursive, maxdepth=maxdepth, **kwargs
                )
            )
        return sorted(out)

    async def _get(self, rpath: Any, lpath: Any, recursive: bool = False, **kwargs: Any) -> Any:
        if isinstance(rpath, str) and not recursive and has_magic(rpath):
            # fsspec takes `?` for a pattern, and the destination of a pattern for a folder.
            rpath = self._strip_protocol(rpath)
            if await self._isfile(rpath):
                local = stringify_path(lpath)
                into = local.endswith("/") or await asyncio.to_thread(os.path.isdir, local)
                lpath = [paths.join(local, paths.name_of(rpath)) if into else local]
                rpath = [rpath]
        return await super()._get(rpath, lpath, recursive=recursive, **kwargs)

    async def _put(self, lpath: Any, rpath: Any, recursive: bool = False, **kwargs: Any) -> Any:
        if isinstance(lpath, (str, os.PathLike)) and isinstance(rpath, str) and not recursive:
            local = stringify_path(lpath)
            if has_magic(local) and await asyncio.to_thread(os.path.isfile, local):
                into = rpath.endswith("/") or await self._isdir(rpath)
                rpath = [paths.join(rpath, paths.name_of(local)) if into else rpath]
                lpath = [local]
        return await super()._put(lpath, rpath, recursive=recursive, **kwargs)

    async def _copy(self, path1: Any, path2: Any, recursive: bool = False, **kwargs: Any) -> Any:
        if isinstance(path1, str) and isinstance(path2, str) and not recursive:
            source = self._strip_protocol(path1)
            if has_magic(source) and await self._isfile(source):
                into = path2.endswith("/") or await self._isdir(path2)
                path2 = [paths.join(path2, paths.name_of(source)) if into else path2]
                path1 = [source]
        return await super()._copy(path1, path2, recursive=recursive, **kwargs)
