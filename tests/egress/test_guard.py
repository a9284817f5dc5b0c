from __future__ import annotations

import threading
import time
from ipaddress import ip_address

import pytest
from pytest_django import Settings

from cavendish.egress import EgressFailed, EgressRefused, Guard, check_url
from cavendish.egress.addresses import refusal
from tests.egress.conftest import Names

PUBLIC = "93.184.215.14"
PUBLIC_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("100.100.100.200", "carrier-grade NAT"),
        ("169.254.169.254", "link-local"),
        ("168.63.129.16", "cloud metadata"),
        ("192.0.0.192", "reserved"),
        ("198.19.0.1", "benchmarking"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("2606:2800::1%eth0", "link-local"),
        ("fd00:ec2::254", "private"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "reserved"),
        ("4000::1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("2002:7f00:1::", "loopback"),
        ("2002:a9fe:a9fe::1", "link-local"),
        ("64:ff9b::a00:1", "private"),
        ("64:ff9b:1::808:808", "private"),
        (PUBLIC, None),
        (PUBLIC_V6, None),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::808:808", None),
    ],
)
def test_addresses_are_judged(address: str, kind: str | None) -> None:
    assert refusal(ip_address(address)) == kind


@pytest.mark.parametrize(
    "url",
    [
        "http://pictures.example/a.png",
        "ftp://pictures.example/a.png",
        "file:///etc/passwd",
        "gopher://pictures.example/",
        "//pictures.example/a.png",
        "pictures.example/a.png",
        "",
        "https://",
        "https:///a.png",
        "https://user:password@pictures.example/a.png",
        "https://user@pictures.example/a.png",
        "https://pictures.example:22/",
        "https://pictures.example:8443/",
        "https://pictures.example:99999/",
        "https://pictures.example/\n",
        "https://[",
        "https://pictures%2eexample/",
        "https://pictures.example%00.png/",
        "https://pic tures.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://169.254.169.254/latest/meta-data/",
        "https://pictures.example/" + "a" * 3000,
    ],
)
def test_form_is_refused_without_asking_a_resolver(url: str) -> None:
    names = Names({"pictures.example": [[PUBLIC]]})

    with pytest.raises(EgressRefused):
        Guard(resolver=names).check(url)
    assert names.calls == []


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1."])
def test_other_spellings_of_loopback_are_refused_after_resolving(spelling: str) -> None:
    with pytest.raises((EgressRefused, EgressFailed)):
        Guard().check(f"https://{spelling}/")


def test_a_public_name_passes_with_its_addresses() -> None:
    target = Guard(resolver=Names({"pictures.example": [[PUBLIC, PUBLIC_V6]]})).check(
        "https://Pictures.Example/a?b=c#d"
    )

    assert (target.host, target.port) == ("pictures.example", 443)
    assert [str(address) for address in target.addresses] == [PUBLIC, PUBLIC_V6]


def test_an_international_name_is_resolved_in_its_ascii_form() -> None:
    names = Names({"xn--bcher-kva.example": [[PUBLIC]]})
    Guard(resolver=names).check("https://bücher.example/")

    assert names.calls == ["xn--bcher-kva.example"]


def test_one_forbidden_address_refuses_the_name() -> None:
    with pytest.raises(EgressRefused, match="private"):
        Guard(resolver=Names({"pictures.example": [[PUBLIC, "10.0.0.1"]]})).check("https://pictures.example/")


def test_refusal_does_not_tell_the_address() -> None:
    with pytest.raises(EgressRefused) as caught:
        Guard(resolver=Names({"db.example": [["10.11.12.13"]]})).check("https://db.example/")
    assert "10.11.12.13" not in caught.value.reason


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("10.1.0.0/16", "http://10.1.2.3:8080/hook"),
        ("10.1.0.0/16", "http://hooks.example:8080/hook"),
        ("10.1.2.3", "http://hooks.example/"),
        ("hooks.example", "http://hooks.example:8080/"),
        ("Hooks.Example.", "http://hooks.example:8080/"),
        ("fd00::/8", "https://[fd00::5]:9000/"),
        ("localhost", "http://localhost:1234/"),
    ],
)
def test_allowed_networks_and_names_pass_with_any_port_and_plain_http(allow: str, url: str) -> None:
    names = Names({"hooks.example": [["10.1.2.3"]], "localhost": [["127.0.0.1"]]})

    assert Guard([allow], resolver=names).check(url).port in {80, 8080, 9000, 1234}


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("10.1.0.0/16", "http://10.2.0.1/"),
        ("10.1.0.0/16", "http://pictures.example/"),
        ("10.1.0.0/16", "https://pictures.example:8443/"),
        ("10.1.0.0/16", "https://mixed.example/"),
        ("hooks.example", "https://sub.hooks.example/"),
        ("hooks.example", "https://10.1.2.3/"),
    ],
)
def test_an_exception_covers_nothing_else(allow: str, url: str) -> None:
    names = Names(
        {
            "pictures.example": [[PUBLIC]],
            "mixed.example": [["10.1.2.3", "10.2.0.1"]],
            "sub.hooks.example": [["10.1.2.3"]],
        }
    )
    with pytest.raises(EgressRefused):
        Guard([allow], resolver=names).check(url)


def test_unknown_names_and_slow_name_servers_fail() -> None:
    release = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        release.wait(5)
        return [PUBLIC]

    with pytest.raises(EgressFailed, match="resolved"):
        Guard(resolver=Names({})).check("https://nowhere.example/")
    started = time.monotonic()
    with pytest.raises(EgressFailed, match="resolved"):
        Guard(resolver=slow).check("https://slow.example/", timeout=0.05)
    assert time.monotonic() - started < 2
    release.set()


def test_check_url_uses_the_setting(settings: Settings) -> None:
    settings.EGRESS_ALLOW = []
    with pytest.raises(EgressRefused):
        check_url("http://127.0.0.1:9/")
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    check_url("http://127.0.0.1:9/")
