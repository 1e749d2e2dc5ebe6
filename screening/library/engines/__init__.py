"""Who does shards: guarded processes of this machine, or those of a cluster."""
