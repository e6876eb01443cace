"""Merge a learner's file with a newer stub: the new text, and in it everything that the learner typed.

Public parts: `merge`, `Merged`, `LeftOver`. Three texts take part, piece by piece: the stub that the learner began
with, the learner's file, and the new stub. What the learner changed and the course did not is the learner's, and the
other way round. Where both changed an exercise, the learner's body goes behind the new docstring. What has no place in
the new stub, such as the body of an exercise that is gone, is handed back as left over. Where that can't be done for
certain, `merge` raises Refused, and the file stays as it is.
"""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tinytorch._splice import Function, unbuilt_id
from tito.stubs import Refused
from tito.update_pieces import Piece, bound, cut

Exercises = Mapping[str, str]  # by function, the exercise's id

_Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class LeftOver:
    """Something typed that has no place in the new stub, or (without text) that has one and needs a look."""

    what: str  # "01.3 Tensor.sum"
    why: str
    text: str = ""


@dataclass(frozen=True)
class Merged:
    """The file as it shall be."""

    content: bytes
    placed: tuple[str, ...]  # exercises that hold what the learner typed
    own: tuple[str, ...]  # helpers, imports and other statements of the learner's
    left: tuple[LeftOver, ...]


def merge(mine: bytes, old: str, new: str, before: Exercises, after: Exercises) -> Merged:
    """Return the new stub with what the learner typed. before, after: the exercises of both stubs.

    Raises Refused where it can't be merged for certain, and what `parse` does if `mine` can't be parsed.
    """
    encoding = tokenize.detect_encoding(io.BytesIO(mine).readline)[0].removesuffix("-sig")
    text = mine.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    work = _Merge({p.name: p for p in cut(old)}, {p.name: p for p in cut(new)}, before, after)
    pieces = cut(text)
    work.used = _used(pieces, work.old, work.new)
    work.take(pieces)
    result = work.text()
    work.left.extend(_lines_without_a_place(text, old, result, work.left))
    if mine.partition(b"\n")[0].endswith(b"\r"):
        result = result.replace("\n", "\r\n")
    return Merged(result.encode(encoding), tuple(work.placed), tuple(work.own), tuple(work.left))


@dataclass
class _Merge:
    old: dict[str, Piece]
    new: dict[str, Piece]
    before: Exercises
    after: Exercises
    result: list[Piece] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    left: list[LeftOver] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # names that the learner's own code uses

    def take(self, mine: list[Piece]) -> None:
        """Go through the learner's pieces, and put each where it belongs."""
        self.result = list(self.new.values())
        anchor = ""  # the piece before, as far as the result has it
        for piece in mine:
            was, now = self.old.get(piece.name), self.new.get(piece.name)
            if now:
                both = self._three(piece, was, now) if was else self._two(piece, now)
                self.result[self._index(piece.name)] = both
            elif was and piece.text != was.text:
                self._leave(piece, self._why_gone(piece.name))
                continue
            elif (was and not self._needs(piece)) or not self._insert(piece, anchor):
                continue
            anchor = piece.name
        lost = (_given(self.old.values()) - _given(self.result)) & self.used
        if lost:
            self.left.append(LeftOver(", ".join(sorted(lost)), "what you typed uses it, and the new stub lacks it"))

    def _needs(self, gone: Piece) -> bool:
        """Return whether the learner's code uses what the old stub gave and the new one doesn't."""
        if gone.scope:  # with its class, or not at all
            return gone.scope[:-1] in self.own
        lacking = _given([gone]) - _given(self.new.values())
        return not _of_the_course(gone) and bool(lacking & self.used)

    def _three(self, mine: Piece, was: Piece, now: Piece) -> Piece:
        """Return a piece that all three have."""
        now = replace(now, lead=_lead(mine.lead, was.lead, now.lead))
        if was.text != now.text and isinstance(now.node, _Import):
            return self._import(mine, was, now)
        if mine.text in (was.text, now.text):
            return now
        if mine.name in self.after:
            self.placed.append(mine.name)
        if now.text == was.text:
            return replace(mine, lead=now.lead)
        functions = isinstance(mine.node, Function) and isinstance(now.node, Function)
        if functions and mine.name in self.after and mine.name in self.before:
            return self._body(mine, was, now)
        if mine.node and was.node and ast.dump(mine.node) == ast.dump(was.node):
            self.placed = [name for name in self.placed if name != mine.name]
            return now
        if functions and mine.name in self.after:
            self._note(mine, "you changed it when it was given; it is an exercise now: test it")
            return replace(mine, lead=now.lead)
        given = "it is no exercise any more, the course gives it" if mine.name in self.before else ""
        self._leave(mine, given or "you changed what was given, and the new version changed it too")
        return now

    def _two(self, mine: Piece, now: Piece) -> Piece:
        """Return a piece that the learner's file and the new stub have, and the old one had not."""
        if isinstance(now.node, _Import):
            return self._import(mine, None, now)
        if mine.node and now.node and ast.dump(mine.node) == ast.dump(now.node):
            return now
        if isinstance(mine.node, Function) and now.node and unbuilt_id(now.node):
            self.placed.append(mine.name)
            self._note(mine, "your own function has the name of a new exercise, and stands for it: test it")
            return mine
        raise Refused(f"your {mine.name} has the name of something new in this version; rename yours")

    def _body(self, mine: Piece, was: Piece, now: Piece) -> Piece:
        """Return an exercise with the learner's body behind the new docstring."""
        name, number = mine.name, self.after[mine.name]
        body = mine.body.replace(f'"{self.before[name]} {name}"', f'"{number} {name}"')  # a raise that still stands
        if mine.head != was.head:
            if now.head != was.head:
                self._note(mine, f"you changed its first lines, so they stay; the new ones: tito show {number}")
            return replace(mine, lead=now.lead, body=body)
        arguments = [ast.dump(p.node.args) for p in (was, now) if isinstance(p.node, Function)]
        if len({*arguments}) > 1:
            self._note(mine, "its arguments are others now; your body is in its place: test it")
        return replace(now, node=mine.node, body=body)

    def _import(self, mine: Piece, was: Piece | None, now: Piece) -> Piece:
        """Return an import with the names that the learner added, or uses."""
        assert isinstance(mine.node, _Import)
        given, there = _aliases(was), _aliases(now)
        used = set() if _of_the_course(mine) else self.used
        added = [
            alias
            for text, alias in _aliases(mine).items()
            if text not in there and (text not in given or (alias.asname or alias.name) in used)
        ]
        if not added:
            return now
        self._check_names({alias.asname or alias.name for alias in added}, mine.scope)
        self.own.append(ast.unparse(mine.node))
        more = ast.ImportFrom(getattr(mine.node, "module", None), added, getattr(mine.node, "level", 0))
        return replace(now, head=f"{now.head}{' ' * mine.node.col_offset}{ast.unparse(more)}\n")

    def _insert(self, mine: Piece, anchor: str) -> bool:
        """Put a piece of the learner's own behind what it stood behind; False where its class is gone."""
        if mine.scope and all(p.name != mine.scope[:-1] for p in self.result):
            self._leave(mine, f"the new version has no class {mine.scope[:-1]}")
            return False
        self._check_names(bound(mine.node), mine.scope)
        at = self._index(anchor) + 1 if anchor else 0
        while at < len(self.result) and self.result[at].scope.count(".") > mine.scope.count("."):
            at += 1
        self.result.insert(at, mine)
        self.own.append(mine.name)
        return True

    def _check_names(self, names: set[str], scope: str) -> None:
        """Raise Refused where the learner's own names are those of something new."""
        fresh = {n for p in self.new.values() if p.scope == scope and p.name not in self.old for n in bound(p.node)}
        if both := names & fresh:
            raise Refused(f"your {', '.join(sorted(both))} has the name of something new in this version; rename yours")

    def _index(self, name: str) -> int:
        return next(index for index, piece in enumerate(self.result) if piece.name == name)

    def _note(self, piece: Piece, why: str) -> None:
        self.left.append(LeftOver(self._title(piece.name), why))

    def _leave(self, piece: Piece, why: str) -> None:
        self.left.append(LeftOver(self._title(piece.name), why, _flush(piece.text)))

    def _title(self, name: str) -> str:
        return f"{self.before[name]} {name}" if name in self.before else name

    def _why_gone(self, name: str) -> str:
        gone, number = f"the new version has no {name}", self.before.get(name)
        now = next((function for function, id in self.after.items() if id == number), "")
        return f"{gone}; {number} is {now} now" if now and now not in self.before else gone

    def text(self) -> str:
        """Return the merged text. Raises Refused unless it falls into the same pieces again."""
        result = "".join(piece.lead + piece.text for piece in self.result)
        try:
            again = cut(result)
        except (SyntaxError, ValueError):
            raise Refused("the merged file would not parse") from None
        if [p.scope for p in again] != [p.scope for p in self.result]:
            raise Refused("your own functions are indented in another way than the stub")
        for wanted, found in zip(self.result, again, strict=True):
            if not isinstance(wanted.node, ast.ClassDef | _Import) and _code(wanted.node) != _code(found.node):
                raise Refused(f"{wanted.name} would not be what it shall be")
        return result


def _given(pieces: Iterable[Piece]) -> set[str]:
    """Return the names that a file's top level binds."""
    return {name for piece in pieces if not piece.scope for name in bound(piece.node)}


def _used(mine: list[Piece], old: Mapping[str, Piece], new: Mapping[str, Piece]) -> set[str]:
    """Return the names that the learner's code uses, also through given helpers that the new stub lacks."""
    typed = [p for p in mine if p.name not in old or p.text != old[p.name].text]
    names: set[str] = set()
    while typed:
        more = {name for p in typed if p.node for name in _free(p.node)} - names
        names |= more
        typed = [p for p in mine if not isinstance(p.node, ast.ClassDef) and _given([p]) & more - _given(new.values())]
    return names


def _free(node: ast.stmt) -> set[str]:
    """Return the names that a statement uses and doesn't bind itself."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    arguments = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    return {n.id for n in names} - {n.id for n in names if isinstance(n.ctx, ast.Store)} - arguments


def _aliases(piece: Piece | None) -> dict[str, ast.alias]:
    node = piece.node if piece else None
    return {ast.unparse(alias): alias for alias in node.names} if isinstance(node, _Import) else {}


def _of_the_course(piece: Piece) -> bool:
    """Return whether it imports from the course, whose new version may have no such name: then nothing would run."""
    return isinstance(piece.node, ast.ImportFrom) and (piece.node.module or "").startswith("tinytorch")


def _lead(mine: str, was: str, now: str) -> str:
    """Return the lines above a piece: the new ones, with the comments that the learner added."""
    if _words(mine) == _words(was):
        return now
    if _words(now) == _words(was):
        return mine
    known = {*_words(was), *_words(now)}
    return now + "".join(line for line in mine.splitlines(keepends=True) if line.strip() not in {*known, ""})


def _lines_without_a_place(mine: str, old: str, result: str, left: list[LeftOver]) -> Iterator[LeftOver]:
    """Yield the lines that the learner typed and that are neither in the result nor left over already."""
    there = Counter(_words(result)) + Counter(_words("".join(x.text for x in left))) + Counter(_words(old))
    lost = []
    for line in mine.split("\n"):
        word = line.strip()
        if word and not word.startswith("raise NotImplementedError("):
            there[word] -= 1
            if there[word] < 0:
                lost.append(line)
    if lost:
        yield LeftOver("single lines", "what stood around them is another now", "\n".join(lost) + "\n")


def _code(node: ast.stmt | None) -> str | list[str]:
    """Return what a statement does; of a function, what its body does."""
    if isinstance(node, Function) and not unbuilt_id(node):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        return [ast.dump(statement) for statement in body]
    return "" if node is None or unbuilt_id(node) else ast.dump(node)


def _words(text: str) -> list[str]:
    return [word for line in text.split("\n") if (word := line.strip())]


def _flush(text: str) -> str:
    """Return a piece's text from the left margin."""
    lines = text.splitlines(keepends=True)
    width = len(lines[0]) - len(lines[0].lstrip(" "))
    return "".join(line[width:] if not line[:width].strip() else line for line in lines)
