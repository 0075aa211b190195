"""Threads for what blocks: the database, and what others are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections

_P = ParamSpec("_P")
_T = TypeVar("_T")
_AT_THE_DATABASE, _ANSWERING, _ASKING = 8, 8, 64
_TRIES, _PAUSE_S = 3, 0.5
log = structlog.get_logger(__name__)


class Threads:
    """Three pools: a function that takes long keeps nothing from being stored, and no call from an answer."""

    def __init__(self) -> None:
        self._database = ThreadPoolExecutor(_AT_THE_DATABASE, "realtime-database")
        self._answering = ThreadPoolExecutor(_ANSWERING, "realtime-answering")
        self._asking = ThreadPoolExecutor(_ASKING, "realtime-asking")

    async def database(self, do: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do something short with the database; again when it was away for a moment."""
        for number in range(1, _TRIES + 1):
            try:
                return await self._run(self._database, partial(_then_tidy, do, *args, **kwargs))
            except (OperationalError, InterfaceError) as error:
                if number == _TRIES:
                    raise
                log.warning("database_away", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_S * number)
        raise AssertionError("unreachable")

    async def ask(self, do: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do something that waits for others. It goes on to its end though nobody waits for it any more."""
        return await self._run(self._asking, partial(_then_disconnect, do, *args, **kwargs))

    async def answer(self, do: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Accept or reject a call that rings."""
        return await self._run(self._answering, partial(_then_disconnect, do, *args, **kwargs))

    def close(self) -> None:
        """Wait until what was begun has ended."""
        for pool in (self._asking, self._answering, self._database):
            pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, pool: ThreadPoolExecutor, do: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(pool, do)


def _then_tidy(do: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    close_old_connections()
    try:
        return do(*args, **kwargs)
    finally:
        close_old_connections()


def _then_disconnect(do: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Keep no connections open for threads that rarely need one."""
    try:
        return do(*args, **kwargs)
    finally:
        connections.close_all()
