"""The load stage against raw COPY: the same rows, batch by batch, taking turns.

Ours goes from mapped rows to committed ones. Raw COPY is given ready-made bytes and does nothing
else: all rows of a batch, straight into empty tables of the same form, then a commit.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import psycopg

from udsync_pipelines.connectors.supabase.destination import SupabaseDestination
from udsync_pipelines.connectors.supabase.schema import apply
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.services.engines import TenantEngine, open_engine
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.services.targets import supabase_profiles
from udsync_pipelines.sync.due import BATCH
from udsync_pipelines.sync.mapped import Mapper
from udsync_pipelines.sync.records import MappedRecord
from udsync_pipelines_tests.benchmarks.alone import end_with_parent
from udsync_pipelines_tests.benchmarks.machine import Session
from udsync_pipelines_tests.benchmarks.workplace import TENANT

ROWS_OF = {
    "woo_orders": "select * from public.woo_orders where id = any(%s)",
    "woo_order_lines": "select * from public.woo_order_lines where order_id = any(%s)",
    "udsync_id_mappings": "select * from public.udsync_id_mappings"
    " where entity = 'order' and source_id::bigint = any(%s)",
}
OURS, RAW = "bench_ours", "bench_raw"


@dataclass(frozen=True)
class Pair:
    """The seconds that one batch took on both ways; `raw` by table, the commit by itself."""

    records: int
    ours: float
    raw: dict[str, float]

    @property
    def raw_total(self) -> float:
        """Everything that raw COPY did."""
        return sum(self.raw.values())


@dataclass(frozen=True)
class Ratio:
    """Raw seconds by our seconds; 1 would mean that our load costs nothing beyond COPY."""

    rounds: int
    batches: int
    ratio: float
    of_pairs: float
    without_mappings: float
    ours_rate: float
    raw_rate: float


def rounds_for(batches: int) -> int:
    """Enough pairs for a median, in bounded time."""
    return max(1, min(7, 20 // max(1, batches)))


def summary(rounds: Sequence[Sequence[Pair]]) -> Ratio:
    """Medians over rounds, each round taken whole, and over all pairs."""
    records = sum(pair.records for pair in rounds[0])
    ours = [sum(pair.ours for pair in pairs) for pairs in rounds]
    raw = [sum(pair.raw_total for pair in pairs) for pairs in rounds]
    notes = [sum(pair.raw["udsync_id_mappings"] for pair in pairs) for pairs in rounds]
    both = list(zip(raw, ours, strict=True))
    return Ratio(
        rounds=len(rounds),
        batches=len(rounds[0]),
        ratio=median(r / o for r, o in both),
        of_pairs=median(pair.raw_total / pair.ours for pairs in rounds for pair in pairs),
        without_mappings=median((r - n) / o for (r, o), n in zip(both, notes, strict=True)),
        ours_rate=records / median(ours),
        raw_rate=records / median(raw),
    )


def measure(tenant: TenantEngine, url: str, rounds: int) -> Ratio:
    """Load what this tenant has synced once more, into tables of our own, on both ways."""
    with psycopg.connect(url, autocommit=True) as session:
        return summary([list(_round(tenant, url, session, number)) for number in range(rounds)])


def _round(tenant: TenantEngine, url: str, session: Session, number: int) -> Iterator[Pair]:
    with (
        _empty_tables(session),
        SupabaseDestination(url, schema=OURS, store_id=tenant.source.id) as destination,
    ):
        destination.hashes(Entity.ORDER, ["1"])  # connects, and reads the form of the tables
        for turn, records in enumerate(_batches(tenant)):
            buffers = _buffers(session, records)
            if (turn + number) % 2:
                raw = _copy_raw(session, buffers)
                ours = _load_ours(destination, records)
            else:
                ours = _load_ours(destination, records)
                raw = _copy_raw(session, buffers)
            yield Pair(len(records), ours, raw)


@contextmanager
def _empty_tables(session: Session) -> Iterator[None]:
    for schema in (OURS, RAW):
        session.execute(f"create schema {schema}".encode())
        apply(session, schema)
    try:
        yield
    finally:
        for schema in (OURS, RAW):
            session.execute(f"drop schema {schema} cascade".encode())


def _batches(tenant: TenantEngine) -> Iterator[list[MappedRecord]]:
    engine = tenant.engine
    mapper = Mapper(engine.source, supabase_profiles()[Entity.ORDER])
    after = 0
    while archived := engine.archive.pending(Entity.ORDER, after, BATCH):
        after = archived[-1].changed_seq
        mapped, parked = mapper.map_all(archived)
        assert not parked, "generated orders can all be mapped"
        yield mapped


def _buffers(session: Session, records: Sequence[MappedRecord]) -> dict[str, bytes]:
    keys = [int(record.source_id) for record in records]
    return {table: _rows(session, query, keys) for table, query in ROWS_OF.items()}


def _rows(session: Session, query: str, keys: list[int]) -> bytes:
    with (
        session.cursor() as cursor,
        cursor.copy(f"copy ({query}) to stdout".encode(), (keys,)) as copy,
    ):
        return b"".join(map(bytes, copy))


def _load_ours(destination: SupabaseDestination, records: Sequence[MappedRecord]) -> float:
    started = perf_counter()
    receipt = destination.load(Entity.ORDER, records)
    seconds = perf_counter() - started
    assert receipt.created == len(records), "every record is new in an empty table"
    return seconds


def _copy_raw(session: Session, buffers: dict[str, bytes]) -> dict[str, float]:
    seconds: dict[str, float] = {}
    session.execute("begin")
    for table, buffer in buffers.items():
        started = perf_counter()
        statement = f"copy {RAW}.{table} from stdin".encode()
        with session.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(buffer)
        seconds[table] = perf_counter() - started
    started = perf_counter()
    session.execute("commit")
    return {**seconds, "commit": perf_counter() - started}


def main() -> None:
    """Measure with what the environment names, and print one JSON object."""
    end_with_parent()
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, required=True)
    wanted = parser.parse_args()
    with open_installation() as installation, open_engine(installation, TENANT) as tenant:
        ratio = measure(tenant, wanted.url, wanted.rounds)
    print(json.dumps(vars(ratio)))


if __name__ == "__main__":
    main()
