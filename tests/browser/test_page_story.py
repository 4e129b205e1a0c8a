"""The lit story: what the page opens on, and that it lights exactly the messages that made a precoder."""

import pytest


@pytest.fixture(scope="module")
def log(tables):
    return {row["msg_id"]: row for row in tables.messages.to_pylist()}


@pytest.fixture(scope="module")
def solves(tables):
    return {(row["node"], row["version"]): row for row in tables.solves.to_pylist()}


@pytest.fixture(scope="module")
def page(show_for_all, run_folder):
    return show_for_all(run_folder)


def expected(log, solves, tables, version, transmitter=None):
    """The ids of a story, walked by hand: back over `precoder` to the solve, its inputs back to their `csi`."""
    ids = set()
    rows = [r for r in tables.control.to_pylist() if r["version"] == version]
    for row in rows if transmitter is None else [r for r in rows if r["transmitter"] == transmitter]:
        message = log[row["msg_id"]]
        while (message["src"], version) not in solves:
            ids.add(message["msg_id"])
            message = log[message["parent_id"]]
        ids.add(message["msg_id"])
        for used in solves[message["src"], version]["inputs"]:
            step = log[used]
            ids.add(used)
            while step["kind"] != "csi":
                step = log[step["parent_id"]]
                ids.add(step["msg_id"])
    return ids


def complete_versions(tables):
    """Versions that all three transmitters put on air."""
    versions = [row["version"] for row in tables.control.to_pylist() if row["version"]]
    return [version for version in sorted(set(versions)) if versions.count(version) == 3]


def as_numbers(ids):
    return {int(number) for number in ids}


def test_it_opens_on_the_story_of_the_precoder_of_median_age(show, run_folder, tables):
    page = show(run_folder)
    rows = [row for row in tables.control.to_pylist() if row["version"]]
    ages = sorted(row["age_at_application_ns"] for row in rows)
    selected = page.ask("selected()")
    (row,) = [r for r in rows if r["version"] == selected["version"] and r["transmitter"] == selected["transmitter"]]
    assert row["age_at_application_ns"] == ages[len(ages) // 2]
    assert page.ask("selection().length") >= 8
    assert "bit/s/Hz" in page.text("#verdict")
    assert page.text("#drawer h2") == f"Precoder v{selected['version']} of {selected['transmitter']}"
    view = page.ask("view()")
    assert view["t0"] < row["measured_ns"] < row["t_applied_ns"] < view["t1"]


def test_selecting_a_version_lights_exactly_its_messages(page, tables, log, solves):
    versions = complete_versions(tables)
    assert len(versions) > 50
    for version in versions[:: len(versions) // 7]:
        assert page.ask("select(x)", version)
        assert as_numbers(page.ask("selection()")) == expected(log, solves, tables, version)
        assert page.tab.evaluate("location.hash") == f"#v={version}"
    assert page.tab.evaluate("([v, t]) => twinReport.select(v, t)", [versions[3], "uav"])
    assert as_numbers(page.ask("selection()")) == expected(log, solves, tables, versions[3], "uav")
    assert not page.ask("select(999999)")


def test_the_critical_path_is_what_the_solve_waited_for(page, tables, log, solves):
    version = complete_versions(tables)[5]
    page.ask("select(x)", version)
    critical = [log[int(number)] for number in page.ask("critical()")]
    (solve,) = [solve for (_, number), solve in solves.items() if number == version]
    last = max(solve["inputs"], key=lambda used: log[used]["begin_ns"])
    assert last in {message["msg_id"] for message in critical}
    assert not (set(solve["inputs"]) - {last}) & {message["msg_id"] for message in critical}
    waits = [solve["begin_ns"] - log[used]["finish_ns"] for used in solve["inputs"] if used != last]
    told = page.text("#drawer")
    for wait in waits:
        assert f"waited {wait / 1e6:.2f} ms" in told


@pytest.mark.parametrize("which", [0, 1, 2])
def test_clicking_a_precoder_lights_its_story(page, tables, log, solves, which):
    version = complete_versions(tables)[10]
    story = expected(log, solves, tables, version)
    page.ask("select(x)", version)
    page.settle()
    precoder = sorted(number for number in story if log[number]["kind"] == "precoder")[which]
    place = page.ask("place(String(x))", precoder)
    page.key("Escape")
    assert page.ask("selection()") == []
    page.click_lanes(place["x"], place["y"])
    assert as_numbers(page.ask("selection()")) == story


def test_a_deep_link_opens_that_version(show, run_folder, tables):
    version = complete_versions(tables)[-2]
    page = show(run_folder, link=f"#v={version}&tx=satellite")
    assert page.ask("selected()") == {"version": version, "transmitter": "satellite"}


def test_a_lost_precoder_has_a_story_too(page, tables, log, solves):
    lost = [m for m in log.values() if m["kind"] == "precoder" and m["fate"] == "lost"]
    first = lost[0]
    while log.get(first["parent_id"], {}).get("kind") == "precoder":
        first = log[first["parent_id"]]
    (version,) = [v for (node, v), s in solves.items() if node == first["src"] and s["finish_ns"] == first["t_send_ns"]]
    page.ask("select(x)", version)
    assert lost[0]["msg_id"] in as_numbers(page.ask("selection()"))
    transmitter = lost[0]["dst"].rpartition(":")[2]
    page.tab.locator(".tabs button", has_text=transmitter).click()
    assert "Never went on air. Its last message was lost (loss)." in page.text("#drawer")


def test_any_other_message_shows_its_hops_and_its_way(page, log):
    share = next(m for m in log.values() if m["kind"] == "share" and m["hops"] and m["fate"] == "delivered")
    page.tab.fill("#find", str(share["msg_id"]))
    page.tab.keyboard.press("Enter")
    page.settle()
    told = page.text("#drawer")
    for hop in share["hops"]:
        assert hop["link"] in told
    assert f"{share['bytes']}" in told
    assert share["msg_id"] in as_numbers(page.ask("selection()"))
    assert share["parent_id"] in as_numbers(page.ask("selection()"))
