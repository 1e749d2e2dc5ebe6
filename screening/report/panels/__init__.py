"""Parts of a report: plots of quality, chemical space, hidden units, curation."""
