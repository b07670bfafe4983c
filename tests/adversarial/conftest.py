"""The generator's modules are importable by its tests as they are by its program."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
