"""A real JupyterHub with its proxy, below a prefix: Lab runs at /hub-prefix/user/<name>/."""

import json
import os
import socket
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ["RSDAT_UI_HUB_FOLDER"])


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


hub_port, proxy_port = free_ports(2)

c = get_config()  # noqa: F821 - traitlets puts it there
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['RSDAT_UI_PORT']}/hub-prefix/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [str(HERE / "node_modules/.bin/configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{FOLDER / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(FOLDER / "cookie-secret")

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["RSDAT_UI_HUB_PASSWORD"]
c.Authenticator.allow_all = True
# Stops people's servers by the hub's REST interface, as a culler of idle servers does.
c.JupyterHub.services = [{"name": "culler", "api_token": os.environ["RSDAT_UI_HUB_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "culler", "scopes": ["read:users", "admin:servers"], "services": ["culler"]}
]

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(FOLDER / "home" / "{username}")
c.Spawner.cmd = [str(Path(sys.executable).parent / "jupyterhub-singleuser")]
c.Spawner.args = ["--allow-root", f"--config={HERE / 'hub_server_config.py'}"]
c.Spawner.default_url = "/lab"
c.Spawner.notebook_dir = os.environ["RSDAT_UI_ROOT"]
# A hub hands on little of its own environment; these say where Slurm and our files are.
c.Spawner.environment = json.loads(os.environ["RSDAT_UI_HUB_SERVERS"])
c.Spawner.http_timeout = 120
