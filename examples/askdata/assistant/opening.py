"""The desk of a running screen, made once a process from its environment."""

import streamlit as st

from assistant.desk import Desk


@st.cache_resource(show_spinner="Connecting")
def open_desk() -> Desk:
    """Return the desk that the environment describes.

    Raises:
        GovernanceError: a setting is missing, or something that it names cannot be reached.
    """
    raise NotImplementedError
