"""Files, locks, machine and errors: what everything else stands on."""
