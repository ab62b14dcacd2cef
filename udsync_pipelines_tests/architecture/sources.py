"""The product's source files, parsed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sensors
import udsync_pipelines
import udsync_pipelines_tests

ROOTS = tuple(
    Path(str(package.__file__)).parent
    for package in (udsync_pipelines, sensors, udsync_pipelines_tests)
)
PRODUCT, SENSORS, TESTS = (root.name for root in ROOTS)
PROJECT = ROOTS[0].parent


@dataclass(frozen=True)
class SourceFile:
    """A module: its path below the project, and its syntax tree."""

    path: Path
    tree: ast.Module

    @property
    def is_test(self) -> bool:
        return self.path.parts[0] == TESTS

    def is_in(self, *folders: str) -> bool:
        """Whether it lies in one of these folders of the product."""
        return self.path.parts[0] == PRODUCT and self.path.parts[1] in folders

    def found(self, kind: type[ast.AST]) -> Iterator[ast.AST]:
        """The nodes of a kind."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))

    def place(self, node: ast.AST) -> str:
        """Where a node stands, as an editor opens it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def calls_of(self, name: str) -> list[str]:
        """Where a built-in of this name is called."""
        return [
            self.place(node)
            for node in self.found(ast.Call)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == name
        ]


@cache
def all_sources() -> tuple[SourceFile, ...]:
    """Every module of the product, its sensors and its tests."""
    return tuple(
        SourceFile(path.relative_to(PROJECT), ast.parse(path.read_text(encoding="utf-8")))
        for root in ROOTS
        for path in sorted(root.rglob("*.py"))
    )


def product_sources() -> list[SourceFile]:
    """The same without the tests."""
    return [source for source in all_sources() if not source.is_test]
