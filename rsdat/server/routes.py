"""The table of routes: paths as the contract writes them, and who answers."""

from __future__ import annotations

from jupyter_server.base.handlers import JupyterHandler

from rsdat.server import clusters, dcache, info, logs
from rsdat.server.changes import ChangesHandler
from rsdat.server.contract import pattern
from rsdat.server.dashboard import DashboardHandler
from rsdat.server.files import FilesHandler
from rsdat.server.handler import UnknownRoute

#: `/api/clusters/preview` and `past` come before `/api/clusters/{id}`, which would take them.
ROUTES: list[tuple[str, type[JupyterHandler]]] = [
    ("/api/info", info.InfoHandler),
    ("/api/changes", ChangesHandler),
    ("/api/site", info.SiteHandler),
    ("/api/presets/{name}", info.PresetHandler),
    ("/api/clusters", clusters.ClustersHandler),
    ("/api/clusters/preview", clusters.PreviewHandler),
    ("/api/clusters/past", clusters.PastHandler),
    ("/api/clusters/past/{id}", clusters.PastClusterHandler),
    ("/api/clusters/{id}", clusters.ClusterHandler),
    ("/api/clusters/{id}/logs", logs.LogsHandler),
    ("/api/clusters/{id}/search-logs", logs.SearchLogsHandler),
    ("/api/clusters/{id}/logs/{source}", logs.LogHandler),
    ("/api/clusters/{id}/jobs/{job}/{action}", clusters.JobHandler),
    ("/api/clusters/{id}/groups", clusters.GroupsHandler),
    ("/api/clusters/{id}/groups/{group}", clusters.GroupHandler),
    ("/clusters/{id}/dashboard/{page}", DashboardHandler),
    ("/api/dcache/endpoints", dcache.EndpointsHandler),
    ("/api/dcache/{endpoint}/list", dcache.ListHandler),
    ("/api/dcache/{endpoint}/info", dcache.EntryHandler),
    ("/api/dcache/{endpoint}/mkdir", dcache.MakeFolderHandler),
    ("/api/dcache/{endpoint}/move", dcache.MoveHandler),
    ("/api/dcache/{endpoint}/delete", dcache.DeleteHandler),
    ("/api/dcache/{endpoint}/stage", dcache.StageHandler),
    ("/api/dcache/{endpoint}/release", dcache.ReleaseHandler),
    ("/files/{endpoint}/{path}", FilesHandler),
]


def handlers() -> list[tuple[str, type[JupyterHandler]]]:
    """What tornado is given: regular expressions, and last the 404 for everything else."""
    return [
        *(("/rsdat" + pattern(template), handler) for template, handler in ROUTES),
        ("/rsdat/(.*)", UnknownRoute),
    ]
