"""Write the documents of the knowledge base, one file a chapter.

python examples/gatsby-rag/documents.py FOLDER
"""

import argparse
import sys
from pathlib import Path

from book import read_chapters


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args().folder
    try:
        for chapter in read_chapters():
            path = folder / chapter.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(chapter.text, encoding="utf-8")
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}; name another folder", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
