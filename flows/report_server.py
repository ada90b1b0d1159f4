"""The folder of a campaign served to the browsers of this machine, its report always the latest."""

from __future__ import annotations

import logging
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from dao_core.errors import DaoError
from flows.campaign.stored import write_stored
from flows.report.file_names import REPORT_FILE
from flows.report.page import RENEWED_AFTER

logger = logging.getLogger(__name__)


class ReportServer(ThreadingHTTPServer):
    """Serves files of one folder on the loopback address.

    Attributes:
        campaign_id: Whose report is written again when it is asked for.
        folder: That is served.
        store: URI of the store; None is the embedded one.
        server_port: Where it listens.
    """

    def __init__(self, campaign_id: str, folder: Path, store: str | None, port: int) -> None:
        self.campaign_id, self.folder, self.store = campaign_id, folder, store
        self._lock = Lock()
        self._renewed = time.monotonic()
        super().__init__(("127.0.0.1", port), partial(_Handler, directory=str(folder)))

    def renew(self) -> None:
        """Write the report as the store has it now, unless that was done a moment ago."""
        with self._lock:
            if time.monotonic() - self._renewed < RENEWED_AFTER / 2:
                return
            try:
                write_stored(self.campaign_id, self.folder, self.store)
            except DaoError as error:  # the page that is there is better than none
                logger.warning("not renewed: %s", error)
            self._renewed = time.monotonic()


class _Handler(SimpleHTTPRequestHandler):
    server: ReportServer

    def do_GET(self) -> None:
        """Renew the report before it is sent; the root leads to it."""
        if self.path == "/":
            self.path = f"/{REPORT_FILE}"
        if self.path == f"/{REPORT_FILE}":
            self.server.renew()
        super().do_GET()

    def log_request(self, *_: Any) -> None:
        """Say nothing of requests that went well."""
