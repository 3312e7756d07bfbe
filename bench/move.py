"""A move: look-up, lock, checks, update with version, history row, follow-up row.

`python -m bench.move --database postgresql`
"""

from bench.rounds import arguments, each

if __name__ == "__main__":
    each("move", arguments(__doc__ or "", rounds=5, calls=300, warm=100).parse_args())
