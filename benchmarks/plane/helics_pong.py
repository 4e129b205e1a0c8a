"""Ping-pong between two HELICS value federates: whoever gets the ball publishes it again, for the other 1 ms later.

Both are threads of one process, each with a core of its own; what is between them is the core's type, `inproc` or
sockets (`zmq`, `zmq_ss`). HELICS is optional: to import this fails without it.
"""

import socket
import threading
import time

import helics

PERIOD_S = 1e-3


def federate(name: str, other: str, core: str, broker: str):
    info = helics.helicsCreateFederateInfo()
    where = f"--broker={broker}" if core == "inproc" else f"--broker_address=127.0.0.1 --brokerport={broker}"
    helics.helicsFederateInfoSetCoreName(info, f"core-{name}-{broker}")
    helics.helicsFederateInfoSetCoreTypeFromString(info, core)
    helics.helicsFederateInfoSetCoreInitString(info, f"--federates=1 {where}")
    helics.helicsFederateInfoSetTimeProperty(info, helics.HELICS_PROPERTY_TIME_DELTA, PERIOD_S)
    made = helics.helicsCreateValueFederate(name, info)
    out = helics.helicsFederateRegisterGlobalPublication(made, name, helics.HELICS_DATA_TYPE_RAW, "")
    return made, out, helics.helicsFederateRegisterSubscription(made, other, "")


def play(name: str, other: str, core: str, broker: str, rounds: int, size: int) -> float:
    """Get the ball `rounds` times and play it back; the player called "ping" begins. Seconds of wall time."""
    fed, out, got = federate(name, other, core, broker)
    helics.helicsFederateEnterExecutingMode(fed)
    first = 2 if name == "ping" else 1
    began = time.perf_counter()
    if name == "ping":
        helics.helicsPublicationPublishBytes(out, bytes(size))
    for turn in range(rounds):
        helics.helicsFederateRequestTime(fed, (2 * turn + first) * PERIOD_S)
        ball = helics.helicsInputGetBytes(got)
        if len(ball) != size or ball[0] != (2 * turn + first - 1) % 256:
            raise SystemExit(f"{name}: turn {turn}: got {ball[:1]!r}, {len(ball)} bytes")
        if name == "pong" or turn < rounds - 1:
            helics.helicsPublicationPublishBytes(out, bytes([(ball[0] + 1) % 256]) + ball[1:])
    took = time.perf_counter() - began
    helics.helicsFederateDisconnect(fed)
    helics.helicsFederateFree(fed)
    return took


def rate(core: str, rounds: int, size: int) -> float:
    """Messages per second of wall time."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        name = str(free.getsockname()[1])
    broker = helics.helicsCreateBroker(core, name, "--federates=2" + ("" if core == "inproc" else f" --port={name}"))
    partner = threading.Thread(target=play, args=("pong", "ping", core, name, rounds, size), daemon=True)
    partner.start()
    took = play("ping", "pong", core, name, rounds, size)
    partner.join()
    helics.helicsBrokerWaitForDisconnect(broker, 5000)
    helics.helicsBrokerFree(broker)
    return 2 * rounds / took
