"""The application: from an assay and a library to a ranked, explained list of what to buy."""
