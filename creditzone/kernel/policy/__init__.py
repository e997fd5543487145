"""The policy language: what a capsule may be used for, decided in one pure function and said in words."""
