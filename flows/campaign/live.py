"""The report of a campaign while it searches: written after each batch, for whoever watches."""

from __future__ import annotations

import logging
import time

from dao_core.errors import DaoError
from dao_core.search.ranking import rank
from flows.campaign.kept_files import write_live
from flows.campaign.running import Campaign
from flows.campaign.summarise import summarise
from stores.documents import utc_now

SHARE = 0.05
"""Of the time that may go into the report of a campaign under way."""
logger = logging.getLogger(__name__)


class LiveReport:
    """Writes what a campaign has found so far, as often as that costs next to nothing.

    Attributes:
        campaign: The campaign that is searching.
    """

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self._next = 0.0

    def write(self) -> bool:
        """Write page and store after a batch; False where it is too soon after the last time.

        A report that cannot be written costs a warning: the search goes on.
        """
        begun = time.monotonic()
        if begun < self._next:
            return False
        try:
            self._write()
        except (DaoError, ValueError, OSError) as error:
            logger.warning("no report of what is found so far: %s", error)
        ended = time.monotonic()
        self._next = ended + (ended - begun) * (1 / SHARE - 1)
        return True

    def _write(self) -> None:
        campaign = self.campaign
        survey = campaign.so_far()
        if not survey.relaxed:
            return  # nothing has a place on a hull yet
        document = campaign.document()
        document.finished = utc_now()
        summary = summarise(campaign, document, rank(campaign, survey), survey)
        document.finished = None
        document.summary = summary.model_dump(mode="json", exclude={"history"})
        write_live(campaign.store, summary, campaign.folder)
        campaign.store.put(document)
