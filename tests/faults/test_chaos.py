"""Invariant 2: the digest is the same after kills of hosts and of the kernel at random, and nothing is left behind."""

import sys

import pytest

from tests.faults import chaos

SEEDS = (2,)
MANY = range(100, 120)


def check(tmp_path, seed):
    name = list(chaos.SCENARIOS)[seed % len(chaos.SCENARIOS)]
    report = chaos.disturb(tmp_path / "runs", tmp_path / "home", *chaos.SCENARIOS[name], seed)
    assert not report.problems, f"python tests/faults/chaos.py --runs 1 --seed {seed}"
    assert report.kernels_killed


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes and sockets in /proc")


@pytest.mark.parametrize("seed", SEEDS)
def test_2_random_kills_change_no_digest_and_leave_nothing_behind(tmp_path, seed):
    check(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_2_twenty_runs_with_random_kills(tmp_path, seed):
    check(tmp_path, seed)
