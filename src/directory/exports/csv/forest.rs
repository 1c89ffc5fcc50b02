//! A forest out of `Get-ADUser … | Export-Csv`.

use std::io::Read;
use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::ad::entry::{ATTRIBUTES, CONSISTENCY_GUID, Entry as _, RawEntry, is_enabled, mark_in_place_of};
use crate::model::digits::size;
use crate::model::text::{counted, either, nearest, same};
use crate::model::{AdUser, AnchorMode, ObservedForest};

use super::super::expected::Expected;
use super::super::forest::ForestBuilder;
use super::super::problems::{Problems, excerpt};
use super::cell::{addresses, flag, is_lost_list, is_undamaged, octets};
use super::table::{Row, Table};

const EXPORT_HELP: &str = "Get-ADUser -Filter * -Properties mS-DS-ConsistencyGuid,mail,proxyAddresses,employeeID,displayName,adminCount,isCriticalSystemObject | \
     Select-Object ObjectClass,DistinguishedName,ObjectGUID,@{n='mS-DS-ConsistencyGuid';e={if ($_.'mS-DS-ConsistencyGuid') \
     {[guid]$_.'mS-DS-ConsistencyGuid'}}},SID,SamAccountName,UserPrincipalName,mail,@{n='proxyAddresses';e={$_.proxyAddresses -join ';'}},employeeID,displayName,\
     Enabled,adminCount,isCriticalSystemObject | Export-Csv users.csv -NoTypeInformation -Encoding UTF8";

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Octets,
    Sid,
    Addresses,
    Classes,
    Enabled,
    Text,
}

/// A column that is of use: where it stands, what it is in LDAP, how to read it.
struct Column {
    index: usize,
    attribute: String,
    reading: Reading,
    /// Whether another column before it is the same attribute, and serves.
    is_twin: bool,
}

/// Reads a forest from decoded text.
pub(crate) fn read_forest(
    text: impl Read,
    file: &Arc<str>,
    name: &str,
    anchor: &AnchorMode,
) -> Result<ObservedForest, Diagnostics> {
    let table = Table::open(text, file)?;
    let mut problems = Problems::new(file);
    let columns = columns(&table, anchor);
    if !columns.iter().any(|column| column.attribute == "objectGUID") {
        problems.push(missing_column("ObjectGUID", &table, EXPORT_HELP).at(problems.at(table.head_line())));
        return problems.into_result(ObservedForest::default());
    }
    if let AnchorMode::Attribute(attribute) = anchor
        && !has_column(&columns, attribute)
    {
        let help =
            format!("export it with Get-ADUser … -Properties {attribute}, or choose another `anchor` if sync uses another");
        problems.push(missing_column(attribute, &table, &help).at(problems.at(table.head_line())));
        return problems.into_result(ObservedForest::default());
    }
    let mut forest = ForestBuilder::new(name, anchor, Expected::default());
    let mut lost = vec![false; columns.len()];
    table.each_row(&mut problems, |row, problems| add(&row, &columns, &mut lost, &mut forest, problems));
    let mut forest = forest.finish();
    forest.doubts.extend(unread_anchor(&columns, anchor, file));
    forest.doubts.extend(unread_values(&columns, file));
    forest.doubts.extend(lost_letters(&forest));
    problems.into_result(forest)
}

/// A column that is not there says nothing of its values.
fn unread_anchor(columns: &[Column], anchor: &AnchorMode, file: &str) -> Option<String> {
    (*anchor == AnchorMode::ConsistencyGuid && !has_column(columns, CONSISTENCY_GUID)).then(|| {
        format!(
            "{file} has no column {CONSISTENCY_GUID}, so it was not read, and objectGUID is taken as the anchor of everybody; write \
             `anchor: objectGuid` if that is what sync uses, else export the attribute, too"
        )
    })
}

/// What users are found by, and what a takeover changes: attribute, column, and whether it is of use for the one and the other.
const OF_USE: [(&str, &str, bool, bool); 8] = [
    ("distinguishedName", "DistinguishedName", true, false),
    ("objectSid", "SID", true, true),
    ("sAMAccountName", "SamAccountName", true, false),
    ("userPrincipalName", "UserPrincipalName", true, true),
    ("mail", "mail", true, true),
    ("proxyAddresses", "proxyAddresses", true, true),
    ("employeeID", "employeeID", true, false),
    ("enabled", "Enabled", false, true),
];

/// Nobody is found by what is not there, and nothing foretold of it.
fn unread_values(columns: &[Column], file: &str) -> Option<String> {
    let is_read = |attribute: &str| match attribute {
        "enabled" => columns.iter().any(|column| column.reading == Reading::Enabled) || has_column(columns, "userAccountControl"),
        _ => has_column(columns, attribute),
    };
    let missing: Vec<_> = OF_USE.into_iter().filter(|(attribute, ..)| !is_read(attribute)).collect();
    let names = |is_meant: fn(bool, bool) -> bool| {
        let meant = missing.iter().filter(|(_, _, finds, compares)| is_meant(*finds, *compares));
        either(&meant.map(|(_, name, ..)| *name).collect::<Vec<_>>())
    };
    let (found, compared) = (names(|finds, _| finds), names(|_, compares| compares));
    let below = if is_read("distinguishedName") { "" } else { ", and nobody below `under`" };
    let blind = format!("mappings and rules find no AD user by {found}{below}");
    let unseen = format!("conflicts in {compared} are not seen, and what the takeover changes of it is not foretold");
    let parts = [(found, blind), (compared, unseen)].into_iter().filter(|(names, _)| !names.is_empty());
    let said: Vec<String> = parts.map(|(_, said)| said).collect();
    let all = names(|_, _| true);
    (!missing.is_empty()).then(|| format!("{file} has no column {all}: {}; export it, too, if that matters", said.join("; ")))
}

/// Whoever exports in ASCII gets `?` for each letter that it does not have.
fn lost_letters(forest: &ObservedForest) -> Option<String> {
    let holds = |user: &&AdUser| user.dn.as_str().contains('?') && !user.dn.as_str().starts_with("<GUID");
    let (count, first) = (forest.users.iter().filter(holds).count(), forest.users.iter().find(holds)?);
    let (users, verb) = (counted(size(count), "user"), if count == 1 { "has" } else { "have" });
    Some(format!(
        "{users} {verb} `?` in the DN, most likely for letters that the export could not write (the first is {}): nobody is found by \
         such a name. Export again with `-Encoding UTF8`",
        excerpt(first.dn.as_str())
    ))
}

fn has_column(columns: &[Column], attribute: &str) -> bool {
    columns.iter().any(|column| column.attribute.eq_ignore_ascii_case(attribute))
}

/// An error that names the missing column, the nearest one, and the command that exports it.
pub(super) fn missing_column(name: &str, table: &Table<'_>, help: &str) -> Diagnostic {
    let near = nearest(name, table.columns().iter().map(AsRef::as_ref));
    let hint = near.map_or_else(String::new, |own| format!("; is `{}` meant to be it?", excerpt(own)));
    Diagnostic::error(format!("the column `{name}` is missing{hint}")).help(format!("export it: {help}"))
}

fn columns(table: &Table<'_>, anchor: &AnchorMode) -> Vec<Column> {
    let custom = match anchor {
        AnchorMode::Attribute(name) => Some(&**name),
        AnchorMode::ConsistencyGuid | AnchorMode::ObjectGuid => None,
    };
    let mut columns: Vec<Column> = Vec::new();
    for (index, name) in table.columns().iter().enumerate() {
        let known = known_column(name)
            .or_else(|| custom.filter(|custom| custom.eq_ignore_ascii_case(name)).map(|custom| (custom, Reading::Text)));
        if let Some((attribute, reading)) = known {
            // `mail` and `EmailAddress` are the same attribute, so are `SID` and `objectSid`.
            let is_twin = columns.iter().any(|column| column.attribute == attribute);
            columns.push(Column { index, attribute: attribute.to_owned(), reading, is_twin });
        }
    }
    columns
}

fn known_column(name: &str) -> Option<(&'static str, Reading)> {
    const NAMES: [(&str, &str, Reading); 9] = [
        ("objectGUID", "objectGUID", Reading::Octets),
        (CONSISTENCY_GUID, CONSISTENCY_GUID, Reading::Octets),
        ("msExchMailboxGuid", "msExchMailboxGuid", Reading::Octets),
        ("SID", "objectSid", Reading::Sid),
        ("objectSid", "objectSid", Reading::Sid),
        ("proxyAddresses", "proxyAddresses", Reading::Addresses),
        ("objectClass", "objectClass", Reading::Classes),
        ("EmailAddress", "mail", Reading::Text),
        ("Enabled", "Enabled", Reading::Enabled),
    ];
    let special = NAMES.iter().find(|(own, ..)| own.eq_ignore_ascii_case(name));
    special
        .map(|(_, attribute, reading)| (*attribute, *reading))
        .or_else(|| ATTRIBUTES.iter().find(|own| own.eq_ignore_ascii_case(name)).map(|own| (*own, Reading::Text)))
}

fn add(row: &Row, columns: &[Column], lost: &mut [bool], forest: &mut ForestBuilder, problems: &mut Problems) {
    let mut entry = RawEntry { exported: true, ..RawEntry::default() };
    let mut enabled = None;
    // Bytes are checked by what they are read as.
    let texts = columns.iter().filter(|column| column.reading != Reading::Octets);
    let named = texts.map(|column| (column.attribute.as_str(), row.cell(column.index).unwrap_or_default()));
    let mut is_sound = is_undamaged(named, row.line, problems);
    for (column, lost) in columns.iter().zip(lost).filter(|(column, _)| !column.is_twin) {
        let cell = row.cell(column.index).unwrap_or_default();
        if is_lost_list(cell) && column.reading != Reading::Octets {
            if !std::mem::replace(lost, true) {
                problems.push(lost_list(&column.attribute, cell).at(problems.at(row.line)));
            }
            continue;
        }
        match read_cell(cell, column, &mut enabled) {
            Ok(values) => entry.attributes.push((column.attribute.clone(), values)),
            Err(why) => {
                problems.error(row.line, format!("{}: `{}` {why}", column.attribute, excerpt(cell)));
                is_sound = false;
            }
        }
    }
    if is_sound && let Some(why) = contradiction(row, columns, enabled) {
        problems.push(
            Diagnostic::error(why).at(problems.at(row.line)).help(
                "a column was sorted or moved without the others: export again, and do not save the file from a spreadsheet",
            ),
        );
        is_sound = false;
    }
    if is_sound {
        name_entry(&mut entry);
        forest.add(&entry, row.line, enabled, |_| row.line, problems);
    }
}

/// Where two columns of one row tell different things of one attribute, the row is that of several people.
fn contradiction(row: &Row, columns: &[Column], enabled: Option<bool>) -> Option<String> {
    let cell = |column: &Column| row.cell(column.index).unwrap_or_default().trim();
    for twin in columns.iter().filter(|column| column.is_twin) {
        let first = columns.iter().find(|column| column.attribute == twin.attribute)?;
        let (own, other) = (cell(first), cell(twin));
        // A SID is written in several ways.
        let is_text = [own, other].iter().all(|text| twin.reading != Reading::Sid || text.starts_with("S-1-"));
        if is_text && !own.is_empty() && !other.is_empty() && !same(own, other) {
            let (own, other) = (excerpt(own), excerpt(other));
            return Some(format!("{}: two columns of it say `{own}` and `{other}` of one user", twin.attribute));
        }
    }
    let control = columns.iter().find(|column| column.attribute.eq_ignore_ascii_case("userAccountControl")).map(cell)?;
    let is_on = is_enabled(control.parse().ok()?);
    (enabled? != is_on).then(|| format!("Enabled and userAccountControl ({control}) of one user contradict each other"))
}

/// The values of a cell; an empty cell has none.
fn read_cell(cell: &str, column: &Column, enabled: &mut Option<bool>) -> Result<Vec<Vec<u8>>, String> {
    if cell.trim().is_empty() {
        return Ok(Vec::new());
    }
    let bytes = |texts: Vec<String>| texts.into_iter().map(String::into_bytes).collect();
    match column.reading {
        Reading::Octets if mark_in_place_of(cell.as_bytes()).is_some() && column.attribute == CONSISTENCY_GUID => {
            Ok(vec![cell.trim().as_bytes().to_vec()])
        }
        Reading::Octets => octets(cell).map(|value| vec![value]).map_err(|why| why.to_string()),
        Reading::Sid if cell.trim().to_ascii_uppercase().starts_with("S-1-") => Ok(vec![cell.trim().as_bytes().to_vec()]),
        Reading::Sid => octets(cell).map(|value| vec![value]).map_err(|_| "is no SID".to_owned()),
        Reading::Addresses => Ok(bytes(addresses(cell))),
        Reading::Classes => {
            let classes = cell.split([' ', ';', '|', ',', '\n']).filter(|class| !class.is_empty());
            Ok(bytes(classes.map(str::to_owned).collect()))
        }
        Reading::Enabled => {
            *enabled =
                flag(cell).ok_or_else(|| "is neither True nor False, which a spreadsheet translates: export again".to_owned())?;
            Ok(Vec::new())
        }
        Reading::Text => Ok(vec![cell.as_bytes().to_vec()]),
    }
}

/// A table without DistinguishedName names its users as AD itself can: `<GUID=…>`.
fn name_entry(entry: &mut RawEntry) {
    let text = |name: &str| entry.values(name).next().and_then(|bytes| std::str::from_utf8(bytes).ok().map(str::to_owned));
    let by_guid = || {
        let guid = entry.values("objectGUID").next().and_then(|bytes| crate::model::ObjectGuid::from_ad_slice(bytes).ok());
        guid.map_or_else(|| "<GUID=?>".to_owned(), |guid| format!("<GUID={guid}>"))
    };
    entry.dn = text("distinguishedName").filter(|dn| !dn.is_empty()).unwrap_or_else(by_guid);
}

fn lost_list(attribute: &str, cell: &str) -> Diagnostic {
    Diagnostic::error(format!("{attribute}: `{}` is the name of a type, the values were not exported", excerpt(cell.trim())))
        .help(format!("join them: Select-Object …,@{{n='{attribute}';e={{$_.'{attribute}' -join ';'}}}} | Export-Csv …"))
}
