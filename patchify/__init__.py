"""patchify: sweeps of a small NumPy network (a patchify convolution, then dense layers), tracked in MLflow.

On the command line, `patchify --help`. In a notebook:

>>> import patchify
>>> data = patchify.textures(train=6000, test=500)  # or patchify.cifar10()
>>> schedule = patchify.option("schedule", "cyclic", cycles=1, step_size=150)
>>> network, history = patchify.train(data, schedule=schedule, optimizer="nesterov", preconditioning="whiten_center")
>>> bool(patchify.evaluate(network, data).accuracy.test > 0.3)  # chance is 0.1
True
>>> patchify.predict(network, data.read().test_images[:3]).shape  # or "photo.jpg"
(3, 10)

`results` and `histories` give what sweeps have found as data frames, `load` gives their networks.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patchify.api.stored import histories, load, results
    from patchify.api.training import cifar10, evaluate, predict, textures, train
    from patchify.config.plain import option
    from patchify.core.images.augmentation import Augmentation
    from patchify.core.model.architecture import Architecture
    from patchify.core.model.losses import Regularizer

__all__ = [
    "Architecture",
    "Augmentation",
    "Regularizer",
    "cifar10",
    "evaluate",
    "histories",
    "load",
    "option",
    "predict",
    "results",
    "textures",
    "train",
]

_HOMES = {
    "patchify.api.stored": ("histories", "load", "results"),
    "patchify.api.training": ("cifar10", "evaluate", "predict", "textures", "train"),
    "patchify.config.plain": ("option",),
    "patchify.core.images.augmentation": ("Augmentation",),
    "patchify.core.model.architecture": ("Architecture",),
    "patchify.core.model.losses": ("Regularizer",),
}
"""Where names come from once they are used: a command imports this package, too, and must start soon."""


if not TYPE_CHECKING:  # which would take every name for one of ours

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(home), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
