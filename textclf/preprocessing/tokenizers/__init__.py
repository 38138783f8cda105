"""The tokenizers: each splits texts into tokens, learns a vocabulary, and turns texts into rows of token ids.

One file each; `tokenizer.py` states what it must offer. To add one, write the file and add its line to `TOKENIZERS`.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType


class ModuleTable(Mapping[str, ModuleType]):
    """Modules by name, in the order of the table. A module is imported when it is looked up.

    Args:
        package: the package that has the modules.
        modules: the name of the file of each.
    """

    def __init__(self, package: str, modules: Mapping[str, str]):
        self._package = package
        self._modules = modules

    def __getitem__(self, name: str) -> ModuleType:
        return import_module(f"{self._package}.{self._modules[name]}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules


TOKENIZERS = ModuleTable(
    __name__,
    {
        "word": "word",
        "character": "character",
        "byte_pair": "byte_pair",
        "unigram": "unigram",
        "jieba": "jieba",
        "keras": "keras_compatible",
        "pretrained": "pretrained",
    },
)
