"""The settings of a run, with types and units: composed by Hydra, and validated as a whole before anything is built."""
