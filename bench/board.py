"""A board of ten columns: counts, sums and the first 20 cards, of all deals and of one owner's.

`python -m bench.board --database postgresql`; here the wall time is the promise, CPU comes second.
"""

from bench.rounds import arguments, each

if __name__ == "__main__":
    options = arguments(__doc__ or "", rounds=5, calls=20, warm=5).parse_args()
    each("board", options)
    each("board-own", options)
