"""The numbers that are for sale, all from the ranges that regulators keep for films.

North America's 555-01XX, Ofcom's and the Bundesnetzagentur's drama numbers, ACMA's fictitious ones: nobody
has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers of one place: `prefix` and a counter of `digits` digits. `address` is what buyers must give."""

    country: str
    kind: str
    prefix: str
    digits: int
    locality: str = ""
    region: str = ""
    area_code: str = ""
    address: str = "none"
    sms: bool = True
    first: int = 0
    count: int = 40

    def numbers(self) -> Iterator[str]:
        """Yield every number of the range in E.164 form."""
        for index in range(self.first, self.first + self.count):
            yield f"{self.prefix}{index:0{self.digits}}"


def _nanp(country: str, area_code: str, locality: str, region: str) -> Range:
    return Range(country, "Local", f"+1{area_code}55501", 2, locality, region, area_code)


RANGES = (
    _nanp("US", "415", "San Francisco", "CA"),
    _nanp("US", "212", "New York", "NY"),
    _nanp("US", "312", "Chicago", "IL"),
    _nanp("US", "512", "Austin", "TX"),
    _nanp("US", "206", "Seattle", "WA"),
    _nanp("CA", "416", "Toronto", "ON"),
    _nanp("CA", "604", "Vancouver", "BC"),
    Range("US", "TollFree", "+180055501", 2, area_code="800"),
    Range("GB", "Local", "+4420794600", 2, "London", "London", address="any", sms=False),
    Range("GB", "Local", "+4416149600", 2, "Manchester", "Greater Manchester", address="any", sms=False),
    Range("GB", "TollFree", "+4480815700", 2, sms=False),
    Range("DE", "Local", "+493023125", 3, "Berlin", "Berlin", address="local", sms=False),
    Range("AU", "Local", "+61255501", 3, "Sydney", "NSW", address="local", sms=False),
    Range("AU", "Mobile", "+6149157", 4, address="local", first=156, count=4),
)
COUNTRIES = {
    "US": "United States",
    "CA": "Canada",
    "GB": "United Kingdom",
    "DE": "Germany",
    "AU": "Australia",
}
GONE_ENDING = "39"
"""The last number of each range is found by every search and bought by somebody else just before."""


def range_of(number: str) -> Range | None:
    """Return where a number for sale belongs, or None."""
    return next((each for each in RANGES if number in set(each.numbers())), None)
