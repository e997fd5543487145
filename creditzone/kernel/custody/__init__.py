"""Custody of a capsule's secret: the provider's own part, and one that t-1 of n-1 others hold together.

    secret = HKDF-SM3(P | S)     P: 32 bytes, the provider's; S: 16 bytes, shared among the others; none where t = 1

P is no share of S: the others together open nothing without the provider, and the provider nothing without t-1 of
them. Every share is committed to in the header that the provider signs, and is checked before it is used.
"""
