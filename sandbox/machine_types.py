"""Leaves out the types of machines of EC2, which nothing starts here: moto would read all of them when it starts.

Those of every region and zone were a sixth of the start.
"""

from typing import Any

from moto.utilities import utils

_TYPES = "ec2/resources/instance_type"  # and where they are offered


def leave_out_machine_types() -> None:
    """Have moto, which is not imported yet but for this, find no types of machines."""
    read = utils.load_resource

    def load_resource(resource: str) -> Any:
        return dict[str, Any]() if resource.startswith(_TYPES) else read(resource)

    utils.load_resource = load_resource
