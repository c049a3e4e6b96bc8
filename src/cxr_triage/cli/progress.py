"""Progress: a bar with rate and time left on a terminal, plain lines elsewhere."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cxr_triage.language import Language, say

Item = TypeVar("Item")

LINE_EVERY_S = 10.0
JSON_EVERY_S = 1.0

ProgressKind = Literal["auto", "lines", "json"]


def with_progress(
    items: Iterable[Item],
    *,
    total: int,
    console: Console,
    language: Language,
    quiet: bool,
    kind: ProgressKind = "auto",
) -> Iterator[Item]:
    """Yield `items` while showing how many of `total` are done: a bar in a terminal, else lines."""
    if kind == "json":
        yield from _json(items, total, console)
    elif quiet or total <= 1:
        yield from items
    elif console.is_terminal and kind != "lines":
        yield from _bar(items, total, console, language)
    else:
        yield from _lines(items, total, console, language)


def _json(items: Iterable[Item], total: int, console: Console) -> Iterator[Item]:
    """A JSON object a line: the first, one a second, the last."""
    start, last = time.monotonic(), float("-inf")
    done = -1
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - last >= JSON_EVERY_S:
            last = now
            _say_json(console, done, total, now - start)
        yield item
    _say_json(console, done + 1, total, time.monotonic() - start)


def _say_json(console: Console, done: int, total: int, seconds: float) -> None:
    rate = done / seconds if seconds > 0 else 0.0
    left = round((total - done) / rate, 1) if rate else None
    said = {"done": done, "total": total, "files_per_s": round(rate, 2), "left_s": left}
    console.file.write(json.dumps(said) + "\n")
    console.file.flush()


def _bar(items: Iterable[Item], total: int, console: Console, language: Language) -> Iterator[Item]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}/s"),
        TimeRemainingColumn(),
    )
    start = time.monotonic()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(say("command.reading", language), total=total, rate="–")
        for done, item in enumerate(items, start=1):
            yield item
            rate = done / max(1e-6, time.monotonic() - start)
            progress.update(task, advance=1, rate=f"{rate:.1f}")


def _lines(
    items: Iterable[Item], total: int, console: Console, language: Language
) -> Iterator[Item]:
    start = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last < LINE_EVERY_S:
            continue
        last, rate = now, done / (now - start)
        left = round((total - done) / rate)
        console.print(
            say(
                "command.progress", language, done=done, total=total, rate=round(rate, 1), left=left
            )
        )
