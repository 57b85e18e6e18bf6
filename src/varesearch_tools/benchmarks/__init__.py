"""Timings as a record: sessions of measured cases, their comparison, their figures and their page.

The measuring itself is in ``tests/benchmarks``; what it stores (pytest-benchmark's JSON) is read here.
"""
