"""`make docs`: write the reference pages anew."""

from udsync_pipelines_tests.documentation.pages import PAGES, REFERENCE

for name, render in PAGES.items():
    (REFERENCE / name).write_text(render(), encoding="utf-8")
