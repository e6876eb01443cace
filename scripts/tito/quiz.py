"""`tito quiz`: a module's questions, answered in the terminal.

Public parts: `quiz`, `summary`. The answers are kept in `.tito/quiz.json`: {"05": {question: number of the choice}}.
"""

import sys
import textwrap
from typing import Annotated

import typer

from tito import course
from tito.answer import Json, document, note
from tito.course import Module, Question
from tito.memory import CannotDo, lay_aside, read_json, write_json

ANSWERS = "quiz.json"
WIDEST = 88  # columns: longer lines are hard to read
INTERRUPTED = 130  # the exit code after Ctrl-C


def quiz(
    module: Annotated[str, typer.Argument(metavar="NN", help="The module: 05, autograd, or a file of it.")],
    answer: Annotated[str, typer.Option(help="All answers at once, such as 2,1,3; nothing is asked then.")] = "",
    as_json: Json = False,
) -> None:
    """Ask a module's questions, and say at once whether an answer is right and why.

    Answers are kept, also those before Ctrl-C: the next call goes on there. Once all are answered, another time counts
    only if it is as good. Exits 0 only if all are right. With --json and no --answer, nothing is asked: the document
    holds the questions.

    Example: tito quiz 05, or tito quiz 05 --answer 2,1,3
    """
    asked = course.module(module)
    if not asked.questions:
        raise CannotDo(f"{asked.number} {asked.title} has no questions")
    if as_json and not answer:
        document({"module": asked.number, "questions": [_question(q) for q in asked.questions]})
        return
    answers = _parsed(answer, asked) if answer else _ask_all(asked)
    right = sum(a == q.right for a, q in zip(answers, asked.questions, strict=True))
    best = _keep_better(asked, answers)
    if as_json:
        rows = [_question(q) | _judged(q, a) for q, a in zip(asked.questions, answers, strict=True)]
        document({"module": asked.number, "right": right, "of": len(rows), "answers": rows})
    else:
        if answer:
            _show_all(asked, answers)
        _print(f"{right} of {len(answers)} right." + (f" Kept is your best time: {best}." if best != right else ""))
    raise typer.Exit(right != len(answers))


def summary(module: Module) -> str:
    """Return "2 of 3 right" for the answers that are kept, or "" where there are none."""
    kept = _kept(module)
    return f"{_right(module, kept)} of {len(module.questions)} right" if kept else ""


def _kept(module: Module) -> dict[str, int]:
    """Return the answers that are kept, by the question."""
    known, _ = read_json(ANSWERS)
    answers = known.get(module.number)
    return {q.ask: answers[q.ask] for q in module.questions if q.ask in answers} if isinstance(answers, dict) else {}


def _right(module: Module, answers: dict[str, int]) -> int:
    return sum(answers.get(q.ask) == q.right for q in module.questions)


def _ask_all(module: Module) -> list[int]:
    """Ask what isn't answered yet, each answer kept before the next is asked; or all, once all are answered."""
    answers = _kept(module)
    again = len(answers) == len(module.questions)
    if again:
        answers = {}
    elif answers:
        _print(f"{len(answers)} of {len(module.questions)} are answered already; this goes on with the others.\n")
    try:
        for number, question in enumerate(module.questions, 1):
            if question.ask in answers:
                continue
            _show(question, f"{number} of {len(module.questions)}")
            answers[question.ask] = _ask(len(question.choices))
            if not again:
                _keep(module, answers)
            _show_verdict(question, answers[question.ask])
    except (KeyboardInterrupt, EOFError) as stop:
        print()
        kept = f"what you answered before stays: {summary(module)}" if again else _progress(module, answers)
        note(f"stopped; {kept}")
        raise typer.Exit(INTERRUPTED if isinstance(stop, KeyboardInterrupt) else 1) from None
    return [answers[question.ask] for question in module.questions]


def _progress(module: Module, answers: dict[str, int]) -> str:
    kept = f"answered and kept: {len(answers)} of {len(module.questions)}"
    return f"{kept}; tito quiz {module.number} goes on there" if answers else kept


def _keep_better(module: Module, answers: list[int]) -> int:
    """Keep a whole row of answers, unless the one that is kept has more right; return how many the kept one has."""
    given = dict(zip((q.ask for q in module.questions), answers, strict=True))
    before = _kept(module)
    if len(before) == len(given) and _right(module, before) > _right(module, given):
        return _right(module, before)
    _keep(module, given)
    return _right(module, given)


def _ask(choices: int) -> int:
    while True:
        print("your answer: ", end="", flush=True)
        typed = input().strip()
        if not sys.stdin.isatty():
            print(typed)
        if typed.isdecimal() and 1 <= int(typed) <= choices:
            return int(typed)
        print(f"a number from 1 to {choices}, then Enter; Ctrl-C ends")


def _parsed(answer: str, module: Module) -> list[int]:
    """Return the numbers of `--answer`. Raises CannotDo where they don't fit the questions."""
    words = [word.strip() for word in answer.split(",")]
    if len(words) != len(module.questions):
        raise CannotDo(f"{module.number} has {len(module.questions)} questions, but --answer has {len(words)} answers")
    for word, question in zip(words, module.questions, strict=True):
        if not (word.isdecimal() and 1 <= int(word) <= len(question.choices)):
            raise CannotDo(
                f"{word!r} is no answer to {question.ask!r}: wanted a number from 1 to {len(question.choices)}"
            )
    return [int(word) for word in words]


def _keep(module: Module, answers: dict[str, int]) -> None:
    known, damage = read_json(ANSWERS)
    if damage:
        place = lay_aside(ANSWERS)
        note(f"{damage}; " + (f"it lies in {place} now, and a new one is begun" if place else "a new one is begun"))
    before = known.get(module.number)
    try:
        write_json(ANSWERS, {**known, module.number: {**(before if isinstance(before, dict) else {}), **answers}})
    except CannotDo as error:
        note(f"{error}. The answer can't be kept")


def _question(question: Question) -> dict[str, object]:
    return {"ask": question.ask, "choices": list(question.choices)}


def _judged(question: Question, answer: int) -> dict[str, object]:
    return {"answer": answer, "right": question.right, "is_right": answer == question.right, "why": question.why}


def _show_all(module: Module, answers: list[int]) -> None:
    for number, (question, answer) in enumerate(zip(module.questions, answers, strict=True), 1):
        _show(question, f"{number} of {len(answers)}")
        _show_verdict(question, answer)


def _show(question: Question, which: str) -> None:
    _print(f"[{which}] {question.ask}")
    for number, choice in enumerate(question.choices, 1):
        _print(f"{number}  {choice}", indent="  ", more="     ")


def _show_verdict(question: Question, answer: int) -> None:
    said = "right" if answer == question.right else f"wrong: it is {question.right}"
    _print(f"{answer} is {said}. {question.why}")
    print()


def _print(text: str, indent: str = "", more: str = "") -> None:
    """Print text, wrapped, with what stands between backquotes in colour."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    width = min(console.width, WIDEST)
    wrapped = Text("\n".join(textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=more or indent)))
    wrapped.highlight_regex(r"`[^`]+`", "cyan")
    console.print(wrapped)
