"""The line of a key in a TOML file, counted by hand."""

import pytest

from scenarios.toml_lines import line_of

TEXT = '''# comment
top = 1

[a]   # header
x = 1
text = """
[b]
x = 2
"""
list = [
  [1, 2],
  [3, 4],
]
inner.deep.y = 3

[a.sub]
z = { p = 1, q = { r = 2 } }

[[items]]
name = "first"

[[items]]
name = "second"
[items.more]
w = 1

["quoted key"]
v = 1
[b]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("a",), 4),
        (("a", "x"), 5),
        (("a", "text"), 6),
        (("a", "list"), 10),
        (("a", "list", 1, 0), 10),
        (("a", "inner", "deep", "y"), 14),
        (("a", "sub"), 16),
        (("a", "sub", "z", "q", "r"), 17),
        (("items", 0, "name"), 20),
        (("items", 1), 22),
        (("items", 1, "name"), 23),
        (("items", 1, "more", "w"), 25),
        (("quoted key", "v"), 28),
        (("b",), 29),
        (("a", "missing"), 4),
        (("nowhere", "at", "all"), None),
    ],
)
def test_line_of_a_key(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, path) == line
    assert line_of(TEXT.replace("\n", "\r\n"), path) == line


def test_a_line_separator_of_unicode_is_not_a_line_of_toml() -> None:
    assert line_of("# one\u2028still one\x85\nx = 1\n", ("x",)) == 2


def test_a_statement_of_many_lines_is_given_up() -> None:
    text = "long = [\n" + "1,\n" * 2000 + "]\nafter = 1\n"
    assert line_of(text, ("after",)) is None
