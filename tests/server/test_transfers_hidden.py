"""Hidden names: what Jupyter does not show is not written by a copy either."""

from __future__ import annotations

from pathlib import Path

from tests.support.transfers import Transfers, names


async def test_what_lies_in_a_hidden_folder(transfers: Transfers, folder: str, place: Path) -> None:
    """The folder is refused; so is all that lies in it."""
    (place / ".ssh" / "more").mkdir(parents=True)
    (place / ".ssh" / "authorized_keys").write_text("somebody's")
    (place / ".ssh" / "more" / "f").write_text("x")
    made = await transfers.begin(
        "copy", source=("default", f"{folder}/.ssh"), destination=(None, "")
    )
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert not [name for name in names(transfers.root) if ".ssh" in name]
    assert ended["files"]["failed"] == 4
    assert "hidden" in ended["failures"][-1]["message"]
