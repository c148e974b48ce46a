"""What pages take from published tables: the verdict in sentences and in paragraphs, what was found of relatives, and every figure as CSV.

python book/from_results.py RESULTS_FOLDER OUTPUT_FOLDER
"""

import sys
from pathlib import Path

from bgood_lib.pages import in_short, relatives_found, score_table

if __name__ == "__main__":
    results, output = sys.argv[1], Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    in_short.write(output / "verdict.md", results)
    in_short.write_short(output / "landing.md", results)
    relatives_found.write(output / "relatives_found.md", results)
    score_table.write_csv(output / "all_scores.csv", results)
