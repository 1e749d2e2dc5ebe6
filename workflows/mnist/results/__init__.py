"""What the experiments leave; read `documented`, `tables`, `images`, `figures`, then `page`."""
