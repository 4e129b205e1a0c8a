"""What has reached the edge twin of a pair: reports of its two ends, and the prices of the other pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np

from twin.errors import WireError
from twin.nodes.pricing_config import PricingConfig, others
from twin.solvers.pricing.own import Estimate, aged, kept_share, view_of
from twin.solvers.pricing.pair import PairView, charge, projected
from twin.solvers.pricing.variants import Variant
from twin.wire.codec import decode_body, encode_body
from twin.wire.messages import Body, ComplexArray, Covariance, Csi, Envelope, Kind, Price
from twin.wire.packing import check_arity, check_int, check_name, show
from twin.wire.plain import Plain, take_pairs

NS_PER_S = 1e9

T = TypeVar("T", bound=Body)


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """A body and the message that brought it."""

    body: T
    msg_id: int
    trace_id: int
    t_data_ns: int


def held(envelope: Envelope, body: T) -> Held[T]:
    """What the envelope brought."""
    return Held(body, envelope.msg_id, envelope.trace_id, envelope.t_data_ns)


def _state(held: Held[Csi] | Held[Covariance] | Held[Price]) -> Plain:
    return encode_body(held.body), held.msg_id, held.trace_id, held.t_data_ns


def _restored(state: object, kind: Kind, body_type: type[T]) -> Held[T]:
    data, *numbers = check_arity(state, 4, "Held")
    body = decode_body(kind, data) if type(data) is bytes else None
    if not isinstance(body, body_type):
        raise WireError(f"Held={show(data)}: must be the bytes of a {kind}")
    return Held(body, *[check_int(number, "Held.number") for number in numbers])


@lru_cache(maxsize=256)
def rows_of(names: tuple[str, ...]) -> dict[str, slice]:
    """Which rows are named how; only names whose rows stand side by side."""
    spans = {name: slice(names.index(name), names.index(name) + names.count(name)) for name in dict.fromkeys(names)}
    return {name: span for name, span in spans.items() if set(names[span]) == {name}}


class Known:
    """A report of channels, taken apart as far as it is asked for."""

    def __init__(self, csi: Csi) -> None:
        self.antennas: int = csi.channels.shape[1]
        self.names = rows_of(csi.receivers)
        self._csi = csi
        self._found: dict[str, Estimate] = {}

    def rows(self, name: str) -> int:
        """How many rows are under a name."""
        span = self.names.get(name)
        return 0 if span is None else span.stop - span.start

    def estimate(self, name: str) -> Estimate:
        """The rows under a name that there is. Where only a bound on a row's error is known, the error is as large."""
        if name not in self._found:
            csi, span = self._csi, self.names[name]
            rows = list(zip(csi.error_var[span].tolist(), csi.radius[span].tolist(), strict=True))
            variance = sum(error or bound * bound / self.antennas for error, bound in rows) / len(rows)
            self._found[name] = Estimate(csi.channels[span], variance)
        return self._found[name]


class Book:
    """Keeps the newest of everything, and makes of it what `solvers.pricing` asks for.

    `known` is the transmitter's report `csi`, `heard` the receiver's; `downlink` are channels that the receiver has
    estimated, by which prices are projected for those who pay them.
    """

    def __init__(self, config: PricingConfig, pair: str) -> None:
        self.config = config
        self.pair = pair
        self.csi: Held[Csi] | None = None
        self.known: Known | None = None
        self.downlink: Held[Csi] | None = None
        self.heard: Held[Covariance] | None = None
        self.prices: dict[str, Held[Price]] = {}
        self._view: PairView | None = None

    @property
    def measured(self) -> list[Held[Csi] | Held[Covariance]]:
        """The reports that a price rests on."""
        return [each for each in (self.csi, self.heard) if each is not None]

    def inputs(self, known: Known) -> list[Held[Csi] | Held[Covariance] | Held[Price]]:
        """All that an update rests on."""
        return [*self.measured, *(price for _, price in self._payable(known))]

    @property
    def doppler_hz(self) -> float:
        """Of the channels of the own receiver, as it says; 0 where it has said nothing."""
        return 0.0 if self.heard is None else self.heard.body.doppler_hz

    def keep_csi(self, held: Held[Csi]) -> bool:
        """A report of the transmitter; False, and not kept, if the pair cannot play on it."""
        known, config = Known(held.body), self.config
        if not known.rows(self.pair) or not known.rows(config.eavesdropper):
            return False
        if config.streams + config.noise_streams > known.antennas:
            return False
        if self.known is not None and self.known.antennas != known.antennas:
            return False
        self.csi, self.known, self._view = held, known, None
        return True

    def keep_heard(self, held: Held[Covariance]) -> None:
        """A report of the receiver."""
        self.heard, self._view = held, None

    def view(self, known: Known) -> PairView:
        """What the pair knows of itself; where nothing has been heard of interference there is none."""
        if self._view is None:
            own, eve = known.estimate(self.pair), known.estimate(self.config.eavesdropper)
            antennas = len(own.channel)
            interference = np.zeros((antennas, antennas), np.complex128)
            if self.heard is not None and len(self.heard.body.matrix) == antennas:
                interference = self.heard.body.matrix - np.eye(antennas)
            variant = Variant(self.config.variant)
            self._view = view_of(own, eve, interference, self.config.budget_mw, variant)
        return self._view

    def state(self) -> Plain:
        """All that is held, each as the bytes in which it came."""
        reports = tuple(None if each is None else _state(each) for each in (self.csi, self.downlink, self.heard))
        return reports, tuple((pair, _state(price)) for pair, price in sorted(self.prices.items()))

    def restore(self, state: object) -> None:
        """Hold what another of this configuration did when it said `state`."""
        reports, prices = check_arity(state, 2, "Book")
        csi, downlink, heard = check_arity(reports, 3, "Book.reports")
        if csi is not None and not self.keep_csi(_restored(csi, Kind.CSI, Csi)):
            raise WireError(f"Book.csi: must have rows for {self.pair}")
        self.downlink = None if downlink is None else _restored(downlink, Kind.CSI, Csi)
        self.heard = None if heard is None else _restored(heard, Kind.COVARIANCE, Covariance)
        pairs = take_pairs(prices, "Book.prices")
        self.prices = {check_name(pair, "Book.prices"): _restored(each, Kind.PRICE, Price) for pair, each in pairs}
        self._view = None

    def payers(self, known: Known) -> dict[str, Estimate]:
        """Channels of the own receiver from other transmitters, by which the price is projected for these."""
        if self.downlink is None:
            return {}
        downlink, antennas = Known(self.downlink.body), known.rows(self.pair)
        payers = [name for name in others(self.config, self.pair) if downlink.rows(name) == antennas]
        return {name: downlink.estimate(name) for name in payers}

    def due(self, known: Known, t_ns: int) -> ComplexArray:
        """D (N_T, N_T) of all prices, at `t_ns`."""
        prices, spread = [], 0.0
        for cross, held in self._payable(known):
            price = held.body
            kept = 1.0 if self.config.age_aware == "off" else self.kept(held, t_ns)
            passed = price.factor if price.payer else projected(cross.channel, price.factor)
            prices.append(aged(cross.channel, passed, price.trace, kept))
            spread += cross.error_variance * price.trace
        return charge(known.antennas, prices, 0.0 if self.config.variant == "plug_in" else spread)

    def kept(self, price: Held[Price], t_ns: int) -> float:
        """Share of the channels' power that is still as it was when the price was made."""
        configured = self.config.age_aware == "configured"
        doppler_hz = self.config.doppler_hz if configured else price.body.doppler_hz
        return kept_share(doppler_hz, (t_ns - price.t_data_ns) / NS_PER_S)

    def _payable(self, known: Known) -> Iterator[tuple[Estimate, Held[Price]]]:
        """Channels and prices, in the order of the pairs, so that a sum of them is always the same.

        Who pays must know the channel: without it even a projected price cannot be believed less as it ages.
        """
        for name in self.config.pairs:
            held, rows = self.prices.get(name) if self.config.priced else None, known.rows(name)
            if held is not None and rows and len(held.body.factor) == (known.antennas if held.body.payer else rows):
                yield known.estimate(name), held
