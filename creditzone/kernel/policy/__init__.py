"""The policy language: what a capsule may be used for, decided in one pure function and said in words."""

from creditzone.kernel.policy.evaluation import Allowed, decide, require_allowed
from creditzone.kernel.policy.sentence import Names, Segment, say_policy, say_rule
from creditzone.kernel.policy.use import Use

__all__ = ["Allowed", "Names", "Segment", "Use", "decide", "require_allowed", "say_policy", "say_rule"]
