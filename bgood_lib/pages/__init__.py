"""What the pages of the book have in common."""

import pandas as pd

pd.set_option("display.max_colwidth", None)  # a title is never cut short
