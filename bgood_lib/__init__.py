"""Local background features for out-of-distribution detection.

Read the modules in the order in which data flows through them: ``datasets`` and
``scenes``, ``networks``, ``selectors`` and ``background_loss``, ``training``,
``feature_bank``, ``posthoc``, ``metrics``, ``records``.
"""

__version__ = "0.1.0"
