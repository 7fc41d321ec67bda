"""A person's Lab server behind ui-tests/hub_config.py."""

c = get_config()  # noqa: F821 - traitlets puts it there
# The tests ask Lab itself whether it is up.
c.LabApp.expose_app_in_browser = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
