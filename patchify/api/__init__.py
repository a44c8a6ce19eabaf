"""What a notebook does with networks and results, without Hydra; MLflow only where a store is read."""
