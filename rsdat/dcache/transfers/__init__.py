"""Transfers of files between the user's computer, the workspace and dCache endpoints.

They belong to the companion and lie on disk, so that they survive a reload of the page and a
restart of Jupyter. `manager.TransferManager` is the one way in.
"""
