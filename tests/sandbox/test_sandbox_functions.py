"""A function runs as its deployed zip, in a process of its own, and reports its end as Lambda does."""

import base64
import json
import sys
from typing import Any

import pytest

ANSWERS = """
    import os

    def handler(event, context):
        print("hello from the function")
        return {"event": event, "environment": dict(os.environ), "context": context.function_name}
"""
LOOKS_AROUND = """
    import sys, os

    def handler(event, context):
        try:
            import pytest
            found = pytest.__file__
        except ImportError:
            found = None
        return {"found": found, "first": sys.path[0] == os.getcwd(), "pid": os.getpid()}
"""


SAYS_WHO_LOADED = """
    import os
    import rules
    import yaml

    LOADED_BY, LOADED_FOR = os.getpid(), os.environ["WHICH"]

    def handler(event, context):
        return {"libraries": [yaml.LOADED_BY, rules.LOADED_BY], "own": [LOADED_BY, LOADED_FOR], "pid": os.getpid()}
"""
LIBRARY = """
    import os

    LOADED_BY = os.getpid()
"""

COLLECTS = """
    import gc
    import yaml

    def handler(event, context):
        return {"while libraries are loaded": yaml.COLLECTED, "in the function": gc.isenabled()}
"""

# As little of botocore as there is to look up, each with the process that did it.
LITTLE_BOTOCORE = {
    "botocore/__init__": "",
    "botocore/useragent": "def sanitize_user_agent_string_component(text): return text",
    "botocore/loaders": """
        def create_loader(path=None): return path

        class JSONFileLoader:
            def load_file(self, path): raise FileNotFoundError(path)
    """,
    "botocore/hooks": """
        import os

        def accepts_kwargs(handler): return True

        class HierarchicalEmitter: pass

        class EventAliaser:
            def __init__(self, emitter): self.known = {}
            def _alias_event_name(self, name): return self.known.setdefault(name, f"{name} by {os.getpid()}")
    """,
    "botocore/session": """
        from botocore import hooks
        from botocore.loaders import create_loader

        class Session:
            def __init__(self): self.said = hooks.EventAliaser(None)._alias_event_name("event")
    """,
}
USES_BOTOCORE = """
    import os
    import botocore.session

    def handler(event, context):
        return {"said": botocore.session.Session().said, "pid": os.getpid()}
"""


def invoke(account: Any, function: str, event: Any = None, **more: Any) -> dict[str, Any]:
    answer = account.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event), **more)
    payload = answer["Payload"].read()
    return {
        "payload": json.loads(payload) if payload else None,
        "error": answer.get("FunctionError"),
        "log": base64.b64decode(answer.get("LogResult", "")).decode(),
        "status": answer["StatusCode"],
    }


def test_a_function_gets_its_event_its_environment_and_nothing_of_the_host(
    account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = account.function(ANSWERS, Environment={"Variables": {"SETTING": "as deployed"}})
    answer = invoke(account, function, {"key": [1, 2.5, None, "ü"]}, LogType="Tail")
    payload = answer["payload"]
    assert (answer["error"], answer["status"]) == (None, 200)
    assert payload["event"] == {"key": [1, 2.5, None, "ü"]}
    assert payload["context"] == function.rsplit(":", 1)[-1]
    assert payload["environment"]["SETTING"] == "as deployed"
    assert payload["environment"]["AWS_ENDPOINT_URL"] == account.sandbox.endpoint
    assert not payload["environment"].keys() & {"VIRTUAL_ENV", "PYTHONPATH", "HOME", "USER"}
    assert "hello from the function" in answer["log"]


def test_only_the_standard_library_and_the_bundle_are_on_the_path(account: Any) -> None:
    payload = invoke(account, account.function(LOOKS_AROUND))["payload"]
    assert (payload["found"], payload["first"]) == (None, True)
    assert "pytest" in sys.modules  # which the same interpreter has


def test_a_process_stays_warm(account: Any) -> None:
    function = account.function(LOOKS_AROUND)
    first, second = (invoke(account, function)["payload"]["pid"] for _ in range(2))
    assert first == second


def test_what_a_handler_imports_is_loaded_once_and_its_own_module_by_each_process(account: Any) -> None:
    answers = []
    for which in ("one", "other"):
        function = account.function(
            SAYS_WHO_LOADED,
            libraries={"yaml": LIBRARY, "rules": LIBRARY},
            Environment={"Variables": {"WHICH": which}},
        )
        answers.append(invoke(account, function)["payload"])
    one, other = answers
    (loaded_by,) = {*one["libraries"], *other["libraries"]}
    assert len({loaded_by, one["pid"], other["pid"]}) == 3
    assert one["own"] == [one["pid"], "one"]
    assert other["own"] == [other["pid"], "other"]


def test_garbage_is_looked_for_in_the_function_and_not_while_libraries_are_loaded(account: Any) -> None:
    function = account.function(COLLECTS, libraries={"yaml": "import gc\nCOLLECTED = gc.isenabled()"})
    answer = invoke(account, function)["payload"]
    assert answer == {"while libraries are loaded": False, "in the function": True}


def test_what_botocore_looks_up_is_looked_up_once_for_all_processes(account: Any) -> None:
    one, other = (
        invoke(
            account,
            account.function(
                USES_BOTOCORE, libraries=LITTLE_BOTOCORE, Environment={"Variables": {"WHICH": which}}
            ),
        )["payload"]
        for which in ("one", "other")
    )
    assert one["said"] == other["said"]
    assert one["said"] not in {f"event by {answer['pid']}" for answer in (one, other)}


def test_a_library_that_cannot_be_loaded_fails_the_function_that_imports_it(account: Any) -> None:
    broken = {"yaml": "raise RuntimeError('no such processor')"}
    importing = account.function("import yaml\ndef handler(event, context):\n    return 1", libraries=broken)
    other = account.function("def handler(event, context):\n    return 2", libraries=broken)
    failed = invoke(account, importing)["payload"]
    assert failed["errorType"] == "Runtime.ImportModuleError"
    assert failed["errorMessage"] == "Unable to import module 'app': RuntimeError: no such processor"
    assert invoke(account, other)["payload"] == 2


@pytest.mark.parametrize(
    ("code", "settings", "kind", "message"),
    [
        (
            "def handler(event, context):\n    raise ValueError('no such group')",
            {},
            "ValueError",
            "no such group",
        ),
        (
            "def handler(event, context):\n    return object()",
            {},
            "Runtime.MarshalError",
            "not JSON serializable",
        ),
        (
            "def handler(event, context):\n    return",
            {"Handler": "other.handler"},
            "Runtime.ImportModuleError",
            "other",
        ),
        ("import nothing_of_that_name", {}, "Runtime.ImportModuleError", "nothing_of_that_name"),
        ("x = 1", {}, "Runtime.HandlerNotFound", "app.handler"),
        (
            "import os\ndef handler(event, context):\n    os._exit(3)",
            {},
            "Runtime.ExitError",
            "exit status 3",
        ),
        ("import sys\nsys.exit(5)", {}, "Runtime.ExitError", "exit status 5"),
        ("import os\nos._exit(4)", {}, "Runtime.ExitError", "exit status 4"),
        (
            "import time\ndef handler(event, context):\n    time.sleep(30)",
            {"Timeout": 1},
            "Sandbox.Timedout",
            "Task timed out after 1.00 seconds",
        ),
    ],
)
def test_a_failure_is_reported_as_lambda_reports_it(
    account: Any, code: str, settings: dict[str, Any], kind: str, message: str
) -> None:
    answer = invoke(account, account.function(code, **settings))
    assert (answer["status"], answer["error"]) == (200, "Unhandled")
    assert answer["payload"]["errorType"] == kind
    assert message in answer["payload"]["errorMessage"]
    assert answer["payload"]["requestId"]


def test_a_crash_is_over_with_its_invocation(account: Any) -> None:
    code = """
        import os

        def handler(event, context):
            if event == "crash":
                os._exit(1)
            return "alive"
    """
    function = account.function(code)
    answers = [invoke(account, function, event) for event in ("go", "crash", "go")]
    assert [answer["payload"] for answer in answers[::2]] == ["alive", "alive"]
    assert answers[1]["payload"]["errorType"] == "Runtime.ExitError"


def test_an_updated_function_runs_its_new_environment(account: Any) -> None:
    function = account.function("import os\ndef handler(event, context):\n    return os.environ.get('WHICH')")
    invoke(account, function)
    account.client("lambda").update_function_configuration(
        FunctionName=function, Environment={"Variables": {"WHICH": "new"}}
    )
    assert invoke(account, function)["payload"] == "new"


def test_what_a_function_prints_and_logs_is_in_its_log_group_and_in_a_file(account: Any) -> None:
    code = """
        import logging

        def handler(event, context):
            print("printed line")
            logging.getLogger(__name__).warning("logged line")
            raise RuntimeError("trouble")
    """
    function = account.function(code)
    invoke(account, function)
    name = function.rsplit(":", 1)[-1]
    logs = account.client("logs")
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    lines = [event["message"] for event in events]
    for expected in ("printed line", "logged line", "RuntimeError: trouble"):
        assert any(expected in line for line in lines), lines
    written = (account.sandbox.folder / "functions.log").read_text()
    assert f"{name}: printed line" in written


def test_an_asynchronous_invocation_answers_at_once(account: Any) -> None:
    function = account.function("def handler(event, context):\n    print('got', event['n'])")
    answer = invoke(account, function, {"n": 17}, InvocationType="Event")
    assert (answer["status"], answer["payload"]) == (202, None)
    account.sandbox.wait_idle()
    logs = account.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function.rsplit(':', 1)[-1]}")
    assert "got 17" in [event["message"] for event in logs["events"]]
