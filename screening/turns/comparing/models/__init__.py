"""Two models compared: by results, by training again, by what their files hold."""
