"""The application: only wires."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from cxr_triage import __version__
from cxr_triage.api.dicomweb import routes as dicomweb
from cxr_triage.api.platform import metrics
from cxr_triage.api.platform.cookies import SESSION, cookie_name
from cxr_triage.api.platform.documentation import describe
from cxr_triage.api.platform.hosts import OwnHosts
from cxr_triage.api.platform.limits import LimitBodies
from cxr_triage.api.platform.observing import Observe
from cxr_triage.api.platform.problems import ErrorHandler, answer_problem, handle_problems
from cxr_triage.api.platform.services import Services, open_services
from cxr_triage.api.platform.text import RefuseControls
from cxr_triage.api.v1 import (
    assessments,
    corrections,
    images,
    incidents,
    keys,
    people,
    phrases,
    session_list,
    sessions,
    studies,
    study_reports,
    system,
)
from cxr_triage.settings import Settings

ROUTERS = (
    images.router,
    dicomweb.router,
    studies.router,
    corrections.router,
    study_reports.router,
    assessments.router,
    incidents.router,
    phrases.router,
    sessions.router,
    session_list.router,
    people.router,
    keys.router,
    system.router,
    metrics.router,
)


def create_app(
    settings: Settings, services: Services | None = None, *, answer: ErrorHandler = answer_problem
) -> FastAPI:
    """The service by its settings.

    services: what its routes work with; None: opened when the application starts, closed
    when it stops.
    answer: how errors are told.
    """
    app = FastAPI(
        title="cxr-triage",
        version=__version__,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(settings, services),
    )
    for router in ROUTERS:
        app.include_router(router)
    handle_problems(app, answer)
    app.add_middleware(LimitBodies, settings=settings)
    app.add_middleware(RefuseControls, answer=answer)
    app.add_middleware(OwnHosts, settings=settings)
    app.add_middleware(Observe, settings=settings, answer=answer)
    describe(app, session_cookie=cookie_name(SESSION, settings))
    return app


def _let_wait(services: Services) -> None:
    """Who waits for a turn holds a thread: beside them there are as many as there ever were for
    who waits for nothing."""
    current_default_thread_limiter().total_tokens += services.pool.threads


def _lifespan(
    settings: Settings, services: Services | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = open_services(settings) if services is None else nullcontext(services)
        with opened as app.state.services:
            _let_wait(app.state.services)
            yield

    return lifespan
