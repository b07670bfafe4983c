"""What must hold of the repository itself."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_are_pinned_with_hashes_and_name_no_index(path: Path) -> None:
    """The same bytes everywhere, from any index: an approval is no proof where other code may have judged."""
    text = path.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert re.search(r"index-url|find-links|https?://|file:", text) is None


def test_each_group_is_held_to_the_versions_that_are_tested() -> None:
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^[A-Za-z0-9][^ ;]*==[^ ;\\]+", path.read_text("utf-8"), re.MULTILINE))

    tested = pins(ROOT / "requirements" / "dev.txt")
    others = {
        p.name: pins(p) - tested for p in REQUIREMENTS if p.name not in {"dev.txt", "models.txt", "uv.txt"}
    }
    assert others and set(map(len, others.values())) == {0}, others


def test_no_tracked_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    """What is installed from where is said by whoever installs it: companies have mirrors, and hashes tell the bytes.

    A path of one developer's machine works on no other, and in a test or page it is soon taken for a rule.
    """
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"]
    paths = ["/" + "root/", "/" + "work/", "/" + "home/", "/" + "Users/"]
    # cli/work/ is a room, whose path begins before the slash.
    words = re.compile(rf"{'|'.join(map(re.escape, hosts))}|(?<!\w)({'|'.join(map(re.escape, paths))})")
    found = [
        name
        for name in TRACKED
        if (ROOT / name).is_file() and words.search((ROOT / name).read_bytes().decode("utf-8", "ignore"))
    ]
    assert found == []


def test_the_cdk_command_line_is_pinned_without_addresses() -> None:
    """npm takes an address in the lock before the registry that the user has set."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"node_modules/aws-cdk"' in lock
    assert '"resolved"' not in lock
