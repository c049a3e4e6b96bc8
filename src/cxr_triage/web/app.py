"""The application with its pages: only wires."""

from fastapi import FastAPI

from cxr_triage.api.app import create_app as create_api
from cxr_triage.api.platform.services import Services
from cxr_triage.settings import Settings
from cxr_triage.web import (
    account,
    assets,
    audit,
    deliveries,
    down,
    help,  # noqa: A004 (a page's name)
    now,
    oidc,
    people,
    people_sessions,
    phrases,
    report,
    schemes,
    signing_in,
    stations,
    study,
    system,
    upload,
    worklist,
)
from cxr_triage.web.refusals import answer

ROUTERS = (
    assets.router,
    down.router,
    report.router,
    signing_in.router,
    oidc.router,
    account.router,
    schemes.router,
    now.router,
    worklist.router,
    upload.router,
    study.router,
    people.router,
    people_sessions.router,
    phrases.router,
    stations.router,
    audit.router,
    system.router,
    deliveries.router,
    help.router,
)


def create_app(settings: Settings, services: Services | None = None) -> FastAPI:
    """The interface and the pages. services: as for the interface."""
    app = create_api(settings, services, answer=answer)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    return app
