"""The wheel replayed: what each rule of picking would have found on a finished assay."""
