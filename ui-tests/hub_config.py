"""A Lab server as JupyterHub runs it: below a base URL, with a token and the XSRF check on."""

import os

c = get_config()  # noqa: F821 - traitlets puts it there
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["RSDAT_UI_PORT"])
c.ServerApp.port_retries = 0
c.ServerApp.base_url = "/user/ann/"
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.root_dir = os.environ["RSDAT_UI_ROOT"]
# The tests ask Lab itself whether it is up.
c.LabApp.expose_app_in_browser = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
