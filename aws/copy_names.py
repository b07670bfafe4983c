"""Where copies of what model accounts write are in the evidence bucket.

Nothing is imported here, so that the stacks take the permissions for them from the name that the functions use.
"""

ACCOUNTS_FOLDER = "accounts"


def copies_prefix(account: str, bucket: str) -> str:
    """Return what the keys of the copies of an account's bucket begin with."""
    return f"{ACCOUNTS_FOLDER}/{account}/{bucket}/"
