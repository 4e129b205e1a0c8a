"""The links against ns-3: one topology, the same packets at the same instants in both, delays compared.

    a --10 Mbit/s--.
                    r --12.5 Mbit/s, 1 ms, shared-- s --10 Mbit/s, 5 ms-- d
    b --20 Mbit/s--'

Two Poisson senders meet at r. `a` sends packets of 64 to 1500 bytes, `b` of two sizes; all queues are drop-tail. ns-3
has point-to-point devices that forward frames without IP, so a frame has the same bytes in both (its PPP header of 2
bytes included); its queue does not count the packet in service, ours does. Every rate makes a byte a whole number of
nanoseconds, so nothing is rounded, and packet by packet the delays should be equal.

Run: python benchmarks/ns3_links.py [--messages N] [--seed N] [--load RHO] (needs `pip install ns3`, on Linux).
"""

import argparse
import importlib
import sys
import time
import warnings

import networkx as nx
import numpy as np

from twin.emulation.kernel import Kernel
from twin.emulation.links import LinkParams
from twin.emulation.network import Network
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.wire.messages import SCHEMA, Envelope, Kind

MISSING = "ns-3 is not installed, nothing was compared: pip install ns3 (--target DIR, and PYTHONPATH=DIR)"
# (from, to): rate in bit/s, delay in ns, packets that may wait
LINKS = {
    ("a", "r"): (10_000_000, 100_000, 1000),
    ("b", "r"): (20_000_000, 300_000, 1000),
    ("r", "s"): (12_500_000, 1_000_000, 40),
    ("s", "d"): (10_000_000, 5_000_000, 30),
}
SECOND_OVER_FIRST = LINKS["s", "d"][0] / LINKS["r", "s"][0]
TOLERANCE = 0.01

NS3_CODE = """
#include <unordered_map>
#include <vector>
namespace twin_links {
using namespace ns3;

struct Sink {
    std::vector<int64_t> arrived;
    std::unordered_map<uint64_t, size_t> number;
};

bool forward(Ptr<PointToPointNetDevice> next, Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t, const Address&) {
    next->Send(packet->Copy(), next->GetBroadcast(), 0x0800);
    return true;
}

bool receive(Sink* sink, Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t, const Address&) {
    sink->arrived[sink->number.at(packet->GetUid())] = Simulator::Now().GetNanoSeconds();
    return true;
}

void send(Sink* sink, Ptr<PointToPointNetDevice> device, uint32_t bytes, size_t number) {
    Ptr<Packet> packet = Create<Packet>(bytes - 2);  // the device adds a PPP header of 2 bytes
    sink->number[packet->GetUid()] = number;
    device->Send(packet, device->GetBroadcast(), 0x0800);
}

std::vector<int64_t> run(const std::vector<int64_t>& links, const std::vector<int64_t>& instants,
                         const std::vector<int64_t>& sizes, const std::vector<int64_t>& senders) {
    NodeContainer nodes;
    nodes.Create(5);  // a, b, r, s, d
    const int ends[4][2] = {{0, 2}, {1, 2}, {2, 3}, {3, 4}};
    std::vector<Ptr<PointToPointNetDevice>> out, in;
    for (int k = 0; k < 4; ++k) {
        PointToPointHelper helper;
        helper.SetDeviceAttribute("DataRate", DataRateValue(DataRate(uint64_t(links[3 * k]))));
        helper.SetChannelAttribute("Delay", TimeValue(NanoSeconds(links[3 * k + 1])));
        helper.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize",
                        QueueSizeValue(QueueSize(QueueSizeUnit::PACKETS, uint32_t(links[3 * k + 2]))));
        NetDeviceContainer pair = helper.Install(nodes.Get(ends[k][0]), nodes.Get(ends[k][1]));
        out.push_back(DynamicCast<PointToPointNetDevice>(pair.Get(0)));
        in.push_back(DynamicCast<PointToPointNetDevice>(pair.Get(1)));
    }
    Sink sink;
    sink.arrived.assign(instants.size(), -1);
    in[0]->SetReceiveCallback(MakeBoundCallback(&forward, out[2]));
    in[1]->SetReceiveCallback(MakeBoundCallback(&forward, out[2]));
    in[2]->SetReceiveCallback(MakeBoundCallback(&forward, out[3]));
    in[3]->SetReceiveCallback(MakeBoundCallback(&receive, &sink));
    for (size_t k = 0; k < instants.size(); ++k)
        Simulator::Schedule(NanoSeconds(instants[k]), &send, &sink, out[senders[k]], uint32_t(sizes[k]), k);
    Simulator::Run();
    Simulator::Destroy();
    return sink.arrived;
}
}
"""


def packets(count, load, seed):
    """Instants in ns, sizes in bytes and senders (0: a, 1: b) of a load `load` on the bottleneck, half by each."""
    rng = np.random.default_rng(seed)
    sizes = {0: rng.integers(64, 1501, count // 2), 1: rng.choice([100, 1400], count // 2, p=[0.6, 0.4])}
    instants = {}
    for sender, size in sizes.items():
        per_s = load / 2 * LINKS["r", "s"][0] / (8 * size.mean())
        instants[sender] = np.cumsum(rng.exponential(1e9 / per_s, len(size))).astype(np.int64)
    senders = np.repeat([0, 1], count // 2)
    order = np.argsort(np.concatenate([instants[0], instants[1]]), kind="stable")
    parts = (np.concatenate([part[0], part[1]]) for part in (instants, sizes))
    return *(part[order] for part in parts), senders[order]


def emulated(instants, sizes, senders):
    """Arrival of every packet in ns by our own links, -1 for one that was dropped; and the kernel's events."""
    graph = nx.Graph()
    for (src, dst), (rate_bps, delay_ns, waiting) in LINKS.items():
        graph.add_edge(src, dst, params=LinkParams("link", delay_ns, 0, float(rate_bps), 0.0, waiting + 1))
    kernel, arrived = Kernel(graph), np.full(len(instants), -1)

    def arrive(transit):
        arrived[transit.envelope.msg_id] = kernel.now_ns

    layout = Layout(graph, {site: site for site in graph}, {}, lambda _a, _b, _t_ns: 0)
    network = Network(kernel, layout, Streams(1), arrive, lambda *_ended: None)

    def send(number):
        src, t_ns = "ab"[senders[number]], int(instants[number])
        envelope = Envelope(SCHEMA, "ns3", Kind.STATE, src, "d", number, number, 0, 0, t_ns, -1, t_ns, 0, 0, b"")
        order = kernel.order("d", src, number)
        kernel.at(t_ns, order, lambda: network.send(envelope, int(sizes[number]), t_ns))

    for number in range(len(instants)):
        send(number)
    kernel.run(1 << 62)
    return arrived, kernel.events


def by_ns3(instants, sizes, senders):
    """The same by ns-3; None when it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cppyy speaks of its own headers
        try:
            importlib.import_module("ns")
            cppyy = importlib.import_module("cppyy")
        except ImportError:
            return None
    cppyy.cppdef(NS3_CODE)
    vector = cppyy.gbl.std.vector["int64_t"]
    flat = [number for link in LINKS.values() for number in link]
    arrays = [vector(np.asarray(part).tolist()) for part in (flat, instants, sizes, senders)]
    return np.array(list(cppyy.gbl.twin_links.run(*arrays)))


def compare(ours, theirs):
    """Print both sets of delays (ms) of what got through; the worst relative difference of mean and p99."""
    worst = 0.0
    print(f"{'':18}{'ours':>12}{'ns-3':>12}{'difference':>13}")
    for name, of in (
        ("mean delay, ms", np.mean),
        ("p50", np.median),
        ("p99", lambda delays: np.quantile(delays, 0.99)),
        ("max", np.max),
    ):
        mine, other = of(ours) * 1e-6, of(theirs) * 1e-6
        difference = mine / other - 1
        worst = max(worst, abs(difference)) if name in {"mean delay, ms", "p99"} else worst
        print(f"{name:18}{mine:12.6f}{other:12.6f}{difference:+13.2e}")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=float, default=0.75, help="of the bottleneck; the next link has 1.25 times that")
    args = parser.parse_args()
    if args.messages < 2 or not 0 < args.load < 2:
        parser.error("--messages must be at least 2, --load above 0 and below 2")
    drawn = packets(args.messages, args.load, args.seed)
    started = time.perf_counter()
    theirs = by_ns3(*drawn)
    if theirs is None:
        print(MISSING)
        return 0
    ns3_s, started = time.perf_counter() - started, time.perf_counter()
    ours, events = emulated(*drawn)
    ours_s = time.perf_counter() - started
    both = (ours >= 0) & (theirs >= 0)
    print(f"{len(ours)} packets, load {args.load:g} on the bottleneck, {args.load / SECOND_OVER_FIRST:g} behind it")
    worst = compare((ours - drawn[0])[ours >= 0], (theirs - drawn[0])[theirs >= 0])
    print(f"{'dropped':18}{(ours < 0).sum():12}{(theirs < 0).sum():12}")
    print(f"{'by one only':18}{((ours >= 0) != (theirs >= 0)).sum():12}")
    print(f"same packet: largest difference {np.abs(ours - theirs)[both].max()} ns")
    events_each = f"{events / len(ours):.2f} events a packet"
    print(f"wall time: ours {ours_s:.2f} s ({events_each}), ns-3 {ns3_s:.2f} s with compilation")
    print(f"mean and p99 within {worst:.2%}: {'ok' if worst <= TOLERANCE else 'TOO FAR'} (goal {TOLERANCE:.0%})")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
