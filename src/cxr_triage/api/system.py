"""Which model runs, and whether the service can do its work."""

from fastapi import APIRouter

from cxr_triage.api.access import Reader, Spoken
from cxr_triage.api.models import HealthOut, ModelOut
from cxr_triage.api.services import Opened
from cxr_triage.api.shapes import model_out

router = APIRouter(tags=["system"])


@router.get("/v1/model")
def read_model(services: Opened, _: Reader, language: Spoken) -> ModelOut:
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
