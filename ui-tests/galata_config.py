"""The Lab server that galata drives: no token, no XSRF check, files in a folder of its own."""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821 - traitlets puts it there
configure_jupyter_server(c)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["RSDAT_UI_PORT"])
c.ServerApp.port_retries = 0
c.ServerApp.allow_root = True
c.ServerApp.root_dir = os.environ["RSDAT_UI_ROOT"]
# The tests ask the page itself whether it is up: Lab by the lines above, Notebook 7 by this one.
c.JupyterNotebookApp.expose_app_in_browser = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
