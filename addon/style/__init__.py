"""Styles from the animator's own actions or clips, trained in the background."""
