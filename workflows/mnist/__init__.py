"""The MNIST workflows: how anyone can see that the engine is right."""
