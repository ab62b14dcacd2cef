"""Which errors the code raises, read from its syntax trees without running it.

Found are: calls with `code="…"`, calls of our error classes (their own code), calls of a module's
own makers of errors (functions and classes that take a code and a message), and rows of tables: a
code followed by two texts. An error that is put together in another way is not found.
"""

import ast
import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import udsync_pipelines
from udsync_pipelines.errors import UdsyncError

PACKAGE = Path(udsync_pipelines.__file__).parent
# Stand-ins are no part of the product; Alembic's scripts cannot be imported.
LEFT_OUT = ("emulators/", "store/migrations/env.py", "store/migrations/versions/")
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")
UNKNOWN = "…"

Parts = dict[str, ast.expr]


@dataclass(frozen=True)
class RaisedError:
    """What one place raises; `…` stands for what is not known before it runs."""

    code: str
    message: str
    cure: str


def raised_errors() -> Iterator[tuple[str, RaisedError]]:
    """Every error with the file it stands in, relative to the package."""
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE).as_posix()
        if not place.startswith(LEFT_OUT) and file.name not in {"__init__.py", "__main__.py"}:
            name = f"{PACKAGE.name}.{place.removesuffix('.py').replace('/', '.')}"
            source = _Source(importlib.import_module(name), file)
            yield from ((place, error) for error in source.errors())


class _Source:
    def __init__(self, module: ModuleType, file: Path) -> None:
        self._module = module
        self._tree = ast.parse(file.read_text(encoding="utf-8"))
        self._makers = dict(_makers(self._tree))

    def errors(self) -> Iterator[RaisedError]:
        functions = [node for node in ast.walk(self._tree) if isinstance(node, ast.FunctionDef)]
        inside: set[ast.AST] = set()
        for function in functions:
            nodes = list(ast.walk(function))
            inside.update(nodes)
            yield from self._of_nodes(nodes, function)
        yield from self._of_nodes([n for n in ast.walk(self._tree) if n not in inside], None)

    def _of_nodes(
        self, nodes: Sequence[ast.AST], scope: ast.FunctionDef | None
    ) -> Iterator[RaisedError]:
        for node in nodes:
            if isinstance(node, ast.Call):
                yield from self._error(self._of_call(node, scope), scope)
            elif isinstance(node, ast.Tuple):
                yield from self._error(_of_row(node.elts), scope)
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if key is not None and isinstance(value, ast.Tuple):
                        yield from self._error(_of_row([key, *value.elts]), scope)

    def _of_call(self, call: ast.Call, scope: ast.FunctionDef | None) -> Parts:
        named: Parts = {word.arg: word.value for word in call.keywords if word.arg}
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        arguments = [part for given in call.args for part in self._spread(given, scope)]
        kind = vars(self._module).get(name)
        if name in self._makers:
            return named | dict(zip(self._makers[name], arguments, strict=False))
        if arguments and isinstance(kind, type) and issubclass(kind, UdsyncError):
            named.setdefault("code", ast.Constant(kind.code))
        if arguments and "code" in named:
            named["message"] = arguments[0]
        return named

    def _spread(self, given: ast.expr, scope: ast.FunctionDef | None) -> list[ast.expr]:
        """An argument, or the elements of a starred one."""
        if not isinstance(given, ast.Starred):
            return [given]
        found = self._assigned(given.value, scope)
        return list(found.elts) if isinstance(found, ast.Tuple) else []

    def _error(self, found: Parts, scope: ast.FunctionDef | None) -> Iterator[RaisedError]:
        if not {"code", "message"} <= set(found):
            return
        code, message, cure = (
            self._text(found.get(part), scope) for part in ("code", "message", "cure")
        )
        if code and CODE.fullmatch(code) and message and message != UNKNOWN:
            yield RaisedError(code, message, cure or "")

    def _assigned(self, name: ast.expr, scope: ast.FunctionDef | None) -> ast.expr | None:
        """What was last assigned to a name above the line where it stands."""
        if not isinstance(name, ast.Name):
            return None
        for place in (scope, self._tree):
            values = [
                (node.lineno, node.value)
                for node in ast.walk(place or self._tree)
                if isinstance(node, ast.Assign)
                and any(isinstance(it, ast.Name) and it.id == name.id for it in node.targets)
            ]
            above = [each for each in values if each[0] < name.lineno]
            if above or values:
                return max(above or values, key=lambda each: each[0])[1]
        return None

    def _text(self, node: ast.expr | None, scope: ast.FunctionDef | None) -> str | None:
        text: str | None = None
        match node:
            case ast.Constant(value=str() as constant):
                text = constant
            case ast.JoinedStr():
                text = "".join(self._part(part, scope) for part in node.values)
            case ast.BinOp():
                text = f"{self._text(node.left, scope)}{self._text(node.right, scope)}"
            case ast.IfExp():
                choices = (self._text(node.body, scope), self._text(node.orelse, scope))
                text = " Or: ".join(filter(None, choices))
            case ast.BoolOp():
                text = self._text(node.values[-1], scope)
            case ast.Name():
                known = vars(self._module).get(node.id)
                assigned = self._assigned(node, scope)
                text = known if isinstance(known, str) else self._text(assigned, scope)
        return text

    def _part(self, part: ast.expr, scope: ast.FunctionDef | None) -> str:
        is_fixed = isinstance(part, ast.Constant)
        return (self._text(part, scope) if is_fixed else None) or UNKNOWN


def _makers(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The module's functions and classes that take a code, with the names of what they take."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        taken = ["message" if name == "problem" else name for name in _taken(node)]
        if {"code", "message"} <= set(taken):
            yield node.name, taken


def _taken(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [argument.arg for argument in node.args.args]
    makers = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    if "__init__" in makers:
        return [argument.arg for argument in makers["__init__"].args.args[1:]]
    return [
        part.target.id
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    ]


def _of_row(cells: list[ast.expr]) -> Parts:
    """Code, message and cure of a row of a table."""
    for code, message, cure in zip(cells, cells[1:], cells[2:], strict=False):
        if _is_word(code) and _is_sentence(message) and not _is_word(cure):
            return {"code": code, "message": message, "cure": cure}
    return {}


def _is_word(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and " " not in text


def _is_sentence(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and " " in text


__all__ = ["RaisedError", "raised_errors"]
