"""Counts examinations on their way through: how they end, how long they and their sources take. It changes nothing."""

from collections.abc import Awaitable, Callable

from bot.errors import VolatiError
from bot.metrics import Recorder
from bot.runs.examiner import Order
from diagnostics.evidence.keycloak import Question
from diagnostics.model import Evidence
from diagnostics.observe import Glimpse
from diagnostics.runs import Run
from handlers.desk import Examines


class Measured:
    """An examiner that is counted."""

    def __init__(self, inner: Examines, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def kinds(self, order: Order) -> tuple[type[Evidence], ...]:
        """As the examiner within."""
        return self._inner.kinds(order)

    async def examine(self, order: Order, tell: Callable[[Glimpse], None]) -> Run:
        """As the examiner within; its sources are counted as they are seen."""

        def counted(glimpse: Glimpse) -> None:
            if glimpse.found is not None:
                self._recorder.source(glimpse.kind.KIND, glimpse.took_ms / 1000)
            tell(glimpse)

        return await self._counted(order.area, self._inner.examine(order, counted))

    async def explain_permission(self, question: Question, environment: str) -> Run:
        """As the examiner within."""
        return await self._counted("why", self._inner.explain_permission(question, environment))

    async def explain_token(self, token: str, environment: str) -> Run:
        """As the examiner within."""
        return await self._counted("token", self._inner.explain_token(token, environment))

    async def _counted(self, area: str, work: Awaitable[Run]) -> Run:
        try:
            run = await work
        except VolatiError:
            self._recorder.run_failed(area)
            raise
        except Exception:
            self._recorder.run_failed(area)
            self._recorder.error("examination")
            raise
        self._recorder.run(area, str(run.diagnosis.verdict), run.diagnosis.duration_ms / 1000)
        for finding in run.diagnosis.findings:
            self._recorder.finding(finding.id)
        return run
