"""Instance files: what is read, what is refused and how it is said; result files: all or nothing."""

import copy
import json
import os

import numpy as np
import pytest

from twin.errors import InstanceError, UsageError
from twin.signal.secrecy import secrecy_rates
from twin.solvers.json_files import Answer, check_writable
from twin.solvers.synergy.instances import read_instances, write_results
from twin.solvers.synergy.solve import solve


@pytest.fixture
def items(problem, draw_problem, item_of):
    return [item_of(0, problem), item_of("b", draw_problem(1, (2, 8, 3)))]


def at(item, *path):
    for key in path[:-1]:
        item = item[key]
    return item, path[-1]


def put(*path_and_value):
    *path, value = path_and_value

    def change(items):
        holder, key = at(items, *path)
        holder[key] = value

    return change


def drop(*path):
    def change(items):
        holder, key = at(items, *path)
        del holder[key]

    return change


def test_a_written_problem_is_read_back_to_the_bit(items, problem, instance_file):
    first, second = read_instances(instance_file(items))
    assert (first.id, second.id) == (0, "b")
    for read, written in zip(first.problem.channels, problem.channels, strict=True):
        np.testing.assert_array_equal(read, written)
    assert first.problem.powers_mw == problem.powers_mw
    assert [matrix.shape for matrix in second.problem.channels] == [(4, 2), (4, 8), (4, 3)]


def test_only_the_problem_is_read(items, instance_file):
    plain = read_instances(instance_file(items))
    for item in items:
        item.update(best_min_secrecy_rate="none", w=None, f=[], v=7, baselines=3, generator=[], P_dB="no", extra={})
    adorned = read_instances(instance_file(items, "adorned.json"))
    for one, other in zip(plain, adorned, strict=True):
        assert one.problem.powers_mw == other.problem.powers_mw
        for a, b in zip(one.problem.channels, other.problem.channels, strict=True):
            np.testing.assert_array_equal(a, b)


def test_decibels_in_place_of_powers_and_no_antenna_counts(items, instance_file):
    del items[0]["P"], items[0]["N"]
    items[0]["P_dB"] = {"S": 10, "U": -5.0, "B": 20}
    (first, _) = read_instances(instance_file(items))
    np.testing.assert_allclose(first.problem.powers_mw, [10.0, 10.0**-0.5, 100.0], rtol=1e-14)


def test_a_noise_power_scales_the_channels(items, instance_file, draw_precoders):
    plain = read_instances(instance_file(items))[0].problem
    for name in ("h", "a", "g"):
        for user, row in items[0][name].items():
            items[0][name][user] = [[3.0 * re, 3.0 * im] for re, im in row]
    items[0]["noise_power"] = 9.0
    noisy = read_instances(instance_file(items, "noisy.json"))[0].problem
    precoders = draw_precoders(0, plain)
    np.testing.assert_allclose(
        secrecy_rates(noisy.channels, precoders), secrecy_rates(plain.channels, precoders), atol=1e-12
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop(1, "id"), "items[1].id=null: must be an integer or a text"),
        (put(1, "id", True), "items[1].id=true"),
        (put(1, "id", 1.5), "items[1].id=1.5"),
        (put(1, "id", "0"), 'items[1].id="0": must differ from items[0].id'),
        (put(1, [1, 2]), "items[1] is a list: must be an object"),
        (drop(0, "P"), "items[0].P is missing: must give the powers S, U and B"),
        (put(0, "P", 3.0), "items[0].P is a number: must be an object"),
        (drop(0, "P", "U"), "items[0].P.U is missing"),
        (put(1, "P", "S", -1), "items[1].P.S=-1: must be > 0"),
        (put(1, "P", "S", 0), "items[1].P.S=0: must be > 0"),
        (put(1, "P", "B", float("inf")), "items[1].P.B=inf: must be finite"),
        (put(1, "P", "B", 10**400), "items[1].P.B=inf: must be finite"),
        (put(1, "P", "B", "5"), 'items[1].P.B="5": must be a number'),
        (put(1, "P", "B", True), "items[1].P.B=true: must be a number"),
        (put(1, "noise_power", 0), "items[1].noise_power=0: must be > 0"),
        (drop(1, "g"), "items[1].g is missing: must be an object"),
        (put(1, "g", []), "items[1].g is a list: must be an object"),
        (drop(1, "a", "e"), "items[1].a.e is missing"),
        (put(1, "a", "e", {}), "items[1].a.e is an object: must be a list of [re, im]"),
        (put(1, "a", "e", []), "items[1].a.e is a list: must be a list of [re, im]"),
        (put(1, "a", "e", 2, 0.5), "items[1].a.e[2]=0.5: must be [re, im]"),
        (put(1, "a", "e", 2, [0.5]), "items[1].a.e[2]=a list: must be [re, im]"),
        (put(1, "a", "e", 2, [0.5, None]), "items[1].a.e[2]=null: must be a number"),
        (put(1, "a", "e", 2, [0.5, float("nan")]), "items[1].a.e[2]=nan: must be finite"),
        (put(1, "a", "e", 2, [1e200, 0.0]), "items[1]: channels[1]: largest entry 1e+200"),
        (drop(1, "h", "gu", 0), "items[1].h.gu has 1 entries: must have 2"),
        (put(1, "N", "S", 3), "items[1].h.su has 2 entries: must have 3"),
        (put(1, "N", "S", 0), "items[1].N.S=0: must be an integer >= 1"),
        (put(1, "N", "S", 2.0), "items[1].N.S=2.0: must be an integer >= 1"),
        (put(1, "N", 4), "items[1].N is a number: must be an object"),
        (drop(1, "N", "U"), "items[1].N.U is missing"),
    ],
)
def test_a_broken_item_is_named_with_its_file_field_value_and_what_is_allowed(items, instance_file, change, said):
    items = copy.deepcopy(items)
    change(items)
    path = instance_file(items)
    with pytest.raises(InstanceError) as caught:
        read_instances(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {said}")
    assert "\n" not in message


def test_decibels_out_of_this_world_are_refused(items, instance_file):
    del items[0]["P"]
    items[0]["P_dB"] = {"S": 10, "U": 1e9, "B": 20}
    with pytest.raises(InstanceError, match=r"items\[0\].P_dB.U=1e\+09: must lie in \[-300, 300\] dB"):
        read_instances(instance_file(items))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"PK\x03\x04 binary", "not JSON"),
        (b"[" * 100_000, "not an instance file: nested too deeply"),
        (b"1" * 5000, "not JSON"),
        (b"[]", "holds a list: must be an object with a list `items`"),
        (b"null", "holds null"),
        (b"{}", "items is missing: must be a list of at least one instance"),
        (b'{"items": []}', "items is empty"),
        (b'{"items": {"id": 0}}', "items is an object"),
        (b'{"items": [null]}', "items[0] is null: must be an object"),
    ],
)
def test_a_file_that_holds_no_instances(tmp_path, content, said):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(InstanceError) as caught:
        read_instances(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "\n" not in str(caught.value)


def test_no_file_and_a_directory(tmp_path):
    with pytest.raises(InstanceError, match=r"absent.json: cannot be read: No such file"):
        read_instances(tmp_path / "absent.json")
    with pytest.raises(InstanceError, match=r"must be a JSON file of at most 256 MiB, not a directory"):
        read_instances(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "secret.json"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(InstanceError, match="cannot be read: Permission denied"):
        read_instances(path)


def test_results_are_written_whole_and_hold_every_digit(problem, tmp_path):
    solution = solve(problem, method="mrt")
    path = tmp_path / "results.json"
    write_results(path, "mrt", [Answer("one", solution, 12.5)])
    written = json.loads(path.read_text())
    assert (written["problem"], written["method"]) == ("sagin", "mrt")
    (result,) = written["results"]
    assert (result["id"], result["status"], result["wall_us"]) == ("one", "solved", 12.5)
    assert result["objective"] == solution.objective
    for name, x in zip(("w", "f", "v"), solution.precoders, strict=True):
        np.testing.assert_array_equal([re + 1j * im for re, im in result["precoders"][name]], x)
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_a_write_that_fails_leaves_the_old_results_and_no_litter(problem, tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    path.write_text("old")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(UsageError, match=r"results.json: cannot be written: No space left on device"):
        write_results(path, "mrt", [Answer(0, solve(problem, method="mrt"), 1.0)])
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]
    assert path.read_text() == "old"


def test_a_place_that_cannot_be_written_to_is_found_out_before_any_work(tmp_path):
    instances = tmp_path / "instances.json"
    instances.write_text("{}")
    with pytest.raises(UsageError, match="is a directory"):
        check_writable(tmp_path, instances)
    with pytest.raises(UsageError, match="its directory does not exist"):
        check_writable(tmp_path / "absent" / "out.json", instances)
    with pytest.raises(UsageError, match="is the instance file"):
        check_writable(tmp_path / "." / "instances.json", instances)
    check_writable(tmp_path / "out.json", instances)
    assert [entry.name for entry in tmp_path.iterdir()] == ["instances.json"]
