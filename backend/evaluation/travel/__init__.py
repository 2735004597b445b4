"""How well motions go where they are asked to, and how well loops close."""
