# SPDX-License-Identifier: ISC
"""The receivers themselves: a test that trusts them must be able to fail."""
import smtplib, ssl, time, urllib.error, urllib.request

import pytest

from receivers import MailReceiver, Nginx, WebhookReceiver, signature, wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = "From: a@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: =?UTF-8?B?w6k=?=\r\n\r\n.dot\r\n"


def post(url, body=b"{}", headers={}, timeout=5):
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as e:
        with e:
            return e.code, dict(e.headers)


def test_signature_is_the_published_one():
    body = b'{"test": 2432232314}'
    assert signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == \
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_webhook_refuses_a_wrong_signature():
    with WebhookReceiver(secret=SECRET) as hook:
        stamp = str(int(time.time()))
        good = {"webhook-id": "dlv_1", "webhook-timestamp": stamp, "webhook-signature": signature(SECRET, "dlv_1", stamp, b"{}")}
        assert post(hook.url, headers=good)[0] == 200
        assert post(hook.url, body=b"{ }", headers=good)[0] == 401
        assert post(hook.url, headers={**good, "webhook-id": "dlv_2"})[0] == 401
        assert post(hook.url)[0] == 401
        old = str(int(time.time()) - 3600)
        assert post(hook.url, headers={**good, "webhook-timestamp": old,
                                       "webhook-signature": signature(SECRET, "dlv_1", old, b"{}")})[0] == 401
        assert [r.signature_ok for r in hook.wait(5)] == [True, False, False, False, False]
        assert len(hook.delivered()) == 1


def test_webhook_answers_by_its_script():
    with WebhookReceiver(answers=[500, (429, {"Retry-After": "7"}, "slow down"), "drop"], then=204) as hook:
        assert post(hook.url)[0] == 500
        status, headers = post(hook.url)
        assert (status, headers["Retry-After"]) == (429, "7")
        with pytest.raises(OSError):
            post(hook.url)
        assert post(hook.url)[0] == 204
        times = [r.arrived for r in hook.requests]
        assert times == sorted(times) and len(hook.delivered()) == 1


def test_webhook_hangs_until_it_is_closed():
    with WebhookReceiver(answers=["hang"]) as hook:
        with pytest.raises(OSError):
            post(hook.url, timeout=0.2)
        assert hook.wait(1)[0].status is None


def test_webhook_wait_fails_when_nothing_comes():
    with WebhookReceiver() as hook, pytest.raises(AssertionError):
        hook.wait(1, seconds=0.05)


def test_mail_arrives_whole():
    with MailReceiver() as mail:
        with smtplib.SMTP("127.0.0.1", mail.port, timeout=5) as smtp:
            smtp.sendmail("a@example.org", ["me@example.org", "you@example.org"], MAIL)
        got = mail.wait(2)
        assert sorted(m.rcpt_to for m in got) == ["me@example.org", "you@example.org"]
        assert got[0].mail_from == "a@example.org"
        assert got[0].id == "<1@example.org>" and got[0].message["Subject"] == "é"
        assert got[0].message.get_content().strip() == ".dot"


def test_mail_wants_tls_and_a_password():
    with MailReceiver(tls=True, users={"u": "open sesame"}) as mail:
        context = ssl.create_default_context(cafile=str(mail.certificate))
        with smtplib.SMTP("127.0.0.1", mail.port, timeout=5) as smtp:
            with pytest.raises(smtplib.SMTPException):
                smtp.sendmail("a@example.org", "me@example.org", MAIL)
        with smtplib.SMTP("127.0.0.1", mail.port, timeout=5) as smtp:
            smtp.starttls(context=context)
            smtp.ehlo()
            smtp.user, smtp.password = "u", "wrong"
            with pytest.raises(smtplib.SMTPAuthenticationError):
                smtp.auth("PLAIN", smtp.auth_plain)
        with smtplib.SMTP("127.0.0.1", mail.port, timeout=5) as smtp:
            smtp.starttls(context=context)
            smtp.login("u", "open sesame")
            smtp.sendmail("a@example.org", "me@example.org", MAIL)
        assert len(mail.wait(1)) == 1


def test_mail_refuses_by_its_script():
    with MailReceiver(refusals=["451 4.3.0 later"]) as mail:
        assert not mail.real
        with smtplib.SMTP("127.0.0.1", mail.port, timeout=5) as smtp:
            with pytest.raises(smtplib.SMTPDataError):
                smtp.sendmail("a@example.org", "me@example.org", MAIL)
            smtp.sendmail("a@example.org", "me@example.org", MAIL)
        assert len(mail.wait(1)) == 1


def test_nginx_serves_and_knows_what_was_asked():
    with Nginx("location /old { return 301 /feed.xml; }") as web:
        url = web.put("feed.xml", "<rss/>")
        with urllib.request.urlopen(url, timeout=5) as answer:
            etag = answer.headers["ETag"]
            assert answer.read() == b"<rss/>" and answer.headers["Content-Type"] == "application/rss+xml"
        with pytest.raises(urllib.error.HTTPError, match="304"):
            urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": etag}), timeout=5)
        assert urllib.request.urlopen(web.url("old"), timeout=5).url == url
        wait_until(lambda: len(web.requests()) == 4)  # nginx writes its log after it has answered
        assert [(s, p) for _, s, _, p in web.requests()] == [(200, "/feed.xml"), (304, "/feed.xml"), (301, "/old"), (200, "/feed.xml")]
