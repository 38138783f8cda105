"""A table of parts, one module each, of which only those are imported that are looked up."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType


class ModuleTable(Mapping[str, ModuleType]):
    """Name -> module, in the order of the table.

    Args:
        package: in which the modules are.
        modules: their names there, by the name of each part.
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
