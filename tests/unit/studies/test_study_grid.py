"""Points of a study: which there are, in which order, and what they are called."""

from scenarios.studies.grid import Point, distinct, expand, points


def test_a_grid_is_every_combination_with_the_last_axis_fastest():
    assert expand(a=(1, 2), b=("x", "y")) == (
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    )
    assert expand() == ({},)


def test_settings_that_occur_twice_are_kept_where_they_came_first():
    settings = [{"a": 1, "b": 2}, {"a": 3, "b": 4}, {"b": 2, "a": 1}, {"a": 0, "b": 0}]
    assert distinct(settings) == ({"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 0, "b": 0})


def test_whole_seeds_come_one_after_the_other():
    settings = expand(a=(1, 2))
    order = [(point.parameters["a"], point.seed) for point in points(settings, 2)]
    assert order == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_a_key_depends_on_content_and_not_on_the_order_of_the_parameters():
    key = Point({"a": 1, "b": 2.0}, 7).key("study", 1)
    assert Point({"b": 2.0, "a": 1}, 7).key("study", 1) == key
    assert len(key) == 32
    others = [
        Point({"a": 1, "b": 2.0}, 8).key("study", 1),
        Point({"a": 1, "b": 2.5}, 7).key("study", 1),
        Point({"a": 1, "b": 2.0}, 7).key("study", 2),
        Point({"a": 1, "b": 2.0}, 7).key("another", 1),
        Point({"a": 1}, 7).key("study", 1),
        Point({"a": 1, "b": "2.0"}, 7).key("study", 1),
    ]
    assert len({key, *others}) == 7


def test_keys_stay_what_they_were_so_that_old_folders_resume():
    assert Point({"x": 1.5, "y": "z"}, 3).key("toy", 1) == "ada5bc051cac59de750f3230d86f78fb"
