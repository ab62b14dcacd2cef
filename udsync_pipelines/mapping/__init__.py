"""Field mapping: rules as data, from a path of a record through functions to a target.

A profile is loaded once (`load_profile`, `from_json`, `default_profiles`), which refuses anything
invalid, and then applied to each record (`Profile.apply`). Pure, standard library only.
"""

from udsync_pipelines.mapping.loading import default_profiles, from_json, load_profile, to_json
from udsync_pipelines.mapping.preview import PreviewLine, preview
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.mapping.reference import render_reference

__all__ = [
    "PreviewLine",
    "Profile",
    "default_profiles",
    "from_json",
    "load_profile",
    "preview",
    "render_reference",
    "to_json",
]
