"""How each parameter, weight, delay and initial value is written for each simulator: here and nowhere else."""
