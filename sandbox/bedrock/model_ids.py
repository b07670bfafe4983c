"""How requests name a model of Bedrock: by its id, by that of an inference profile of it, or by the ARN of either.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

import re

# `us.amazon.nova-lite-v1:0` is the profile of `amazon.nova-lite-v1:0` for the regions of a part of the world.
_GEOGRAPHY = re.compile(r"^(us|eu|apac|au|jp|ca|us-gov|global)\.")


def is_profile(model_id: str) -> bool:
    """Whether the id, which is no ARN, is an inference profile's."""
    return _GEOGRAPHY.match(model_id) is not None


def without_profile(model_id: str) -> str:
    """Return the id of the model behind an inference profile, or the id itself where it is a model's."""
    return _GEOGRAPHY.sub("", model_id)
