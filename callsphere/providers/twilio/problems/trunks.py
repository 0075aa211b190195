"""SIP domains, access lists, credentials, trunks and connection policies, and profiles in the trust hub."""

from __future__ import annotations

from callsphere.providers.twilio.problems.entry import Problem

_TRUNK = "The trunk's page"

TRUNKS = (
    Problem(
        "domain_taken",
        (21231, 21248),
        "you",
        "This domain name is taken",
        "SIP domains are unique among all of Twilio's customers.",
        "Choose another name.",
        _TRUNK,
    ),
    Problem(
        "domain_invalid",
        (21232, 21233, 21252),
        "you",
        "This domain name cannot be used",
        "It consists of letters, digits and hyphens and ends with sip.twilio.com or pstn.twilio.com.",
        "Correct the name.",
        _TRUNK,
    ),
    Problem(
        "address_not_listed",
        (21235, 21238),
        "you",
        "The address cannot be put on the list",
        "Only single IPv4 addresses and networks may be listed, each once.",
        "Correct the address or the length of its network.",
        _TRUNK,
    ),
    Problem(
        "list_in_use",
        (21236, 21241, 21247),
        "callsphere",
        "It is still in use at Twilio",
        "A domain or trunk depends on the list, or numbers and lists on the trunk.",
        "Nothing to change: what depends on it is removed first, then it is tried again.",
        retryable=True,
    ),
    Problem(
        "sip_limit",
        (21230, 21237, 21239, 21242, 21244, 21249, 21253, 21254, 21255),
        "operator",
        "Twilio allows no more of these",
        "There is a limit for domains, lists, their entries, trunks, origination addresses and targets.",
        "Remove what nobody uses, or ask Twilio's support to raise the limit.",
        "Twilio Console, Elastic SIP Trunking and Voice",
    ),
    Problem(
        "password_too_weak",
        (21240, 21243),
        "you",
        "Twilio does not accept the credentials",
        "A password has 12 characters or more, a digit, a capital and a small letter; names occur once.",
        "Choose another password or user name.",
        _TRUNK,
    ),
    Problem(
        "trunk_invalid",
        (21245, 21251, 21256),
        "you",
        "Twilio does not accept the trunk's settings",
        "A setting contradicts another, a list is attached already, or an address is not a sip: address.",
        "Compare the trunk's settings with what Twilio says of the error.",
        _TRUNK,
    ),
    Problem(
        "profile_incomplete",
        (18601, 22201, 22202, 22203, 22204, 22205, 22206),
        "you",
        "The business profile is not complete",
        "Something that Twilio must know of the business is missing or does not match public registers.",
        "Compare legal name, registration number and address with the register, and hand it in again.",
        "Twilio Console, Trust Hub > Customer profiles",
    ),
)
