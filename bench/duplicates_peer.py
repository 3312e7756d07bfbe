"""What the `recordlinkage` package (0.16) makes of a file of Febrl's form. Runs in an environment of its own: it needs pandas.

Once as in its documentation for these data sets (blocking on the given name, six comparisons, four of them have to agree),
once with more blocks and its unsupervised classifier (expectation and maximisation). The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import pandas
import recordlinkage

from bench import febrl

warnings.filterwarnings("ignore")


def main() -> None:
    """Score the file named on the command line."""
    rows = febrl.read(Path(sys.argv[1]))
    frame = pandas.DataFrame([{f: row.get(f) or None for f in febrl.FIELDS} for row in rows])
    known = febrl.truth(rows)
    compare = recordlinkage.Compare()
    compare.exact("given_name", "given_name", label="given_name")
    compare.string("surname", "surname", method="jarowinkler", threshold=0.85, label="surname")
    compare.exact("date_of_birth", "date_of_birth", label="date_of_birth")
    compare.exact("suburb", "suburb", label="suburb")
    compare.exact("state", "state", label="state")
    compare.string("address_1", "address_1", threshold=0.85, label="address_1")
    documented = recordlinkage.Index()
    documented.block("given_name")
    features = compare.compute(documented.index(frame), frame)
    scored = {"as documented": febrl.score(_pairs(features[features.sum(axis=1) > 3].index), known)}

    wider = recordlinkage.Index()
    for field in ("given_name", "surname", "date_of_birth", "postcode", "suburb", "soc_sec_id"):
        wider.block(field)
    compare.string("soc_sec_id", "soc_sec_id", method="levenshtein", threshold=0.8, label="soc_sec_id")
    compare.string("postcode", "postcode", method="levenshtein", threshold=0.7, label="postcode")
    compare.string("given_name", "given_name", method="jarowinkler", threshold=0.85, label="given_name_alike")
    features = compare.compute(wider.index(frame), frame)
    scored["all fields, its EM classifier"] = febrl.score(_pairs(recordlinkage.ECMClassifier().fit_predict(features)), known)
    print(json.dumps(scored))


def _pairs(index: pandas.MultiIndex) -> set[febrl.Pair]:
    return {(min(a, b), max(a, b)) for a, b in index}


if __name__ == "__main__":
    main()
