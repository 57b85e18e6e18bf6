"""Removing recordings, runs and caches that are no longer needed."""
