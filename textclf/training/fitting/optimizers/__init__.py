"""training/fitting/optimizers."""
