"""The hub.yaml of the generated sources: their columns by meaning, as a user would write it."""

from typing import Final

HUB_YAML: Final = """\
# Three generated sources: people of a CRM, organisations of D&B, legal entities of Markit.
version: 1
name: generated

sources:
  crm:
    format: csv
    path: inbox/crm/*.csv
    key: CUST_ID
    version: {column: REV_NO, type: integer}
    event_time: {column: UPDATED_AT, type: timestamp, format: "%Y-%m-%d %H:%M:%S"}
    feed: delta
    deleted: {column: OP, values: [D]}
    kind: person
    country: US
    columns:
      FIRST_NM: {type: person_name, part: given}
      MID_NM: {type: person_name, part: middle}
      LAST_NM: {type: person_name, part: family}
      SUFFIX: {type: person_name, part: suffix}
      BIRTH_DT: date_of_birth
      SSN: {type: tax_id, scheme: us_ssn}
      HOME_PHONE: phone
      MOBILE_PHONE: phone
      EMAIL_ADDR: email
      ADDR_LN_1: {type: address, part: line}
      ADDR_LN_2: {type: address, part: line2}
      CITY_NM: {type: address, part: city}
      STATE_CD: {type: address, part: region}
      ZIP: {type: address, part: postal_code}
      CTRY: {type: address, part: country}
  dnb:
    format: jsonl
    path: inbox/dnb/*.jsonl
    key: dnbRecordId
    version: {column: lastUpdateTimestamp, type: timestamp}
    event_time: {column: lastUpdateTimestamp, type: timestamp}
    feed: delta
    deleted: {column: changeType, values: [DELETE]}
    kind: organization
    country: US
    columns:
      duns: duns
      primaryName: organization_name
      tradeStyleNames: organization_name       # a list: every name is compared
      streetAddressLine1: {type: address, part: line}
      streetAddressLine2: {type: address, part: line2}
      addressLocality: {type: address, part: city}
      addressRegion: {type: address, part: region}
      postalCode: {type: address, part: postal_code}
      countryISOAlpha2Code: {type: address, part: country}
      telephoneNumber: phone
      websiteUrl: website
      federalTaxId: {type: tax_id, scheme: us_ein}
      leiCode: lei
  markit:
    format: parquet
    path: inbox/markit/*.parquet
    key: ENTITY_ID
    version: {column: VERSION_NO, type: integer}
    event_time: {column: AS_OF, type: timestamp}
    feed: delta
    deleted: {column: ACTION, values: [D]}
    kind: organization
    party_type: LEGAL_ENTITY
    country: US
    columns:
      LEGAL_NAME: organization_name
      OTHER_NAME: organization_name
      LEI: lei
      ENTITY_TYPE: {type: text, attribute: entity_type}
      REG_ADDR_LINE: {type: address, part: line}
      REG_CITY: {type: address, part: city}
      REG_STATE: {type: address, part: region}
      REG_POSTCODE: {type: address, part: postal_code}
      REG_COUNTRY: {type: address, part: country}
      BIC: {type: identifier, scheme: bic}
      DUNS_NUMBER: duns
      NATIONAL_TAX_ID: {type: tax_id, scheme: us_ein}
      CONTACT_PHONE: phone
      WEBSITE: website

survivorship:
  sources: [markit, dnb, crm]                  # whom to believe first
  default: [pinned, validated, most_recent, source_priority]
  attributes:
    name: [pinned, source_priority, most_frequent, most_complete]
    birth_date: [pinned, most_frequent, most_recent]
    address: [pinned, most_recent]
    email: [all]
    phone: [all]
"""

STREAMING_YAML: Final = """
# Made-up events change more of a small hub in a minute than real ones of a large hub in a month: the impact guard
# would hold their releases. Leave these lines out of a hub.yaml of your own.
quality:
  impact:
    max_merged_share: 1
    max_split_share: 1
    max_retired_share: 1
    max_reused_key_share: 1
    max_changed_value_share: 1

# Events by Kafka: docs/streaming.md. The variable PARTYHUB_KAFKA_BOOTSTRAP_SERVERS wins over the address here.
streaming:
  bootstrap_servers: localhost:9092
"""
"""What follows HUB_YAML in a hub that takes made-up events."""
