"""IAM as AWS evaluates it: identity and resource policies, permissions boundaries, conditions."""
