"""Modules of nltk without the whole of it: quick to import, nltk's own, and gone for whoever imports nltk."""

import subprocess
import sys

PROGRAM = """
import sys
from scorers.nltk_modules import import_alone
stemmer = import_alone("nltk.stem.porter").PorterStemmer()
tokenizer = import_alone("nltk.tokenize.treebank").TreebankWordTokenizer()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"nltk", "numpy", "scipy", "sklearn"}))
try:
    import_alone("nltk.stem.none")
except ModuleNotFoundError as error:
    print(error.name)
words = ("skies", "dying", "generously", "succeeded", "innings", "tied", "agreed", "conditional", "flies", "happy")
text = "They'll say it isn't so (in $5.20)."
sys.modules.update(dict.fromkeys(("scipy", "sklearn")))  # nltk does without them, and is there at once
import nltk
from nltk.stem.porter import PorterStemmer
from nltk.tokenize import TreebankWordTokenizer
print([stemmer.stem(word) for word in words] == [PorterStemmer().stem(word) for word in words])
print(tokenizer.tokenize(text) == TreebankWordTokenizer().tokenize(text), callable(nltk.word_tokenize))
print(import_alone("nltk.stem.porter").PorterStemmer is PorterStemmer)
"""


def test_a_module_is_nltks_own_and_nothing_of_nltk_is_left() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", "nltk.stem.none", "True", "True True", "True"]


def test_without_nltk_it_is_said_which_package_is_missing() -> None:
    program = (
        "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p]\n"
        "from scorers.nltk_modules import import_alone\n"
        "try:\n    import_alone('nltk.stem.porter')\nexcept ModuleNotFoundError as error:\n    print(error.name)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "nltk\n"
