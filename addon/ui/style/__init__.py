"""The sub-panel Train Style: its settings, its buttons and what it shows."""
