"""Where a province's points on the index of Decision 766/QĐ-TTg went, and what an improvement is worth."""

__version__ = "0.1.0"
