"""To import this is to load the tables of alerts and of synthetic accessibility: half a second.

For the server that worker processes come from (see `screening.processes`): its children have them.
"""

from rdkit import Chem

from screening.chemistry.alerts import alerts
from screening.chemistry.properties import properties

_METHANE = Chem.MolFromSmiles("C")
alerts(_METHANE)
properties(_METHANE)
