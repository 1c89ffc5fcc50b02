//! What writing `mail` does to proxyAddresses: <https://learn.microsoft.com/en-us/graph/api/resources/user>.

use serde_json::json;

use crate::model::text::same;
use crate::model::{CloudUser, ProxyAddress};
use crate::tenant_model::Tenant;

use super::super::world::Extra;

/// The properties that change: the address becomes the primary one, unless another object owns it.
pub(super) fn written(tenant: &Tenant, account: &CloudUser, mail: Option<&str>, bin_reserves: bool) -> Extra {
    let mut extra = vec![("mail".to_owned(), json!(mail))];
    if let Some(mail) = mail.filter(|mail| !is_taken(tenant, account, mail, bin_reserves)) {
        let others = account.addresses().filter(|entry| !same(ProxyAddress::parse(entry).address, mail));
        let demoted =
            others.map(|entry| entry.strip_prefix("SMTP:").map_or_else(|| entry.to_owned(), |own| format!("smtp:{own}")));
        let entries: Vec<String> = [format!("SMTP:{mail}")].into_iter().chain(demoted).collect();
        extra.push(("proxyAddresses".to_owned(), json!(entries)));
    }
    extra
}

fn is_taken(tenant: &Tenant, account: &CloudUser, mail: &str, bin_reserves: bool) -> bool {
    let owners = tenant.address_owners(mail).into_iter().filter_map(|user| tenant.user(user));
    let mut others = owners.filter(|user| user.id != account.id && (bin_reserves || !user.is_deleted()));
    others.next().is_some() || !tenant.others_with_address(mail).is_empty()
}
