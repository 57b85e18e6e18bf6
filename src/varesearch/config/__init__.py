"""What a run is: typed settings with their units, composed by Hydra, validated as a whole before anything is built."""
