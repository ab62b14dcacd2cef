"""The location loads, and what it holds is what was reviewed."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg

import sensors
import udsync_pipelines
from udsync_pipelines.definitions import defs
from udsync_pipelines.services.runs import LOCATION
from udsync_pipelines.sync.entities import DESTINATIONS, LANES

REVIEWED = tomllib.loads(
    (Path(__file__).parent / "reviewed_definitions.toml").read_text(encoding="utf-8")
)


def repository() -> dg.RepositoryDefinition:
    return defs.get_repository_def()


def our_jobs() -> list[dg.JobDefinition]:
    return [job for job in repository().get_all_jobs() if not job.name.startswith("__")]


def ops_of(job: dg.JobDefinition) -> list[str]:
    """The ops of a job, in the order in which they may run."""
    return [node.name for node in job.nodes_in_topological_order]


def upstream_of(job: dg.JobDefinition, op: str) -> list[str]:
    """The ops that an op waits for."""
    inputs = job.dependency_structure.input_to_upstream_outputs_for_node(op)
    return sorted(output.node_name for outputs in inputs.values() for output in outputs)


def test_the_location_loads_and_every_job_is_whole() -> None:
    dg.Definitions.validate_loadable(defs)

    assert len(our_jobs()) == len(LANES) + 6


def test_what_the_location_holds_is_what_was_reviewed() -> None:
    found: dict[str, Any] = {
        "jobs": {job.name: ops_of(job) for job in our_jobs()},
        "assets": sorted(
            key.to_user_string() for key in repository().asset_graph.get_all_asset_keys()
        ),
        "sensors": sorted(sensor.name for sensor in repository().sensor_defs),
        "schedules": sorted(schedule.name for schedule in repository().schedule_defs),
    }

    assert found == REVIEWED


def test_no_two_ops_of_the_location_share_a_name() -> None:
    ops = {id(op): op for job in our_jobs() for op in job.all_node_defs}

    times = Counter(op.name for op in ops.values())

    assert len(times) > len(LANES)
    assert set(times.values()) == {1}


def test_every_lane_has_its_ops_in_their_order() -> None:
    for lane in LANES:
        job = defs.resolve_job_def(f"sync_{lane.name}")

        assert ops_of(job) == [
            f"extract_{lane.name}",
            f"map_{lane.name}",
            f"resolve_{lane.singular}_conflicts",
            *(f"load_{lane.name}_to_{platform}" for platform in sorted(DESTINATIONS)),
            f"close_{lane.name}",
        ]


def test_a_lane_waits_for_the_plan_of_the_lane_before_it() -> None:
    job = defs.resolve_job_def("sync_all")

    extracts = ("extract_customers", "extract_products", "extract_orders")
    waits_for = {name: upstream_of(job, name) for name in extracts}

    assert waits_for == {
        "extract_customers": [],
        "extract_products": ["resolve_customer_conflicts"],
        "extract_orders": ["resolve_product_conflicts"],
    }


def test_every_definition_is_described_for_who_meets_it_in_the_pages() -> None:
    described = {
        **{job.name: job.description for job in our_jobs()},
        **{op.name: op.description for job in our_jobs() for op in job.all_node_defs},
        **{sensor.name: sensor.description for sensor in repository().sensor_defs},
        **{schedule.name: schedule.description for schedule in repository().schedule_defs},
        **{spec.key.to_user_string(): spec.description for spec in defs.resolve_all_asset_specs()},
    }

    assert [name for name, description in described.items() if not description] == []


def test_the_sensors_folder_and_the_location_agree() -> None:
    assert [sensor.name for sensor in repository().sensor_defs] == [
        sensor.name for sensor in sensors.SENSORS
    ]


def test_the_workspace_names_this_location() -> None:
    root = Path(str(udsync_pipelines.__file__)).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    workspace = (root / "workspace.yaml").read_text(encoding="utf-8")

    assert project["tool"]["dagster"]["module_name"] == "udsync_pipelines.definitions"
    assert "udsync_pipelines.definitions" in workspace
    assert f"location_name: {LOCATION}" in workspace
    assert project["tool"]["dagster"]["code_location_name"] == LOCATION
