"""A run that was killed anywhere, or interrupted, is gone on with to the end of one that nothing happened to."""

import json
import os
import shutil
import signal
import struct
from zlib import crc32

import numpy as np
import pytest

from scenarios import engine
from scenarios.engine import run_scenario
from scenarios.load import load
from scenarios.resuming import resume
from twin.emulation.plane import MessagePlane
from twin.errors import HostLostError, RunFolderError, TwinError
from twin.journal.facts import Closed, Handled, HostState, Opened, Wall
from twin.journal.journal import HEADER, Journal
from twin.journal.reader import read_journal, records_of
from twin.journal.records import encode_fact
from twin.journal.resume import Resumption, find_cut
from twin.runtime.hosting import Hosting
from twin.wire.local import MemoryLink

SETTINGS = ("scenario.duration_s=0.14", "metrics.warmup_ms=60", "metrics.period_ms=60", "network.radio.loss=0.05")
CRASH = 'fault=[{kind="twin_crash", twin="core:base_station", from_s=0.07, to_s=0.1}]'
PAIRS = ("pairs.count=3", "metrics.warmup_ms=20", "twin.schedule=simultaneous", "network.edge.loss=0.1")
SENSING = ("report.period_ms=10", "twin.trigger=every")
SCENARIO_OF = {PAIRS: "interference", SENSING: "hisac"}
SYSTEMS = {
    "windows": ((), "memory", "auto"),
    "pairs": (PAIRS, "memory", "auto"),
    "sensing and multicast": (SENSING, "memory", "auto"),
    "a clock, a crash, an edge coordinator": (
        ("twin.coordinator=edge:uav", "twin.trigger=periodic", CRASH.replace("core:base_station", "edge:uav")),
        "memory",
        "auto",
    ),
}
MORE = {
    "lockstep over sockets": (("twin.solver=mrt",), "inproc", 0),
    "every report, a crash": (("twin.trigger=every", CRASH), "memory", 15_000),
}
NEVER_EQUAL = ("wall_s",)
SEED = 11


@pytest.fixture(autouse=True, scope="module")
def _snapshots_are_frequent():
    """So that a short run has some, and its end needs more than the last."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.emulation.keeper._LEAST_BYTES", 1 << 14)
        patch.setattr("twin.emulation.keeper._RATIO", 1)
        patch.setattr("twin.emulation.keeper._PART_BYTES", 1500)
        yield


@pytest.fixture
def unfinished(monkeypatch):
    """Runs that stop short of their tables, metrics and page, of which the journal is enough here."""
    monkeypatch.setattr(engine, "finish", lambda folder: folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nothing happened to."""
    return start(tmp_path_factory, "undisturbed")


def start(tmp_path_factory, name, sets=(), transport="memory", window="auto"):
    out = tmp_path_factory.mktemp(name) / "run"
    run_scenario(load(SCENARIO_OF.get(sets, "sagin"), [*SETTINGS, *sets]), SEED, out, transport, window=window)
    return out


def cut(whole, folder, end):
    """A folder with the first `end` bytes of a journal, as a kill would leave it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "journal.wal").write_bytes((whole / "journal.wal").read_bytes()[:end])
    return folder


def within_a_snapshot(whole):
    """The end of the first part of some snapshot that has more."""
    with (whole / "journal.wal").open("rb") as file:
        parts = [r for r in records_of(file) if isinstance(r.fact, HostState) and r.fact.parts > 1 and not r.fact.part]
    return parts[len(parts) // 2].end


def lasting(folder):
    """The facts in the order of the journal, but for what may come out otherwise: wall time, and what depends on it."""
    facts = [fact for fact in read_journal(folder / "journal.wal").facts if not isinstance(fact, Wall | HostState)]
    assert isinstance(facts[-1], Closed)
    last = facts.pop()
    return facts, (last.t_ns, last.kernel_events, last.interrupted, last.state_hashes)


@pytest.mark.usefixtures("unfinished")
@pytest.mark.parametrize(
    ("sets", "transport", "window"),
    [
        *(pytest.param(*way, id=name) for name, way in SYSTEMS.items()),
        *(pytest.param(*way, id=name, marks=pytest.mark.slow) for name, way in MORE.items()),
    ],
)
def test_2_from_any_prefix_to_the_same_journal_and_the_same_final_states(
    tmp_path_factory, tmp_path, sets, transport, window
):
    whole = start(tmp_path_factory, "whole", sets, transport, window)
    expected, digests = lasting(whole), read_journal(whole / "journal.wal").digests
    size = (whole / "journal.wal").stat().st_size
    assert sum(isinstance(fact, HostState) for fact in read_journal(whole / "journal.wal").facts) >= 4
    first = len(HEADER) + 8 + len(encode_fact(Opened(read_journal(whole / "journal.wal").manifest)))
    draws = np.random.default_rng(SEED)
    for end in (first, within_a_snapshot(whole), size - 1, int(draws.integers(first, size))):
        folder = cut(whole, tmp_path / "cut", end)
        resume(folder)
        assert lasting(folder) == expected, f"cut at byte {end}"
        again = read_journal(folder / "journal.wal")
        assert not again.truncated
        assert again.digests.digest() == digests.digest()


@pytest.mark.usefixtures("unfinished")
def test_a_run_that_is_killed_again_and_again_still_comes_to_its_end(whole, tmp_path, monkeypatch):
    folder = cut(whole, tmp_path / "cut", (whole / "journal.wal").stat().st_size // 10)
    with monkeypatch.context() as patch:
        for kill in range(1, 4):

            class Killed(BaseException):
                pass

            def hurt(progress, at_ns=kill * 30_000_000):
                if progress.t_ns >= at_ns:
                    raise Killed

            patch.setattr(Journal, "__exit__", lambda journal, *_: os.close(journal._fd))  # nothing is flushed
            before = find_cut(folder / "journal.wal").end
            with pytest.raises(Killed):
                resume(folder, progress=hurt)
            assert find_cut(folder / "journal.wal").end > before
    resume(folder, lambda _: Hosting("inproc"))
    assert lasting(folder) == lasting(whole)


def test_the_folder_is_as_complete_as_that_of_an_undisturbed_run(whole, tmp_path):
    folder = cut(whole, tmp_path / "cut", (whole / "journal.wal").stat().st_size // 2)
    resume(folder)
    assert {path.name for path in folder.iterdir()} == {path.name for path in whole.iterdir()}
    for name in ("manifest.json", "summary.json"):
        one, other = (json.loads((path / name).read_text()) for path in (whole, folder))
        assert one.keys() == other.keys()
        assert {k: v for k, v in one.items() if k not in NEVER_EQUAL and k != "solves"} == {
            k: v for k, v in other.items() if k not in NEVER_EQUAL and k != "solves"
        }
    for name in ("messages", "control", "metrics", "attribution"):
        assert (whole / f"{name}.parquet").read_bytes() == (folder / f"{name}.parquet").read_bytes()


@pytest.mark.usefixtures("unfinished")
def test_an_interrupted_run_is_gone_on_with(whole, tmp_path):
    for at_ns in (30_000_000, 101_000_000):

        def hurt(progress, at_ns=at_ns):
            if progress.t_ns >= at_ns:
                os.kill(os.getpid(), signal.SIGINT)

        out = tmp_path / f"stopped-{at_ns}"
        run_scenario(load("sagin", SETTINGS), SEED, out, "memory", hurt)
        assert read_journal(out / "journal.wal").closed.interrupted
        resume(out)
        assert lasting(out) == lasting(whole)


@pytest.mark.usefixtures("unfinished")
def test_an_interrupted_run_whose_hosts_never_say_their_last_word_is_gone_on_with(whole, tmp_path, monkeypatch):
    """Ctrl-C, and then a host is lost, or Ctrl-C again, or a kill: the journal has no end."""
    arrive = MessagePlane._arrive_at_twin
    for number in (20, 61):
        arrivals = iter(range(number))

        def arrive_and_stop(plane, transit, envelope, arrivals=arrivals):
            arrive(plane, transit, envelope)
            if next(arrivals, None) is None:
                os.kill(os.getpid(), signal.SIGINT)

        def lose(_link):
            raise HostLostError("host edge: is gone")

        out = tmp_path / str(number)
        with monkeypatch.context() as patch:
            patch.setattr(MessagePlane, "_arrive_at_twin", arrive_and_stop)
            patch.setattr(MemoryLink, "stop", lose)
            with pytest.raises(HostLostError):
                run_scenario(load("sagin", SETTINGS), SEED, out, "memory")
        assert read_journal(out / "journal.wal").closed is None
        resume(out)
        assert lasting(out) == lasting(whole)


@pytest.mark.usefixtures("unfinished")
def test_who_interrupts_again_waits_for_no_host_and_can_go_on(whole, tmp_path, monkeypatch):
    """The first Ctrl-C comes while a host is at work that would take long; the second ends the run there and then."""
    monkeypatch.setattr("scenarios.interrupted.PATIENCE_S", 0.0)
    post = MemoryLink.post
    calls = iter(range(10**9))

    def hang(self, batches):
        if next(calls) == 40:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("nothing may come after the second Ctrl-C")
        post(self, batches)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryLink, "post", hang)
        with pytest.raises(KeyboardInterrupt):
            run_scenario(load("sagin", SETTINGS), SEED, tmp_path / "out", "memory")
    assert read_journal(tmp_path / "out" / "journal.wal").closed is None
    resume(tmp_path / "out")
    assert lasting(tmp_path / "out") == lasting(whole)


def test_a_ctrl_c_that_a_wrapper_passes_on_twice_is_one(whole, tmp_path, monkeypatch):
    """The second comes when hosts are being stopped, or the folder is being completed; what is behind it is done."""
    stop = MemoryLink.stop

    def again(result):
        os.kill(os.getpid(), signal.SIGINT)
        return result

    monkeypatch.setattr(MemoryLink, "stop", lambda link: again(stop(link)))
    monkeypatch.setattr(engine, "finish", again)
    hurt = iter((signal.SIGINT,))
    before = signal.getsignal(signal.SIGINT)
    run_scenario(
        load("sagin", SETTINGS), SEED, tmp_path / "out", "memory", lambda _: [os.kill(os.getpid(), s) for s in hurt]
    )
    assert read_journal(tmp_path / "out" / "journal.wal").closed.interrupted
    with pytest.raises(KeyboardInterrupt):
        resume(tmp_path / "out")
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.setattr(MemoryLink, "stop", stop)
    monkeypatch.setattr(engine, "finish", lambda folder: folder)
    resume(tmp_path / "out")
    assert lasting(tmp_path / "out") == lasting(whole)


@pytest.mark.usefixtures("unfinished")
def test_an_interruption_before_the_end_of_the_journal_leaves_it_as_it_was(whole, tmp_path):
    folder = cut(whole, tmp_path / "cut", (whole / "journal.wal").stat().st_size * 3 // 4)
    before = (folder / "journal.wal").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        resume(folder, progress=lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert (folder / "journal.wal").read_bytes() == before
    resume(folder)
    assert lasting(folder) == lasting(whole)


@pytest.mark.usefixtures("unfinished")
def test_what_is_on_file_is_not_asked_for_again(whole, tmp_path, monkeypatch):
    """The hosts get the batches after the last snapshot, and no other."""
    folder = cut(whole, tmp_path / "cut", (whole / "journal.wal").stat().st_size - 200)
    facts = list(read_journal(folder / "journal.wal").facts)
    since = len(facts) - max(k for k, fact in enumerate(facts) if isinstance(fact, HostState))
    asked = []
    answer = "twin.runtime.host.Host._on_batch"
    real = __import__("twin.runtime.host", fromlist=["Host"]).Host._on_batch
    monkeypatch.setattr(answer, lambda host, batch: asked.append(batch.number) or real(host, batch))
    resume(folder)
    barriers = sum(isinstance(fact, Handled) for fact in facts)
    assert 0 < len(asked) <= 2 * since < barriers


def test_a_journal_that_grows_while_it_is_read_is_of_a_run_that_goes_on(whole, tmp_path):
    folder = cut(whole, tmp_path / "cut", (whole / "journal.wal").stat().st_size // 2)
    journal = folder / "journal.wal"
    found = find_cut(journal)
    with journal.open("ab") as file:
        file.write(b"more")
    before = journal.read_bytes()
    for _ in range(2):
        with pytest.raises(RunFolderError, match="was written to while it was read: the run was still going on"):
            Resumption(found)
    assert journal.read_bytes() == before


def forged(whole, folder, change):
    """The journal of a folder with another manifest, valid to the last CRC."""
    data, crc = bytearray(HEADER), crc32(HEADER)
    for fact in read_journal(whole / "journal.wal").facts:
        if isinstance(fact, Closed):
            break
        payload = encode_fact(Opened(change(fact.manifest)) if isinstance(fact, Opened) else fact)
        length = struct.pack("<I", len(payload))
        crc = crc32(payload, crc32(length, crc))
        data += length + struct.pack("<I", crc) + payload
    folder.mkdir()
    (folder / "journal.wal").write_bytes(bytes(data))
    return folder


def scenario_with(manifest, section, **values):
    scenario = manifest["scenario"]
    return {**manifest, "scenario": {**scenario, section: {**scenario[section], **values}}}


FORGERIES = {
    "another seed": (lambda m: {**m, "seed": 12}, "is not what comes about now"),
    "another scenario": (lambda m: scenario_with(m, "network", topology="x"), "topology"),
    "another window": (lambda m: {**m, "window": "1000000000"}, "window=1 s: must be 1e-09 to"),
    "no window": (lambda m: {**m, "window": "-1"}, "manifest key window=-1: must be auto or a number of ns"),
    "lockstep": (lambda m: {**m, "window": "0"}, "is not what comes about now"),
    "longer reports": (lambda m: scenario_with(m, "report", period_ms=21.0), "is not what comes about now"),
    "another version": (
        lambda m: {**m, "versions": {**m["versions"], "numpy": "0.9"}},
        "numpy version=0.9: must be .*, this program's, to go on with the run",
    ),
    "another machine": (
        lambda m: {**m, "machine": "Plan9 sparc64"},
        "machine=Plan9 sparc64: must be .*, this one's, to go on with the run",
    ),
    "no versions": (lambda m: {k: v for k, v in m.items() if k != "versions"}, "manifest key versions is missing"),
    "no seed": (lambda m: {**m, "seed": "1"}, "manifest key seed is of type str: must be of type int"),
}


@pytest.mark.usefixtures("unfinished")
def test_a_journal_of_another_run_is_refused_in_one_line_and_left_as_it_was(whole, tmp_path):
    for name, (change, message) in FORGERIES.items():
        folder = forged(whole, tmp_path / name.replace(" ", "-"), change)
        before = (folder / "journal.wal").read_bytes()
        with pytest.raises(TwinError, match=message) as error:
            resume(folder)
        assert error.value.exit_code == 2
        assert "\n" not in str(error.value)
        assert (folder / "journal.wal").read_bytes() == before


@pytest.mark.usefixtures("unfinished")
def test_what_can_not_be_resumed_says_why(whole, tmp_path):
    with pytest.raises(RunFolderError, match="the run came to its end: there is nothing to resume"):
        resume(whole)
    with pytest.raises(RunFolderError, match="is not a run folder"):
        resume(tmp_path)
    folder = cut(whole, tmp_path / "cut", 30_000)
    with Journal(folder / "journal.wal", None), pytest.raises(RunFolderError, match="the run is still going on"):
        resume(folder)
    (folder / "journal.wal").write_bytes(HEADER)
    with pytest.raises(RunFolderError, match="ends before its first record; nothing can be resumed"):
        resume(folder)
    (folder / "journal.wal").unlink()
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(RunFolderError, match="is missing: there is nothing to resume"):
        resume(folder)
