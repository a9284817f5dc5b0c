from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from cavendish.above.console.views.account import account_home
from cavendish.above.console.views.invitations import invitation_page
from cavendish.above.console.views.oidc import provider_login
from cavendish.above.console.views.policy import policy_page
from cavendish.above.console.views.sessions import session_end, sessions_end_others, sessions_page
from cavendish.above.console.views.tenants import tenant_choose, tenant_new

urlpatterns = [
    path("account/", account_home, name="account_home"),
    path("account/tenants/", tenant_choose, name="tenant_choose"),
    path("account/tenants/new/", tenant_new, name="tenant_new"),
    path("account/policy/", policy_page, name="policy"),
    path("account/sessions/", sessions_page, name="sessions"),
    path("account/sessions/end-others/", sessions_end_others, name="sessions_end_others"),
    path("account/sessions/<int:session_id>/end/", session_end, name="session_end"),
    path("account/oidc/<str:provider_id>/login/", provider_login, name="provider_login"),
    path("invitations/<str:token>", invitation_page, name="invitation"),
    path("favicon.ico", RedirectView.as_view(url="/static/console/icon.svg")),
    path("login", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("account/", include("allauth.urls")),
]
