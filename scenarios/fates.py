"""What is written of the twins before a run begins: what they declare, when they crash, which clocks they have."""

from scenarios.faults import crashes, link_faults
from scenarios.spec import Spec
from scenarios.system import System
from twin.emulation.lives import Lives
from twin.emulation.lookahead import Declared, Lookahead, Traffic, lookahead
from twin.emulation.routes import Routes, always_up
from twin.nodes.reactions import reactions


def declared(system: System[Spec]) -> dict[str, Declared]:
    """What the twins declare."""
    handle_ns = system.spec.twin.cost_us.handle_ns
    clocks, configs = system.clocks(), system.node_configs(dict.fromkeys(system.spec.twins, 0))
    # A twin that begins anew does so at any moment: only the first life keeps to the grid of its clock.
    grid_ns = 1 if crashes(system.spec.fault) else max(system.strike_ns - handle_ns, 1)
    return {
        name: Declared(handle_ns, grid_ns if name in clocks else None, reactions(configs[name]))
        for name in system.spec.twins
    }


def lookahead_of(system: System[Spec]) -> Lookahead:
    """How far the kernel may run ahead of the twins of a scenario."""
    return lookahead(system.graph(), system.sites(), declared(system), _traffic(system))


def lives(system: System[Spec]) -> Lives:
    """The crashes of the twins, and the clocks with which they begin each life."""
    return Lives(crashes=crashes(system.spec.fault), clocks=system.clocks())


def _traffic(system: System[Spec]) -> Traffic | None:
    """Who writes to whom and by which way; None where that may change."""
    spec, graph = system.spec, system.graph()
    talks = system.talks()
    if talks is None or spec.network.outage or link_faults(spec.fault, graph, system.sites()):
        return None
    routes = Routes(graph, lambda _here, _there, _t_ns: 0, always_up)
    return Traffic(talks, lambda here, there: routes.route(here, there, 0))
