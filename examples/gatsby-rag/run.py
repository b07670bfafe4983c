"""Run both stages over the questions, score what they answered, and show them side by side.

    python examples/gatsby-rag/run.py                                         in the sandbox, with small local models
    python examples/gatsby-rag/run.py --judge none                            without the figures that need a judge
    python examples/gatsby-rag/run.py --knowledge-base ID --generator MODEL --reranker sagemaker:ENDPOINT ...
                                                                              in an account

It writes into `gatsby-rag-run` of the working folder: of each stage the responses, what made them and the evidence, and
`comparison.html` of both. Other options go to `governance score rag`. With `--scored-again` no stage runs, and the
responses that are there are scored.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from book import Chapter, read_chapters
from comparison import METRICS, chart_of, page_of, read_figures, table_of
from rerankers import reranker_of
from stages import ANSWER_TOKENS, CANDIDATES, SHOWN, TEMPLATE, PlainStage, RagAccount, RerankedStage, Stage

from aws.bedrock import BedrockChat
from aws.clients import bedrock_runtime_client, knowledge_base_client
from aws.knowledge_bases import KnowledgeBase
from checks.errors import GovernanceError

HERE = Path(__file__).resolve().parent
FOLDER = Path("gatsby-rag-run")
QUESTIONS, THRESHOLDS = HERE / "questions.jsonl", HERE / "thresholds.yaml"
STAGES = ("plain", "reranked")
RESPONSES, SYSTEM, PAGE = "responses.jsonl", "system.json", "comparison.html"
WITHOUT_A_JUDGE = ("rouge_l", "chrf")


def stages_of(account: RagAccount) -> dict[str, Stage]:
    """Return the two stages over one account."""
    base = KnowledgeBase(knowledge_base_client(), account.knowledge_base)
    chat = BedrockChat(
        bedrock_runtime_client(),
        account.generator,
        max_tokens=ANSWER_TOKENS,
        model_fields=account.model_fields,
    )
    return {
        "plain": PlainStage(base, account.generator, account.model_fields),
        "reranked": RerankedStage(base, reranker_of(account.reranker), chat),
    }


def ask(
    stages: Mapping[str, Stage], questions: Sequence[Mapping[str, str]], verses: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the lines of each stage's responses, question by question."""
    lines: dict[str, list[dict[str, Any]]] = {name: [] for name in stages}
    for number, question in enumerate(questions, start=1):
        turn = list(stages) if number % 2 else list(stages)[::-1]  # neither stage has the quieter machine
        for name in turn:
            response = stages[name].respond(question["question"])
            lines[name].append(
                {
                    "id": question["id"],
                    "question": question["question"],
                    "contexts": [passage.text for passage in response.shown],
                    "answer": response.answer,
                    "reference": question["reference"],
                    "reference_contexts": [verses[question["verse"]]],
                    "latency_seconds": round(response.latency_seconds, 3),
                    "facets": {"book": question["verse"].rpartition(" ")[0]},
                }
            )
        print(f"{number} of {len(questions)} questions", end="\r", file=sys.stderr)
    print(file=sys.stderr)
    return lines


def write(folder: Path, lines: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """Write one stage's responses, and what made them."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / RESPONSES).write_text(text, encoding="utf-8")
    (folder / SYSTEM).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def answer(arguments: argparse.Namespace, account: RagAccount, chapters: Sequence[Chapter]) -> None:
    """Let both stages answer, and write their responses."""
    questions = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()][
        : arguments.questions
    ]
    verses = {name: text for chapter in chapters for name, text in chapter.verses.items()}
    for stage, lines in ask(stages_of(account), questions, verses).items():
        is_plain = stage == "plain"
        found = [any(line["reference_contexts"][0] in text for text in line["contexts"]) for line in lines]
        about = {
            "stage": stage,
            "knowledge_base": account.knowledge_base,
            "retrieved": SHOWN if is_plain else CANDIDATES,
            "shown": SHOWN,
            "reranker": None if is_plain else account.reranker,
            "generator": {"model": account.generator, "max_tokens": ANSWER_TOKENS, **account.model_fields},
            "prompt": TEMPLATE,
            "answering_verse_shown": f"{sum(found)} of {len(found)}",
            **account.about,
        }
        write(arguments.folder / stage, lines, about)


def score(arguments: argparse.Namespace, options: Sequence[str]) -> None:
    """Write the evidence of both stages; `options` are those of the scorer beside its metrics."""
    metrics = [word for metric in (*METRICS, *WITHOUT_A_JUDGE) for word in ("--metric", metric)]
    for stage in STAGES:
        folder = arguments.folder / stage
        if not (folder / RESPONSES).is_file():
            raise GovernanceError(
                f"{folder / RESPONSES}: no responses there; run it without --scored-again first"
            )
        run("score", "rag", str(folder / RESPONSES), "-o", str(folder / "evidence"), *metrics, *options)


def show(arguments: argparse.Namespace) -> None:
    """Print both stages side by side, write the page, and say what the gate makes of each."""
    figures = read_figures(arguments.folder, STAGES)
    print(f"\n{table_of(figures)}\n\n{chart_of(figures)}\n")
    (arguments.folder / PAGE).write_text(page_of(figures), encoding="utf-8")
    for stage in STAGES:
        about = json.loads((arguments.folder / stage / SYSTEM).read_text("utf-8"))
        print(f"{stage}: the verse that answers was shown for {about['answering_verse_shown']} questions")
    print(f"the same as a page: {arguments.folder / PAGE}\n")
    for stage in STAGES:
        print(f"{stage}, as the gate judges it:", flush=True)
        evidence = str(arguments.folder / stage / "evidence")
        # Rejection is an answer too, and the other stage's is wanted in any case.
        run("check", str(THRESHOLDS), "--evidence", evidence, accepted=(0, 1, 3))


def run(*words: str, accepted: Sequence[int] = (0,)) -> None:
    """Run one `governance` command; any other exit code than those that are accepted ends this program with it."""
    from cli.main import run as governance  # noqa: PLC0415 - a second, which an error of the arguments need not wait for

    code = governance(list(words))
    if code not in accepted:
        sys.exit(code)


@contextmanager
def account_of(arguments: argparse.Namespace, chapters: Sequence[Chapter]) -> Iterator[RagAccount]:
    """The account that the options name, or the one on this machine."""
    named = (arguments.knowledge_base, arguments.generator, arguments.reranker)
    if all(named):
        yield RagAccount(*named, judge=("--judge", f"bedrock:{arguments.generator}"))
    elif any(named):
        raise GovernanceError(
            "name all of --knowledge-base, --generator and --reranker, or none for the sandbox"
        )
    else:
        from local_account import local_account  # noqa: PLC0415 - seconds, which an account need not wait for

        with local_account(chapters, lambda said: print(said, file=sys.stderr)) as account:
            yield account


def compare(arguments: argparse.Namespace, options: Sequence[str]) -> None:
    """Do all that the options ask for."""
    names_judge = any(option.partition("=")[0] == "--judge" for option in options)
    # Now: the stages answer for minutes before anything is written.
    for stage in STAGES:
        if not arguments.scored_again:
            (arguments.folder / stage).mkdir(parents=True, exist_ok=True)
    chapters = read_chapters()
    # A judge that is named is where the caller's environment says, which is not the sandbox where no stage runs.
    if arguments.scored_again and names_judge:
        score(arguments, options)
        show(arguments)
        return
    with account_of(arguments, chapters) as account:
        if not arguments.scored_again:
            answer(arguments, account, chapters)
        if not names_judge:
            print(account.about_judge, file=sys.stderr)
        score(arguments, options if names_judge else [*account.judge, *options])
        show(arguments)


def refuse(message: str) -> NoReturn:
    """End with 2, which is no answer about either stage."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=count, metavar="N", help="only the first N of the 68 questions")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"default: {FOLDER}")
    parser.add_argument(
        "--scored-again", action="store_true", help="score the responses that are there already"
    )
    parser.add_argument("--knowledge-base", metavar="ID", help="a knowledge base of an account")
    parser.add_argument(
        "--generator", metavar="MODEL", help="the id of the model that answers in that account"
    )
    parser.add_argument(
        "--reranker", metavar="NAME", help="sagemaker:ENDPOINT or bedrock:MODEL of that account"
    )
    arguments, options = parser.parse_known_args()
    try:
        compare(arguments, options)
    except GovernanceError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or arguments.folder}: {error.strerror or error}; name another --folder")


if __name__ == "__main__":
    main()
