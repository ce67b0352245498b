"""Hubs that several test files share; whoever changes one copies it first."""

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import build, deliver
from partyhub_dagster_tests.people import BRIDGE, crm, people_hub


@pytest.fixture(scope="session")
def history_hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Release 2 merges 5 and 7 and gives 4 another phone; 3 splits 5 and 7, deletes 6, and 8 is born."""
    hub = people_hub(tmp_path_factory.mktemp("history"))
    build(hub)
    deliver(hub, "crm/2.csv", BRIDGE)
    deliver(hub, "crm/2b.csv", crm("4,2,U,Clara Whitfield,1991-07-12,212-555-0199,clara@white.test"))
    build(hub)
    rows = (
        "5,3,U,Dmitri Volkov,1965-11-30,212-555-0111,dv@volkov.test",
        "6,2,D,,,,",
        "8,1,I,Ines Duarte,1990-10-10,212-555-0166,ines@duarte.test",
    )
    deliver(hub, "crm/3.csv", crm(*rows))
    build(hub)
    return hub
