"""Write the ratings of a configuration as the file that `governance score feedback` reads.

    python examples/askdata/export_ratings.py CONFIGURATION_SHA256 -o ratings.jsonl

The table is `ASKDATA_TABLE`. A line has the rating, the comment, the question, the SQL and the version that answered;
`session` tells the ratings of one conversation from others, and cannot open it.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from assistant.conversations import Conversations
from assistant.kept_answers import KeptRating
from assistant.settings import variable_of
from aws.clients import dynamodb_client
from checks.errors import GovernanceError
from disk.writing import write_whole
from refusing import refusing

TABLE_VARIABLE = variable_of("table")
DIGEST = re.compile("[0-9a-f]{64}")


def write_ratings(ratings: Iterable[KeptRating], output: Path) -> int:
    """Write the file, in the order in which people rated, and return how many lines it has.

    Raises:
        GovernanceError: there is no rating, or the file cannot be written.
    """
    ordered = sorted(ratings, key=lambda rating: rating.rated_at)
    if not ordered:
        raise GovernanceError("nobody has rated this configuration; nothing was written")
    lines = [json.dumps(_describe(rating), ensure_ascii=False) + "\n" for rating in ordered]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GovernanceError(
            f"{output.parent}: cannot be made ({error.strerror}); name another file"
        ) from error
    write_whole(output, "".join(lines).encode())
    return len(lines)


def _describe(rating: KeptRating) -> dict[str, object]:
    return {
        "rating": rating.rating,
        "comment": rating.comment,
        "session": rating.session,
        "question": rating.question,
        "sql": rating.sql,
        "version": rating.served.version,
        "rated_at": rating.rated_at.isoformat(timespec="seconds"),
    }


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configuration", help="the SHA-256 of the configuration, as the screen shows it")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    table = os.environ.get(TABLE_VARIABLE)
    with refusing():
        if not table:
            raise GovernanceError(f"{TABLE_VARIABLE}: not set; source the file that `make askdata` names")
        if not DIGEST.fullmatch(arguments.configuration):
            raise GovernanceError(
                f"{arguments.configuration}: not the SHA-256 of a configuration, 64 digits from 0 to f; "
                "copy it from the screen, under About this version"
            )
        ratings = Conversations(dynamodb_client(), table).ratings(arguments.configuration)
        written = write_ratings(ratings, arguments.output)
    print(f"{written} ratings in {arguments.output}")


if __name__ == "__main__":
    main()
