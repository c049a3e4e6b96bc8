"""What every route works with, opened once for an application."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from cxr_triage.api.platform.single_sign_on import SingleSignOn, open_single_sign_on
from cxr_triage.domain import NextSteps
from cxr_triage.errors import StoreError
from cxr_triage.imaging.limits import MIB
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.intake.intake import Intake
from cxr_triage.service.intake.quotas import Quotas, quotas_of
from cxr_triage.service.intake.spool import Spool
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.paths import open_service_store, serving_here, store_folder
from cxr_triage.service.people.accounts import AccountRules, Accounts
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.sessions import Sessions
from cxr_triage.service.readiness import Readiness
from cxr_triage.service.review.bell import Bell, bell_of
from cxr_triage.service.review.corrections import Corrections
from cxr_triage.service.review.report import Reporter
from cxr_triage.service.review.signatures import SigningClock
from cxr_triage.service.review.worklist import waits_of
from cxr_triage.service.tasks.runner import TaskRunner
from cxr_triage.settings import Settings
from cxr_triage.store.records import MaximumWait
from cxr_triage.store.repository import Store


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Services:
    """One store, one pool of processes, and what is built on them."""

    settings: Settings
    store: Store
    accounts: Accounts
    administration: Administration
    sessions: Sessions
    pool: InferencePool
    spool: Spool
    intake: Intake
    corrections: Corrections
    quotas: Quotas
    readiness: Readiness
    bell: Bell
    reporter: Reporter
    metrics: Metrics
    sso: SingleSignOn | None
    hashing: CapacityLimiter
    """In how many threads passwords are hashed."""

    @property
    def next_steps(self) -> NextSteps:
        """What the policy that runs says is to be done next."""
        return self.pool.running.rules.next_steps

    @property
    def waits(self) -> MaximumWait:
        """How long a study may wait unread under it."""
        return waits_of(self.pool.running.rules)


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Raises StoreError, ModelError, PolicyInvalid or DecodingFailed."""
    with ExitStack() as stack:
        store = stack.enter_context(open_service_store(settings))
        spool_folder = stack.enter_context(serving_here(settings))
        spool = Spool(
            spool_folder,
            max_file_bytes=settings.max_file_mib * MIB,
            make_room=store.make_room,
        )
        with suppress(StoreError):  # on a full disk doctors come in all the same
            store.make_room()
        pool = stack.enter_context(closing(InferencePool(settings)))
        rules = AccountRules(
            idle_s=settings.session_idle_minutes * 60,
            session_s=settings.session_hours * 3600,
            key_days=settings.key_days,
            first_look=settings.first_look,
        )
        metrics = Metrics()
        metrics.watch(pool, store_folder(settings))
        quotas = quotas_of(store, settings)
        metrics.watch_tasks(store)
        accounts = Accounts(store, rules)
        services = Services(
            settings=settings,
            store=store,
            accounts=accounts,
            administration=Administration(store, rules),
            sessions=Sessions(store, rules),
            pool=pool,
            spool=spool,
            intake=Intake(store, pool, metrics, quotas),
            corrections=Corrections(store=store, pool=pool, zone=settings.zone),
            quotas=quotas,
            readiness=Readiness(store, pool),
            bell=bell_of(accounts, store),
            reporter=Reporter(store=store, pool=pool, settings=settings),
            metrics=metrics,
            sso=stack.enter_context(open_single_sign_on(settings, store, accounts)),
            hashing=CapacityLimiter(usable_cpus()),
        )
        stack.enter_context(closing(TaskRunner(store, settings, metrics))).start()
        signing = SigningClock(store, metrics, waits=lambda: services.waits)
        stack.enter_context(closing(signing)).start()
        yield services


def _of_request(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Opened = Annotated[Services, Depends(_of_request)]
