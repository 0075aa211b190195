"""What the log keeps."""

from agents.masking import masked


def test_kinds_of_values_and_no_values() -> None:
    asked = {
        "patient": "Jane Roe",
        "age": 41,
        "new": True,
        "note": None,
        "times": ["9:00", "9:30"],
        "+14155550101": "booked",
    }
    assert masked(asked) == {
        "patient": "text of 8",
        "age": "number",
        "new": True,
        "note": None,
        "times": ["text of 4", "text of 4"],
        "field 6": "text of 6",
    }


def test_bounded() -> None:
    assert masked(list(range(100))) == [*["number"] * 5, "95 more"]
    assert len(masked({f"a{n}": n for n in range(100)})) == 40
    deep: object = 1
    for _ in range(50):
        deep = [deep]
    assert str(masked(deep)) == "[[[[[['more']]]]]]"
