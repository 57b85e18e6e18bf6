"""What the command line prints instead of running: help, the back ends, a dry run."""
