"""Post-hoc detectors that pytorch-ood lacks, or has in a form that is slow or not finite on some input.

One idea a file: ``logits``, ``shaping``, ``head_weights``, ``prototypes``, ``neighbours``,
``gaussians``, ``subspace``, ``norms`` and ``transductive``. All are pytorch-ood detectors: the same base classes and
attributes, and larger scores mean more OOD.
"""
