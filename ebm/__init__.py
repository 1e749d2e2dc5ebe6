"""The engine: RBMs and deep belief networks on tensors. Knows no chemistry and imports nothing of ours."""
