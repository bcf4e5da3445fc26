"""Answers to "where did the nan come from?" and "why is the gradient what it is?".

`detect_anomaly()` stops a program at the first operation that makes a nan or an inf, forward or backward, and suggests
remedies.  `explain(root, leaf)` splits a gradient into its parts, by the operations that use the leaf, and by paths.
"""

from .anomaly import AnomalyError, detect_anomaly
from .explanation import Contribution, Explanation, Path, explain

__all__ = ["AnomalyError", "detect_anomaly", "Contribution", "Explanation", "Path", "explain"]
