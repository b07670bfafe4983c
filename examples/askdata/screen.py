"""The analyst's screen: ask in a chat, read the SQL, run it on the data lake, rate the answer.

    streamlit run examples/askdata/screen.py

What users, models and LookML wrote is shown as text alone (`st.text`, `st.code`, `st.dataframe`): Streamlit reads what
its other elements are given as Markdown, in which a question could draw links, pictures or orders of its own.
"""

import sys
from pathlib import Path

import streamlit as st

for _folder in (Path(__file__).resolve().parent, Path(__file__).resolve().parents[2]):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from assistant import opening  # noqa: E402  beside this script
from assistant.assistant import LONGEST_QUESTION  # noqa: E402
from assistant.conversations import LONGEST_COMMENT, RATINGS  # noqa: E402
from assistant.desk import Desk  # noqa: E402
from assistant.kept_answers import KeptTurn  # noqa: E402
from assistant.result_frame import make_frame  # noqa: E402
from assistant.service import ServedVersion  # noqa: E402
from checks.errors import GovernanceError  # noqa: E402
from scorers.text_to_sql.running.first_rows import NotShown, ShownRows  # noqa: E402

LOOK_SECONDS = 2  # how often the screen looks which version answers
CONVERSATION = "conversation"  # of the page's address
# The header by which a load balancer that signs people in says who it is; without one everybody is nobody.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
PERSON = "x-amzn-oidc-identity"
NO_VERSION = (
    "No version is approved yet. Questions can be asked as soon as the gate or a reviewer approves one."
)
NO_CONVERSATION = (
    "The conversation of this address is forgotten or somebody else's. Your next question begins a new one."
)
HINT = "Ask about customers, addresses, messages, calls or bills"

Came = ShownRows | NotShown


def main() -> None:
    """Draw the page as it is now; Streamlit calls this each time that somebody does something."""
    st.set_page_config(page_title="AskData")
    st.title("AskData")
    try:
        desk = opening.open_desk()
    except GovernanceError as error:
        show_problem("The assistant cannot start.", str(error))
        return
    show_service(desk)
    try:
        show_conversation(desk)
    except GovernanceError as error:
        show_problem("This did not work.", str(error))


@st.fragment(run_every=LOOK_SECONDS)
def show_service(desk: Desk) -> None:
    """Say which version answers, and draw the whole page again once it is another."""
    state = desk.state()
    served = state.served
    if served is None:
        st.info(NO_VERSION)
    else:
        since = f"{served.since:%d %B %Y, %H:%M UTC}"
        st.text(f"Version {served.number} answers, since {since}. Approved by {served.approved_by}.")
        show_details(served)
    if state.problem:
        show_problem("A newer approval could not be followed.", state.problem)
    arn = None if served is None else served.arn
    if st.session_state.setdefault("drawn_for", arn) != arn:
        st.session_state["drawn_for"] = arn
        st.rerun()


def show_details(served: ServedVersion) -> None:
    """Say what exactly the version is."""
    with st.expander("About this version"):
        st.text(f"Version: {served.arn}")
        st.text(f"Configuration: {served.assistant.configuration.digest}")
        st.text(f"Model: {served.assistant.configuration.chat.model_id}")


def show_conversation(desk: Desk) -> None:
    """Draw the conversation of the page's address, and take the next question."""
    conversation = desk.open(st.query_params.get(CONVERSATION), find_person())
    if conversation is not None:
        for turn in desk.turns(conversation):
            show_turn(desk, conversation, turn)
        if st.button("New conversation"):
            st.query_params.clear()
            st.session_state.pop("results", None)
            st.rerun()
    elif CONVERSATION in st.query_params:
        st.info(NO_CONVERSATION)
    if "unanswered" in st.session_state:
        asked, reason = st.session_state.pop("unanswered")
        with st.chat_message("user"):
            st.text(asked)
        show_problem("The question was not answered.", reason)
    question = st.chat_input(HINT, max_chars=LONGEST_QUESTION, disabled=desk.state().served is None)
    if question:
        answer(desk, conversation, question)


def find_person() -> str:
    """Return who signed in, as the load balancer says, or nothing where nobody does."""
    return st.context.headers.get(PERSON, "")


def answer(desk: Desk, conversation: str | None, question: str) -> None:
    """Have a question answered, and draw the page with the answer."""
    with st.chat_message("user"):
        st.text(question)
    with st.spinner("Writing SQL"):
        try:
            conversation = conversation or desk.begin(find_person())
            st.query_params[CONVERSATION] = conversation
            desk.ask(conversation, question)
        except GovernanceError as error:
            st.session_state["unanswered"] = (question, str(error))
    st.rerun()


def show_turn(desk: Desk, conversation: str, turn: KeptTurn) -> None:
    """Draw a question and its answer, with what can be done with it."""
    with st.chat_message("user"):
        st.text(turn.question)
    with st.chat_message("assistant"):
        if turn.problem:
            show_problem("There is no SQL for this question.", turn.problem)
        else:
            st.code(turn.sql, language="sql", wrap_lines=True)
            st.text(f"Reads {', '.join(turn.tables) or 'no table'}.")
            show_result(desk, turn)
        show_rating(desk, conversation, turn)


def show_result(desk: Desk, turn: KeptTurn) -> None:
    """Draw the button that runs the SQL, and what came of it."""
    results: dict[int, Came] = st.session_state.setdefault("results", {})
    if st.button("Run on the data lake", key=f"run-{turn.number}"):
        try:
            with st.spinner("Running"):
                results[turn.number] = desk.run(turn)
        except GovernanceError as error:
            show_problem("It could not be run.", str(error))
            return
    came = results.get(turn.number)
    match came:
        case None:
            return
        case NotShown():
            show_problem("It was not run to its end.", came.reason)
        case ShownRows():
            st.dataframe(make_frame(came), hide_index=True)
            st.text(count_rows(came))


def count_rows(came: ShownRows) -> str:
    """Say how much of the result is shown."""
    count = len(came.rows)
    rows = "1 row" if count == 1 else f"{count} rows"
    return f"The first {rows} of more" if came.more else f"The whole result: {rows}"


def show_rating(desk: Desk, conversation: str, turn: KeptTurn) -> None:
    """Draw the rating of an answer, or the form that asks for one."""
    if turn.rating is not None:
        st.text(f"Rated {turn.rating} of {RATINGS[-1]}")
        return
    with st.expander("Rate this answer"), st.form(f"rate-{turn.number}", border=False):
        rating = st.radio(
            f"From {RATINGS[0]}, useless, to {RATINGS[-1]}, just right", RATINGS, index=None, horizontal=True
        )
        comment = st.text_area(
            "What was good or wrong? (optional)", max_chars=LONGEST_COMMENT, height="content"
        )
        if not st.form_submit_button("Send"):
            return
        if rating is None:
            show_problem("Nothing was sent.", f"Choose a rating from {RATINGS[0]} to {RATINGS[-1]}.")
            return
        try:
            desk.rate(conversation, turn, rating, comment.strip())
        except GovernanceError as error:
            show_problem("The rating was not kept.", str(error))
            return
    st.rerun()


def show_problem(title: str, reason: str) -> None:
    """Say what did not work; `title` is this program's own, `reason` may repeat what anybody wrote."""
    st.error(title)
    st.text(reason)


main()
