"""Engines on several machines: replicas on a Ray cluster, handed jobs by one gateway. Nothing else needs Ray."""
