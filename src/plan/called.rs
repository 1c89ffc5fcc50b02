//! Which selectors name one of some accounts. Of very many mappings and accounts each is looked at once.

use std::collections::BTreeSet;

use crate::model::questions::CloudQuestion;
use crate::model::text::fold;
use crate::model::{CloudKey, CloudUser};
use crate::tenant_model::{UserRef, mail_addresses};

use super::world::World;

/// All that some accounts go by. Nobody is looked up for that.
pub(super) struct Called(BTreeSet<CloudQuestion>);

impl Called {
    pub(super) fn of(users: impl IntoIterator<Item = UserRef>, world: &World) -> Self {
        Self(users.into_iter().filter_map(|user| world.tenant.user(user)).flat_map(all_names).collect())
    }

    /// Whether a selector names one of them, live or deleted.
    pub(super) fn has(&self, key: &CloudKey) -> bool {
        self.0.contains(&name_in(key))
    }
}

/// Whether a selector names an account, live or deleted.
pub(super) fn names(key: &CloudKey, account: &CloudUser) -> bool {
    let name = name_in(key);
    all_names(account).any(|own| own == name)
}

fn name_in(key: &CloudKey) -> CloudQuestion {
    match key {
        CloudKey::Id(id) => CloudQuestion::Id(*id),
        CloudKey::Upn(upn) => CloudQuestion::Upn(fold(upn.as_str()).into()),
        CloudKey::Mail(mail) => CloudQuestion::Address(fold(mail.as_str()).into()),
        CloudKey::EmployeeId(number) => CloudQuestion::EmployeeId(fold(number).into()),
    }
}

fn all_names(account: &CloudUser) -> impl Iterator<Item = CloudQuestion> {
    let upns = [account.original_upn(), &account.upn].map(|upn| CloudQuestion::Upn(fold(upn).into()));
    let mails = mail_addresses(account).map(|address| CloudQuestion::Address(fold(address).into()));
    let number = account.employee_id.value().map(|number| CloudQuestion::EmployeeId(fold(number).into()));
    std::iter::once(CloudQuestion::Id(account.id)).chain(upns).chain(mails).chain(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::questions::Recorder;
    use crate::model::{Known, Observed, ObservedTenant};

    #[test]
    fn an_account_is_known_by_all_that_a_selector_may_name() {
        let id = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        let mut account = CloudUser::new(id, "ann@x.example", None);
        account.proxy_addresses = Known::Is(["SMTP:a.nn@x.example"].into());
        account.employee_id = Known::Is("E7".into());
        let tenant = ObservedTenant { users: vec![account], ..ObservedTenant::default() };
        let world = World::new(Observed { tenant, ..Observed::default() }, Recorder::default());
        let called = Called::of(world.tenant.by_id(&id), &world);
        let (upn, mail) = (|text: &str| CloudKey::Upn(text.parse().unwrap()), |text: &str| CloudKey::Mail(text.parse().unwrap()));
        let own = [CloudKey::Id(id), upn("ANN@x.example"), mail("A.nn@x.example"), CloudKey::EmployeeId("e7".into())];
        assert!(own.iter().all(|key| called.has(key)));
        assert!(!called.has(&upn("a.nn@x.example")) && !called.has(&mail("bob@x.example")));
    }
}
