"""Training methods of others, each in a file of its own that enters itself into ``losses.CLASSIFICATION``.

Such a file holds a :class:`~bgood_lib.training.losses.Classification`. It may have ``steps``, a
:class:`~bgood_lib.training.steps.Steps`, where a step is more than one pass and one gradient, and
``equip(network, config)``, which gives a network the further parts that the method needs.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f".{_module.name}", __package__)
