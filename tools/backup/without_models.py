"""A stack without its models: what a restore fills before a model is trained, or its name registered."""

from dataclasses import dataclass
from typing import Any

from tools import stack_file
from tools.engine.stack import Stack

_MODELS, _IMAGES = f"{stack_file.PREFIX}models", f"{stack_file.PREFIX}images"
# What a model's image is built on: the settings refuse what nothing would use.
_OF_MODELS = "python-"


@dataclass(frozen=True)
class WithoutModels(Stack):
    """The same stack, with the same files and the same state."""

    @property
    def content(self) -> dict[str, Any]:
        content = super().content
        config = {key: value for key, value in content["config"].items() if key != _MODELS}
        if images := config.get(_IMAGES):
            config[_IMAGES] = {key: image for key, image in images.items() if not key.startswith(_OF_MODELS)}
        return {**content, "config": config}
