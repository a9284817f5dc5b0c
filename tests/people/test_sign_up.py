"""Making an account: where the operator allows it, and without telling who has one."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from pytest_django import Settings

from accounts.models import User
from accounts.people.services import user_create
from cavendish.db.router import acting_as
from tests.people.visitors import PASSWORD, Visitor, extract, person, shown


@pytest.fixture
def _open(settings: Settings) -> None:
    settings.SIGNUP = "open"


@pytest.mark.parametrize("signup", ["closed", "oidc"])
def test_it_is_closed_by_default(settings: Settings, signup: str) -> None:
    settings.SIGNUP = signup
    visitor = Visitor()
    assert "By invitation only" in shown(visitor.get("/account/signup/"))
    assert "By invitation only" in shown(visitor.sign_up())
    assert not User.objects.filter(email=visitor.email).exists()
    assert visitor.mails == []
    assert "Create an account" not in shown(visitor.get("/account/login/"))


@pytest.mark.usefixtures("_open")
def test_nobody_is_in_before_the_code_from_the_mail() -> None:
    ada = Visitor()
    assert ada.sign_up(name="Ada Lovelace").headers["Location"] == "/account/confirm-email/"
    assert not ada.signed_in
    assert ada.sign_in().headers["Location"] == "/account/confirm-email/"
    assert not ada.signed_in
    [mail, *_] = ada.mails
    assert mail.subject == "Your Cavendish verification code"  # subjects are kept, texts are not
    assert ada.mailed_code not in mail.subject

    assert "Incorrect code." in shown(ada.post("/account/confirm-email/", code="AAAA-AAAA"))
    assert ada.post("/account/confirm-email/", code=ada.mailed_code).headers["Location"] == "/console/"
    assert ada.signed_in
    user = ada.user
    assert (user.name, user.is_staff, user.is_superuser, user.is_active) == ("Ada Lovelace", False, False, True)
    assert ada.audit[:1] == ["signed_up"]


@pytest.mark.usefixtures("_open")
def test_a_code_is_tried_three_times() -> None:
    ada = Visitor()
    ada.sign_up()
    code = ada.mailed_code
    for _ in range(3):
        ada.post("/account/confirm-email/", code="AAAA-AAAA")
    ada.post("/account/confirm-email/", code=code)
    assert not ada.signed_in


@pytest.mark.usefixtures("_open")
def test_an_address_that_has_an_account_gets_another_mail_and_the_same_page() -> None:
    grace, new = person(), Visitor()
    stranger = Visitor(grace.email)
    taken, free = stranger.sign_up(), new.sign_up()
    assert (taken.status_code, taken.headers["Location"]) == (free.status_code, free.headers["Location"])
    pages = [shown(visitor.get("/account/confirm-email/")).replace(visitor.email, "") for visitor in (stranger, new)]
    assert pages[0] == pages[1]
    assert [mail.subject for mail in grace.mails] == ["You already have an account"]
    assert grace.sign_in().status_code == 302  # with the old password
    assert User.objects.filter(email=grace.email).count() == 1


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize("password", ["short", "password1234", "ada.lovelace@example"])
def test_weak_passwords_are_refused(password: str) -> None:
    visitor = Visitor("ada.lovelace@example.com")
    assert visitor.sign_up(password).status_code == 200
    assert not User.objects.filter(email=visitor.email).exists()


@pytest.mark.usefixtures("_open")
def test_a_form_makes_nobody_an_operator() -> None:
    ada = Visitor()
    ada.post(
        "/account/signup/",
        name="Ada", email=ada.email, password1=PASSWORD, is_staff="on", is_superuser="on", is_active="",
    )  # fmt: skip
    assert (ada.user.is_staff, ada.user.is_superuser, ada.user.is_active) == (False, False, True)


@pytest.mark.parametrize("known", [True, False])
def test_a_forgotten_password(known: bool) -> None:
    """The page is the same whether there is an account; the mail differs."""
    ada = person() if known else Visitor()
    foreign = ada.post("/account/password/reset/", email=ada.email, headers={"Host": "evil.example"})
    assert (foreign.status_code, ada.mails) == (400, [])
    answer = ada.post("/account/password/reset/", email=ada.email)
    assert answer.headers["Location"] == "/account/password/reset/done/"
    assert "If an account exists for that address" in shown(ada.get("/account/password/reset/done/"))
    [mail] = ada.mails
    assert "evil" not in mail.text
    assert mail.subject == ("Reset your password" if known else "No account with this email address")


def test_the_link_sets_a_new_password_once_and_ends_sessions_elsewhere() -> None:
    ada = person()
    ada.sign_in()
    elsewhere = Visitor(ada.email)
    elsewhere.post("/account/password/reset/", email=ada.email)
    link = extract(r"^http://127\.0\.0\.1:8000(/account/password/reset/key/\S+)$", ada.mails[-1].text)
    form = elsewhere.get(link).headers["Location"]
    assert form.endswith("-set-password/")  # the secret is in the session, not in an address that is passed on
    assert elsewhere.post(form, password1="short", password2="short").status_code == 200
    new = "another walk, another beach"
    assert elsewhere.post(form, password1=new, password2=new).status_code == 302
    assert not ada.signed_in
    assert Visitor(ada.email).sign_in().status_code == 200
    assert Visitor(ada.email).sign_in(new).status_code == 302
    assert "no longer valid" in shown(Visitor().get(link))
    assert ada.mails[-1].subject == "Your password was reset"
    assert "password_reset" in ada.audit


def test_reset_is_asked_for_so_often() -> None:
    email = person().email
    statuses = [Visitor(email).post("/account/password/reset/", email=email).status_code for _ in range(4)]
    assert statuses == [302, 302, 302, 429]


def test_an_email_is_changed_when_its_code_was_typed() -> None:
    ada = person()
    old, new = ada.email, Visitor().email
    ada.sign_in()
    ada.post("/account/email/", email=new, action_add="")
    ada.post("/account/reauthenticate/", password=PASSWORD)
    assert ada.post("/account/email/", email=new, action_add="").headers["Location"] == "/account/confirm-email/"
    assert User.objects.filter(email=old).exists()
    code = Visitor(new).mailed_code
    ada.post("/account/confirm-email/", code=code)
    assert not User.objects.filter(email=old).exists()
    assert [mail.subject for mail in ada.mails] == ["Your email address was changed"]  # to the old one
    assert Visitor(new).sign_in().status_code == 302
    assert Visitor(old).sign_in().status_code == 200


def test_a_taken_email_is_not_told_when_one_changes() -> None:
    ada, grace, nobody = person(), person(), Visitor()
    ada_id = ada.user.id
    ada.sign_in()
    ada.get("/account/2fa/totp/activate/")
    ada.post("/account/reauthenticate/", password=PASSWORD)
    answers = []
    for email in (grace.email, nobody.email):
        ada.post("/account/email/", email=email, action_add="")
        sent_to = ada.page.headers["Location"]
        answers.append((sent_to, shown(ada.get(sent_to)).replace(email, "")))
        # Whoever reads the mails of the address may type the code; it gets them nothing that is somebody's already.
        ada.post("/account/confirm-email/", code=Visitor(email).mailed_code)
    assert answers[0] == answers[1]
    assert User.objects.get(email=grace.email).name == "Grace"
    assert User.objects.get(id=ada_id).email == nobody.email


@pytest.mark.parametrize("in_the_same_moment", [False, True])
def test_an_email_that_somebody_took_meanwhile_is_not_changed_to(
    in_the_same_moment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same moment it was free when it was looked up, and PostgreSQL says that it is not."""
    if in_the_same_moment:
        monkeypatch.setattr(EmailAddress, "can_set_verified", lambda address: True)
    ada = person()
    ada_id, old, new = ada.user.id, ada.email, Visitor().email
    ada.sign_in()
    ada.get("/account/2fa/totp/activate/")
    ada.post("/account/reauthenticate/", password=PASSWORD)
    ada.post("/account/email/", email=new, action_add="")
    code = Visitor(new).mailed_code
    with acting_as("operator"):
        user_create(email=new, password=PASSWORD, name="Grace")
    answer = ada.post("/account/confirm-email/", code=code)
    assert answer.status_code < 400
    assert ada.get("/account/").status_code == 200
    assert User.objects.get(id=ada_id).email == old
    assert User.objects.get(email=new).name == "Grace"
    assert EmailAddress.objects.get(user_id=ada_id, primary=True).email == old
