"""Ping-pong between two mosaik simulators: whoever gets the ball sends it back; a round takes one unit of time.

In this process both are plain objects, over sockets each is a process of its own, started here again. mosaik is
optional: to import this fails without it.
"""

import sys
import time

import mosaik
import mosaik_api_v3
from loguru import logger

logger.remove()
META = {
    "type": "event-based",
    "models": {"Player": {"public": True, "params": [], "attrs": ["got", "sent"]}},
}


class Player(mosaik_api_v3.Simulator):
    """Sends what it gets; the one that begins has nothing at first."""

    def __init__(self):
        super().__init__(META)
        self.ball, self.now, self.steps = "", 0, 0

    def init(self, sid, time_resolution=1.0, size=0):  # noqa: ARG002 - as mosaik asks
        self.ball = "x" * size
        return self.meta

    def create(self, num, model):  # noqa: ARG002 - as mosaik asks
        return [{"eid": "player", "type": model}]

    def step(self, time, inputs, max_advance):  # noqa: ARG002 - as mosaik asks
        self.now = time
        self.steps += 1
        if inputs:
            (self.ball,) = inputs["player"]["got"].values()

    def get_data(self, outputs):  # noqa: ARG002 - as mosaik asks
        return {"time": self.now, "player": {"sent": self.ball}}


def rate(way: str, rounds: int, size: int) -> float:
    """Messages per second of wall time, `way` "python" or "sockets"."""
    start = {"python": f"{__name__}:Player"} if way == "python" else {"cmd": f"{sys.executable} {__file__} %(addr)s"}
    with mosaik.World({"Player": start}, skip_greetings=True) as world:
        ping, pong = (world.start("Player", sim_id=name, size=size).Player() for name in ("ping", "pong"))
        world.connect(ping, pong, ("sent", "got"))
        world.connect(pong, ping, ("sent", "got"), time_shifted=True)
        world.set_initial_event("ping")
        began = time.perf_counter()
        world.run(until=rounds, print_progress=False)
        return 2 * rounds / (time.perf_counter() - began)


if __name__ == "__main__":
    mosaik_api_v3.start_simulation(Player())
