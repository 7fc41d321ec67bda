"""What the page asks of a notebook's kernel, in a real kernel: it learns, and leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.support.other_scheduler import OtherScheduler, other_scheduler

pytestmark = pytest.mark.timeout(180)
LIMIT_S = 90.0
GOLDEN = Path(__file__).parent / "golden"
#: Held against src/notebook/question.ts by its own test.
QUESTION = (GOLDEN / "question.txt").read_text().strip()
CLOSING = (GOLDEN / "closing.txt").read_text().strip()
NO_RSDAT = "import sys; sys.modules['rsdat'] = None"


class Kernel:
    """A kernel, asked as a page does."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, code: str) -> dict[str, Any]:
        """As a cell."""
        reply = self._client.execute(code, reply=True, timeout=LIMIT_S)
        assert reply["content"]["status"] == "ok", reply["content"]
        content: dict[str, Any] = reply["content"]
        return content

    def evaluate(self, expression: str) -> dict[str, Any]:
        """As the page does: silently, and no code at all but the expression."""
        reply = self._client.execute(
            "",
            silent=True,
            store_history=False,
            user_expressions={"rsdat": expression},
            allow_stdin=False,
            reply=True,
            timeout=LIMIT_S,
        )
        answer: dict[str, Any] = reply["content"]["user_expressions"]["rsdat"]
        assert answer["status"] == "ok", answer
        data: dict[str, Any] = answer["data"]
        return data

    def run_text(self, expression: str) -> Any:
        """The value of an expression that makes JSON."""
        text = self.evaluate(f"(lambda json: {expression})(__import__('json'))")
        return json.loads(text["text/plain"].strip("'"))

    def ask(self) -> dict[str, Any]:
        """The answer to the question."""
        answer: dict[str, Any] = self.evaluate(QUESTION)["application/vnd.rsdat.clients+json"]
        return answer


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """With nothing imported that it does not need itself."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=LIMIT_S)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherScheduler]:
    with other_scheduler(tmp_path_factory.mktemp("scheduler")) as running:
        yield running


def test_its_life_with_a_client(kernel: Kernel, scheduler: OtherScheduler) -> None:
    """Nothing is imported for it, no name, output or line of history is left; rsdat not needed."""
    kernel.run(NO_RSDAT)
    known = "(__import__('os').getpid(), 41)[1] + 1"
    count = kernel.run(known)["execution_count"]
    assert kernel.ask()["clients"] == []
    assert not {"dask", "distributed"} & set(kernel.ask()["packages"])
    checks = "'distributed' not in sys.modules and _ == 42 and sorted(Out) == [2]"
    kernel.run(f"assert {checks}, (_, Out)")
    after = kernel.run("assert len(In) == 5, In")
    assert after["execution_count"] == count + 2

    kernel.run(
        "from dask.distributed import Client\n"
        f"client = Client({scheduler.address!r})\n"
        f"second = Client({scheduler.address!r})"
    )
    mine = kernel.run_text("json.dumps([client.id, second.id])")
    answer = kernel.ask()
    # The one that Dask takes by itself comes last.
    assert [each["id"] for each in answer["clients"]] == mine
    for each in answer["clients"]:
        assert (each["scheduler"], each["status"]) == (scheduler.facts["id"], "running")
    assert answer["packages"]["distributed"] == distributed.__version__
    assert set(answer["packages"]) >= {"python", "dask", "msgpack", "cloudpickle"}

    kernel.evaluate(CLOSING.replace("Client-x", mine[0]))
    (left,) = (each for each in kernel.ask()["clients"] if each["status"] != "closed")
    assert left["id"] == mine[1]


def test_an_asynchronous_client(kernel: Kernel, scheduler: OtherScheduler) -> None:
    """Belongs to the kernel's own loop; it is closed there."""
    kernel.run(
        "from dask.distributed import Client\n"
        f"mine = await Client({scheduler.address!r}, asynchronous=True)"
    )
    (id_,) = kernel.run_text("json.dumps([mine.id])")
    assert id_ in [each["id"] for each in kernel.ask()["clients"]]
    kernel.evaluate(CLOSING.replace("Client-x", id_))
    kernel.run("import asyncio\nwhile mine.status != 'closed':\n    await asyncio.sleep(0.01)")
