"""A page of 50 deals of one owner, newest first, with the names of company and contact.

`python -m bench.page --database postgresql`
"""

from bench.rounds import arguments, each

if __name__ == "__main__":
    each("page", arguments(__doc__ or "", rounds=5, calls=200, warm=50).parse_args())
