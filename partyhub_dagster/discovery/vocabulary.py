"""What columns are called, in English, German, French, Spanish, Italian and Dutch: phrases by meaning.

Words are those of `normalize.text.tokens`: Latin, lower case. Phrases are found anywhere in a heading; the longest
wins.
"""

PHRASES: dict[str, str] = {
    "person_name:full": (
        "full name, fullname, name full, person name, customer name, client name, contact name, "
        "patient name, employee name, member name, first and surname, first and last name, "
        "vollername, name vorname, nachname vorname, vorname nachname, vor und nachname, nom complet, "
        "nom prenom, nom et prenom, nombre completo, nombre y apellidos, nome cognome"
    ),
    "person_name:given": (
        "first name, name first, firstname, name given, given name, givenname, fname, forename, given, first, "
        "vorname, rufname, prenom, nombre, voornaam, nome"
    ),
    "person_name:middle": "middle name, name middle, middlename, middle initial, mname, middle, zweiter vorname",
    "person_name:family": (
        "last name, name last, lastname, name family, surname, family name, familyname, last nm, lname, last, family, "
        "nachname, familienname, zuname, nom de famille, nom, apellido, apellidos, achternaam, "
        "cognome"
    ),
    "person_name:prefix": "salutation, anrede, civilite, name prefix, honorific, titel, title",
    "person_name:suffix": "name suffix, suffix, generation, namenszusatz",
    "organization_name": (
        "company name, company, organization name, organisation name, organization, organisation, org "
        "name, name org, business name, legal name, entity name, trading name, dba, doing business "
        "as, firm, firma, firmenname, firmenbezeichnung, firmenwortlaut, unternehmen, raison sociale, "
        "societe, denomination, empresa, razon social, ragione sociale, bedrijf, bedrijfsnaam, site "
        "name, store name, vendor name, vendor, supplier name, supplier, lieferant, institution, "
        "account name, hospital name, school name"
    ),
    "name": (
        "name, party name, display name, kunde, kundenname, customer, client, partner, name 1, name1, party"
    ),
    "address:full": (
        "full address, address full, addr full, full addr, address, addr, adresse, anschrift, "
        "direccion, indirizzo, adres, mailing address, postal address, home address"
    ),
    "address:line": (
        "street address, street name, address line 1, address line, addr line 1, addr line, address "
        "1, address1, addr1, addr 1, line 1, line1, addr line1, address line1, street, strasse, "
        "strasse hausnummer, strasse nr, str, strassenname, rue, calle, via, straat, straatnaam, voie"
    ),
    "address:line2": (
        "address line 2, addr line 2, addr line2, address line2, address 2, address2, addr2, addr 2, "
        "line 2, line2, suite, apartment, apt, unit, adresszusatz, complement adresse"
    ),
    "house_number": (
        "street number, street no, house number, house no, house nr, hausnummer, hausnr, haus nr, huisnummer"
    ),
    "address:city": (
        "city name, city, town, municipality, locality, suburb, ort, stadt, wohnort, ortsname, "
        "gemeinde, ville, localite, commune, ciudad, poblacion, localidad, citta, comune, plaats, "
        "woonplaats"
    ),
    "address:region": (
        "state code, state province, state, province, region, county, bundesland, kanton, canton, "
        "departement, provincia, provincie, regione"
    ),
    "address:postal_code": (
        "postal code, postalcode, zip code, zipcode, zip, postcode, post code, postal cd, zip cd, "
        "postal, plz, postleitzahl, code postal, codigo postal, cap, cp"
    ),
    "address:country": (
        "country code, country name, countrycode, country, cntry, land, laendercode, landescode, "
        "staat, pays, pais, paese, nation, iso country"
    ),
    "phone": (
        "phone number, phonenumber, phone no, phone nr, phones, phone, telephone number, telephone, "
        "telefonnummer, telefonnr, telefon, tel nr, tel no, tel, mobile number, mobile phone, mobile, "
        "mobil, mobilnummer, handy, handynummer, cell phone, cell, cellphone, fax, faxnummer, "
        "telefono, movil, celular, telefoonnummer, telefoon, gsm, portable, rufnummer, msisdn, "
        "contact number, landline, festnetz"
    ),
    "email": (
        "email address, emailaddress, e mail address, email, emails, e mail, e mails, mail, "
        "mailadresse, mail adresse, courriel, correo, correo electronico, email adresse, e mail "
        "adresse"
    ),
    "website": (
        "website, web site, web address, homepage, url, web, internet, internetadresse, domain, site "
        "web, sito, www"
    ),
    "date_of_birth": (
        "date of birth, dateofbirth, dob, birth date, birthdate, birth dt, brth dt, birthday, born, "
        "geburtsdatum, geburtstag, geb datum, gebdatum, geb dat, geb, geboren, geboren am, date de "
        "naissance, date naissance, naissance, fecha de nacimiento, fecha nacimiento, nacimiento, "
        "data di nascita, data nascita, geboortedatum"
    ),
    "gender": "gender, sex, geschlecht, sexe, sexo, sesso, geslacht",
    "birth_place": (
        "birth place, birthplace, place of birth, city of birth, geburtsort, lieu de naissance, lugar "
        "de nacimiento"
    ),
    "occupation": "occupation, profession, job title, beruf",
    "employer": "employer, employer name, arbeitgeber",
    "tax_id:us_ssn": "ssn, social security number, social security, social security no, ssn number",
    "tax_id": (
        "tax id, taxid, tax number, tax no, tin, tin number, tax identification number, steuernummer, "
        "steuer nr, steuer id, nif, codigo fiscal, codice fiscale, numero fiscal, fiscal code"
    ),
    "tax_id:us_ein": "federal tax id, ein, fein, employer identification number",
    "tax_id:eu_vat": (
        "vat, vat id, vat number, vat no, ust id, ust idnr, ustid, ust id nr, ustidnr, umsatzsteuer "
        "id, tva, numero tva, partita iva, btw, btw nummer"
    ),
    "lei": "lei, lei code, lei number, legal entity identifier",
    "duns": "duns, duns number, duns no, d u n s, dnb duns",
    "identifier:passport": "passport number, passport no, passport, reisepass, passnummer, passport id",
    "identifier:drivers_license": (
        "drivers license number, drivers license, driver license, driving licence, licence number, "
        "license number, fuehrerschein, fuhrerschein"
    ),
    "identifier:national_id": (
        "national id number, national id, national identifier, personalausweis, ausweisnummer, id "
        "card, id card number, dni, bsn, nino, national insurance number, soc sec id, soc sec, "
        "sozialversicherungsnummer, svnr, sv nummer, ahv, ahv nummer, insee, siren"
    ),
    "identifier:registration_number": (
        "registration number, company number, registry number, reg no, handelsregisternummer, "
        "handelsregister, hrb, hrb nummer, firmenbuchnummer, siret, company registration number, kvk, "
        "kvk nummer, crn"
    ),
    "identifier:iban": "iban, iban number",
    "identifier:bic": "bic, bic code, swift, swift code, swift bic",
    "identifier:npi": "npi, npi number",
    "event_time": (
        "as of, last modified date, lastmodifieddate, last modified, last update, last updated, updated at, "
        "updated on, updated, update date, update ts, modified at, modified on, modified, modified "
        "date, mod date, mod ts, changed at, changed on, last changed, change date, changed, "
        "geaendert am, geandert am, geandert, geaendert, aenderungsdatum, anderungsdatum, letzte "
        "anderung, letzte aenderung, stand, date maj, date modification, fecha actualizacion, as of "
        "date, valid from, event time, timestamp"
    ),
    "version": (
        "version no, version nr, revision number, version, version number, "
        "revision, rev, record version, rev no, row version"
    ),
    "deleted": (
        "action, is deleted, deleted, deleted flag, delete flag, geloescht, geloscht, op, operation, change type"
    ),
    "kind": (
        "record type, party type, customer type, client type, entity type, kind, party kind, "
        "kundenart, kundentyp, partnerart, type, typ, art, type client, individual or company, person "
        "or company, rechtsform art, contact type"
    ),
    "label": (
        "cluster, cluster id, true id, entity id, entity, group id, match id, master id, golden id, "
        "golden record id, party id, duplicate of, dup of, is duplicate, label, ground truth, "
        "household id, match group, gold id"
    ),
    "key": (
        "id, key, nr, no, num, number, nummer, recid, rec id, record id, uid, uuid, guid, pk, row id, "
        "rowid, index, lfd nr, code, customer id, cust id, kundennummer, kundennr, kunden nr, kunden "
        "id, customer number, customer no, client id, account id, account number, unique id, "
        "uniqueid, identifiant, numero client, codigo, mitgliedsnummer, partner nr, debitor, kreditor"
    ),
}
"""A meaning is a semantic type with its part or scheme, or a word of this package for what is about the row."""

ABOUT_ANOTHER = frozenset(
    (
        "type typ kind art status flag count verified valid consent optin ind indicator source quality "
        "score remark bemerkung issuer state country"
    ).split()
)
"""A heading that ends with one of these speaks about the thing, not of it: PHONE_TYPE is no phone."""
PERSON_WORDS = frozenset(
    (
        "person individual ind natural privat private privatperson privatkunde consumer p i n b2c pf "
        "physical person_natural naturliche naturlicheperson particulier einzelperson human"
    ).split()
)
ORGANIZATION_WORDS = frozenset(
    (
        "organization organisation org company business corporate corp legal firma firmenkunde "
        "unternehmen entity o c b j g k b2b commercial gewerbe geschaftskunde juristische "
        "juristischeperson pj societe entreprise institution legal_entity"
    ).split()
)
"""Values of a column that says the kind, as letters only."""
DELETED_VALUES = frozenset(("y yes j ja 1 true t d del delete deleted geloescht geloscht x o oui si").split())
KEPT_VALUES = frozenset(("n no nein 0 false f i u insert update c create a active upsert non").split())
"""Values of a column that says whether a row deletes its record."""
