"""Write the documents of the knowledge base, one file a chapter.

python examples/gatsby-rag/documents.py FOLDER
"""

import sys
from pathlib import Path

from book import read_chapters


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    for chapter in read_chapters():
        path = Path(sys.argv[1]) / chapter.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(chapter.text, encoding="utf-8")


if __name__ == "__main__":
    main()
