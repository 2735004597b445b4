"""The sub-panel Several Characters: its list and its buttons."""
