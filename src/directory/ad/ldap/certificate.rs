//! Certificates: those of an authority out of its file, and why that of a server is refused.

#![expect(clippy::wildcard_enum_match_arm, reason = "the library's lists of reasons may grow")]

use jiff::Timestamp;
use rustls::CertificateError as Refused;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::errors::shown;
use crate::directory::limited;
use crate::directory::text::words;

/// The first byte of DER.
const SEQUENCE: u8 = 0x30;
/// The type of what a `.p7b` file holds, as DER writes it.
const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// The certificates in a file: PEM as most tools write it, or one in DER as Windows exports it.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if bytes.first() == Some(&SEQUENCE) {
        let is_chain = |head: &[u8]| head.windows(SIGNED_DATA.len()).any(|at| at == SIGNED_DATA);
        return if bytes.get(..32).is_some_and(is_chain) {
            Err(chain(" -inform DER"))
        } else {
            Ok(vec![CertificateDer::from(bytes.to_vec())])
        };
    }
    let text = limited::as_utf8(bytes).map_err(|error| words(&error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let holds = |kind: &[u8]| text.windows(kind.len()).any(|at| at == kind);
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if holds(b"BEGIN PKCS7") || holds(b"BEGIN CMS") => Err(chain("")),
        Ok(_) => Err("there is no certificate in it; a PEM file is wanted".to_owned()),
        Err(error) => Err(format!("a certificate in it is broken: {error}")),
    }
}

fn chain(form: &str) -> String {
    format!(
        "it is a PKCS#7 file (.p7b), and a PEM file is wanted; convert it: openssl pkcs7 -print_certs{form} -in FILE -out ca.pem"
    )
}

/// Why a certificate is refused, and the cure. `whose` says who should have issued it.
pub(super) fn refusal(reason: &Refused, whose: &str) -> String {
    let known = of_name(reason).or_else(|| of_time(reason)).or_else(|| of_issuer(reason, whose)).or_else(|| of_kind(reason));
    known.unwrap_or_else(|| shown(&reason.to_string()))
}

fn of_name(reason: &Refused) -> Option<String> {
    let cure = "write the name of the certificate in `url`";
    match reason {
        Refused::NotValidForNameContext { presented, .. } if presented.is_empty() => Some(
            "it has no subjectAltName, so no name in `url` would do; have it made anew with one that holds the name of the server"
                .to_owned(),
        ),
        Refused::NotValidForNameContext { presented, .. } => {
            // As in `DnsName("dc1.corp.example")`.
            let names: Vec<&str> = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
            Some(format!("it is for another name ({}); {cure}", shown(&names.join(", "))))
        }
        Refused::NotValidForName => Some(format!("it is for another name; {cure}")),
        _ => None,
    }
}

fn of_time(reason: &Refused) -> Option<String> {
    match reason {
        Refused::ExpiredContext { time, not_after } => {
            Some(format!("it expired on {}{}; renew it on the domain controller", moment(not_after), clock(time)))
        }
        Refused::NotValidYetContext { time, not_before } => Some(format!(
            "it is good from {} on{}; set the clock of this machine if that is wrong (timedatectl, w32tm), else that of the authority, \
             and have it issued anew",
            moment(not_before),
            clock(time)
        )),
        Refused::Expired => Some("it has expired; renew it on the domain controller".to_owned()),
        _ => None,
    }
}

fn clock(now: &UnixTime) -> String {
    format!(", and the clock of this machine says {}", moment(now))
}

fn moment(time: &UnixTime) -> Timestamp {
    i64::try_from(time.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok()).unwrap_or(Timestamp::MAX)
}

fn of_issuer(reason: &Refused, whose: &str) -> Option<String> {
    match reason {
        Refused::UnknownIssuer => {
            Some(format!("it was not issued by {whose}; name the right one with `ca`, and find out who answers there"))
        }
        Refused::BadSignature => Some(format!(
            "its signature is not that of {whose}, but maybe of another of the same name; name the right one with `ca`"
        )),
        _ => None,
    }
}

fn of_kind(reason: &Refused) -> Option<String> {
    let meaning = match reason {
        Refused::InvalidPurposeContext { .. } => {
            "it is not made for servers; have one issued with the extended key usage serverAuth"
        }
        Refused::UnsupportedSignatureAlgorithmContext { .. }
        | Refused::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed in a way that is not taken, such as SHA-1; have it issued anew with SHA-256"
        }
        Refused::Other(other) => match other.0.downcast_ref()? {
            webpki::Error::CaUsedAsEndEntity => {
                "it is the certificate of an authority and of no server, as `openssl req -x509` makes it; have one issued by an \
                 authority, or make it anew with `-addext basicConstraints=critical,CA:FALSE` and name it with `ca`"
            }
            webpki::Error::UnsupportedCertVersion => {
                "it is of version 1, which has no subjectAltName; have it made anew with one that holds the name of the server"
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(meaning.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;

    use super::*;

    macro_rules! file {
        ($name:literal) => {
            include_bytes!(concat!("tests/certificates/", $name))
        };
    }

    /// In the time of all the certificates.
    const NOW: u64 = 1_900_000_000;

    /// Why the certificate of `dc1.corp.example` is refused.
    fn refused(ca: &[u8], server: &[u8], host: &'static str, now: u64) -> Option<String> {
        let mut roots = RootCertStore::empty();
        read(ca).unwrap().into_iter().for_each(|own| roots.add(own).unwrap());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let (server, now) = (read(server).unwrap().remove(0), UnixTime::since_unix_epoch(Duration::from_secs(now)));
        let error = verifier.verify_server_cert(&server, &[], &host.try_into().unwrap(), &[], now).err()?;
        let rustls::Error::InvalidCertificate(reason) = error else { panic!("{error}") };
        Some(refusal(&reason, "the authority in `ca`"))
    }

    #[test]
    fn says_why_a_certificate_is_refused_and_what_to_do() {
        let dc1 = "dc1.corp.example";
        let root = file!("root.pem");
        for (ca, server, host, now, says) in [
            (&root[..], &file!("server.pem")[..], "127.0.0.1", NOW, "it is for another name (dc1.corp.example); write"),
            (root, file!("noname.pem"), dc1, NOW, "it has no subjectAltName, so no name in `url` would do"),
            (root, file!("old.pem"), dc1, NOW, "of version 1, which has no subjectAltName"),
            (root, file!("client.pem"), dc1, NOW, "not made for servers"),
            (root, file!("server.pem"), dc1, 0, "it is good from 2026-11-"),
            (root, file!("server.pem"), dc1, 0, "the clock of this machine says 1970-01-01T00:00:00Z; set the clock"),
            (root, file!("server.pem"), dc1, 1 << 33, "it expired on 2126-11-"),
            (
                file!("selfsigned.pem"),
                file!("selfsigned.pem"),
                dc1,
                NOW,
                "of an authority and of no server, as `openssl req -x509`",
            ),
            (root, file!("selfsigned.pem"), dc1, NOW, "of an authority and of no server"),
            (root, file!("noauthority.pem"), dc1, NOW, "it was not issued by the authority in `ca`"),
        ] {
            let said = refused(ca, server, host, now).unwrap();
            assert!(said.contains(says), "{said}");
        }
        assert_eq!(refused(root, file!("server.pem"), dc1, NOW), None);
        let advised = file!("noauthority.pem");
        assert_eq!(refused(advised, advised, dc1, NOW), None, "the cure of a self-signed one is one");
    }

    #[test]
    fn an_authority_is_read_as_windows_tools_write_it() {
        let pem = file!("root.pem");
        let text = std::str::from_utf8(pem).unwrap();
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let der = read(pem).unwrap();
        for bytes in [[b"\xef\xbb\xbf", &pem[..]].concat(), wide(&format!("\u{feff}{text}")), wide(text), der[0].to_vec()] {
            assert_eq!(read(&bytes).unwrap(), der);
        }
        let der_chain = [&[SEQUENCE, 0x82, 1, 0xba], &SIGNED_DATA[..], &[0xa0; 40]].concat();
        for (chain, form) in [(&file!("root.p7b")[..], "-print_certs -in"), (&der_chain, "-print_certs -inform DER -in")] {
            let why = read(chain).unwrap_err();
            assert!(why.contains("PKCS#7") && why.contains(form), "{why}");
        }
    }
}
