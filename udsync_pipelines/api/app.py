"""The app: its routers and its errors, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from udsync_pipelines.api import health, webhooks
from udsync_pipelines.api.dependencies import ApiServices
from udsync_pipelines.api.problems import add_problem_handlers

ROUTERS = (health.router, webhooks.router)

OpenServices = Callable[[], AbstractContextManager[ApiServices]]


def create_app(open_services: OpenServices) -> FastAPI:
    """An app that opens its services when it starts and closes them when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = open_services()
        app.state.services = await run_in_threadpool(opened.__enter__)
        try:
            yield
        finally:
            await run_in_threadpool(opened.__exit__, None, None, None)

    # Without pages that load scripts from elsewhere.
    app = FastAPI(title="udsync", lifespan=lifespan, docs_url=None, redoc_url=None)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
