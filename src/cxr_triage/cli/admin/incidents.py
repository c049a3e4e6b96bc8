"""`cxr-triage admin export-incidents`: what doctors say that the AI got wrong, without names."""

import sys

from cxr_triage.cli.admin.audit import DayOption, FormatOption, Until, begin
from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language


def export_incidents(
    since: DayOption = None, until: Until = None, form: FormatOption = "jsonl", lang: Lang = None
) -> None:
    """Write them to standard output, oldest first; days are the place's, times in UTC."""
    from cxr_triage.service.review.incidents import as_csv, as_json_lines  # noqa: PLC0415 - slow

    settings, _ = settings_and_language(lang)
    write = as_json_lines if form == "jsonl" else as_csv
    with opened_store(settings) as store:
        rows = store.incidents.between(begin(since, settings.zone), begin(until, settings.zone))
        sys.stdout.write(write(rows))
