"""The transition model, which fills the gaps between keyed poses."""
