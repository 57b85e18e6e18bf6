"""MLflow's pages on the runs of a store, for the user who starts them and nobody else."""
