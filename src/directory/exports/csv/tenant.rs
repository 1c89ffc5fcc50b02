//! A tenant out of `Get-MgUser … | Export-Csv`.

use std::io::Read;
use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::entra::json::WireUser;
use crate::model::text::either;
use crate::model::{Known, ObservedTenant, Text, Texts};

use super::super::problems::{Problems, excerpt};
use super::super::snapshot::tenant::{Place, TenantBuilder};
use super::cell::{addresses, flag, is_lost_list, is_undamaged};
use super::forest::missing_column;
use super::table::{Row, Table};

const EXPORT_HELP: &str = "Get-MgUser -All -Property Id,UserPrincipalName,DisplayName,Mail,OnPremisesImmutableId,OnPremisesSyncEnabled,\
     OnPremisesSecurityIdentifier,AccountEnabled,UserType,EmployeeId | Select-Object Id,UserPrincipalName,DisplayName,Mail,\
     OnPremisesImmutableId,OnPremisesSyncEnabled,OnPremisesSecurityIdentifier,AccountEnabled,UserType,EmployeeId | \
     Export-Csv tenant.csv -NoTypeInformation -Encoding UTF8";

/// Reads a tenant from decoded text.
pub(crate) fn read_tenant(text: impl Read, file: &Arc<str>) -> Result<ObservedTenant, Diagnostics> {
    let table = Table::open(text, file)?;
    let mut problems = Problems::new(file);
    for name in ["Id", "UserPrincipalName", "OnPremisesImmutableId"] {
        if table.column(name).is_none() {
            problems.push(missing_column(name, &table, EXPORT_HELP).at(problems.at(table.head_line())));
        }
    }
    problems.into_result(())?;
    let mut problems = Problems::new(file);
    let columns = Columns::of(&table);
    let mut tenant = TenantBuilder::default();
    tenant.is_from_powershell();
    let mut lost_addresses = false;
    let mut index = 0;
    table.each_row(&mut problems, |row, problems| {
        let cells = Cells { row: &row, columns: &columns };
        lost_addresses |= cells.text(columns.proxy_addresses).value().is_some_and(|cell| is_lost_list(cell));
        if let Some(user) = cells.user(problems) {
            tenant.add(user, Place::Page, index, row.line, problems);
        }
        index += 1;
    });
    if lost_addresses {
        tenant.tenant.doubts.push(
            "the addresses of the users were not exported (ProxyAddresses holds the name of a type); join them with \
             @{n='ProxyAddresses';e={$_.ProxyAddresses -join ';'}}"
                .to_owned(),
        );
    }
    tenant.tenant.doubts.extend(unread(&columns, file));
    tenant.finish(false, problems)
}

/// Nobody is found by what is not there.
fn unread(columns: &Columns, file: &str) -> Option<String> {
    let found_by = [("Mail", columns.mail), ("EmployeeId", columns.employee_id)];
    let missing: Vec<&str> = found_by.into_iter().filter(|(_, column)| column.is_none()).map(|(name, _)| name).collect();
    let names = either(&missing);
    (!missing.is_empty()).then(|| {
        format!("{file} has no column {names}: mappings and rules find no account by {names}; export it, too, if that matters")
    })
}

/// Where the columns stand that are of use.
struct Columns {
    id: Option<usize>,
    upn: Option<usize>,
    immutable_id: Option<usize>,
    sync_enabled: Option<usize>,
    sid: Option<usize>,
    object_identifier: Option<usize>,
    distinguished_name: Option<usize>,
    domain_name: Option<usize>,
    sam_account_name: Option<usize>,
    on_premises_upn: Option<usize>,
    last_sync: Option<usize>,
    mail: Option<usize>,
    proxy_addresses: Option<usize>,
    display_name: Option<usize>,
    employee_id: Option<usize>,
    account_enabled: Option<usize>,
    user_type: Option<usize>,
    deleted: Option<usize>,
    /// All of these, with their names.
    named: Vec<(String, usize)>,
}

impl Columns {
    fn of(table: &Table<'_>) -> Self {
        let mut named = Vec::new();
        let mut of = |name: &str| {
            let column = table.column(name);
            named.extend(column.map(|column| (name.to_owned(), column)));
            column
        };
        Self {
            id: of("Id"),
            upn: of("UserPrincipalName"),
            immutable_id: of("OnPremisesImmutableId"),
            sync_enabled: of("OnPremisesSyncEnabled"),
            sid: of("OnPremisesSecurityIdentifier"),
            object_identifier: of("OnPremisesObjectIdentifier"),
            distinguished_name: of("OnPremisesDistinguishedName"),
            domain_name: of("OnPremisesDomainName"),
            sam_account_name: of("OnPremisesSamAccountName"),
            on_premises_upn: of("OnPremisesUserPrincipalName"),
            last_sync: of("OnPremisesLastSyncDateTime"),
            mail: of("Mail"),
            proxy_addresses: of("ProxyAddresses"),
            display_name: of("DisplayName"),
            employee_id: of("EmployeeId"),
            account_enabled: of("AccountEnabled"),
            user_type: of("UserType"),
            deleted: of("DeletedDateTime"),
            named,
        }
    }
}

/// The cells of one row.
struct Cells<'a> {
    row: &'a Row,
    columns: &'a Columns,
}

impl Cells<'_> {
    /// A column that is not there is unknown, an empty cell is null.
    fn text(&self, column: Option<usize>) -> Known<Text> {
        match column.and_then(|column| self.row.cell(column)) {
            None => Known::Unknown,
            Some("") => Known::Null,
            Some(cell) => Known::Is(cell.into()),
        }
    }

    fn flag(&self, name: &str, column: Option<usize>, problems: &mut Problems) -> Option<Known<bool>> {
        let read = match self.text(column) {
            Known::Unknown => return Some(Known::Unknown),
            Known::Null => return Some(Known::Null),
            Known::Is(cell) => cell,
        };
        let flag = flag(&read);
        if flag.is_none() {
            let summary = format!("{name}: `{}` is neither True nor False", excerpt(&read));
            problems.error(self.row.line, summary);
        }
        flag.map(Known::from)
    }

    fn addresses(&self) -> Known<Texts> {
        match self.text(self.columns.proxy_addresses) {
            Known::Unknown => Known::Unknown,
            Known::Null => Known::Null,
            Known::Is(cell) if is_lost_list(&cell) => Known::Unknown,
            Known::Is(cell) => Known::Is(addresses(&cell).into_iter().collect()),
        }
    }

    fn user(&self, problems: &mut Problems) -> Option<WireUser> {
        let columns = self.columns;
        let named = columns.named.iter().map(|(name, column)| (name.as_str(), self.row.cell(*column).unwrap_or_default()));
        if !is_undamaged(named, self.row.line, problems) {
            return None;
        }
        let text = |column| self.text(column);
        let id = text(columns.id).value().map(|id| id.parse());
        let id = id.transpose().map_err(|error: crate::model::EntraIdError| {
            problems.push(Diagnostic::error(format!("Id: {error}")).at(problems.at(self.row.line)));
        });
        Some(WireUser {
            pascal_id: id.ok()?,
            upn: text(columns.upn).value().cloned(),
            immutable_id: text(columns.immutable_id),
            sync_enabled: self.flag("OnPremisesSyncEnabled", columns.sync_enabled, problems)?,
            sid: text(columns.sid),
            object_identifier: text(columns.object_identifier),
            distinguished_name: text(columns.distinguished_name),
            domain_name: text(columns.domain_name),
            sam_account_name: text(columns.sam_account_name),
            on_premises_upn: text(columns.on_premises_upn),
            last_sync: local_date(text(columns.last_sync)),
            mail: text(columns.mail),
            proxy_addresses: self.addresses(),
            display_name: text(columns.display_name).value().cloned(),
            employee_id: text(columns.employee_id),
            account_enabled: self.flag("AccountEnabled", columns.account_enabled, problems)?,
            user_type: text(columns.user_type),
            deleted: text(columns.deleted),
            ..WireUser::default()
        })
    }
}

/// `Export-Csv` writes dates in the language of the machine; what is not RFC 3339 is not known.
fn local_date(read: Known<Text>) -> Known<Text> {
    match read {
        Known::Is(text) if text.parse::<jiff::Timestamp>().is_err() => Known::Unknown,
        other @ (Known::Unknown | Known::Null | Known::Is(_)) => other,
    }
}
