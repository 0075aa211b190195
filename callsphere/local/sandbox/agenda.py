"""Who has to be called next, among thousands that change their minds."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from itertools import count
from typing import Generic, TypeVar

_SLACK = 64
_Item = TypeVar("_Item", bound=Hashable)


class Agenda(Generic[_Item]):
    """One time for each item, monotonic seconds. What the heap says otherwise is out of date."""

    def __init__(self) -> None:
        self._due: dict[_Item, float] = {}
        self._heap: list[tuple[float, int, _Item]] = []
        self._order = count()

    def put(self, item: _Item, due: float | None) -> None:
        """Call the item then; None takes it out."""
        if due is None:
            self._due.pop(item, None)
        elif self._due.get(item) != due:
            self._due[item] = due
            heapq.heappush(self._heap, (due, next(self._order), item))
            if len(self._heap) > 2 * len(self._due) + _SLACK:
                self._rebuild()

    def next(self) -> float | None:
        """When the first one is due, None when nobody is."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _rebuild(self) -> None:
        # What is out of date would keep items alive that ended long before their time.
        self._heap = [(due, next(self._order), item) for item, due in self._due.items()]
        heapq.heapify(self._heap)

    def take(self, now: float) -> _Item | None:
        """Take out an item that is due."""
        due = self.next()
        if due is None or due > now:
            return None
        item = heapq.heappop(self._heap)[2]
        del self._due[item]
        return item
