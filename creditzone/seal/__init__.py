"""Seal a file on its owner's own premises: what leaves them is ciphertext that one node alone can open."""
