"""Post-hoc scores: pytorch-ood's, and what it lacks."""
