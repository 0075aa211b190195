"""How a carrier is found and reached: address, DNS, connection, TLS."""

from __future__ import annotations

from callsphere.sip.causes.entry import Cause

ADDRESS = (
    Cause(
        "uri_invalid",
        "fail",
        "you",
        "The SIP address is not usable",
        "The text entered is not an address that a call could be sent to.",
        "Enter it as sip:host or sip:host:port, exactly as your carrier's set-up page shows the host.",
    ),
    Cause(
        "address_refused",
        "fail",
        "you",
        "The address is one we never contact",
        "The host leads to a private, local or reserved network address, which CallSphere does not "
        "connect to.",
        "Enter the carrier's public host. For a carrier inside your own network, the operator of this "
        "installation must add its address to NETGUARD_ALLOW.",
    ),
    Cause(
        "dns_not_found",
        "fail",
        "you",
        "The host name does not exist",
        "No address is published for the carrier's host name.",
        "Compare the host with your carrier's set-up page letter by letter, and correct it in the gateway.",
    ),
    Cause(
        "dns_timeout",
        "fail",
        "callsphere",
        "The name service does not answer",
        "The servers that turn host names into addresses did not answer in time.",
        "Nothing to change on your side: it is tried again by itself. If it lasts longer than an hour, "
        "tell CallSphere support.",
    ),
    Cause(
        "dns_srv_broken",
        "fail",
        "carrier",
        "The carrier's DNS points to nothing",
        "The carrier publishes service records (SRV) for this name, but none of the hosts in them has an"
        " address.",
        "Tell the carrier that the SRV records of this name lead nowhere; until it is mended, enter one "
        "of the carrier's numeric addresses or single hosts with its port.",
    ),
)

CONNECTION = (
    Cause(
        "connect_refused",
        "fail",
        "carrier",
        "The carrier refuses the connection",
        "The machine was reached, but it has no SIP service on this port.",
        "Compare port and transport with the carrier's set-up page (5060 for UDP and TCP, 5061 for TLS "
        "are usual). If they are right, tell the carrier that its service is down.",
    ),
    Cause(
        "connect_timeout",
        "fail",
        "carrier",
        "The carrier cannot be reached",
        "No connection came about in time: a firewall drops the packets, or the machine is down.",
        "Ask the carrier to let in the addresses CallSphere sends from (shown on the trunk's page), and "
        "compare host and port with its set-up page.",
    ),
    Cause(
        "connection_closed",
        "fail",
        "carrier",
        "The carrier hangs up the connection",
        "The connection came about, but the carrier closed it before it answered.",
        "Ask the carrier whether the addresses CallSphere sends from are on the trunk's allowlist, and "
        "whether this port is meant for this transport.",
    ),
    Cause(
        "no_answer",
        "fail",
        "carrier",
        "The carrier does not answer",
        "Our requests were sent, but nothing came back in time.",
        "Add the addresses CallSphere sends from (shown on the trunk's page) to the allowlist at your "
        "carrier, and compare port and transport. If both are right, the carrier is down.",
    ),
    Cause(
        "malformed_answer",
        "fail",
        "carrier",
        "The answer is not readable",
        "Something came back that is no valid SIP answer to our request.",
        "Compare the port with the carrier's set-up page: another service may be listening there. If it "
        "is right, send the carrier the trace of this check.",
    ),
)

TLS = (
    Cause(
        "tls_expired",
        "fail",
        "carrier",
        "The carrier's certificate has expired",
        "The certificate that proves who the carrier is ran out.",
        "Ask the carrier to renew the certificate of this host. Until then calls over TLS fail.",
    ),
    Cause(
        "tls_not_yet_valid",
        "fail",
        "carrier",
        "The carrier's certificate is not valid yet",
        "The certificate starts to be valid on a later date.",
        "Ask the carrier to install a certificate that is valid today.",
    ),
    Cause(
        "tls_name_mismatch",
        "fail",
        "carrier",
        "The certificate is for another name",
        "The carrier showed a certificate that does not include the host entered in the gateway.",
        "Enter the host exactly as the carrier's TLS set-up page writes it (a name rather than a "
        "number). If it is right, ask the carrier for a certificate with this name.",
    ),
    Cause(
        "tls_untrusted",
        "fail",
        "carrier",
        "The certificate is not signed by a known authority",
        "The carrier's certificate is self-signed, its authority is unknown, or the chain to it is "
        "incomplete.",
        "If the carrier has an authority of its own, add it under Certificates and choose it for this "
        "gateway. Otherwise ask for a certificate of a public authority, with all intermediate ones.",
    ),
    Cause(
        "tls_version",
        "fail",
        "carrier",
        "No TLS version or cipher in common",
        "The carrier offers only outdated encryption, which is not accepted.",
        "Ask the carrier to offer TLS 1.2 or newer on this port.",
    ),
    Cause(
        "tls_client_cert_required",
        "fail",
        "carrier",
        "The carrier demands a client certificate",
        "The carrier only lets in callers that show a certificate of their own.",
        "Add the certificate and key that the carrier takes under Certificates, and choose them for this "
        "gateway. Or ask it to go by IP address or by user name and password instead.",
    ),
    Cause(
        "tls_client_cert_rejected",
        "fail",
        "you",
        "The carrier refuses our client certificate",
        "The carrier asked who we are and does not take the certificate that this gateway shows.",
        "Compare its fingerprint and its end with what the carrier expects, add intermediate certificates "
        "if any are missing, or replace it by the one that the carrier gave out last.",
    ),
    Cause(
        "tls_not_spoken",
        "fail",
        "you",
        "This port does not speak TLS",
        "The port answers, but without encryption.",
        "Change the port to the carrier's TLS port (mostly 5061), or the gateway's transport to tcp.",
    ),
    Cause(
        "tls_expires_soon",
        "warn",
        "carrier",
        "The carrier's certificate expires soon",
        "The certificate is valid for less than 30 more days.",
        "Ask the carrier when it renews the certificate; calls over TLS stop on the day it ends.",
    ),
)
