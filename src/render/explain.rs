//! Why an AD user is linked or not, for people and for scripts.

use std::io;

use super::discover::{CANDIDATES, mapping_of, of_candidate, proposed};
use super::human::some_found;
use super::json::document;
use super::next_sync::sentence;
use super::page::{CYAN, DIM, GREEN, HEADING, PLAIN, Page, RED, Style, YELLOW, color_of, more, some};
use super::words::{beside, state_symbol, symbol, tenant_name, title};
use crate::model::text::{EXAMPLES, printable};
use crate::plan::action::Action;
use crate::plan::discover::LeftOut;
use crate::plan::explain::{
    ExplainedAccount, ExplainedAdUser, ExplainedAnchor, ExplainedMapping, ExplainedProposal, Explanation, HeldValue, Standing,
    ValueKind,
};
use crate::plan::next_sync::NextSync;

/// Writes an explanation for people.
///
/// # Errors
/// Those of the writer.
pub fn explanation_human(explanation: &Explanation, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style);
    let asked = printable(&explanation.asked);
    page.item("", PLAIN, &format!("hardmatch explain {asked} in {}", printable(tenant_name(&explanation.tenant))), HEADING)?;
    if let Some(account) = &explanation.account {
        page.heading("Cloud user", HEADING)?;
        self::account(page, "  ", account, explanation.ad_user.as_ref())?;
        if !explanation.account_values.is_empty() {
            page.heading("AD users with its values", HEADING)?;
            values(page, &explanation.account_values)?;
        }
    }
    if let Some(user) = &explanation.ad_user {
        ad_user(page, user, explanation.account.is_none())?;
    }
    page.heading(question(explanation.standing), color(explanation.standing))?;
    for sentence in &explanation.answer {
        page.text("  ", &printable(sentence))?;
    }
    accounts(page, explanation)?;
    what_to_do(page, explanation)?;
    page.last(&format!("Explain {asked}: {}", explanation.standing.word()), "`hardmatch explain USER --all` shows everything")
}

fn question(standing: Standing) -> &'static str {
    match standing {
        Standing::Linked => "Why it is linked",
        Standing::Unknown => "Why no AD user can be told",
        Standing::Armed | Standing::LeftOut | Standing::NotLinked | Standing::WrongAccount => "Why it is not linked",
    }
}

fn color(standing: Standing) -> anstyle::Style {
    match standing {
        Standing::Linked => GREEN,
        Standing::Armed => CYAN,
        Standing::LeftOut | Standing::Unknown => YELLOW,
        Standing::NotLinked | Standing::WrongAccount => RED,
    }
}

/// A name and a value in two columns; nothing where there is no value.
fn row(page: &mut Page<'_>, indent: &str, name: &str, value: Option<&str>) -> io::Result<()> {
    value.map_or(Ok(()), |value| page.item(&format!("{indent}{name:<16}"), DIM, &printable(value), PLAIN))
}

fn ad_user(page: &mut Page<'_>, user: &ExplainedAdUser, with_values: bool) -> io::Result<()> {
    page.heading("AD user", HEADING)?;
    row(page, "  ", "DN", Some(&user.dn))?;
    row(page, "  ", "forest", Some(&user.forest))?;
    row(page, "  ", "objectGUID", Some(&user.object_guid))?;
    row(page, "  ", "sAMAccountName", user.sam.as_deref().or(Some("none")))?;
    row(page, "  ", "sign-in name", user.upn.as_deref().or(Some("none")))?;
    row(page, "  ", "mail", user.mail.as_deref().or(Some("none")))?;
    row(page, "  ", "SID", user.object_sid.as_deref().or(Some("not read")))?;
    let enabled = match user.enabled {
        Some(true) => "enabled",
        Some(false) => "disabled",
        None => "not read whether it is enabled",
    };
    row(page, "  ", "state", Some(enabled))?;
    row(page, "  ", "left out of sync", user.excluded.as_ref().map(|why| format!(" {why}")).as_deref())?;
    anchor(page, &user.anchor)?;
    if with_values {
        page.heading("Who in the cloud holds what", HEADING)?;
        values(page, &user.values)?;
    }
    next_sync(page, user)
}

fn anchor(page: &mut Page<'_>, anchor: &ExplainedAnchor) -> io::Result<()> {
    page.heading("Source anchor", HEADING)?;
    if let Some(problem) = &anchor.problem {
        return page.item("  none: ", RED, &printable(problem), PLAIN);
    }
    row(page, "  ", "ImmutableID", anchor.immutable_id.as_deref())?;
    row(page, "  ", "GUID", anchor.guid.as_deref().or(Some("none: it is no GUID")))?;
    row(page, "  ", "from", Some(&anchor.attribute))?;
    row(page, "  ", "", anchor.other.as_deref())?;
    row(page, "  ", "LDAP filter", anchor.ldap_filter.as_deref())?;
    some(page, &anchor.shared_with, EXAMPLES, "more AD users with this anchor", |page, twin| {
        page.item("  also the anchor of ", YELLOW, &printable(twin), PLAIN)
    })
}

/// Of these somebody may have any number.
const ADDRESSES: [(ValueKind, &str); 2] =
    [(ValueKind::PrimaryAddress, "more primary addresses"), (ValueKind::Address, "more addresses")];

fn values(page: &mut Page<'_>, values: &[HeldValue]) -> io::Result<()> {
    let (limit, mut counts) = (page.limit(EXAMPLES), ADDRESSES.map(|_| 0));
    for held in values {
        let place = ADDRESSES.iter().position(|(kind, _)| *kind == held.kind);
        let is_shown = place.and_then(|place| counts.get_mut(place)).is_none_or(|count| {
            *count += 1;
            *count <= limit
        });
        if is_shown {
            value(page, held)?;
        }
    }
    ADDRESSES.into_iter().zip(counts).try_for_each(|((_, what), count)| more(page, count, limit, what))
}

fn value(page: &mut Page<'_>, value: &HeldValue) -> io::Result<()> {
    let missing = match (value.holders.is_empty(), value.not_read.is_empty()) {
        (true, true) => ": nobody".to_owned(),
        (true, false) => format!(": nobody; not read: {}", value.not_read.join(", ")),
        (false, true) => String::new(),
        (false, false) => format!(" (not read: {})", value.not_read.join(", ")),
    };
    // It follows the line of the anchor itself.
    let shown = if value.kind == ValueKind::OddAnchor { String::new() } else { format!(" {}", value.value) };
    page.text("  ", &printable(&format!("{}{shown}{missing}", value.kind.about())))?;
    some(page, &value.holders, EXAMPLES, "more who have it", |page, holder| page.text("    - ", &printable(&holder.line)))
}

fn next_sync(page: &mut Page<'_>, user: &ExplainedAdUser) -> io::Result<()> {
    page.heading("What the next sync does, as things stand", HEADING)?;
    let Some(next) = &user.next_sync else { return page.text("  ", "nothing: there is no anchor to export") };
    page.text("  ", &sentence(next, |name| printable(name).into_owned(), |text| printable(text).into_owned()))?;
    some(page, &next.notes, EXAMPLES, "more notes", |page, note| page.item("    * ", DIM, &printable(note), PLAIN))?;
    some(page, &user.overwrites, EXAMPLES, "more changes", |page, change| page.item("    ~ ", YELLOW, &printable(change), PLAIN))
}

fn accounts(page: &mut Page<'_>, explanation: &Explanation) -> io::Result<()> {
    if explanation.accounts.is_empty() {
        return Ok(());
    }
    page.heading("Accounts that take part", HEADING)?;
    some(page, &explanation.accounts, EXAMPLES, "more accounts", |page, one| {
        page.item("  ", PLAIN, &printable(&one.upn), HEADING)?;
        account(page, "    ", one, explanation.ad_user.as_ref())
    })
}

fn account(page: &mut Page<'_>, indent: &str, account: &ExplainedAccount, ad: Option<&ExplainedAdUser>) -> io::Result<()> {
    row(page, indent, "sign-in name", Some(&account.upn).filter(|_| indent.len() == 2).map(String::as_str))?;
    row(page, indent, "object id", Some(&account.id))?;
    let deleted = account.deleted_date_time.as_ref().map(|at| format!("in the recycle bin since {at}").trim_end().to_owned());
    row(page, indent, "state", deleted.as_deref())?;
    row(page, indent, "sync", Some(&account.sync))?;
    row(page, indent, "ImmutableID", account.immutable_id.as_deref().or(Some("none")))?;
    row(page, indent, "", account.immutable_id_is.as_deref())?;
    let unread = |name: &str| account.not_read.iter().any(|unread| unread == name).then_some("not read");
    let (own_sid, own_guid) = (ad.and_then(|ad| ad.object_sid.as_deref()), ad.map(|ad| ad.object_guid.as_str()));
    let compared = |held: &String, own: Option<&str>| own.map_or_else(|| held.clone(), |own| beside(held, own));
    let sid = account.sid.as_ref().map(|sid| compared(sid, own_sid));
    row(page, indent, "SID", sid.as_deref().or(unread("onPremisesSecurityIdentifier")))?;
    let pin = account.object_identifier.as_ref().map(|guid| compared(guid, own_guid));
    row(page, indent, "AD object", pin.as_deref().or(unread("onPremisesObjectIdentifier")))?;
    row(page, indent, "roles", unread("roles"))?;
    some(page, &account.roles, EXAMPLES, "more roles", |page, role| row(page, indent, "role", Some(role)))?;
    some(page, &account.provisioning_errors, EXAMPLES, "more errors of sync", |page, error| {
        page.item(&format!("{indent}! "), YELLOW, &printable(&error.to_string()), PLAIN)
    })
}

fn what_to_do(page: &mut Page<'_>, explanation: &Explanation) -> io::Result<()> {
    if !explanation.mappings.is_empty() {
        page.heading("In your configuration", HEADING)?;
    }
    some(page, &explanation.mappings, EXAMPLES, "more mappings", mapping)?;
    if let Some(proposal) = &explanation.proposal {
        self::proposal(page, proposal)?;
    }
    explanation.left_out.as_ref().map_or(Ok(()), |left| left_out(page, left))
}

fn mapping(page: &mut Page<'_>, mapping: &ExplainedMapping) -> io::Result<()> {
    let sign = state_symbol(mapping.state);
    let place = format!("{}  {}:{}", mapping.id, mapping.source.file, mapping.source.line);
    page.item(&format!("  {sign} {:8} ", mapping.state.word()), color_of(sign), &printable(&place), HEADING)?;
    actions(page, "    ", &mapping.actions)?;
    then(page, "    ", !mapping.actions.is_empty(), mapping.next_sync.as_ref())?;
    some_found(page, "    ", &mapping.findings)
}

/// What sync does after the writes; without writes that is what it does now.
fn then(page: &mut Page<'_>, indent: &str, writes: bool, next: Option<&NextSync>) -> io::Result<()> {
    let Some(next) = next.filter(|_| writes) else { return Ok(()) };
    let told = sentence(next, |name| printable(name).into_owned(), |text| printable(text).into_owned());
    page.item(&format!("{indent}then the next sync: "), DIM, &told, PLAIN)
}

fn actions(page: &mut Page<'_>, indent: &str, actions: &[Action]) -> io::Result<()> {
    some(page, actions, EXAMPLES, "more actions", |page, action| {
        let sign = symbol(action);
        let title = title(action).text(|value| printable(value).into_owned());
        page.item(&format!("{indent}{sign} "), color_of(sign), &title, PLAIN)
    })
}

fn proposal(page: &mut Page<'_>, proposal: &ExplainedProposal) -> io::Result<()> {
    page.heading("A mapping to write, if that is the right account", HEADING)?;
    let text = proposed(&proposal.mapping);
    for comment in &text.comments {
        page.item("  # ", DIM, comment, DIM)?;
    }
    page.verbatim("  - ", &text.flow)?;
    page.heading("What a plan of just that mapping does", HEADING)?;
    actions(page, "  ", &proposal.actions)?;
    if proposal.actions.is_empty() {
        page.text("  ", "nothing is written")?;
    }
    then(page, "  ", !proposal.actions.is_empty(), proposal.next_sync.as_ref())?;
    some_found(page, "  ", &proposal.findings)
}

fn left_out(page: &mut Page<'_>, left_out: &LeftOut) -> io::Result<()> {
    page.heading("Whose account it could be: somebody has to decide", HEADING)?;
    page.text("  ", &printable(&left_out.why))?;
    some(page, &left_out.candidates, CANDIDATES, "more accounts", |page, candidate| {
        page.text("  ", &of_candidate(candidate))?;
        page.verbatim("    - ", &mapping_of(&left_out.on_prem, candidate))
    })
}

/// Writes an explanation for scripts.
///
/// # Errors
/// Those of the writer.
pub fn explanation_json(explanation: &Explanation, out: &mut dyn io::Write) -> io::Result<()> {
    document("hardmatch/explanation", explanation, out)
}
