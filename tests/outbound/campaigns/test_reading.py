"""Files of contacts: what can be read is read, what is wrong is named with line, column and what to do."""

from __future__ import annotations

import pytest

from callsphere.outbound.campaigns.reading import Entry, FileInvalid, LineError, read_file


def read(text: str) -> tuple[list[Entry], list[LineError]]:
    return read_file(text.encode())


def test_a_file_is_read() -> None:
    entries, errors = read(
        "Number,Name,time_zone,Offer\r\n"
        '+12125550100,"Miller, Jo",America/New_York,roof\r\n'
        "\r\n"
        '+12125550101,,,"two\nlines"\r\n'
        "+12125550102\r\n"
    )
    assert entries == [
        Entry(2, "+12125550100", "Miller, Jo", "America/New_York", {"offer": "roof"}),
        Entry(4, "+12125550101", "", "", {"offer": "two\nlines"}),
        Entry(6, "+12125550102"),
    ]
    assert errors == []


@pytest.mark.parametrize("text", ["\ufeffnumber;name\n+12125550100;Jo\n", "name,number,\nJo,+12125550100,\n"])
def test_what_spreadsheets_write_is_read(text: str) -> None:
    assert read(text) == ([Entry(2, "+12125550100", "Jo")], [])


def test_wrong_lines_are_named_and_the_others_read() -> None:
    entries, errors = read(f"number,name\n1,Jo,more\n2,{'x' * 101}\n3,\x07\n4,Jo\n")
    assert entries == [Entry(5, "4", "Jo")]
    assert errors == [
        LineError(2, "", "There are more values than columns (2). Put values with commas in quotes."),
        LineError(3, "name", "Use at most 100 characters."),
        LineError(4, "name", "Remove control characters and invisible characters."),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "must be \u201cnumber\u201d"),
        (b"phone,name\n1,2\n", "must be \u201cnumber\u201d"),
        (b"number,number\n1,2\n", "is there twice"),
        (b"number,,name\n1,2,3\n", "Name each column"),
        (b"number,{x}\n1,2\n", "without braces"),
        (b"number\n\xff\n", "not UTF-8"),
        (b"number\n\0\n", "is no text"),
        (b'number\n"1\n', "Line 2 cannot be read"),
        (b"number\n" + b"1\n" * 20_001, "more than 20,000 contacts"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (b",".join(b"number%d" % i for i in range(30)) + b",number\n", "at most 30 columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(FileInvalid, match=words):
        read_file(content)
