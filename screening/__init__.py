"""The application: from tested compounds and a library to a ranked, explained list of what to buy."""
