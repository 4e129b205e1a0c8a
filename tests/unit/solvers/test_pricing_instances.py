"""`solve ic FILE`: instance files, what is refused and how it is said, the table and the results."""

import copy
import json

import numpy as np
import pytest

from scenarios.cli import main
from scenarios.commands.solve import run_solve
from twin.errors import InstanceError
from twin.solvers.pricing.instances import read_instances


def pairs_of(matrix):
    return [[entry.real, entry.imag] for entry in np.ravel(matrix).tolist()]


def item_of(identity, problem, gains=(1.0, 1.0, 1.0)):
    k, _, receive, transmit = problem.channels.shape
    main, cross, eve = gains
    unit = problem.channels / np.sqrt(np.where(np.eye(k) > 0, main, cross))[..., None, None]
    return {
        "id": identity,
        "K": k,
        "Nt": transmit,
        "Nr": receive,
        "Ne": problem.eve_channels.shape[1],
        "ds": problem.streams,
        "da": problem.noise_streams,
        "Ptot_dB": float(10.0 * np.log10(problem.powers_mw[0])),
        "gain_over_noise": {"main": main, "int": cross, "eve": eve},
        "zeta_R": problem.zeta,
        "zeta_E": problem.zeta_eve,
        "Hhat": [[pairs_of(unit[j, i]) for i in range(k)] for j in range(k)],
        "HhatE": [pairs_of(e / np.sqrt(eve)) for e in problem.eve_channels],
    }


@pytest.fixture
def items(draw_pairs):
    gains = (4.0, 1.0, 9.0)
    return [
        item_of("a", draw_pairs(0, pairs=2, antennas=(3, 2, 2), streams=(1, 1))),
        item_of("b", draw_pairs(1, pairs=3, antennas=(2, 2, 1), streams=(1, 1), zeta=0.2, gains=gains), gains),
    ]


@pytest.fixture
def write(tmp_path):
    def put(items, name="ic.json", key="realisations"):
        path = tmp_path / name
        path.write_text(json.dumps({key: items}), encoding="utf-8")
        return path

    return put


def test_a_written_problem_is_read_back(items, write, draw_pairs):
    first, second = read_instances(write(items))
    expected = draw_pairs(1, pairs=3, antennas=(2, 2, 1), streams=(1, 1), zeta=0.2, gains=(4.0, 1.0, 9.0))
    assert (first.id, second.id) == ("a", "b")
    for name in ("channels", "eve_channels", "powers_mw", "gains", "eve_gains", "error_variances"):
        np.testing.assert_allclose(getattr(second.problem, name), getattr(expected, name), rtol=1e-12)
    assert (second.problem.streams, second.problem.noise_streams, second.problem.zeta) == (1, 1, 0.2)


@pytest.mark.parametrize("key", ["items", "instances"])
def test_the_list_may_have_other_names_and_answers_are_not_read(items, write, key):
    items[0]["best"] = "nothing of interest"
    items[0]["eval_seed"] = None
    assert len(read_instances(write(items, key=key))) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda i: i.pop("K"), "realisations[1].K is missing"),
        (lambda i: i.update(K=0), "realisations[1].K=0: must be an integer >= 1"),
        (lambda i: i.update(K=101), "realisations[1].K=101: must be at most 100"),
        (lambda i: i.update(K=2), "realisations[1].Hhat has 3 entries: must be a list of 2"),
        (lambda i: i.update(Ne=0), "realisations[1].Ne=0: must be an integer >= 1"),
        (lambda i: i.update(ds=2), "realisations[1]: d_s=2, d_a=1: must have"),
        (lambda i: i.update(ds=0), "realisations[1].ds=0: must be an integer >= 1"),
        (lambda i: i.update(da=-1), "realisations[1].da=-1: must be an integer >= 0"),
        (lambda i: i.update(zeta_R=1.5), "realisations[1]: zeta=1.5: must lie in [0, 1]"),
        (lambda i: i.update(zeta_E=-0.5), "realisations[1]: zeta_eve=-0.5: must lie in [0, 1]"),
        (lambda i: i.update(Ptot_dB=999), "realisations[1].Ptot_dB=999: must lie in [-200, 200] dB"),
        (lambda i: i.update(gain_over_noise=1.0), "realisations[1].gain_over_noise is a number: must be an object"),
        (lambda i: i["gain_over_noise"].update(eve=-1), "realisations[1].gain_over_noise.eve=-1: must be >= 0"),
        (lambda i: i["gain_over_noise"].pop("int"), "realisations[1].gain_over_noise.int is missing"),
        (lambda i: i["Hhat"][0][1].pop(), "realisations[1].Hhat[0][1] has 3 entries: must have 4"),
        (lambda i: i["Hhat"][2].pop(), "realisations[1].Hhat[2] has 2 entries: must be a list of 3"),
        (lambda i: i["HhatE"][0].__setitem__(0, [1.0]), "realisations[1].HhatE[0][0]=a list: must be [re, im]"),
        (lambda i: i["Hhat"][0][0].__setitem__(0, [float("nan"), 0]), "realisations[1].Hhat[0][0][0]=nan: must be fin"),
        (lambda i: i["Hhat"][0][0].__setitem__(0, [1e9, 0]), "realisations[1]: channels: largest entry"),
    ],
)
def test_a_broken_item_is_named_with_field_value_and_what_is_allowed(items, write, change, said):
    items = copy.deepcopy(items)
    change(items[1])
    path = write(items)
    with pytest.raises(InstanceError) as caught:
        read_instances(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "\n" not in str(caught.value)


def test_the_command_solves_prints_and_writes(items, write, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["solve", "ic", str(write(items)), "--method", "selfish", "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["id", "status", "sum", "secrecy", "sending"]
    assert [line.split()[0] for line in lines[1:3]] == ["a", "b"]
    assert " of 2 " in lines[1]
    assert lines[3].startswith("ic, selfish: 2 of 2 solved")
    written = json.loads(out.read_text())
    assert (written["problem"], written["method"]) == ("ic", "selfish")
    first = written["results"][0]
    assert first["objective"] == pytest.approx(sum(first["rates"]), abs=1e-12)
    assert (len(first["precoders"]["Q"]), len(first["precoders"]["L"][0])) == (2, 3)


def test_one_pair_works_and_all_off_is_said(draw_pairs, write):
    silent = draw_pairs(2, pairs=1, antennas=(2, 2, 4), streams=(1, 1))
    silent.eve_channels[0, :2] = 2.0 * silent.channels[0, 0]
    alone = draw_pairs(3, pairs=1, antennas=(3, 2, 1), streams=(1, 1))
    lines = run_solve("ic", write([item_of("off", silent), item_of("on", alone)]), "fast").splitlines()
    assert "all off" in lines[1]
    assert "1 of 1" in lines[2]


def test_an_unknown_method_is_answered_with_those_of_the_problem(items, write, capsys):
    assert main(["solve", "ic", str(write(items)), "--method", "mrt"]) == 2
    assert "method='mrt': must be one of fast, reference, plug_in" in capsys.readouterr().err
