"""PostgreSQL and Valkey of one checkout, with roles and database, started and stopped together."""

from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from callsphere.local import environment, roles
from callsphere.local.postgres import PostgresServer
from callsphere.local.valkey import ValkeyServer


class Servers:
    """The embedded servers: both, or only those whose address was not given from outside."""

    def __init__(
        self,
        local: Path,
        *,
        prefix: str = "",
        throwaway: bool = False,
        database: bool = True,
        redis: bool = True,
    ) -> None:
        self._throwaway = throwaway
        self.postgres = PostgresServer(local, name=f"{prefix}pg", throwaway=throwaway) if database else None
        self.valkey = ValkeyServer(local, name=f"{prefix}valkey", throwaway=throwaway) if redis else None

    def start(self, kept: dict[str, str]) -> dict[str, str]:
        """Start both, with the passwords and if possible the ports of `kept`; return their addresses."""
        urls: dict[str, str] = {}
        if self.postgres:
            self.postgres.start(environment.kept_port(kept["DATABASE_URL"]))
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
                urls[name] = environment.with_port(kept[name], self.postgres.port)
            roles.create_roles(
                self.postgres.superuser_url,
                owner_url=urls["DATABASE_OWNER_URL"],
                app_url=urls["DATABASE_URL"],
                afresh=self._throwaway,
            )
        if self.valkey:
            password = urlsplit(kept["REDIS_URL"]).password or ""
            port = self.valkey.start(password, environment.kept_port(kept["REDIS_URL"]))
            urls["REDIS_URL"] = environment.with_port(kept["REDIS_URL"], port)
        return urls

    def stopped(self) -> str | None:
        """Return the name of a server that has ended by itself, or None."""
        for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if server and not server.running:
                return name
        return None

    def stop(self) -> None:
        """Stop what was started."""
        for server in (self.valkey, self.postgres):
            if server:
                server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
