"""Who is allowed something, as the interface that roles and policies ask for.

The CDK names the parameters of some classes unlike those of the interfaces that they implement, by which they are no
such thing to a type checker: here, and wherever else in this room something of the CDK is cast to its own interface.
"""

from typing import cast

from aws_cdk import aws_iam as iam


def service_principal(service: str) -> iam.IPrincipal:
    """Return a service of AWS, such as `lambda.amazonaws.com`."""
    return cast("iam.IPrincipal", iam.ServicePrincipal(service))


def account_principal(account: str) -> iam.IPrincipal:
    """Return whoever an account lets act for it."""
    return cast("iam.IPrincipal", iam.AccountPrincipal(account))


def any_principal() -> iam.IPrincipal:
    """Return everybody; the conditions of the statement say who of them."""
    return cast("iam.IPrincipal", iam.AnyPrincipal())
