"""Styles: small adapters on the starter model's language model, trained on an animator's own clips."""
