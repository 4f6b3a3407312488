"""Addresses of the auditor's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.auditor import books, record

urlpatterns = [
    path("auditor/", books.trial_balance, name="auditor"),
    path("auditor/accounts/<str:code>/", books.account, name="ledger_account"),
    path("auditor/journals/", books.journals, name="journals"),
    path("auditor/journals/<uuid:journal_id>/", books.journal, name="journal"),
    path("auditor/proof/", books.proof, name="proof"),
    path("auditor/events/", record.events, name="events"),
]
