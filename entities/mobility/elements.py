"""Two-line element sets: read strictly, propagated by SGP4."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from entities.mobility.frames import SECONDS_PER_DAY, sidereal_rad, to_earth_fixed
from twin.errors import ScenarioError
from twin.signal.arrays import RealArray

if TYPE_CHECKING:
    from sgp4.api import Satrec

DEFAULT_ELEMENTS: Final = (
    "1 28057U 03049A   06177.78615833  .00000060  00000-0  35940-4 0  1836\n"
    "2 28057  98.4283 247.6961 0000884  88.1964 271.9322 14.35478080140550"
)
"""CBERS-2 (28057), epoch 2006-06-26T18:52:04Z: Vallado et al. 2006, SGP4-VER.TLE of the package sgp4."""

_LENGTH: Final = 69
_DAY_OF_YEAR: Final = slice(20, 32)
_DAYS_PER_YEAR: Final = 366
_M_PER_KM: Final = 1e3
_SECONDS_PER_MINUTE: Final = 60.0
_UNIX_EPOCH_JD: Final = 2_440_587.5
_SHAPES: Final = (
    re.compile(
        r"1 [A-Z\d][\d ]{4}[A-Z ] .{8} [\d ]{5}\.[\d ]{8} [ +-]\.\d{8}"  # number, designator, epoch, drift
        r" [ +-]\d{5}[+-]\d [ +-]\d{5}[+-]\d . [\d ]{5}"  # second derivative, B*, type, set, checksum
    ),
    re.compile(
        r"2 [A-Z\d][\d ]{4} [\d ]{3}\.[\d ]{4} [\d ]{3}\.[\d ]{4} \d{7}"  # number, inclination, node, eccentricity
        r" [\d ]{3}\.[\d ]{4} [\d ]{3}\.[\d ]{4} [\d ]{2}\.\d{8}[\d ]{6}"  # perigee, anomaly, motion, turns, checksum
    ),
)


@dataclass(frozen=True)
class Elements:
    """One element set. Times are seconds of UTC since its epoch, forwards and backwards."""

    line1: str
    line2: str

    @classmethod
    def parse(cls, text: str) -> "Elements":
        """The one element set in a text: its two lines, perhaps with names, comments (#) or empty lines around them.

        Raises:
            ScenarioError: there is none or more than one, or a line has a wrong length, form or checksum.
        """
        lines = [line.rstrip() for line in text.splitlines()]
        firsts = [index for index, line in enumerate(lines) if line.startswith("1 ")]
        if not firsts:
            raise ScenarioError("is not a two-line element set: no line begins with 1")
        if len(firsts) > 1:
            raise ScenarioError(f"holds {len(firsts)} element sets, must hold one")
        pair = lines[firsts[0] : firsts[0] + 2]
        if len(pair) < 2 or not pair[1].startswith("2 "):
            raise ScenarioError("is not a two-line element set: the line after line 1 does not begin with 2")
        for number, line in enumerate(pair, 1):
            _check_line(number, line)
        if pair[0][2:7] != pair[1][2:7]:
            raise ScenarioError(f"lines 1 and 2 are of two satellites, {pair[0][2:7]} and {pair[1][2:7]}")
        day = float(pair[0][_DAY_OF_YEAR].replace(" ", "0"))
        if not 1.0 <= day < _DAYS_PER_YEAR + 1.0:  # SGP4 would count on into other years
            raise ScenarioError(f"line 1 is of day {day:g} of its year, must be 1 to {_DAYS_PER_YEAR}")
        elements = cls(*pair)
        elements.teme(np.zeros(1))
        return elements

    @property
    def text(self) -> str:
        """Both lines, as `parse` takes them."""
        return f"{self.line1}\n{self.line2}"

    @property
    def catalog_number(self) -> str:
        """The satellite's number in the catalogue."""
        return self.line1[2:7].strip()

    @cached_property
    def epoch(self) -> datetime:
        """The instant of the elements, UTC, to the microsecond."""
        days = (self._satrec.jdsatepoch - _UNIX_EPOCH_JD) + self._satrec.jdsatepochF
        return datetime.fromtimestamp(0, tz=UTC) + timedelta(microseconds=round(days * SECONDS_PER_DAY * 1e6))

    def utc(self, since_s: float) -> datetime:
        """The instant `since_s` after the epoch."""
        return self.epoch + timedelta(seconds=since_s)

    def since_s(self, utc: datetime) -> float:
        """Seconds from the epoch to an instant."""
        return (utc - self.epoch).total_seconds()

    def teme(self, since_s: RealArray) -> tuple[RealArray, RealArray]:
        """Position in m and velocity in m/s (T, 3) in TEME at instants (T,) in s. SGP4: Vallado et al. 2006.

        Raises:
            ScenarioError: SGP4 has no answer at one of the instants.
        """
        position, velocity, codes = self._propagated(since_s)
        if codes.any():
            raise ScenarioError(self._failure(since_s, codes))
        return position, velocity

    def earth_fixed(self, since_s: RealArray) -> tuple[RealArray, RealArray]:
        """Position in m and velocity in m/s (T, 3) in the Earth-fixed frame at instants (T,) in s.

        Raises:
            ScenarioError: SGP4 has no answer at one of the instants.
        """
        satrec = self._satrec
        sidereal = sidereal_rad(satrec.jdsatepoch, satrec.jdsatepochF + since_s / SECONDS_PER_DAY)
        return to_earth_fixed(*self.teme(since_s), sidereal)

    def alive_until(self, since_s: RealArray) -> int:
        """How many of the instants (T,), from the first on, SGP4 has an answer for.

        Raises:
            ScenarioError: it has none for the first.
        """
        *_, codes = self._propagated(since_s)
        failed = np.flatnonzero(codes)
        if failed.size and failed[0] == 0:
            raise ScenarioError(self._failure(since_s, codes))
        return int(failed[0]) if failed.size else len(since_s)

    @cached_property
    def _satrec(self) -> "Satrec":
        from sgp4.api import Satrec

        return Satrec.twoline2rv(self.line1, self.line2)

    def _propagated(self, since_s: RealArray) -> tuple[RealArray, RealArray, RealArray]:
        satrec = self._satrec
        day = satrec.jdsatepochF + np.asarray(since_s, dtype=np.float64) / SECONDS_PER_DAY
        codes, position_km, velocity_km_s = satrec.sgp4_array(np.full_like(day, satrec.jdsatepoch), day)
        return position_km * _M_PER_KM, velocity_km_s * _M_PER_KM, codes

    def _failure(self, since_s: RealArray, codes: RealArray) -> str:
        from sgp4.api import SGP4_ERRORS

        first = int(np.flatnonzero(codes)[0])
        code = int(codes[first])
        what = SGP4_ERRORS.get(code, "no answer").replace("mrt is less than 1.0 which indicates the", "the")
        failed = f"SGP4 error {code} at {minute(self.utc(float(since_s[first])))}: {what}"
        return f"{failed} (elements of satellite {self.catalog_number}, epoch {minute(self.epoch)})"


def minute(instant: datetime) -> str:
    """An instant as 2006-06-28T03:14Z."""
    return f"{instant:%Y-%m-%dT%H:%MZ}"


def checksum(line: str) -> int:
    """The last digit of the sum of the digits in columns 1 to 68, a minus sign counting 1."""
    return sum(int(char) if char.isdigit() else char == "-" for char in line[: _LENGTH - 1]) % 10


def _check_line(number: int, line: str) -> None:
    if not line.isascii() or not line.isprintable():
        raise ScenarioError(f"line {number} has characters that are not printable ASCII")
    if len(line) != _LENGTH:
        raise ScenarioError(f"line {number} has {len(line)} characters, must have {_LENGTH}")
    if not line[-1].isdigit() or int(line[-1]) != checksum(line):
        raise ScenarioError(f"line {number} ends with checksum {line[-1]}, its digits give {checksum(line)}")
    if not _SHAPES[number - 1].fullmatch(line):
        raise ScenarioError(f"line {number} has the right checksum and is not of the two-line form")
