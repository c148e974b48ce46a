"""Post-hoc detectors that pytorch-ood lacks, or has in a form that is slow or not finite on some input.

One idea a file: ``norms``, ``gaussians``, ``neighbours``, ``shaping``, ``head_weights``, ``logits``,
``subspace``, ``cfmpls`` and ``transductive``. All are pytorch-ood detectors: the same base classes and
attributes, and larger scores mean more OOD.
"""
