"""The table of routes: paths as the contract writes them, and who answers."""

from __future__ import annotations

from jupyter_server.base.handlers import JupyterHandler

from rsdat.server import (
    clients,
    clusters,
    dcache,
    details,
    endpoints,
    info,
    logs,
    stac,
    staccopies,
    stacsearch,
    tape,
    tokens,
    transfers,
)
from rsdat.server.changes import ChangesHandler
from rsdat.server.content import ContentHandler
from rsdat.server.contract import pattern
from rsdat.server.dashboard import DashboardHandler, DashboardKeyHandler, DashboardPageHandler
from rsdat.server.examples import ExamplesHandler, OpenExampleHandler
from rsdat.server.files import FilesHandler
from rsdat.server.handler import UnknownRoute
from rsdat.server.preview import PreviewHandler
from rsdat.server.pulse import PulseHandler
from rsdat.server.watch import WatchHandler

#: `/api/clusters/preview`, `pulse` and `past` come before `/api/clusters/{id}`, which would take
#: them; so does a dashboard's page by its key before those by the login.
ROUTES: list[tuple[str, type[JupyterHandler]]] = [
    ("/api/info", info.InfoHandler),
    ("/api/examples", ExamplesHandler),
    ("/api/examples/{name}/open", OpenExampleHandler),
    ("/api/changes", ChangesHandler),
    ("/api/site", info.SiteHandler),
    ("/api/presets/{name}", info.PresetHandler),
    ("/api/clusters", clusters.ClustersHandler),
    ("/api/clusters/preview", clusters.PreviewHandler),
    ("/api/clusters/pulse", PulseHandler),
    ("/api/clusters/past", clusters.PastHandler),
    ("/api/clusters/past/{id}", clusters.PastClusterHandler),
    ("/api/clusters/{id}", clusters.ClusterHandler),
    ("/api/clusters/{id}/logs", logs.LogsHandler),
    ("/api/clusters/{id}/search-logs", logs.SearchLogsHandler),
    ("/api/clusters/{id}/logs/{source}", logs.LogHandler),
    ("/api/clusters/{id}/jobs/{job}/{action}", clusters.JobHandler),
    ("/api/clusters/{id}/groups", clusters.GroupsHandler),
    ("/api/clusters/{id}/groups/{group}", clusters.GroupHandler),
    ("/api/clusters/{id}/clients", clients.ClientsHandler),
    ("/api/clusters/{id}/versions", clients.VersionsHandler),
    ("/api/clusters/{id}/dashboard-key", DashboardKeyHandler),
    ("/clusters/{id}/dashboard/key/{key}/{page}", DashboardPageHandler),
    ("/clusters/{id}/dashboard/{page}", DashboardHandler),
    ("/api/dcache/endpoints", endpoints.EndpointsHandler),
    ("/api/endpoints/{endpoint}", endpoints.EndpointHandler),
    ("/api/endpoints/{endpoint}/test", endpoints.EndpointTestHandler),
    ("/api/dcache/{endpoint}/list", dcache.ListHandler),
    ("/api/dcache/{endpoint}/info", dcache.EntryHandler),
    ("/api/dcache/{endpoint}/mkdir", dcache.MakeFolderHandler),
    ("/api/dcache/{endpoint}/move", dcache.MoveHandler),
    ("/api/dcache/{endpoint}/delete", dcache.DeleteHandler),
    ("/api/dcache/{endpoint}/watch", WatchHandler),
    ("/api/dcache/{endpoint}/details", details.DetailsHandler),
    ("/api/dcache/{endpoint}/attributes", details.AttributesHandler),
    ("/api/dcache/{endpoint}/quota", details.QuotaHandler),
    ("/api/dcache/{endpoint}/token", tokens.TokenHandler),
    ("/api/dcache/{endpoint}/macaroons", tokens.MacaroonsHandler),
    ("/api/dcache/{endpoint}/stage", tape.StageHandler),
    ("/api/dcache/{endpoint}/pin", tape.PinHandler),
    ("/api/dcache/{endpoint}/release", tape.ReleaseHandler),
    ("/api/tape", tape.TapeHandler),
    ("/api/tape/{id}", tape.TapeOrderHandler),
    ("/api/tape/{id}/seen", tape.SeenHandler),
    ("/api/deletions", dcache.DeletionsHandler),
    ("/api/deletions/{id}/{action}", dcache.DeletionActionHandler),
    ("/api/transfers", transfers.TransfersHandler),
    ("/api/transfers/{id}", transfers.TransferHandler),
    ("/api/transfers/{id}/answer", transfers.AnswerHandler),
    ("/api/transfers/{id}/missing", transfers.MissingHandler),
    ("/api/transfers/{id}/{action}", transfers.ActionHandler),
    ("/transfers/{id}/content", ContentHandler),
    ("/api/stac/node", stac.NodeHandler),
    ("/api/stac/items", stac.ItemsHandler),
    ("/api/stac/summary", stac.SummaryHandler),
    ("/api/stac/footprints", stac.FootprintsHandler),
    ("/api/stac/item", stac.ItemHandler),
    ("/api/stac/files", stac.FilesHandler),
    ("/api/stac/copies", staccopies.CopiesHandler),
    ("/api/stac/copies/estimate", staccopies.EstimateHandler),
    ("/api/stac/apis", stacsearch.ApisHandler),
    ("/api/stac/apis/{name}", stacsearch.ApiHandler),
    ("/api/stac/collections", stacsearch.CollectionsHandler),
    ("/api/stac/searches", stacsearch.SearchesHandler),
    ("/api/stac/searches/{id}", stacsearch.SearchHandler),
    ("/api/stac/searches/{id}/stop", stacsearch.StopHandler),
    ("/preview/{endpoint}/{path}", PreviewHandler),
    ("/files/{endpoint}/{path}", FilesHandler),
]


def handlers() -> list[tuple[str, type[JupyterHandler]]]:
    """What tornado is given: regular expressions, and last the 404 for everything else."""
    return [
        *(("/rsdat" + pattern(template), handler) for template, handler in ROUTES),
        ("/rsdat/(.*)", UnknownRoute),
    ]
