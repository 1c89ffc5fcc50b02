//! Which entries are no users, and which users the sync client leaves out by default.
//!
//! <https://learn.microsoft.com/en-us/entra/identity/hybrid/connect/concept-azure-ad-connect-sync-default-configuration>

use memchr::memchr2;

use crate::model::Exclusion;

use super::entry::{Entry, EntryError};

/// sAMAccountType of a normal user.
const NORMAL_USER: i64 = 805_306_368;
/// userAccountControl: trust, workstation or server account.
const MACHINE_OR_TRUST: i64 = 0x800 | 0x1000 | 0x2000;
/// msExchRecipientTypeDetails of public folders, system mailboxes, mailbox plans and the like.
const SYSTEM_RECIPIENTS: i64 = 0x21C0_7000;
const LINKED_MAILBOX: i64 = 2;

/// Whether an entry is a user. Without any attribute that says what it is, it is taken for one, unless its name says otherwise.
pub(crate) fn is_user(entry: &impl Entry) -> Result<bool, EntryError> {
    let classes: Vec<&[u8]> = entry.values("objectClass").collect();
    if is_deleted(entry)? {
        return Ok(false);
    }
    if entry.dn().is_empty() && !is_user_class(&classes) {
        // The root DSE.
        return Ok(false);
    }
    if !classes.is_empty() && !is_user_class(&classes) {
        return Ok(false);
    }
    if entry.number("sAMAccountType")?.is_some_and(|kind| kind != NORMAL_USER) {
        return Ok(false);
    }
    if entry.number("userAccountControl")?.is_some_and(|bits| bits & MACHINE_OR_TRUST != 0) {
        return Ok(false);
    }
    Ok(!classes.is_empty() || category_allows(entry)?)
}

fn is_user_class(classes: &[&[u8]]) -> bool {
    let has = |name: &str| classes.iter().any(|class| class.eq_ignore_ascii_case(name.as_bytes()));
    let machine =
        ["computer", "msDS-ManagedServiceAccount", "msDS-GroupManagedServiceAccount", "msDS-DelegatedManagedServiceAccount"];
    (has("user") || has("inetOrgPerson")) && !machine.into_iter().any(has)
}

/// Whether the classes of an entry may have been cut off before the one that makes it a user.
pub(crate) fn class_may_be_cut(entry: &impl Entry) -> bool {
    entry
        .values("objectClass")
        .all(|class| ["top", "person", "organizationalPerson"].iter().any(|open| class.eq_ignore_ascii_case(open.as_bytes())))
}

fn category_allows(entry: &impl Entry) -> Result<bool, EntryError> {
    let starts = |text: &str, head: &str| text.get(..head.len()).is_some_and(|own| own.eq_ignore_ascii_case(head));
    Ok(match entry.text("objectCategory")? {
        Some(category) => starts(category, "CN=Person,") || category.eq_ignore_ascii_case("person"),
        None => !["DC=", "OU="].iter().any(|head| starts(entry.dn(), head)),
    })
}

/// Why the sync client would leave a user out.
pub(crate) fn exclusion(entry: &impl Entry) -> Result<Option<Exclusion>, EntryError> {
    if is_conflict_name(entry.dn()) {
        return Ok(Some(Exclusion::ReplicationConflict));
    }
    if entry.text("isCriticalSystemObject")?.is_some_and(|flag| flag.eq_ignore_ascii_case("true")) {
        return Ok(Some(Exclusion::CriticalSystemObject));
    }
    if let Some(by_name) = by_account_name(entry.text("sAMAccountName")?) {
        return Ok(Some(by_name));
    }
    if entry.text("mailNickname")?.is_some_and(|nick| has_head(nick, "SystemMailbox{") || is_cas(nick)) {
        return Ok(Some(Exclusion::SystemMailbox));
    }
    Ok(match entry.number("msExchRecipientTypeDetails")? {
        Some(LINKED_MAILBOX) => Some(Exclusion::LinkedMailbox),
        Some(kind) if kind & SYSTEM_RECIPIENTS != 0 => Some(Exclusion::SystemMailbox),
        Some(_) | None => None,
    })
}

fn by_account_name(sam: Option<&str>) -> Option<Exclusion> {
    match sam {
        None => Some(Exclusion::ServiceAccount),
        Some(sam) if sam.eq_ignore_ascii_case("krbtgt_AzureAD") => Some(Exclusion::CriticalSystemObject),
        Some(sam) if is_cas(sam) => Some(Exclusion::SystemMailbox),
        Some(sam) if sam.eq_ignore_ascii_case("SUPPORT_388945a0") => Some(Exclusion::ServiceAccount),
        Some(sam) if has_head(sam, "AAD_") || has_head(sam, "MSOL_") => Some(Exclusion::ServiceAccount),
        Some(_) => None,
    }
}

fn is_cas(name: &str) -> bool {
    has_head(name, "CAS_") && name.contains('}')
}

fn has_head(text: &str, head: &str) -> bool {
    text.get(..head.len()).is_some_and(|own| own.eq_ignore_ascii_case(head))
}

/// `CN=Eve\0ACNF:<guid>`: two domain controllers created the same name.
fn is_conflict_name(dn: &str) -> bool {
    is_renamed(dn, "CNF:")
}

/// What an export shows of the recycle bin of AD, or of tombstones: `CN=Eve\0ADEL:<guid>,CN=Deleted Objects,…`.
fn is_deleted(entry: &impl Entry) -> Result<bool, EntryError> {
    Ok(is_renamed(entry.dn(), "DEL:") || entry.text("isDeleted")?.is_some_and(|flag| flag.eq_ignore_ascii_case("true")))
}

/// Whether AD itself put a mark and a GUID behind a name.
fn is_renamed(dn: &str, mark: &str) -> bool {
    // Hardly any name has a line break in it, written or escaped.
    memchr2(b'\\', b'\n', dn.as_bytes()).is_some() && {
        let upper = dn.to_ascii_uppercase();
        upper.contains(&format!("\\0A{mark}")) || upper.contains(&format!("\n{mark}"))
    }
}
