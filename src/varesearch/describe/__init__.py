"""A configuration described for a paper: the tables of Nordlie et al. (2009), and a diagram of the network."""

from varesearch.describe.description import describe
from varesearch.describe.document import Description, Section, Table

__all__ = ["Description", "Section", "Table", "describe"]
