"""Movement bent along paths, looped, joined, repeated, and given other postures, with the feet set down again."""
