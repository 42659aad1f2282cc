import pytest

from common.spreadsheets import csv_lines, harmless


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\N{NO-BREAK SPACE}=1"]
)
def test_a_formula_becomes_text(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Museum", "1-2", "a=b", "'=1"])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_lines_come_one_by_one():
    lines = csv_lines(["A", "B"], iter([["1", 'x "y", z']]))

    assert list(lines) == ["\N{ZERO WIDTH NO-BREAK SPACE}A,B\r\n", '1,"x ""y"", z"\r\n']
