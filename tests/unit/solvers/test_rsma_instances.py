"""`solve hisac FILE`: instance files, what is refused and how it is said, the table and the results."""

import copy
import json

import numpy as np
import pytest

from scenarios.cli import main
from twin.errors import InstanceError
from twin.solvers.rsma.instances import read_instances


def rows(matrix):
    return [[[entry.real, entry.imag] for entry in row] for row in matrix.tolist()]


def item_of(identity, problem):
    first, second = problem.antennas
    errors = dict(zip(("e_h_bo", "e_h_e", "e_g_bo", "e_g_e"), (*problem.errors_1, *problem.errors_2), strict=True))
    return {
        "id": identity,
        "M1": first,
        "M2": second,
        "N": problem.users,
        **{name: float(value) for name, value in errors.items()},
        "gamma_th": problem.threshold,
        "I_S": problem.least_secrecy,
        "I_c": problem.least_common,
        "I_p": problem.least_private,
        "P1max": problem.power_1_w,
        "P2max": problem.power_2_w,
        "P0": problem.circuit_w,
        "kappa2_sigma2": problem.echo_gain,
        "H": rows(problem.channels_1),
        "G": rows(problem.channels_2),
    }


@pytest.fixture
def items(draw_stations):
    return [item_of("a", draw_stations(3)), item_of("b", draw_stations(5, (6, 5), users=2, error=0.05))]


@pytest.fixture
def write(tmp_path):
    def put(items, key="instances"):
        path = tmp_path / "hisac.json"
        path.write_text(json.dumps({key: items}), encoding="utf-8")
        return path

    return put


def test_a_written_problem_is_read_back(items, write, draw_stations):
    first, second = read_instances(write(items))
    expected = draw_stations(5, (6, 5), users=2, error=0.05)
    assert (first.id, second.id) == ("a", "b")
    for name in ("channels_1", "channels_2", "errors_1", "errors_2"):
        np.testing.assert_array_equal(getattr(second.problem, name), getattr(expected, name))
    for name in ("power_1_w", "power_2_w", "circuit_w", "echo_gain", "threshold", "least_secrecy", "least_private"):
        assert getattr(second.problem, name) == getattr(expected, name)


@pytest.mark.parametrize("key", ["items", "realisations"])
def test_the_list_may_have_other_names_and_answers_are_not_read(items, write, key):
    items[0]["best"] = "nothing of interest"
    assert len(read_instances(write(items, key))) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda i: i.pop("N"), ".N is missing"),
        (lambda i: i.update(N=0), ".N=0: must be an integer >= 1"),
        (lambda i: i.update(N=33), ".N=33: must be at most 32"),
        (lambda i: i.update(N=3), ".H has 5 rows: must be a list of 6"),
        (lambda i: i.update(M1=0), ".M1=0: must be an integer >= 1"),
        (lambda i: i.update(M2=-2), ".M2=-2: must be an integer >= 1"),
        (lambda i: i.update(M1=300), ".M1=300: must be at most 256"),
        (lambda i: i.update(M1=7), ".H[0] has 6 entries: must have 7"),
        (lambda i: i.update(G="none"), ".G is a text: must be a list of 4"),
        (lambda i: i["H"][1].__setitem__(2, [1.0]), ".H[1][2]=a list: must be [re, im]"),
        (lambda i: i["G"][0].__setitem__(0, [float("nan"), 0.0]), ".G[0][0]=nan: must be finite"),
        (lambda i: i.update(P1max=0), ": P1max=0: must be > 0 and finite"),
        (lambda i: i.update(P2max=-3), ": P2max=-3: must be > 0 and finite"),
        (lambda i: i.update(gamma_th=-1), ": gamma_th=-1: must be > 0 and finite"),
        (lambda i: i.update(I_S="one"), '.I_S="one": must be a number'),
        (lambda i: i.update(e_h_bo=5.0), ": e_h_bo=5: must be < ||h_bo|| = "),
        (lambda i: i.update(I_c=99), ": I_c=99: must lie in [0, 40] bit/s/Hz"),
    ],
)
def test_a_broken_item_is_named_with_field_value_and_what_is_allowed(items, write, change, said):
    items = copy.deepcopy(items)
    change(items[1])
    path = write(items)
    with pytest.raises(InstanceError) as caught:
        read_instances(path)
    assert str(caught.value).startswith(f"{path}: instances[1]{said}")
    assert "\n" not in str(caught.value)


def test_the_command_solves_prints_and_writes(items, write, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["solve", "hisac", str(write(items)), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["id", "status", "SEE", "secrecy", "SCNR"]
    assert lines[0].endswith("(bit/s/Hz/W)")
    assert [line.split()[0] for line in lines[1:3]] == ["a", "b"]
    assert lines[3].startswith("hisac, fast: 2 of 2 solved")
    written = json.loads(out.read_text())
    assert (written["problem"], written["method"]) == ("hisac", "fast")
    first = written["results"][0]
    assert len(first["precoders"]["w"]) == 2
    assert [len(column) for column in first["precoders"]["O"]] == [8] * 4
    assert first["evidence"]["agreeing"] >= 1


def test_infeasible_is_an_answer_that_names_what_is_met_least(items, write, tmp_path, capsys):
    items[1].update(I_S=20.0)
    out = tmp_path / "out.json"
    assert main(["solve", "hisac", str(write(items[1:])), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[1] == "infeasible"
    assert "secrecy_rate" in lines[1]
    assert lines[2].startswith("hisac, fast: 0 of 1 solved, in ")
    result = json.loads(out.read_text())["results"][0]
    assert result["status"] == "infeasible"
    assert result["evidence"]["least_met:secrecy_rate"] == pytest.approx(result["violation"])


def test_a_bad_file_and_an_unknown_method_are_usage_errors(items, write, capsys):
    assert main(["solve", "hisac", str(write(items)), "--method", "mrt"]) == 2
    assert "method='mrt': must be one of fast, reference, paper" in capsys.readouterr().err
    items[0]["P1max"] = 0.0
    assert main(["solve", "hisac", str(write(items))]) == 2
    assert "instances[0]: P1max=0: must be > 0 and finite" in capsys.readouterr().err
