"""Who may ask for what: each attack that the guard, the door and the paths are there for."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from workflows.web.safety import Password

PAGES = ("/", "/assay", "/screen", "/assay?file=a.csv", "/job/x", "/model/m.ebm", "/report/r")


@pytest.fixture
def client(serve, folder):
    (folder / "a.csv").write_text("smiles,y\nCCO,1\nCCN,0\n", encoding="utf-8")
    return serve(folder)


def test_without_the_token_nothing_is_shown(serve, folder) -> None:
    client = serve(folder, inside=False)
    for page in PAGES:
        answer = client.get(page)
        assert (answer.status, answer.headers["location"]) == (303, "/enter"), page
        assert client.get(page, Accept="*/*").status == 401
    assert client.get("/enter").status == 401
    assert client.get("/enter?token=wrong").status == 401
    assert "set-cookie" not in client.get("/enter?token=wrong").headers
    assert client.post("/samples", token="x").status == 401
    client.cookie = f"{client.door.cookie}=forged"
    assert client.get("/").status == 303


def test_the_token_becomes_a_cookie_that_scripts_and_other_pages_do_not_have(client) -> None:
    answer = client.come_in()
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/").status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "10.0.0.1:{port}", ""],
)
def test_a_name_turned_to_this_machine_is_refused(client, host) -> None:
    answer = client.get("/", Host=host.format(port=client.port))
    assert answer.status in (400, 421)
    assert "ebmscreen" not in answer.text


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://localhost:{port}"]
)
def test_other_origins_are_refused(client, origin) -> None:
    origin = origin.format(port=client.port)
    assert client.get("/", Origin=origin).status == 403
    assert client.post("/samples", Origin=origin).status == 403
    assert not (client.app.state.serving.folder.root / "bace.csv").exists()
    own = f"http://127.0.0.1:{client.port}"
    assert client.get("/", Origin=own).status == 200


def test_requests_of_other_sites_are_refused_and_links_are_followed(client) -> None:
    assert client.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403
    assert client.get("/", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="cors").status == 403
    assert client.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    assert client.post("/samples", Sec_Fetch_Site="cross-site").status == 403


def test_no_page_is_for_other_origins_and_none_has_a_script_in_it(client) -> None:
    for page in (*PAGES, "/nowhere", "/upload"):
        answer = client.get(page)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]* src=\")", answer.text), page
        assert not re.search(r"<[^>]* (on\w+|style)=", answer.text), page
    assert client.ask("OPTIONS", "/").status == 405


def test_a_form_without_its_token_does_nothing(client) -> None:
    root = client.app.state.serving.folder.root
    for token in ("", "x", client.door.form_token("another session")):
        assert client.post("/samples", token=token).status == 403
        assert client.upload("b.csv", b"smiles\nC\n", token=token).status == 403
    assert {path.name for path in root.iterdir()} == {"a.csv"}
    for route in client.app.routes:
        if "POST" in route.methods and route.path not in ("/login", "/upload"):
            target = route.path.replace("{id}", "x").replace("{name:path}", "x")
            assert client.post(target, token="x").status == 403, route.path


OUTSIDE = (
    "../secret.csv", "%2e%2e/secret.csv", "..%2fsecret.csv", "%2e%2e%2fsecret.csv",
    "x/../../secret.csv", "/etc/passwd", "%2fetc%2fpasswd", "a.csv%00.ebm", "..%5csecret.csv",
    "C:%5csecret.csv", ".ebmscreen/jobs", "link.csv", "links/secret.csv", "a.csv/",
    "%252e%252e/secret.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_path_leads_out_of_the_folder(client, name) -> None:
    root = client.app.state.serving.folder.root
    if os.name == "posix":
        (root / "link.csv").symlink_to(root.parent / "secret.csv")
        (root / "links").symlink_to(root.parent)
    targets = [f"/model/{name}", f"/report/{name}", f"/run/{name}", f"/file/{name}/hits.csv"]
    for target in (*targets, f"/static/x/{name}", f"/assay?file={name}"):
        answer = client.get(target)
        assert answer.status in (303, 400, 404), target
        assert "CCO" not in answer.text
        assert "root:" not in answer.text
        if answer.status == 303:
            assert answer.headers["location"] == "/"


def test_uploads_are_named_safely_and_end_at_the_limit(client) -> None:
    root = client.app.state.serving.folder.root
    data = b"smiles\nCCO\n"
    for given, kept in (
        ("../../evil.csv", "evil.csv"),
        ("..\\evil.csv", "evil-2.csv"),
        ("-rf.csv", "rf.csv"),
        (".ebmscreen.csv", "ebmscreen.csv"),
        ("<script>x.csv", "script_x.csv"),
        ("a.csv", "a-2.csv"),
        ("con.csv", "_con.csv"),
        ("x" * 500 + ".csv.gz", None),
    ):
        answer = client.upload(given, data, Accept="application/json")
        assert answer.status == 200, given
        name = answer.json["name"]
        assert kept is None or name == kept
        assert (root / name).read_bytes() == data
        assert len(name) <= 120
    for given in ("x.exe", "x.html", "", "..", ".csv", "x.csv/", "job.json"):
        assert client.upload(given, data).status == 400, given
    before = {path.name for path in root.iterdir()}
    big = b"C" * 300_000
    assert client.upload("big.csv", big).status == 413
    chunked = (
        b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (big[:150_000], big[150_000:]))
        + b"0\r\n\r\n"
    )
    assert client.upload("big.csv", chunked, Transfer_Encoding="chunked").status == 413
    assert client.post("/samples", [("x", "y" * 1_100_000)]).status == 413
    assert {path.name for path in root.iterdir()} == before
    assert not list(root.glob(".ebmscreen/*.upload"))


def test_elsewhere_a_password_is_demanded(serve, folder) -> None:
    client = serve(folder, password=Password("correct horse"))
    assert "token" not in client.door.address()
    assert client.get("/").headers["location"] == "/login"
    assert client.get("/enter?token=x").headers["location"] == "/login"
    assert client.post("/login", {"password": "wrong"}, token="").status == 403
    assert client.get("/", Host=f"desk.example:{client.port}").status == 303
    assert client.get("/", Host=f"10.1.2.3:{client.port}").status == 303
    assert client.get("/", Host=f"evil.example:{client.port}").status == 421
    answer = client.post("/login", {"password": "correct horse"}, token="")
    assert answer.status == 303
    client.cookie = answer.headers["set-cookie"].partition(";")[0]
    assert client.get("/").status == 200


def test_guessing_ends_after_five_tries_at_once(serve, folder) -> None:
    client = serve(folder, password=Password("correct horse"))

    def guess(number: int) -> int:
        return client.post("/login", {"password": f"guess {number}"}, token="").status

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(8)))
    assert set(answers) <= {403, 429}
    assert client.post("/login", {"password": "correct horse"}, token="").status == 429
