"""The addresses of the console, of accounts and of the ways in. Each noun of the console has its own in its folder."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.views.generic import RedirectView

from cavendish.above.console.account.person import language_choose, profile_page
from cavendish.above.console.account.sessions import session_end, sessions_end_others, sessions_page
from cavendish.above.console.account.views import account_home
from cavendish.above.console.entrance.invitations import invitation_page
from cavendish.above.console.entrance.oidc import provider_login
from cavendish.above.console.entrance.tenants import tenant_choose, tenant_new
from cavendish.above.console.home import home, mode, state
from cavendish.above.console.pay.views import pay

ROOMS = "cavendish.above.console"
console: tuple[list[Any], str] = (
    [
        path("", home, name="home"),
        path("mode", mode, name="mode"),
        path("state", state, name="state"),
        path("start/", include(f"{ROOMS}.start.urls")),
        path("playground/", include(f"{ROOMS}.playground.urls")),
        path("gallery/", include(f"{ROOMS}.gallery.urls")),
        path("jobs/", include(f"{ROOMS}.jobs.urls")),
        path("batches/", include(f"{ROOMS}.batches.urls")),
        path("usage/", include(f"{ROOMS}.usage.urls")),
        path("billing/", include(f"{ROOMS}.billing.urls")),
        path("settings/", include(f"{ROOMS}.settings.urls")),
    ],
    "console",
)

urlpatterns = [
    path("console", RedirectView.as_view(url="/console/")),
    path("console/", include(console)),
    path("account/", account_home, name="account_home"),
    path("account/language/", language_choose, name="set_language"),
    path("account/profile/", profile_page, name="profile"),
    path("account/tenants/", tenant_choose, name="tenant_choose"),
    path("account/tenants/new/", tenant_new, name="tenant_new"),
    path("account/policy/", RedirectView.as_view(pattern_name="console:use_policy"), name="policy"),
    path("account/sessions/", sessions_page, name="sessions"),
    path("account/sessions/end-others/", sessions_end_others, name="sessions_end_others"),
    path("account/sessions/<int:session_id>/end/", session_end, name="session_end"),
    path("account/oidc/<str:provider_id>/login/", provider_login, name="provider_login"),
    path("invitations/<str:token>", invitation_page, name="invitation"),
    path("pay/<str:invoice_id>/<str:signature>", pay, name="pay_invoice"),
    path("favicon.ico", RedirectView.as_view(url="/static/ui/icon.svg")),
    path("login", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("account/", include("allauth.urls")),
]
