"""The message plane: messages per second with a trivial solver, journal and digest on.

N entities report at a fixed rate; each report goes to the edge twin and its replica on to the core twin. Every tenth
entity is a transmitter: its core twin answers at once with a precoder, which goes down through the edge twin. That
makes 2.2 messages per report. Entities have a radio link each; the twins of all share two clouds, with a host each.

    simpy     the anchor: as many bare SimPy callbacks as there are messages, and nothing else
    memory    hosts are handed what the codec would hand over
    inproc    real ZeroMQ sockets
    ipc, tcp  hosts in processes of their own, which work side by side

Every row but the anchor writes a journal and sums the digests; all rows of a size must give one digest. Repetitions are
interleaved, and begin after two report periods in which every sender and receiver has been met. Costs are medians of
processor time, which on an idle machine is wall time too; where hosts are processes it is the best wall time, and what
else the machine does can only make these rows look worse.

Handling costs 1 ms here, and so windows are 1 ms long. At the default 20 us of a scenario a window holds about one
delivery, and windows cost what lockstep costs.

Usage: python benchmarks/message_plane.py [--quick | --flat | --real-time | --length | --profile]
"""

import argparse
import cProfile
import pstats
import resource
import statistics
import sys
import time
from collections.abc import Callable

import simpy
from plane.hosts import be_host
from plane.world import HANDLE_NS, TRANSMITTERS, Row, make, run

PER_REPORT = 2 + 2 / TRANSMITTERS
MESSAGES = 12_000
REPETITIONS = 5


def anchor(messages: int) -> float:
    """Bare SimPy: one event with one callback per message; messages per second."""
    env = simpy.Environment()
    left = [messages]

    def fire(_event):
        if left[0] > 0:
            left[0] -= 1
            env.timeout(1).callbacks.append(fire)

    for _ in range(100):
        fire(None)
    began = time.process_time()
    env.run()
    return messages / (time.process_time() - began)


ROWS = [
    Row(transport, window) for transport in ("memory", "inproc", "ipc", "tcp") for window in ("lockstep", "windows")
]


def compare(counts: list[int], messages: int, repetitions: int) -> None:
    """All rows for each size; the in-memory row with windows is what the others are compared with."""
    print(f"handling cost {HANDLE_NS / 1e6:g} ms, as windows; about {messages} messages, {repetitions} repetitions")
    print("entities  row               messages/s  x memory  us/message  events/message")
    for count in counts:
        duration_ns = round(messages / PER_REPORT / count / 100 * 1e9)
        found: dict[Row, list[dict]] = {row: [] for row in ROWS}
        bare = []
        for _ in range(repetitions):
            bare.append(anchor(messages))
            for row in ROWS:
                found[row].append(run(count, row, duration_ns))
        digests = {result["digest"] for results in found.values() for result in results}
        if len(digests) != 1:
            raise SystemExit(f"{count} entities: {len(digests)} digests: must be one")
        rates = {row: rate_of(row, results) for row, results in found.items()}
        base = max(rate for row, rate in rates.items() if row.transport == "memory")
        print(f"{count:8d}  {'simpy':16s}  {statistics.median(bare):10.0f}  {statistics.median(bare) / base:8.2f}")
        for row, rate in rates.items():
            events, name = median(found[row], "events"), f"{row.transport} {row.window}"
            print(f"{count:8d}  {name:16s}  {rate:10.0f}  {rate / base:8.2f}  {1e6 / rate:10.1f}  {events:14.2f}")


def rate_of(row: Row, results: list[dict]) -> float:
    """Messages per second: of processor time, or of wall time where more than one process works."""
    if row.transport in {"ipc", "tcp"}:
        return max(result["wall_rate"] for result in results)
    return median(results, "rate")


def median(results: list[dict], key: str) -> float:
    return statistics.median(result[key] for result in results)


def flat(repetitions: int) -> None:
    """Cost per message as entities grow a hundredfold, at one message rate."""
    print("entities  us/message  x at 100   (memory, lockstep, interleaved)")
    counts = (100, 1000, 10_000)
    found: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(repetitions):
        for count in counts:
            rate_hz = 10_000 / count
            result = run(count, Row("memory", "lockstep"), 1_000_000_000, rate_hz)
            found[count].append(1e6 / result["rate"])
    middle = {count: statistics.median(costs) for count, costs in found.items()}
    for count, cost in middle.items():
        print(f"{count:8d}  {cost:10.1f}  {cost / middle[100]:8.2f}")


def real_time(repetitions: int) -> None:
    """Virtual over wall time of 100 entities that report at 100 and at 5 Hz, in memory."""
    row = Row("memory", "windows")
    for rate_hz, goal in ((100.0, 1), (5.0, 10)):
        seconds = 100 / rate_hz
        results = [run(100, row, round(seconds * 1e9), rate_hz) for _ in range(repetitions)]
        wall, cpu = (seconds / median(results, key) for key in ("wall_s", "cpu_s"))
        factors = f"{wall:.2f} by the wall clock, {cpu:.2f} by processor time"
        print(f"real-time factor, 100 entities at {rate_hz:g} Hz in memory: {factors} (goal {goal})")


def length(seconds: float) -> None:
    """Resident memory after runs of growing length."""
    for factor in (1, 10):
        run(100, Row("memory", "windows"), round(factor * seconds * 1e9), 100.0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak resident memory after {factor * seconds:g} s virtual: {peak:.0f} MiB")


def profile() -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    run(100, Row("memory", "windows"), 1_000_000_000)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes: dict[str, Callable[[], None]] = {
        "quick": lambda: compare([10, 100], 3000, 3),
        "flat": lambda: flat(3),
        "real-time": lambda: real_time(3),
        "length": lambda: length(1.0),
        "profile": profile,
    }
    for name in modes:
        parser.add_argument(f"--{name}", action="store_const", const=name, dest="mode")
    mode = parser.parse_args().mode
    if mode is not None:
        modes[mode]()
        return
    compare([10, 100, 1000], MESSAGES, REPETITIONS)
    flat(3)
    real_time(3)
    length(1.0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["host"]:
        be_host(make)
    else:
        main()
