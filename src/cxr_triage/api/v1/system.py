"""Which model runs, and whether the service can do its work."""

from fastapi import APIRouter

from cxr_triage.api.platform.access import ResultReader, Spoken
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1.models import HealthOut, ModelOut
from cxr_triage.api.v1.shapes import model_out

router = APIRouter(tags=["system"])


@router.get("/v1/model")
def read_model(services: Opened, _: ResultReader, language: Spoken) -> ModelOut:
    """The model that runs now, what it is for, where it is weak, and its thresholds."""
    return model_out(services.pool.running, language)


@router.get("/healthz")
async def healthz() -> HealthOut:
    """The process answers."""
    return HealthOut()


@router.get("/readyz")
def readyz(services: Opened) -> HealthOut:
    """Images can be read and kept now; else 503 or 507 with the reason."""
    services.readiness.check()
    return HealthOut()
