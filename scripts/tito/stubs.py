"""Stubs: made from the reference, and put back into a learner's file, one function at a time.

Public parts: `Refused`, `make_stub`, `body_span`, `put_back`. All of it is text with `ast` line spans: what isn't meant
stays byte for byte.
"""

import ast
import io
import tokenize

from tinytorch._splice import Function, function_name, functions
from tito.course import Module


class Refused(ValueError):
    """The reference or the manifest can't be made into a stub as they stand."""


def make_stub(module: Module, source: str) -> str:
    """Return the stub of a module: its reference's source without the bodies of the exercises and without hidden names.

    Raises Refused for an exercise that isn't there, has no docstring, or stands on one line.
    """
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    found = functions(tree)
    edits: list[tuple[int, int, list[str]]] = []  # from line, to line (both 0-based, the end excluded), the new lines
    for exercise in module.exercises:
        if exercise.function not in found:
            raise Refused(f"{exercise}: the reference has no such function")
        start, end, indent = _body_span(str(exercise), found[exercise.function], lines)
        body = exercise.starts_with or f'raise NotImplementedError("{exercise}")'
        edits.append((start, end, [f"{' ' * indent}{line}\n" for line in body.splitlines()]))
    for name in module.hidden:
        edits.append((*_statement_span(tree, name), []))
    for start, end, new in sorted(edits, reverse=True):
        lines[start:end] = new
    return "".join(lines)


def _body_span(name: str, node: Function, lines: list[str]) -> tuple[int, int, int]:
    """Return the lines behind the docstring up to the body's last line or comment, and the body's indentation."""
    docstring = node.body[0]
    if ast.get_docstring(node) is None:
        raise Refused(f"{name}: an exercise needs a docstring, it is the contract")
    if len(node.body) < 2 or docstring.lineno == node.lineno or node.body[1].lineno <= (docstring.end_lineno or 0):
        raise Refused(f"{name}: an exercise needs a body on lines of its own")
    return *body_span(node, lines), docstring.col_offset


def body_span(node: Function, lines: list[str]) -> tuple[int, int]:
    """Return the lines of a body, from behind its docstring to its last line or comment."""
    first = node.body[0]
    start = (first.end_lineno or 0) if ast.get_docstring(node) is not None else first.lineno - 1
    end = after = node.end_lineno or 0
    while after < len(lines) and (not lines[after].strip() or _is_comment(lines[after], first.col_offset)):
        after += 1
        if lines[after - 1].strip():
            end = after  # empty lines belong to the body only where a comment of it follows
    return start, end


def _is_comment(line: str, indent: int) -> bool:
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) >= indent


def _statement_span(tree: ast.Module, name: str) -> tuple[int, int]:
    """Return the lines of a hidden function, import or constant with the empty lines behind it."""
    owner, _, short = name.rpartition(".")
    body = tree.body
    if owner:
        body = next((n.body for n in body if isinstance(n, ast.ClassDef) and n.name == owner), [])
    for index, node in enumerate(body):
        names = {alias.asname or alias.name for alias in getattr(node, "names", [])}
        if short in names and len(names) > 1:
            raise Refused(f"hidden name {name!r}: its import brings other names too; give it a line of its own")
        targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)} | {getattr(node, "name", None)}
        if short in names:
            start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
            following = body[index + 1] if index + 1 < len(body) else None
            if following is None:
                return start, node.end_lineno or node.lineno
            return start, min([following.lineno, *(d.lineno for d in getattr(following, "decorator_list", []))]) - 1
    raise Refused(f"hidden name {name!r}: the reference has no such statement")


def put_back(mine: bytes, stub: str, function: str) -> bytes:
    """Return a learner's source with one function as the stub has it; every byte outside of that function stays.

    A function that isn't there is put in behind what it follows in the stub.
    Raises SyntaxError or ValueError if `mine` can't be parsed, and Refused if the function can't be put back alone.
    """
    tree, stub_tree = ast.parse(mine), ast.parse(stub)
    lines = mine.splitlines(keepends=True)
    stub_lines = stub.encode().splitlines(keepends=True)
    wanted = functions(stub_tree)[function]
    present = functions(tree).get(function)
    if present is not None:
        start, end = _span(present, lines)
        before, indent = 0, _indent(lines[present.lineno - 1])
    else:
        start, before, indent = _place(function, tree, lines, stub_tree, stub_lines)
        end = start
    first, last = _span(wanted, stub_lines)
    text = [b"\n"] * before + [_indented(line, wanted.col_offset, indent) for line in stub_lines[first:last]]
    if start and not lines[start - 1].endswith((b"\n", b"\r")):
        text.insert(0, b"\n")
    result = b"".join([*lines[:start], *_recoded(text, mine), *lines[end:]])
    _check(function, wanted, tree, result)
    return result


def _span(node: ast.stmt, lines: list[bytes]) -> tuple[int, int]:
    """Return a statement's lines: its decorators, itself, and the comments that end a function's or a class's body."""
    start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
    end = node.end_lineno or node.lineno
    body = getattr(node, "body", None)
    if body and isinstance(node, Function | ast.ClassDef):
        while end < len(lines) and _is_comment(lines[end].decode("latin-1"), body[0].col_offset):
            end += 1
    return start, end


def _place(
    function: str, tree: ast.Module, lines: list[bytes], stub_tree: ast.Module, stub_lines: list[bytes]
) -> tuple[int, int, bytes]:
    """Return where an absent function belongs: before which line, behind how many empty ones, how far indented."""
    body, stub_body = _scope(tree, function), _scope(stub_tree, function)
    keys = [_key(statement) for statement in stub_body]
    own = {_key(statement): statement for statement in body}
    index = next(i for i, key in enumerate(keys) if key == ("function", function.rpartition(".")[2]))
    first = _span(stub_body[index], stub_lines)[0]
    empty = _empty_before(stub_lines, first)
    indent = _indent(lines[body[0].lineno - 1]) if "." in function else b""
    for key in reversed(keys[:index]):
        if key in own:
            return _span(own[key], lines)[1], empty, indent
    return (_span(body[-1], lines)[1] if body else len(lines)), empty, indent


def _scope(tree: ast.Module, function: str) -> list[ast.stmt]:
    """Return the statements among which a function stands: the module's, or those of its class."""
    body = tree.body
    for owner in function.split(".")[:-1]:
        classes = [node for node in body if isinstance(node, ast.ClassDef) and node.name == owner]
        if not classes:
            raise Refused(f"class {owner} isn't there")
        body = classes[-1].body
    return body


def _key(statement: ast.stmt) -> tuple[str, str]:
    """Return what identifies a statement in both files: its name, or its text where it is no definition."""
    if isinstance(statement, Function):
        return "function", function_name(statement)
    return ("class", statement.name) if isinstance(statement, ast.ClassDef) else ("text", ast.dump(statement))


def _empty_before(lines: list[bytes], index: int) -> int:
    start = index
    while start and not lines[start - 1].strip():
        start -= 1
    return index - start


def _indent(line: bytes) -> bytes:
    return line[: len(line) - len(line.lstrip(b" \t"))]


def _indented(line: bytes, columns: int, indent: bytes) -> bytes:
    """Return a line of the stub, which stands `columns` to the right, as far to the right as `indent` says."""
    return indent + line[columns:] if line.strip() else line


def _recoded(text: list[bytes], mine: bytes) -> list[bytes]:
    """Return the stub's lines in the encoding and with the line ends of the learner's file."""
    encoding = tokenize.detect_encoding(io.BytesIO(mine).readline)[0].removesuffix("-sig")
    end = b"\r\n" if mine.partition(b"\n")[0].endswith(b"\r") else b"\n"
    try:
        return [line.decode().encode(encoding).replace(b"\n", end) for line in text]
    except UnicodeEncodeError:
        raise Refused(f"the file's encoding, {encoding}, can't hold the stub's text") from None


def _check(function: str, wanted: Function, before: ast.Module, result: bytes) -> None:
    """Raise Refused unless the result holds the stub's function, and all the others are what they were."""
    try:
        after = functions(ast.parse(result))
    except (SyntaxError, ValueError):
        raise Refused("the file would not parse any more") from None
    others = {name: ast.dump(node) for name, node in functions(before).items() if name != function}
    if {name: ast.dump(node) for name, node in after.items() if name != function} != others:
        raise Refused("other functions would change")
    if function not in after or _behind_docstring(after[function]) != _behind_docstring(wanted):
        raise Refused("it would not be the stub's")


def _behind_docstring(node: Function) -> list[str]:
    return [ast.dump(statement) for statement in node.body[1:]]
