"""`python -m bench [NAME …]`: runs all measurements or those named."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.framework import Figure, discover, keep, table

RESULTS = Path(__file__).resolve().parent.parent / ".local" / "bench.jsonl"


def main(names: list[str]) -> int:
    """Run, print a table, and append to the results; exit code 2 for an unknown name."""
    known = discover()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no measurement {', '.join(unknown)}. Known: {', '.join(known)}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in names or known:
        print(f"{name}: {known[name].GOAL} …", file=sys.stderr, flush=True)
        figures += known[name].run()
    print(table(figures))
    keep(figures, RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
