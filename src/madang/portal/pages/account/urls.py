"""Addresses of signing in and of one's own account."""

from __future__ import annotations

from allauth.account import views as entrance
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.urls import path

from madang.portal.pages.account import desk, joining, notices, views

urlpatterns = [
    path("sign-in/", entrance.login, name="account_login"),
    path("sign-out/", entrance.logout, name="account_logout"),
    path("sign-in/code/", second_factor.authenticate, name="mfa_authenticate"),
    path("again/", entrance.reauthenticate, name="account_reauthenticate"),
    path("again/code/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("password/", entrance.password_change, name="account_change_password"),
    path("join/", joining.join, name="join"),
    path("join/asked/", joining.asked, name="join_asked"),
    path("password/lost/", views.lost_password, name="account_reset_password"),
    path(
        "password/lost/sent/",
        entrance.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "password/new/<str:uidb36>/<str:key>/",
        entrance.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/new/done/",
        entrance.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("two-factor/on/", totp.activate_totp, name="mfa_activate_totp"),
    path("two-factor/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("", views.account, name="account"),
    path("desk/", desk.desk, name="desk"),
    path("mfa/", views.to_account, name="mfa_index"),
    path("inactive/", views.to_account, name="account_inactive"),
    path("notices/", notices.notices, name="notices"),
    path("notices/<uuid:notice_id>/read/", notices.read, name="read_notice"),
    path("tokens/", views.make_token, name="create_token"),
    path("tokens/<int:token_id>/revoke/", views.end_token, name="revoke_token"),
]
