"""Several characters in one go: who they are and what each does, and the job that makes and writes all."""
