//! Whether a plan has the signatures that its policy asks for, and why one that is there does not count.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ssh_key::public::KeyData;
use ssh_key::{PublicKey, SshSig};

use super::signers::{AllowedSigners, Signer};
use super::{NAMESPACE, Statement};
use crate::model::text::same;

/// What is to be approved.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The digest of the plan.
    pub digest: &'a str,
    /// The tenant's id.
    pub tenant: &'a str,
    /// Who wrote the change; their own approval does not count. Empty where nothing says who that is.
    pub authors: &'a [String],
}

/// The bytes of a file, or in words why it cannot be read.
pub type Content<'a> = Result<&'a [u8], &'a str>;

/// A statement with its signature, as they were read.
#[derive(Debug, Clone)]
pub struct SignedStatement<'a> {
    /// The file, for messages; its signature is beside it, with the ending `.sig`.
    pub name: &'a str,
    /// What was signed.
    pub statement: Content<'a>,
    /// The signature, `-----BEGIN SSH SIGNATURE-----` and so on; empty where there is none.
    pub signature: Content<'a>,
}

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Who.
    pub approver: String,
    /// Until when.
    pub expires: Timestamp,
    /// The fingerprint of the key.
    pub fingerprint: String,
}

/// An approval that does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct Rejection {
    /// The file.
    pub name: String,
    /// Why, in words.
    pub why: String,
}

/// All approvals, weighed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// One for each approver and key.
    pub approved: Vec<Approved>,
    /// The others.
    pub rejected: Vec<Rejection>,
}

/// Weighs approvals. The same person or the same key counts once.
#[must_use]
pub fn decide(subject: Subject<'_>, signers: &AllowedSigners, given: &[SignedStatement<'_>], now: Timestamp) -> Decision {
    let mut decision = Decision::default();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for signed in given {
        let outcome = weigh(subject, signers, signed, now).and_then(|approved| {
            let marks = [approved.approver.to_ascii_lowercase(), approved.fingerprint.clone()];
            if marks.iter().any(|mark| seen.contains(mark)) {
                return Err("this approver or this key has approved already, and counts once".to_owned());
            }
            seen.extend(marks);
            Ok(approved)
        });
        match outcome {
            Ok(approved) => decision.approved.push(approved),
            Err(why) => decision.rejected.push(Rejection { name: signed.name.to_owned(), why }),
        }
    }
    decision
}

fn weigh(
    subject: Subject<'_>,
    signers: &AllowedSigners,
    signed: &SignedStatement<'_>,
    now: Timestamp,
) -> Result<Approved, String> {
    let bytes = signed.statement.map_err(|why| format!("it cannot be read: {why}"))?;
    let statement = Statement::parse(bytes).map_err(|why| why.to_string())?;
    if statement.digest != subject.digest {
        return Err(format!("it approves another plan ({})", statement.digest));
    }
    if statement.tenant != subject.tenant {
        return Err(format!("it approves the plan for another tenant ({})", statement.tenant));
    }
    if now >= statement.expires {
        return Err(format!("it expired at {}", statement.expires));
    }
    let signature = signature_of(signed, bytes)?;
    let signer = signer_of(&statement, signers, &signature, now)?;
    if let Some(own) = own_author(signers, signature.public_key(), &statement.approver, subject.authors) {
        let key = if same(own, &statement.approver) { "" } else { ", whose key this is," };
        return Err(format!("{own}{key} wrote the change, and somebody else has to approve it"));
    }
    let fingerprint = signer.key().fingerprint(ssh_key::HashAlg::Sha256).to_string();
    Ok(Approved { approver: statement.approver, expires: statement.expires, fingerprint })
}

/// The author of the change that an approver is, by name or by key.
#[must_use]
pub fn own_author<'n>(signers: &'n AllowedSigners, key: &KeyData, approver: &'n str, authors: &[String]) -> Option<&'n str> {
    let names = signers.with_key(key).flat_map(Signer::names).chain([approver]);
    names.rev().find(|name| authors.iter().any(|author| same(author, name)))
}

/// The signature, if it is one of these bytes.
fn signature_of(signed: &SignedStatement<'_>, statement: &[u8]) -> Result<SshSig, String> {
    let pem = signed.signature.map_err(|why| format!("its signature `{}.sig` cannot be read: {why}", signed.name))?;
    if pem.trim_ascii().is_empty() {
        return Err(format!("its signature is missing: `{}.sig` is not there or is empty", signed.name));
    }
    let signature = SshSig::from_pem(pem).map_err(|why| format!("the signature cannot be read: {why}"))?;
    if signature.namespace() != NAMESPACE {
        return Err(format!("it was signed for `{}`, not for `{NAMESPACE}`", signature.namespace()));
    }
    let key = PublicKey::from(signature.public_key().clone());
    if key.verify(NAMESPACE, statement, &signature).is_err() {
        return Err("the signature is not one of this statement: one of the two was altered".to_owned());
    }
    Ok(signature)
}

/// The line of the allowed_signers file by which the signature counts.
fn signer_of<'s>(
    statement: &Statement,
    signers: &'s AllowedSigners,
    signature: &SshSig,
    now: Timestamp,
) -> Result<&'s Signer, String> {
    let mut lines = signers.with_key(signature.public_key()).peekable();
    if lines.peek().is_none() {
        let key = signature.public_key().fingerprint(ssh_key::HashAlg::Sha256);
        return Err(format!("the key {key} is not among the allowed signers"));
    }
    let mut why = format!("the key is not that of {}", statement.approver);
    for line in lines.filter(|line| line.is_for(&statement.approver)) {
        match line.refusal(now) {
            None => return Ok(line),
            Some(refusal) => why = refusal.to_owned(),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use ssh_key::private::Ed25519Keypair;
    use ssh_key::{HashAlg, LineEnding, PrivateKey};

    use super::*;

    const DIGEST: &str = "sha256:00";

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
    }

    fn line(principals: &str, options: &str, seed: u8) -> String {
        format!("{principals} {options} {}\n", key(seed).public_key().to_openssh().unwrap())
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A statement of Alice's, changed, and its signature.
    fn signed(seed: u8, namespace: &str, edit: impl FnOnce(&mut Statement)) -> (Vec<u8>, Vec<u8>) {
        let mut statement = Statement::new("alice@x.example", DIGEST, "t", time("2026-12-01T00:00:00Z"));
        edit(&mut statement);
        let bytes = statement.to_text().into_bytes();
        let signature = key(seed).sign(namespace, HashAlg::Sha512, &bytes).unwrap();
        (bytes, signature.to_pem(LineEnding::LF).unwrap().into_bytes())
    }

    fn decided(signers: &str, author: Option<&str>, given: &[(Vec<u8>, Vec<u8>)]) -> Decision {
        let signers = AllowedSigners::parse(signers).unwrap();
        let given: Vec<SignedStatement<'_>> = given
            .iter()
            .map(|(statement, signature)| SignedStatement { name: "a", statement: Ok(statement), signature: Ok(signature) })
            .collect();
        let authors: Vec<String> = author.map(str::to_owned).into_iter().collect();
        decide(Subject { digest: DIGEST, tenant: "t", authors: &authors }, &signers, &given, time("2026-11-25T00:00:00Z"))
    }

    /// Why the only approval does not count.
    fn why(signers: &str, given: (Vec<u8>, Vec<u8>)) -> String {
        let decision = decided(signers, None, &[given]);
        assert_eq!(decision.approved, []);
        decision.rejected[0].why.clone()
    }

    #[test]
    fn two_people_with_two_keys_approve() {
        let signers = line("alice@x.example", "", 1) + &line("bob@x.example", "namespaces=\"file,hardmatch-*\"", 2);
        let of_bob = signed(2, NAMESPACE, |statement| statement.approver = "bob@x.example".into());
        let decision = decided(&signers, Some("carol@x.example"), &[signed(1, NAMESPACE, |_| {}), of_bob]);
        let names: Vec<&str> = decision.approved.iter().map(|approved| approved.approver.as_str()).collect();
        assert_eq!((names, decision.rejected), (vec!["alice@x.example", "bob@x.example"], vec![]));
    }

    #[test]
    fn one_person_or_one_key_counts_once() {
        let both = line("alice@x.example", "", 1) + &line("alice@x.example,bob@x.example", "", 2);
        let again = decided(&both, None, &[signed(1, NAMESPACE, |_| {}), signed(2, NAMESPACE, |_| {})]);
        assert_eq!((again.approved.len(), again.rejected.len()), (1, 1));
        let of_bob = signed(2, NAMESPACE, |statement| statement.approver = "bob@x.example".into());
        let one_key = decided(&both, None, &[signed(2, NAMESPACE, |_| {}), of_bob]);
        assert_eq!((one_key.approved.len(), one_key.rejected.len()), (1, 1));
        let author = decided(&both, Some("Alice@x.example"), &[signed(1, NAMESPACE, |_| {})]);
        assert!(author.rejected[0].why.contains("wrote the change"));
        let of_bob = signed(2, NAMESPACE, |statement| statement.approver = "bob@x.example".into());
        let other_name = decided(&both, Some("alice@x.example"), &[of_bob]);
        assert_eq!(
            other_name.rejected[0].why,
            "alice@x.example, whose key this is, wrote the change, and somebody else has to approve it"
        );
        let marked = decided(&format!("\u{feff}{both}"), Some("alice@x.example"), &[signed(1, NAMESPACE, |_| {})]);
        assert!(marked.rejected[0].why.contains("wrote the change"), "a byte order mark is no part of a name");
    }

    #[test]
    fn nobody_uses_up_the_name_of_somebody_else() {
        let anybody = line("*@x.example", "", 1) + &line("bob@x.example", "", 2);
        let as_bob = |seed| signed(seed, NAMESPACE, |statement| statement.approver = "bob@x.example".into());
        let decision = decided(&anybody, None, &[signed(1, NAMESPACE, |_| {}), as_bob(1), as_bob(2)]);
        assert_eq!((decision.approved.len(), decision.rejected.len()), (2, 1));
    }

    #[test]
    fn what_does_not_fit_does_not_count() {
        let alice = line("alice@x.example", "", 1);
        let edited = |edit: fn(&mut Statement)| why(&alice, signed(1, NAMESPACE, edit));
        assert!(edited(|statement| statement.digest = "sha256:11".into()).starts_with("it approves another plan"));
        assert!(edited(|statement| statement.tenant = "u".into()).contains("another tenant"));
        assert!(edited(|statement| statement.expires = Timestamp::UNIX_EPOCH).starts_with("it expired"));
        assert!(edited(|statement| statement.approver = "bob@x.example".into()).contains("not that of bob"));
        assert!(why(&alice, signed(1, "file", |_| {})).contains("signed for `file`"));
        assert!(why(&alice, signed(2, NAMESPACE, |_| {})).contains("not among the allowed signers"));
        let (mut statement, signature) = signed(1, NAMESPACE, |_| {});
        let at = statement.windows(4).position(|bytes| bytes == b"2026").unwrap();
        statement[at..at + 4].copy_from_slice(b"2036");
        assert!(why(&alice, (statement, signature)).contains("altered"));
        assert!(why(&alice, (signed(1, NAMESPACE, |_| {}).0, b"x".to_vec())).contains("cannot be read"));
    }

    #[test]
    fn what_cannot_be_read_does_not_count_and_the_others_do() {
        let signers = AllowedSigners::parse(&line("alice@x.example", "", 1)).unwrap();
        let (bytes, signature) = signed(1, NAMESPACE, |_| {});
        let (large, whole) = (Err("it is larger than 1 MiB"), Ok(&*bytes));
        let of = |name, statement, signature| SignedStatement { name, statement, signature };
        let given = [of("a", large, large), of("b", whole, large), of("c", whole, Ok(&signature)), of("d", whole, Ok(b" \n"))];
        let subject = Subject { digest: DIGEST, tenant: "t", authors: &[] };
        let decision = decide(subject, &signers, &given, time("2026-11-25T00:00:00Z"));
        assert_eq!(decision.approved.len(), 1);
        let told: Vec<String> = decision.rejected.iter().map(Rejection::to_string).collect();
        let expected = [
            "a: it cannot be read: it is larger than 1 MiB",
            "b: its signature `b.sig` cannot be read: it is larger than 1 MiB",
            "d: its signature is missing: `d.sig` is not there or is empty",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_line_may_limit_a_key() {
        let limited = |options: &str| why(&line("alice@x.example", options, 1), signed(1, NAMESPACE, |_| {}));
        assert!(limited("namespaces=\"file\"").contains("namespace"));
        assert!(limited("namespaces=\"*,!hardmatch-*\"").contains("namespace"), "as ssh-keygen reads it");
        assert!(limited("valid-after=\"20261201Z\"").contains("yet"));
        assert!(limited("valid-before=\"20261124120000Z\"").contains("no more"));
        // To the moment: from the first on, up to but without the last.
        assert!(limited("valid-before=\"20261125Z\"").contains("no more"));
        let from_now = line("alice@x.example", "valid-after=\"20261125Z\"", 1);
        assert_eq!(decided(&from_now, None, &[signed(1, NAMESPACE, |_| {})]).approved.len(), 1);
        let but_her = line("*@x.example,!alice@x.example", "", 1);
        assert!(why(&but_her, signed(1, NAMESPACE, |_| {})).contains("not that of alice"));
    }

    #[test]
    fn a_file_that_cannot_be_read_whole_is_refused_with_its_lines() {
        let text =
            format!("# who may\n\n{}alice ssh-ed25519 AAAA\nbob cert-authority {}", line("a", "", 1), &line("", "", 1)[2..]);
        let errors = AllowedSigners::parse(&text).unwrap_err();
        let lines: Vec<u32> = errors.iter().map(|error| error.line).collect();
        assert_eq!(lines, [4, 5]);
        let of = |line: &str| AllowedSigners::parse(line).unwrap_err()[0].to_string();
        assert!(of(&line("a", "verify-required", 1)).contains("`verify-required` is not known"));
        assert!(of(&line("a", "valid-before=20261201", 1)).contains("local time"));
        assert!(of(&line("ali\u{200b}ce", "", 1)).contains("`ali\\u{200b}ce` holds a character that cannot be seen"));
        assert_eq!(of("alice"), "line 1: it ends before the key");
    }

    /// How many files are damaged, each in its own way.
    const DAMAGES: usize = 600;
    /// One of these is in every reason.
    const REASONS: [&str; 12] = [
        "it is no approval",
        "does not know",
        "another plan",
        "another tenant",
        "it expired",
        "it was signed for",
        "its signature is missing",
        "the signature cannot be read",
        "one of the two was altered",
        "not among the allowed signers",
        "is not that of",
        "counts once",
    ];

    /// A byte flipped, the end cut off, some bytes replaced, or some put in between.
    fn damaged(bytes: &[u8], chance: &mut fastrand::Rng) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let at = chance.usize(..bytes.len());
        let length = chance.usize(1..20);
        let end = (at + length).min(bytes.len());
        let noise: Vec<u8> = (0..length).map(|_| chance.u8(..)).collect();
        match chance.u8(..5) {
            0 | 1 => bytes[at] ^= 1 << chance.u8(..8),
            2 => bytes.truncate(at),
            3 => drop(bytes.splice(at..end, noise)),
            _ => drop(bytes.splice(at..at, noise)),
        }
        bytes
    }

    /// What is left to count is what was signed, by one of those who may: in whatever way files get damaged.
    #[test]
    fn damage_to_the_files_approves_nothing_and_is_explained() {
        let signers = line("alice@x.example", "", 1) + &line("bob@x.example", "", 2);
        let (statement, signature) = signed(1, NAMESPACE, |_| {});
        let mut chance = fastrand::Rng::with_seed(4711);
        for _ in 0..DAMAGES {
            let mut given = (statement.clone(), signature.clone());
            let part = if chance.bool() { &mut given.0 } else { &mut given.1 };
            *part = damaged(part, &mut chance);
            let (name, is_signed) = (given.0.escape_ascii().to_string(), given.0 == statement);
            let decision = decided(&signers, None, &[given]);
            assert!(is_signed || decision.approved.is_empty(), "approved: {name}");
            for why in decision.rejected.iter().map(|rejection| &rejection.why) {
                assert!(REASONS.iter().any(|reason| why.contains(reason)), "{why}");
            }
        }
    }

    #[test]
    fn damage_to_the_list_of_signers_lets_nobody_else_in() {
        let signers = line("alice@x.example", "", 1) + &line("bob@x.example", "namespaces=\"hardmatch-*\"", 2);
        let given = [signed(1, NAMESPACE, |_| {}), signed(3, NAMESPACE, |_| {})];
        let alice = key(1).public_key().fingerprint(HashAlg::Sha256).to_string();
        let mut chance = fastrand::Rng::with_seed(4711);
        for _ in 0..DAMAGES / 3 {
            let Ok(text) = String::from_utf8(damaged(signers.as_bytes(), &mut chance)) else { continue };
            match AllowedSigners::parse(&text) {
                Ok(_) => {
                    let approved = decided(&text, None, &given).approved;
                    assert!(approved.iter().all(|one| one.fingerprint == alice && one.approver == "alice@x.example"), "{text}");
                }
                Err(errors) => assert!(errors.iter().all(|error| error.line > 0 && !error.to_string().is_empty()), "{text}"),
            }
        }
    }
}
