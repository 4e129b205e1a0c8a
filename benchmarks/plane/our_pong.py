"""Ping-pong between an entity and a twin: whoever gets the ball sends it back, and it arrives 1 ms later.

The twin lives in a host that is reached over a transport; a process for it begins by calling the script again, with
`host ...`. Every message is journalled and in the digest.
"""

import sys
import tempfile
import time
from pathlib import Path

import networkx as nx
import numpy as np

from twin.emulation.barrier import coupling
from twin.emulation.kernel import Kernel
from twin.emulation.links import LinkParams
from twin.emulation.plane import MessagePlane
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.journal.facts import Closed
from twin.journal.journal import Journal
from twin.nodes.base import Outputs
from twin.nodes.config import NodeConfig, to_wire
from twin.runtime.hosting import Hosting, connect
from twin.wire.messages import Kind, Letter, Precoder
from twin.wire.protocol import Welcome

HANDLE_NS = 1_000
TWIN = "edge:ping"


class Partner:
    """A twin that sends back what it gets."""

    def __init__(self, config, _life):
        self.name, self.config, self.got = config.name, config, 0

    def handle(self, incoming):
        self.got += 1
        cause = incoming.envelope
        letter = Letter(Kind.PRECODER, "ping", incoming.body, cause.t_data_ns, cause.trace_id, cause.msg_id)
        return Outputs(HANDLE_NS, (letter,))

    def state(self):
        return self.got

    def restore(self, state):
        self.got = state


def rate(transport: str, rounds: int, size: int) -> float:
    """Messages per second of wall time, with batches as they come (windows bring nothing to one ball)."""
    kernel = Kernel(("ping", TWIN))
    graph = nx.Graph()
    graph.add_edge("ping", "cloud", params=LinkParams("radio", 1_000_000, 0, 1e12, 0.0, 10))
    host_of, site_of = {TWIN: "edge"}, {"ping": "ping", TWIN: "cloud"}
    config = NodeConfig(
        name=TWIN, role="edge", entity="ping", entity_kind="user", rank=kernel.rank(TWIN), peer="core:ping",
        coordinator="core:ping", eavesdropper="eve", sensed_to="", handle_ns=HANDLE_NS, mailbox_max=10,
        coordination=None,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.wal", {})
        hosting = Hosting(transport, children=(sys.executable, sys.argv[0], "host"))
        with connect(hosting, ["edge"], Partner) as link:
            link.open({"edge": Welcome("run", (to_wire(config),), 0)})
            layout = Layout(graph, site_of, host_of, lambda _a, _b, _t: 0)
            plane = MessagePlane(kernel, layout, Streams(1), journal, coupling(kernel, link, host_of, 0))
            port, left = plane.port("ping", "run"), [rounds]
            ball = Precoder("ping", 1, np.zeros(size // 16, dtype=complex), 0)

            def play(_envelope=None, body=ball):
                if left[0]:
                    left[0] -= 1
                    port.send(Letter(Kind.PRECODER, TWIN, body, kernel.now_ns, 1))
                return ""

            port.listen(play)
            kernel.at(0, kernel.order("ping", "ping", 1), play)
            began = time.perf_counter()
            kernel.run(10**15)
            took = time.perf_counter() - began
            link.stop()
        journal.close(Closed(kernel.now_ns, kernel.events, took, False, {}))
    if plane.counts["delivered"] != 2 * rounds:
        raise SystemExit(f"{transport}: {plane.counts['delivered']} messages: must be {2 * rounds}")
    return 2 * rounds / took
