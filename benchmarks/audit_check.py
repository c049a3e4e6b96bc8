"""How long it takes to compare the audit trail with a store of 100,000 studies, both ways.

    python benchmarks/audit_check.py [--studies N] [--database sqlite] [--database postgresql]

Copies of a real study, each with a row of the trail that seals it, as the service would have
written it. The check is that of `admin check` and of every night, without the files' hashes; its
memory is what the process has grown by. On PostgreSQL where Debian's package `postgresql` is
installed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, insert, select, text, update

from cxr_triage.service.paths import open_service_store
from cxr_triage.settings import Settings
from cxr_triage.store.audit.chain import FIELDS, row_hash
from cxr_triage.store.audit.seals import seals_text
from cxr_triage.store.comparison import TrailCheck
from cxr_triage.store.database.columns import stored_moment
from cxr_triage.store.database.tables import assessments, audit, audit_head, studies
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.sealing import RESULTS, STUDIES, films_seals, result_seal, study_seal
from service import FILM, Client, multiply, served

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.databases import VARIABLE, programs, raw, running_server, url_of

CHUNK = 500
MIB = 2**20


@contextmanager
def filled(count: int, database: str) -> Iterator[Store]:
    """A store of so many studies on that kind of database."""
    with ExitStack() as stack:
        if database == "postgresql":
            os.environ[VARIABLE] = stack.enter_context(running_server(on_disk=True))
            stack.callback(os.environ.pop, VARIABLE)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["CXR_TRIAGE_DATABASE_URL"] = url_of(folder)
        with served(folder) as (port, key, _):
            Client(port, key).ask("POST", "/v1/images", FILM)
        multiply(folder, count)
        with raw(folder) as connection:
            seal_all(connection)
        yield stack.enter_context(open_service_store(Settings(store_dir=folder)))


def seal_all(connection: Connection) -> None:
    """A row of the trail for each study, as `image_kept` leaves one."""
    connection.execute(text("BEGIN"))
    head = connection.execute(select(audit_head)).one()
    number, made, after = head.number, head.hash, ""
    while rows := connection.execute(
        STUDIES.where(studies.c.id > after).order_by(studies.c.id).limit(CHUNK)
    ).all():
        ids = [row.id for row in rows]
        films, trail = films_seals(connection, ids), []
        led = {row.leading_id: row.id for row in rows}
        results: dict[str, tuple[str, str]] = {
            led[row.id]: (row.id, result_seal(row))
            for row in connection.execute(RESULTS.where(assessments.c.id.in_(led)))
        }
        for row in rows:
            result, sealed = results[row.id]
            values = dict.fromkeys(FIELDS, "") | {
                "at": stored_moment(datetime.now(UTC)),
                "action": "image_kept",
                "actor_kind": "station",
                "study_id": row.id,
                "assessment_id": result,
                "seals": seals_text(
                    {
                        "study": {row.id: study_seal(row)},
                        "films": {row.id: films[row.id]},
                        "result": {result: sealed},
                    }
                ),
            }
            number, previous, made = number + 1, made, row_hash(made, values)
            trail.append(_stored(values, number, previous, made))
        connection.execute(insert(audit), trail)
        after = ids[-1]
    connection.execute(update(audit_head), {"number": number, "hash": made})
    connection.execute(text("COMMIT"))
    connection.execute(text("ANALYZE"))


def _stored(values: dict[str, Any], number: int, previous: str, made: str) -> dict[str, Any]:
    at = datetime.fromisoformat(values["at"])
    return {**values, "at": at, "number": number, "previous": previous, "hash": made}


def measured(store: Store) -> tuple[TrailCheck, float, float, float]:
    """What was found, the seconds that it took, those of this process's processor, the MiB that it
    needed."""
    process, most = psutil.Process(), 0
    before = process.memory_info().rss

    def pause() -> None:
        nonlocal most
        most = max(most, process.memory_info().rss)

    started, cpu = time.perf_counter(), time.process_time()
    check = store.check_trail(pause=pause)
    took = time.perf_counter() - started, time.process_time() - cpu
    return check, *took, (most - before) / MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=100_000)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    arguments = parser.parse_args()
    wanted = arguments.database or ["sqlite", *(["postgresql"] if programs() else [])]
    table = Table(
        "database", "studies", "rows of the trail", "seconds", "processor", "MiB", "sound"
    )
    for database in wanted:
        with filled(arguments.studies, database) as store:
            for _ in range(2):  # the second finds the file in memory
                check, seconds, cpu, mib = measured(store)
                table.add_row(
                    database,
                    f"{arguments.studies:,}",
                    f"{check.chain.rows:,}",
                    f"{seconds:.1f}",
                    f"{cpu:.1f}",
                    f"{mib:.0f}",
                    "yes" if check.sound else f"no: {len(check.differences)}",
                )
    Console().print(table)


if __name__ == "__main__":
    main()
