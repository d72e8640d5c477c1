"""expired_certificate: nobody can connect to a component any more."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.serving import ServingFault
from mlsim.system.simulation import System


@fault_kind("expired_certificate")
class ExpiredCertificate(ServingFault):
    """The component is up and idle, and everybody who comes is turned away until it is renewed.

    It begins in one instant, for all replicas, on a date that was known for a year. Source: an
    expired certificate of Ericsson's took O2's 32 million phones offline in December 2018.
    """

    example: ClassVar[str] = """
        kind: expired_certificate
        at: 5d
        until: 126h
        component: gateway
    """

    kind: Literal["expired_certificate"] = "expired_certificate"

    def title(self) -> str:
        return f"the certificate of {self.component} has expired"

    def sets(self) -> frozenset[str]:
        return frozenset({f"{self.component}/open"})

    def begin(self, system: System) -> None:
        system.network.set_open(self.component, False)

    def end(self, system: System) -> None:
        system.network.set_open(self.component, True)
