"""The limit on a tenant's requests: counted in Redis, and never while a transaction is open."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django import Settings

from tenants.cache import DegradingRedisCache
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.peers import free_port

TRUNKS = "/api/v1/trunks/"


class WatchingRedis:
    """The real Redis behind a door that notes, at each request, which of our transactions are open."""

    def __init__(self, database: str) -> None:
        self._database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        self._real = urlsplit(os.environ["REDIS_URL"])
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = self._real._replace(
            netloc=f":{self._real.password or ''}@127.0.0.1:{self._server.getsockname()[1]}"
        ).geturl()
        self.open_transactions: list[int] = []
        self._clients: list[tuple[socket.socket, threading.Thread]] = []
        self._accepting = threading.Thread(target=self._serve)
        self._accepting.start()

    def close(self) -> None:
        """End every connection, those to the database too: it is dropped afterwards."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._accepting.join()
        for client, thread in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._server.accept()
                thread = threading.Thread(target=self._pass_on, args=(client,))
                self._clients.append((client, thread))
                thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        address = (self._real.hostname or "", self._real.port or 6379)
        with client, socket.create_connection(address) as server, psycopg.connect(self._database) as database:
            database.autocommit = True
            while request := client.recv(65536):
                self.open_transactions.append(self._count(database))
                server.sendall(request)
                client.sendall(server.recv(65536))

    def _count(self, database: psycopg.Connection) -> int:
        row = database.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            " AND backend_type = 'client backend'"  # autovacuum comes when it likes
        ).fetchone()
        return int(row[0]) if row else -1


def use_redis(settings: Any, url: str) -> None:
    """Have the cache there, as production has it."""
    settings.CACHES = {
        "default": {
            "BACKEND": "tenants.cache.DegradingRedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "test-throttling",
            "OPTIONS": {"socket_timeout": 60, "socket_connect_timeout": 60},
        }
    }


@pytest.fixture
def redis(settings: Settings, transactional_db: None) -> Iterator[WatchingRedis]:
    server = WatchingRedis(connection.settings_dict["NAME"])
    use_redis(settings, server.url)
    yield server
    server.close()


def limit(tenant: Tenant, requests: int) -> None:
    with tenant_context(tenant):
        Tenant.objects.update(api_requests_per_minute=requests)


@pytest.mark.django_db(transaction=True)
def test_redis_is_asked_while_no_transaction_is_open(redis: WatchingRedis, alice: Person) -> None:
    limit(alice.tenant, 2)
    api = alice.api()
    answers = [api.post(TRUNKS, {"name": f"Line {number}"}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert len(redis.open_transactions) >= 5  # two questions for each that went on, one for the last
    assert set(redis.open_transactions) == {0}
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].json()["detail"].startswith("Your API keys made 2 requests within a minute")


@pytest.mark.django_db(transaction=True)
def test_the_watch_sees_a_transaction(redis: WatchingRedis, alice: Person) -> None:
    with tenant_context(alice.tenant):
        cache.get("anything")
    assert set(redis.open_transactions) == {1}


def test_all_keys_of_a_tenant_share_the_limit_and_others_have_their_own(
    alice: Person, charlie: Person
) -> None:
    cache.clear()
    limit(alice.tenant, 2)
    assert [alice.api().get(TRUNKS).status_code for _time in range(3)] == [200, 200, 429]
    assert charlie.api().get(TRUNKS).status_code == 200
    cache.clear()


def test_while_redis_is_away_nothing_is_counted(settings: Settings, alice: Person) -> None:
    DegradingRedisCache._breakers.clear()
    use_redis(settings, f"redis://127.0.0.1:{free_port()}/0")
    limit(alice.tenant, 1)
    api = alice.api()
    assert [api.get(TRUNKS).status_code for _time in range(3)] == [200, 200, 200]
