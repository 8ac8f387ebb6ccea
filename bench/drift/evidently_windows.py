"""Tests windows against their references with Evidently's defaults.

Reads JSON Lines: {"reference": number, "size": tickets, "tickets": [{"template", "words", "channel"}]}; a reference has size 0 and
precedes its windows. Prints one JSON list, one object per size: windows, windows with any drifted column, and windows with half
of the columns drifted (Evidently's rule for the data set).
"""

import json
import sys
import warnings

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

warnings.filterwarnings("ignore")
definition = DataDefinition(numerical_columns=["words"], categorical_columns=["template", "channel"])
references, found = {}, {}
with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        window = json.loads(line)
        tickets = Dataset.from_pandas(pd.DataFrame(window["tickets"]), data_definition=definition)
        if window["size"] == 0:
            references[window["reference"]] = tickets
            continue
        report = Report([DataDriftPreset()]).run(tickets, references[window["reference"]])
        counts = next(m["value"] for m in json.loads(report.json())["metrics"] if "DriftedColumnsCount" in m["metric_name"])
        own = found.setdefault(window["size"], {"windows": 0, "anyColumn": 0, "dataset": 0})
        own["windows"] += 1
        own["anyColumn"] += counts["count"] > 0
        own["dataset"] += counts["share"] >= 0.5
print(json.dumps([{"size": size, **counts} for size, counts in found.items()]))
