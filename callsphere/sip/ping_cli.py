"""`sip ping URI|--targets-file F`: sends OPTIONS to one peer or many, and says who answers and how fast."""

from __future__ import annotations

import gc
import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.causes import cause as cause_of
from callsphere.sip.engine import PingEngine, PingOutcome, PingRun, PingTarget
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri

EXIT_ANSWERED = 0
EXIT_FAILED = 1
EXIT_UNUSABLE = 2

WAIT_S = 10.0
MAX_COUNT = 1_000_000
MAX_IN_FLIGHT = 10_000
MAX_FILE_BYTES = 16 * 1024 * 1024
SHOWN_ONE_BY_ONE = 20
"""Up to this many pings are each printed on a line; of more only the failures' kinds are."""

PRIVATE_NETWORKS = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    *("::1/128", "fc00::/7"),
)
"""What `--allow-private` opens: loopback, private and carrier-grade NAT addresses (RFC 1918, 4193, 6598)."""


class Output(Protocol):
    """Where lines go: a text stream or Django's OutputWrapper."""

    def write(self, text: str, /) -> Any:
        """Write a text."""


class Unusable(Exception):
    """Arguments that nothing can be done with; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the installation is set to, for those who have settings."""

    nameservers: Sequence[tuple[str, int]] | None = None
    ca_file: str | None = None
    advertised_host: str | None = None
    outbound_proxy: SipUri | None = None
    user_agent: str = "CallSphere"
    wait_s: float = WAIT_S


@dataclass
class Tally:
    """What became of all pings. `failed` counts by cause, `examples` has the first outcome of each."""

    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    rtts_ms: list[float] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How many pings were asked for, those that never left included."""
        return self.answered + self.failed.total()

    def add(self, outcomes: Iterable[PingOutcome]) -> None:
        """Count outcomes."""
        for outcome in outcomes:
            if outcome.alive:
                self.answered += 1
                if outcome.rtt_ms is not None:
                    self.rtts_ms.append(outcome.rtt_ms)
                if outcome.cause is not None:
                    self.warned[outcome.cause] += 1
            else:
                self.refuse(outcome.cause or "no_answer", outcome.target, outcome.detail)

    def refuse(self, code: str, where: str, detail: str) -> None:
        """Count one failure."""
        self.failed[code] += 1
        self.examples.setdefault(code, f"{where}: {detail}" if where else detail)

    def percentile(self, share: int) -> float | None:
        """The round trip in milliseconds that this many percent of answers did not exceed (nearest rank)."""
        if not self.rtts_ms:
            return None
        ordered = sorted(self.rtts_ms)
        return round(ordered[-(-len(ordered) * share // 100) - 1], 3)


def add_ping_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `sip ping`."""
    parser.add_argument("uri", metavar="URI", nargs="?", help="peer to ping, such as sip:sip.example.com")
    parser.add_argument(
        "--targets-file",
        metavar="F",
        help="file with one URI per line, - for standard input; # starts a comment",
    )
    parser.add_argument(
        "--count", metavar="N", type=_whole(MAX_COUNT), default=1, help="pings per peer (default 1)"
    )
    parser.add_argument(
        "--in-flight",
        metavar="C",
        type=_whole(MAX_IN_FLIGHT),
        default=100,
        help="pings unanswered at a time (default 100)",
    )
    parser.add_argument("--rate", metavar="R", type=_rate, help="pings begun per second (default: no limit)")
    parser.add_argument(
        "--allow-private", action="store_true", help="also ping loopback, private and CGNAT addresses"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run_ping(
    options: Mapping[str, Any], stdout: Output, stderr: Output, surroundings: Surroundings | None = None
) -> int:
    """Run the command with parsed options.

    The exit code is 0 when every ping was answered, 1 when one failed, 2 for unusable arguments.
    """
    quiet = bool(options.get("json"))
    tally = Tally()
    try:
        uris = _read_targets(options, tally)
        engine = _engine(options, surroundings or Surroundings())
    except Unusable as problem:
        stderr.write(f"{problem}\n")
        return EXIT_UNUSABLE
    count = int(options.get("count") or 1)
    one_by_one = not quiet and len(uris) * count <= SHOWN_ONE_BY_ONE
    wait_s = (surroundings or Surroundings()).wait_s
    targets = [PingTarget(uri, uri, wait_s) for _ in range(count) for uri in uris]
    # What the start left behind lives as long as we do: the collector need not go through it again.
    gc.freeze()
    with engine:
        run = engine.ping_many(targets, in_flight=options.get("in_flight"), rate=options.get("rate"))
        for chunk in run:
            tally.add(chunk)
            if one_by_one:
                stdout.write("".join(_line(outcome) for outcome in chunk))
    if quiet:
        stdout.write(json.dumps(_report(tally, run)) + "\n")
    else:
        stdout.write(_summary(tally, run))
    return EXIT_FAILED if tally.failed else EXIT_ANSWERED


def run(args: list[str]) -> int:
    """Run the command from an argument list, printing to standard output."""
    parser = ArgumentParser(prog="sip ping", description="Send OPTIONS and say who answers.")
    add_ping_arguments(parser)
    return run_ping(vars(parser.parse_args(args)), sys.stdout, sys.stderr)


def _engine(options: Mapping[str, Any], surroundings: Surroundings) -> PingEngine:
    private = PRIVATE_NETWORKS if options.get("allow_private") else ()
    try:
        return PingEngine(
            policy=AddressPolicy.from_strings(private),
            nameservers=surroundings.nameservers,
            user_agent=surroundings.user_agent,
            ca_file=surroundings.ca_file,
            advertised_host=surroundings.advertised_host,
        )
    except OSError as error:
        raise Unusable(f"The file of trusted certificates cannot be read: {error}.") from error
    except ValueError as error:
        raise Unusable(str(error)) from error


def _read_targets(options: Mapping[str, Any], tally: Tally) -> list[SipUri]:
    """The URIs to ping; unreadable ones are counted as failed."""
    text, path = options.get("uri"), options.get("targets_file")
    if (text is None) == (path is None):
        raise Unusable("Give either one URI or --targets-file, as in: sip ping sip:sip.example.com")
    lines = [("", str(text))] if path is None else _read_lines(str(path))
    uris = []
    for where, line in lines:
        try:
            uris.append(parse_gateway_uri(line))
        except SipUriError as error:
            for _ in range(int(options.get("count") or 1)):
                tally.refuse("uri_invalid", where, str(error))
    return uris


def _read_lines(path: str) -> list[tuple[str, str]]:
    """The lines of a targets file that are not empty or comments, each with its place."""
    try:
        if path == "-":
            text = sys.stdin.read(MAX_FILE_BYTES + 1)
        else:
            with Path(path).open(encoding="utf-8", errors="replace") as file:
                text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Unusable(f"The targets file cannot be read: {error.strerror}.") from error
    if len(text) > MAX_FILE_BYTES:
        raise Unusable(f"The targets file is longer than {MAX_FILE_BYTES} characters: split it.")
    numbered = ((f"line {number}", line.strip()) for number, line in enumerate(text.splitlines(), 1))
    lines = [(where, line) for where, line in numbered if line and not line.startswith("#")]
    if not lines:
        raise Unusable("The targets file names no peer: write one URI per line.")
    return lines


def _report(tally: Tally, run: PingRun) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "sent": tally.sent,
        "answered": tally.answered,
        "failed": dict(tally.failed),
        "rtt_ms": {f"p{share}": tally.percentile(share) for share in (50, 95, 99)},
        "wall_s": round(run.wall_s, 4),
        "cpu_s": round(run.cpu_s, 4),
    }


def _line(outcome: PingOutcome) -> str:
    """One ping for people."""
    if not outcome.alive:
        where = outcome.target or str(outcome.key)
        return f"{where}: {cause_of(outcome.cause or 'no_answer').title}. {outcome.detail}\n"
    said = f"{outcome.status} {outcome.reason}".strip()
    notes = "; ".join(note for note in (outcome.server, outcome.detail) if note)
    return f"{outcome.target}: {said} in {outcome.rtt_ms:.1f} ms{f' ({notes})' if notes else ''}\n"


def _summary(tally: Tally, run: PingRun) -> str:
    """The end of the output for people: numbers, then each kind of failure with what to do about it."""
    lines = [f"{tally.sent} sent, {tally.answered} answered, {tally.failed.total()} failed"]
    if tally.rtts_ms:
        shares = ", ".join(f"p{share} {tally.percentile(share):.1f}" for share in (50, 95, 99))
        lines.append(f"Round trip in ms: {shares}")
    if tally.sent > SHOWN_ONE_BY_ONE:
        lines.append(
            f"{run.wall_s:.2f} s from the first request to the last answer, {run.cpu_s:.2f} s of CPU"
        )
    for code, count in tally.warned.most_common():
        lines += ["", f"{count} answered, but: {cause_of(code).title} ({code})", f"  {cause_of(code).fix}"]
    for code, count in tally.failed.most_common():
        known = cause_of(code)
        fix = known.fix
        if code == "address_refused":
            fix = "To ping a peer on this machine or in your own network, add --allow-private."
        lines += ["", f"{count} failed: {known.title} ({code})"]
        lines += [f"  Seen: {tally.examples[code]}", f"  What to do: {fix}"]
    return "\n".join(lines) + "\n"


def _whole(most: int) -> Any:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise ArgumentTypeError(f"write a whole number from 1 to {most}, not {text!r}")
        return int(text)

    return read


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e6:
        raise ArgumentTypeError(f"write pings per second as a positive number, not {text!r}")
    return rate
