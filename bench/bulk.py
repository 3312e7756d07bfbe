"""Bulk creation of deals with a journal row each: CPU per deal, wall time per call, and deals per second.

`python -m bench.bulk --database postgresql`
"""

from bench import place as places
from bench.peers import FLOOR, find
from bench.rounds import arguments, compare


def main() -> None:
    """Measure, then tell the rate."""
    options = arguments(__doc__ or "", rounds=3, calls=2, warm=1).parse_args()
    for database in places.DATABASES if options.database == "both" else [options.database]:
        rates = {
            one["peer"]: (one["label"], find(one["peer"]).bulk_rows / one["p50_ms"] * 1e3)
            for one in compare("bulk", database, options)
            if one["p50_ms"]
        }
        floor = rates.get(FLOOR, ("", 0.0))[1]
        print("(CPU above is per deal, wall time per call; peers take different numbers of deals in a call)")
        for label, rate in rates.values():
            share = f"   1/{floor / rate:.1f} of the floor" if floor else ""
            print(f"{label:<40}{rate:>10,.0f} deals a second{share}")


if __name__ == "__main__":
    main()
