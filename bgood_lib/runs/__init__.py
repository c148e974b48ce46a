"""One run: its identity, its record, its files."""
