"""The national commercial ciphers: SM2, SM3, SM4-GCM, HKDF over SM3, and envelopes made of them."""

from creditzone.kernel.sm.selftest import SelfTestFailed, self_test

__all__ = ["SelfTestFailed", "self_test"]
