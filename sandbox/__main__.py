"""The process that is the embedded AWS: `python -m sandbox`, with what `sandbox.embedded` is told."""

import gc

if __name__ == "__main__":
    # What is imported stays: to look for garbage in it again and again takes a quarter of the start.
    gc.disable()
    from sandbox.botocore_files import read_once

    # Before moto is imported, which asks for the regions of many services, and for all types of machines.
    read_once()
    from sandbox.machine_types import leave_out_machine_types

    leave_out_machine_types()
    from sandbox.embedded import main

    gc.freeze()
    gc.enable()
    main()
