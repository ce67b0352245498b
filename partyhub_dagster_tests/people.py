"""Nine people in a dozen records of two sources: small enough to rebuild in every test, and with known parties."""

from pathlib import Path

from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import PEOPLE_YAML, deliver, make_hub

HEADER = "ID,REV,OP,NAME,BORN,PHONE,MAIL"
FIRST_CRM = (
    "1,1,I,Ann Miller,1980-02-03,212-555-0134,ann.miller@mail.test",
    "2,1,I,Anne Miller,1980-02-03,212-555-0134,ann.miller@mail.test",
    "3,1,I,Robert Stonebridge,1970-01-01,212-555-0177,bob@stone.test",
    "4,1,I,Clara Whitfield,1991-07-12,212-555-0190,clara@white.test",
    "5,1,I,Dmitri Volkov,1965-11-30,212-555-0111,dv@volkov.test",
    "6,1,I,Esther Okafor,1988-05-05,212-555-0122,esther@okafor.test",
    "7,1,I,Farid Haddad,1979-09-09,212-555-0133,farid@haddad.test",
)
FIRST_WEB = (
    '{"id":"a","at":"2024-01-01","name":"Robert Stonebridge","born":"1970-01-01","phones":["212-555-0177"]}',
    '{"id":"b","at":"2024-01-02","name":"Ann Miller","born":"1980-02-03","phones":["212-555-0134"]}',
    '{"id":"c","at":"2024-01-03","name":"Clara Whitfield","born":"1991-07-12","mail":"clara@white.test"}',
    '{"id":"d","at":"2024-01-04","name":"Gwen Ashdown","born":"1959-03-03","phones":["212-555-0144"]}',
)
PARTIES = {
    frozenset({"crm:1", "crm:2", "web:b"}),
    frozenset({"crm:3", "web:a"}),
    frozenset({"crm:4", "web:c"}),
    frozenset({"crm:5"}),
    frozenset({"crm:6"}),
    frozenset({"crm:7"}),
    frozenset({"web:d"}),
}


def crm(*rows: str) -> str:
    """Return a delivery of the CRM."""
    return "\n".join([HEADER, *rows]) + "\n"


def web(*rows: str) -> str:
    """Return a delivery of the web shop."""
    return "\n".join(rows) + "\n"


BRIDGE = crm("5,2,U,Farid Haddad,1979-09-09,212-555-0133,farid@haddad.test")  # 5 becomes the double of 7


def people_hub(folder: Path) -> Hub:
    """Return a hub of the people with their first deliveries in the inbox, not yet built."""
    hub = make_hub(folder, PEOPLE_YAML)
    deliver(hub, "crm/1.csv", crm(*FIRST_CRM))
    deliver(hub, "web/1.jsonl", web(*FIRST_WEB))
    return hub
