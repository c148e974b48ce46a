"""Many runs from one YAML file: planned, run, published, verified."""
