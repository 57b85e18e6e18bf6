"""The pages of the documentation that are generated; ``python -m varesearch_tools.pages`` writes them all."""
