"""The server of the workbench by real HTTP: what it answers, what it writes, and whom it refuses."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cli.workbench.server import MAX_BODY_BYTES
from tests.running_workbench import FILE, HEIR, running_workbench

MOVE = {"source": "churn.yaml", "path": ["checks", 0, "at_least"], "value": 0.9}


class Client:
    """Whoever asks the server, as the page does unless a test says otherwise."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self.origin = f"http://{self._url.netloc}"

    def get(self, path: str = "", *, root: str | None = None, **headers: str) -> http.client.HTTPResponse:
        return self._ask("GET", f"{self._url.path if root is None else root}{path}", None, headers)

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        sent = {"Origin": self.origin, "Content-Type": "application/json"} | headers
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self._ask("POST", f"{self._url.path}{path}", content, sent)
        text = response.read()
        is_json = response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(text) if is_json else text.decode()

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._url.netloc, timeout=30)
        connection.request(method, path, body, headers)
        return connection.getresponse()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A workbench with one file, and three versions of the past."""
    monkeypatch.chdir(tmp_path)
    with running_workbench() as url:
        yield Client(url)


def test_the_page_is_shown_and_may_load_only_what_the_server_sends(client: Client) -> None:
    response = client.get()
    page = response.read().decode()
    assert response.status == 200
    assert "Because &lt;b&gt;people&lt;/b&gt; rely on it." in page
    assert "0 of 3 versions would be decided otherwise" in page
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    kinds = [client.get(name).headers["Content-Type"] for name in ("workbench.js", "workbench.css")]
    assert kinds == ["text/javascript; charset=utf-8", "text/css; charset=utf-8"]


def test_a_move_says_who_flips_by_which_check_and_what_differs(client: Client) -> None:
    status, answered = client.post("answer", {"moves": [MOVE]})
    assert (status, answered["problems"], answered["can_be_saved"]) == (200, [], True)
    assert answered["parts"]["summary"] == "1 of 3 versions would be decided otherwise"
    assert "accuracy: 0.85 is below 0.9" in answered["parts"]["versions"]
    assert answered["difference"].splitlines()[-2:] == [
        "-    at_least: 0.80  # agreed in spring",
        "+    at_least: 0.9  # agreed in spring",
    ]
    assert Path("churn.yaml").read_text() == FILE


def test_a_waiver_lets_pass_what_would_fail(client: Client) -> None:
    waiver = {
        "check": "accuracy",
        "reason": "known",
        "approved_by": "ann@example.com",
        "expires": "2026-12-31",
    }
    new = {"source": "churn.yaml", "path": ["waivers", "new"], "value": waiver}
    _, answered = client.post("answer", {"moves": [new]})
    assert answered["problems"] == []
    assert "accuracy: is waived until 2026-12-31 by ann@example.com: known" in answered["parts"]["loosened"]


def test_saving_writes_the_moved_line_alone_and_the_next_move_begins_there(client: Client) -> None:
    assert client.post("save", {"moves": [MOVE]}) == (200, {"saved": ["churn.yaml"], "problems": []})
    assert Path("churn.yaml").read_text() == FILE.replace("0.80", "0.9")
    _, answered = client.post("answer", {"moves": []})
    assert answered["difference"] == ""


@pytest.fixture
def client_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A workbench with a file, and another that has its check from there."""
    monkeypatch.chdir(tmp_path)
    with running_workbench(team=HEIR) as url:
        yield Client(url)


def test_a_check_says_which_other_files_a_move_of_it_changes(client_of_two: Client) -> None:
    page = " ".join(client_of_two.get().read().decode().split())
    assert page.count("A move here counts in <code>team.yaml</code>, too.") == 1
    assert "<li>accuracy, from <code>churn.yaml</code></li>" in page
    assert "for this file alone, write a check of the same name into it" in page
    # The owners are inherited, and may waive an inherited check here.
    assert "<option>accuracy</option><option>recall</option>" in page
    waiver = {
        "check": "accuracy",
        "reason": "known",
        "approved_by": "ann@example.com",
        "expires": "2026-12-31",
    }
    new = {"source": "team.yaml", "path": ["waivers", "new"], "value": waiver}
    assert client_of_two.post("answer", {"moves": [new]})[1]["problems"] == []


def test_several_files_are_saved_together_or_not_at_all(
    client_of_two: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = {"moves": [MOVE, {"source": "team.yaml", "path": ["checks", 0, "at_least"], "value": 0.6}]}
    move = Path.replace

    def fail_at_team(self: Path, target: Path) -> Path:
        if target.name == "team.yaml":
            raise OSError(28, "No space left on device")
        return move(self, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", fail_at_team)
        status, refused = client_of_two.post("save", moves)
    told = (
        "team.yaml: cannot be written (No space left on device), and no file was changed; name another file"
    )
    assert (status, refused["problems"]) == (422, [told])
    assert (Path("churn.yaml").read_text(), Path("team.yaml").read_text()) == (FILE, HEIR)
    assert client_of_two.post("save", moves)[1]["saved"] == ["churn.yaml", "team.yaml"]
    assert Path("churn.yaml").read_text() == FILE.replace("0.80", "0.9")
    assert Path("team.yaml").read_text() == HEIR.replace("0.5", "0.6")


def test_a_file_that_somebody_changed_meanwhile_is_not_written(client: Client) -> None:
    Path("churn.yaml").write_text(f"{FILE}# mine\n")
    status, refused = client.post("save", {"moves": [MOVE]})
    assert status == 409
    assert "churn.yaml: it was changed since the workbench read it" in refused["problems"][0]
    assert Path("churn.yaml").read_text() == f"{FILE}# mine\n"
    Path("churn.yaml").unlink()
    assert client.post("save", {"moves": [MOVE]})[0] != 200
    assert not Path("churn.yaml").exists()


@pytest.mark.parametrize(
    ("move", "status", "problem"),
    [
        pytest.param({"value": None}, 422, "a check needs a limit", id="no limit"),
        pytest.param({"value": "much"}, 422, "must be a number", id="no number"),
        pytest.param({"path": ["name"], "value": "x"}, 400, "no moves of this page", id="too short a path"),
        pytest.param({"path": ["checks", 0, "metric"], "value": "x"}, 422, "cannot be moved", id="a metric"),
        pytest.param({"source": "/etc/passwd"}, 422, "cannot be moved here", id="another file"),
        pytest.param({"path": ["checks", 7, "at_least"]}, 422, "no such place", id="no such check"),
        pytest.param({"value": [1]}, 400, "no moves of this page", id="a list"),
    ],
)
def test_what_is_no_move_is_refused_and_nothing_is_written(
    client: Client, move: dict[str, object], status: int, problem: str
) -> None:
    for path, expected in (("answer", 200 if status == 422 else status), ("save", status)):
        told = client.post(path, {"moves": [MOVE | move]})
        assert told[0] == expected
        assert problem in " ".join(told[1]["problems"])
    assert Path("churn.yaml").read_text() == FILE


def test_whoever_is_not_the_page_is_refused(client: Client) -> None:
    assert client.get(root="/").status == 404
    assert client.get(root="/a-guessed-token/").status == 404
    assert client.get(Host="evil.example").status == 400
    moves = {"moves": [MOVE]}
    assert client.post("save", moves, Origin="http://evil.example")[0] == 403
    assert client.post("save", moves, Origin="http://127.0.0.1:1")[0] == 403
    assert client.post("save", moves, **{"Content-Type": "text/plain"})[0] == 415
    assert client.post("save", b" " * (MAX_BODY_BYTES + 1))[0] == 413
    assert Path("churn.yaml").read_text() == FILE
