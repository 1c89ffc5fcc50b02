//! A forest as it was read, written down as LDIF: planning from the file sees what planning from the source saw.
//!
//! Beside the users there are the objects that tell the SID and the NetBIOS names of the domain, and one entry that is in no
//! directory, for what no attribute can say.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::directory::ad::entry::{CONSISTENCY_GUID, DOUBT, EXCLUDED, Entry as _, RawEntry, SNAPSHOT_CLASS, exclusion_word};
use crate::directory::ad::left_out;
use crate::model::{AdUser, AnchorAttribute, AnchorMode, Exclusion, GuidAttribute, ObservedForest, Sid};

/// Lines are folded at this width, as `ldapsearch` does.
const WIDTH: usize = 76;

/// Writes a forest of which all users were read, sorted by name, so that the same forest gives the same bytes.
///
/// # Errors
/// When it cannot be written.
pub fn write_forest(forest: &ObservedForest, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"version: 1\n\n")?;
    write_entry(&about(forest), out)?;
    domain(forest).iter().try_for_each(|entry| write_entry(entry, out))?;
    let mut users: Vec<&AdUser> = forest.users.iter().collect();
    users.sort_by_cached_key(|user| (user.dn.key(), user.guid));
    let marks = Marks::new(forest);
    users.into_iter().try_for_each(|user| write_entry(&entry_of(user, &forest.anchor, &marks), out))
}

fn write_entry(entry: &RawEntry, out: &mut dyn Write) -> io::Result<()> {
    write_line("dn", entry.dn.as_bytes(), false, out)?;
    for (name, values) in &entry.attributes {
        let is_bytes = name == CONSISTENCY_GUID && !entry.exported;
        values.iter().try_for_each(|value| write_line(name, value, is_bytes, out))?;
    }
    out.write_all(b"\n")
}

/// Writes one value; what is said to be bytes never as text, even if it could be one.
fn write_line(name: &str, value: &[u8], is_bytes: bool, out: &mut dyn Write) -> io::Result<()> {
    let line = match std::str::from_utf8(value) {
        Ok(text) if !is_bytes && is_safe(text) => format!("{name}: {text}"),
        Ok(_) | Err(_) => format!("{name}:: {}", STANDARD.encode(value)),
    };
    // Only ASCII, so that any byte may end a line.
    let (first, mut rest) = line.as_bytes().split_at(line.len().min(WIDTH));
    out.write_all(first)?;
    while !rest.is_empty() {
        let (next, more) = rest.split_at(rest.len().min(WIDTH - 1));
        out.write_all(b"\n ")?;
        out.write_all(next)?;
        rest = more;
    }
    out.write_all(b"\n")
}

/// SAFE-STRING of RFC 2849, without blanks at the end.
fn is_safe(text: &str) -> bool {
    !text.starts_with([' ', ':', '<']) && !text.ends_with(' ') && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

struct Entry(RawEntry);

impl Entry {
    fn new(dn: &str, classes: &[&str]) -> Self {
        let mut entry = Self(RawEntry { dn: dn.to_owned(), ..RawEntry::default() });
        entry.all("objectClass", classes.iter().map(|class| class.as_bytes()));
        entry
    }

    fn all<'v>(&mut self, name: &str, values: impl IntoIterator<Item = &'v [u8]>) {
        let values: Vec<Vec<u8>> = values.into_iter().map(<[u8]>::to_vec).collect();
        if !values.is_empty() {
            self.0.attributes.push((name.to_owned(), values));
        }
    }

    fn bytes(&mut self, name: &str, value: Option<&[u8]>) {
        self.all(name, value);
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.bytes(name, value.map(str::as_bytes));
    }

    fn has(&self, name: &str) -> bool {
        self.0.values(name).next().is_some()
    }
}

/// What no attribute of a directory can say. It also keeps a forest without users from looking like a cut file.
fn about(forest: &ObservedForest) -> RawEntry {
    let mut entry = Entry::new("CN=hardmatch snapshot", &[SNAPSHOT_CLASS]);
    entry.all(DOUBT, forest.doubts.iter().map(String::as_bytes));
    entry.0
}

fn domain(forest: &ObservedForest) -> Vec<RawEntry> {
    let root = forest.users.iter().map(|user| user.dn.dns_domain()).find(|dns| !dns.is_empty());
    let root =
        root.unwrap_or_else(|| "forest".to_owned()).split('.').map(|label| format!("DC={label}")).collect::<Vec<_>>().join(",");
    let mut entries = Vec::new();
    if let Some(sid) = &forest.domain_sid {
        let mut entry = Entry::new(&root, &["top", "domain", "domainDNS"]);
        entry.bytes("objectSid", Some(&sid_value(sid)));
        entries.push(entry.0);
    }
    let mut names: Vec<&str> = forest.netbios_names.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    for (index, name) in names.into_iter().enumerate() {
        let dn = format!("CN=domain{},CN=Partitions,CN=Configuration,{root}", index + 1);
        let mut entry = Entry::new(&dn, &["top", "crossRef"]);
        entry.text("nETBIOSName", Some(name));
        entries.push(entry.0);
    }
    entries
}

/// How users say why they are left out: by their attributes, or, where those say something else, by a mark.
struct Marks {
    has_account_names: bool,
    needed: bool,
}

impl Marks {
    fn new(forest: &ObservedForest) -> Self {
        let mut marks = Self { has_account_names: forest.users.iter().any(|user| user.sam.is_some()), needed: false };
        marks.needed = forest.users.iter().any(|user| marks.read(&bare_entry(user, &forest.anchor)) != user.excluded);
        marks
    }

    /// What reading would make of an entry without marks.
    fn read(&self, entry: &Entry) -> Option<Exclusion> {
        let read = left_out::exclusion(&entry.0).ok().flatten();
        read.filter(|why| self.has_account_names || *why != Exclusion::ServiceAccount)
    }
}

fn entry_of(user: &AdUser, anchor: &AnchorMode, marks: &Marks) -> RawEntry {
    let mut entry = bare_entry(user, anchor);
    let read = left_out::exclusion(&entry.0).ok().flatten();
    if marks.needed && (read != user.excluded || marks.read(&entry) != user.excluded) {
        entry.text(EXCLUDED, Some(user.excluded.map_or("no", exclusion_word)));
    }
    entry.0
}

fn bare_entry(user: &AdUser, anchor: &AnchorMode) -> Entry {
    let mut entry = Entry::new(user.dn.as_str(), &["top", "person", "organizationalPerson", "user"]);
    entry.bytes("objectGUID", Some(user.guid.ad_bytes()));
    match &user.consistency_guid {
        GuidAttribute::Absent => {}
        GuidAttribute::MarkedMissing(text) | GuidAttribute::NotExported(text) => {
            entry.0.exported = true;
            entry.text(CONSISTENCY_GUID, Some(text));
        }
        GuidAttribute::Bytes(bytes) => entry.bytes(CONSISTENCY_GUID, Some(bytes)),
    }
    let sid = user.sid.as_ref().map(sid_value);
    entry.bytes("objectSid", sid.as_deref());
    entry.text("sAMAccountName", user.sam.as_deref());
    entry.text("userPrincipalName", user.upn.as_deref());
    entry.text("mail", user.mail.as_deref());
    entry.all("proxyAddresses", user.proxy_addresses.iter().map(|own| own.as_bytes()));
    entry.text("employeeID", user.employee_id.as_deref());
    entry.text("displayName", user.display_name.as_deref());
    custom_anchor(&mut entry, user, anchor);
    states(&mut entry, user);
    entry
}

/// The bytes of AD; the text where bytes cannot hold it.
fn sid_value(sid: &Sid) -> Vec<u8> {
    sid.ad_bytes().unwrap_or_else(|| sid.to_string().into())
}

/// The anchor attribute, unless it is one that is there already.
fn custom_anchor(entry: &mut Entry, user: &AdUser, anchor: &AnchorMode) {
    let (AnchorMode::Attribute(name), Some(value)) = (anchor, &user.custom_anchor) else { return };
    if entry.has(name) {
        return;
    }
    match &**value {
        AnchorAttribute::Text(text) => entry.text(name, Some(text)),
        AnchorAttribute::Binary(bytes) => entry.bytes(name, Some(bytes)),
        // How many there are is known, not what they are.
        AnchorAttribute::Many(count) => {
            let values: Vec<String> = (1..=*count).map(|index| format!("value {index}")).collect();
            entry.all(name, values.iter().map(String::as_bytes));
        }
    }
}

/// Attributes of which only the meaning is known.
fn states(entry: &mut Entry, user: &AdUser) {
    let mut once = |name: &str, value: Option<&[u8]>| {
        if !entry.has(name) {
            entry.bytes(name, value);
        }
    };
    once("userAccountControl", user.enabled.map(|on| if on { &b"512"[..] } else { b"514" }));
    once("adminCount", user.protected_by_admin_sd_holder.then_some(b"1"));
    once("msExchMailboxGuid", user.has_exchange_mailbox.then_some(&[0; 16]));
    let written_back = user.external_directory_object_id.map(|id| format!("User_{id}"));
    once("msDS-ExternalDirectoryObjectId", written_back.as_ref().map(String::as_bytes));
    match user.excluded {
        Some(Exclusion::CriticalSystemObject) => once("isCriticalSystemObject", Some(b"TRUE")),
        Some(Exclusion::LinkedMailbox) => once("msExchRecipientTypeDetails", Some(b"2")),
        Some(Exclusion::SystemMailbox) => once("msExchRecipientTypeDetails", Some(b"536870912")),
        Some(Exclusion::ServiceAccount | Exclusion::ReplicationConflict) | None => {}
    }
}

#[cfg(test)]
#[path = "save_tests.rs"]
mod tests;
