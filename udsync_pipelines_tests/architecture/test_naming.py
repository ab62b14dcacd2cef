"""What the conventions forbid, and no tool of the project checks."""

import ast

import sensors
from udsync_pipelines.connectors.supabase.tables import TABLES
from udsync_pipelines.orchestration.assets import TABLES as ASSETS
from udsync_pipelines.services.targets import supabase_profiles
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines_tests.architecture.sources import (
    PROJECT,
    SourceFile,
    all_sources,
    product_sources,
)

REFUSE_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
EXACT = ("domain", "mapping", "sync", "posting")
NO_AMOUNTS = {
    "udsync_pipelines/mapping/pattern.py": "counts repeats of a pattern, up to infinity",
    "udsync_pipelines/mapping/suggestions.py": "measures how alike two names are",
    "udsync_pipelines/sync/engine.py": "measures seconds",
    "udsync_pipelines/sync/forecast.py": "measures seconds, and counts calls",
}
WRITES_TO_THE_TERMINAL = ("cli",)


def test_the_check_sees_the_product_and_its_tests() -> None:
    paths = {str(source.path) for source in all_sources()}

    assert "udsync_pipelines/domain/money.py" in paths
    assert "sensors/run_failures.py" in paths
    assert "udsync_pipelines_tests/architecture/sources.py" in paths


def test_no_module_has_a_name_that_refuses_nothing() -> None:
    unnamed = [
        str(source.path)
        for source in all_sources()
        if REFUSE_NOTHING & {*source.path.parts[:-1], source.path.stem}
    ]

    assert unnamed == []


def test_no_module_postpones_its_annotations() -> None:
    postponed = [
        source.place(node)
        for source in all_sources()
        for node in source.found(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]

    assert postponed == []


def test_only_the_command_line_prints() -> None:
    printed = [
        place
        for source in product_sources()
        if not source.is_in(*WRITES_TO_THE_TERMINAL)
        for place in source.calls_of("print")
    ]

    assert printed == []


def test_no_amount_meets_a_float_in_the_core() -> None:
    core = [
        source
        for source in product_sources()
        if source.is_in(*EXACT) and str(source.path) not in NO_AMOUNTS
    ]
    floats = [place for source in core for place in source.calls_of("float")]
    literals = [
        source.place(node)
        for source in core
        for node in source.found(ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]

    assert len(core) > 20
    assert (floats, literals) == ([], [])


def test_every_module_begins_with_what_it_is_for() -> None:
    silent = [
        str(source.path)
        for source in all_sources()
        if not ast.get_docstring(source.tree) and "migrations/versions" not in str(source.path)
    ]

    assert silent == []


def test_every_test_is_in_a_package_and_named_like_its_kind() -> None:
    tests = [source for source in all_sources() if source.is_test]
    lost = [
        str(source.path)
        for source in tests
        if not (PROJECT / source.path.parent / "__init__.py").exists()
        or (_has_tests(source) and not source.path.name.startswith("test_"))
    ]

    assert lost == []


def test_every_sensor_module_is_registered() -> None:
    modules = {path.stem for path in (PROJECT / "sensors").glob("*.py")} - {"__init__"}

    assert {sensor.name for sensor in sensors.SENSORS} == modules


def test_everything_that_is_synced_has_a_profile_a_table_and_an_asset() -> None:
    synced = {entity for lane in LANES for entity in lane.entities}

    profiles = supabase_profiles()

    assert set(profiles) == synced == set(ASSETS)
    tables = {table.name for table in TABLES}
    assert set(ASSETS.values()) <= tables
    for entity, profile in profiles.items():
        assert profile.blocks[0].table == ASSETS[entity]


def _has_tests(source: SourceFile) -> bool:
    return any(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for node in source.tree.body
    )
