"""What it costs to describe hits: alerts beside RDKit's own search, and the share of each part.

    python benchmarks/describe_hits.py LIBRARY.csv -m MODEL.ebm --top 1000

Screens the library, then ranks and describes the best. Times are processor times of one process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

from screening.chemistry import alerts, murcko_scaffold
from screening.chemistry.alerts import CATALOGS
from screening.chemistry.properties import properties
from screening.hits.common_part import Environments
from screening.library import ScreenOptions, screen
from screening.library.describing import rank
from screening.library.shards import ShardFiles
from screening.model import load_model
from screening.plate import make_plate


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor's seconds, and the result."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("-m", "--model", type=Path, required=True)
    parser.add_argument("--top", type=int, default=1000)
    given = parser.parse_args()
    model = load_model(given.model)
    options = ScreenOptions(top=given.top)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        # The first time patterns are laid out, which is no cost of a hit.
        hits = screen([str(given.library)], given.model, run, options).hits
        files = ShardFiles.of_run(run)
        shards = files.last() + 1
        whole, _ = timed(lambda: rank(files, shards, model, options, model.options.limits))
    catalogs = []
    for name in CATALOGS:
        parameters = FilterCatalogParams()
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
        catalogs.append(FilterCatalog(parameters))
    mols = hits.mols
    rdkit, _ = timed(lambda: [[c.GetMatches(mol) for c in catalogs] for mol in mols])
    rows = {
        "rank and describe, all of it": whole,
        "  alerts": timed(lambda: [alerts(mol) for mol in mols])[0],
        "  properties": timed(lambda: [properties(mol) for mol in mols])[0],
        "  scaffolds": timed(lambda: [murcko_scaffold(mol) for mol in mols])[0],
        "  circular substructures": timed(lambda: [Environments(mol) for mol in mols])[0],
        "pick a plate": timed(lambda: make_plate(hits))[0],
        "RDKit's own search of the catalogs": rdkit,
    }
    print(f"{len(hits)} hits    ms a hit    against RDKit's search")
    for name, seconds in rows.items():
        print(f"{name:36}{1000 * seconds / len(hits):8.2f}{seconds / rdkit:12.2f}")


if __name__ == "__main__":
    main()
