"""Results come back: the model is judged on them, and the next one learns them."""
