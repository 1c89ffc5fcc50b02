//! People in both directories, most of them as they should be, some of them traps; and who belongs to whom in truth.

use std::collections::BTreeMap;

use hardmatch::model::*;

/// Both directories, and the account that is right for each AD user (`None`: none is).
pub(crate) struct Population {
    pub(crate) observed: Observed,
    pub(crate) truth: BTreeMap<ObjectGuid, Option<EntraId>>,
    /// AD users of traps.
    pub(crate) trapped: usize,
    seed: u64,
    next: u32,
}

/// What can go wrong with one person, or with two.
const TRAPS: [fn(&mut Population); 13] = [
    Population::swapped_mails,
    Population::swapped_mails_under_another_suffix,
    Population::twin_in_ad,
    Population::twin_in_the_cloud,
    Population::shared_mailbox_as_mail,
    Population::shared_mailbox_under_another_suffix,
    Population::shared_alias,
    Population::guest,
    Population::name_of_one_who_left,
    Population::swapped_ids,
    Population::duplicate,
    Population::number_of_somebody_else,
    Population::alias_of_somebody_else,
];

impl Population {
    /// `size` people, of which one in `rarity` is a trap.
    pub(crate) fn new(size: usize, rarity: usize, seed: u64) -> Self {
        let forest = ObservedForest { name: "corp".into(), ..ObservedForest::default() };
        let domain = |name: &str| Domain {
            name: name.into(),
            verified: true,
            federated: Some(false),
            initial: name.contains("onmicrosoft"),
        };
        let tenant = ObservedTenant {
            id: Some("t".into()),
            initial_domain: Some("x.onmicrosoft.com".into()),
            domains: Some(vec![domain("x.onmicrosoft.com"), domain("x.example")]),
            recycle_bin_read: true,
            groups_read: true,
            contacts_read: true,
            roles: Some(Vec::new()),
            features: Some(BTreeMap::new()),
            ..ObservedTenant::default()
        };
        let observed = Observed { forests: vec![forest], tenant };
        let mut population = Self { observed, truth: BTreeMap::new(), trapped: 0, seed, next: 0 };
        while population.truth.len() < size {
            if population.one_in(rarity) {
                let before = population.truth.len();
                TRAPS[population.random() as usize % TRAPS.len()](&mut population);
                population.trapped += population.truth.len() - before;
            } else {
                population.ordinary();
            }
        }
        population
    }

    fn random(&mut self) -> u64 {
        // xorshift64*
        self.seed ^= self.seed >> 12;
        self.seed ^= self.seed << 25;
        self.seed ^= self.seed >> 27;
        self.seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn one_in(&mut self, count: usize) -> bool {
        (self.random() as usize).is_multiple_of(count)
    }

    /// An AD user and the account of the same names, not linked.
    fn pair(&mut self) -> (AdUser, CloudUser) {
        self.next += 1;
        let n = self.next;
        let bytes: [u8; 16] = std::array::from_fn(|_| self.random().to_le_bytes()[0]);
        let mut user = AdUser::new(ObjectGuid::from_ad_bytes(bytes), format!("CN=Person {n},OU=Staff,DC=corp").parse().unwrap());
        let name = format!("person{n}@x.example");
        user.sid = Some(format!("S-1-5-21-1-2-3-{}", 1000 + n).parse().unwrap());
        user.sam = Some(format!("person{n}").into());
        user.upn = Some(name.clone().into());
        user.mail = Some(name.clone().into());
        user.proxy_addresses = [format!("SMTP:{name}"), format!("smtp:p.{n}@x.example")].into();
        user.display_name = Some(format!("Person {}", n / 3).into());
        user.enabled = Some(true);
        let mut account = CloudUser::new(format!("00000000-0000-4000-8000-{n:012x}").parse().unwrap(), &name, None);
        account.mail = Known::Is(name.clone().into());
        account.proxy_addresses = Known::Is(user.proxy_addresses.clone());
        account.display_name = user.display_name.clone();
        (account.sync_enabled, account.sid, account.object_identifier) = (Known::Null, Known::Null, Known::Null);
        (account.traits_mut().user_type, account.traits_mut().account_enabled) = (Known::Is(UserKind::Member), Known::Is(true));
        account.employee_id = Known::Null;
        if self.random() % 10 < 7 {
            user.employee_id = Some(format!("E{n}").into());
            account.employee_id = Known::Is(format!("E{n}").into());
        }
        (user, account)
    }

    fn add(&mut self, user: AdUser, right: Option<&CloudUser>) {
        self.truth.insert(user.guid, right.map(|account| account.id));
        self.observed.forests[0].users.push(user);
    }

    fn add_account(&mut self, account: CloudUser) {
        self.observed.tenant.users.push(account);
    }

    fn add_pair(&mut self, user: AdUser, account: CloudUser) {
        self.add(user, Some(&account));
        self.add_account(account);
    }

    fn ordinary(&mut self) {
        let (mut user, mut account) = self.pair();
        match self.random() % 20 {
            0..12 => link(&user, &mut account),
            12..14 => account.immutable_id = Some(user.guid.immutable_id()),
            14 => {
                let name = user.sam.clone().unwrap();
                user.upn = Some(format!("{name}@corp.local").into());
            }
            15 => {
                // Nothing but the sign-in name.
                (user.mail, user.proxy_addresses, user.employee_id) = (None, Texts::default(), None);
                (account.mail, account.proxy_addresses, account.employee_id) =
                    (Known::Null, Known::Is(Texts::default()), Known::Null);
            }
            16 => {
                // Other addresses, a number in common.
                let n = self.next;
                user.employee_id = Some(format!("E{n}").into());
                account.employee_id = Known::Is(format!("E{n}").into());
                account.mail = Known::Is(format!("other{n}@x.example").into());
                account.proxy_addresses = Known::Is([format!("SMTP:other{n}@x.example")].into());
            }
            _ => {}
        }
        self.add_pair(user, account);
    }

    fn swapped_mails(&mut self) {
        let ((mut left, mine), (mut right, theirs)) = (self.pair(), self.pair());
        std::mem::swap(&mut left.mail, &mut right.mail);
        std::mem::swap(&mut left.proxy_addresses, &mut right.proxy_addresses);
        (left.employee_id, right.employee_id) = (None, None);
        self.add_pair(left, mine);
        self.add_pair(right, theirs);
    }

    fn swapped_mails_under_another_suffix(&mut self) {
        let ((mut left, mine), (mut right, theirs)) = (self.pair(), self.pair());
        std::mem::swap(&mut left.mail, &mut right.mail);
        std::mem::swap(&mut left.proxy_addresses, &mut right.proxy_addresses);
        for user in [&mut left, &mut right] {
            user.employee_id = None;
            user.upn = Some(format!("{}@corp.local", user.sam.as_deref().unwrap()).into());
        }
        self.add_pair(left, mine);
        self.add_pair(right, theirs);
    }

    /// Two AD users with the mail of one account.
    fn twin_in_ad(&mut self) {
        let ((user, account), (mut twin, _)) = (self.pair(), self.pair());
        (twin.mail, twin.proxy_addresses, twin.employee_id) = (user.mail.clone(), user.proxy_addresses.clone(), None);
        self.add_pair(user, account);
        self.add(twin, None);
    }

    /// An account with the name, another one with the number.
    fn twin_in_the_cloud(&mut self) {
        let ((mut user, namesake), (_, mut own)) = (self.pair(), self.pair());
        let number = format!("N{}", self.next);
        user.employee_id = Some(number.clone().into());
        own.employee_id = Known::Is(number.into());
        self.add(user, Some(&own));
        self.add_account(CloudUser { employee_id: Known::Null, ..namesake });
        self.add_account(own);
    }

    fn shared_mailbox(&mut self) -> CloudUser {
        let (_, mut shared) = self.pair();
        let name = format!("info{}@x.example", self.next);
        shared.upn = name.clone().into();
        shared.mail = Known::Is(name.clone().into());
        shared.proxy_addresses = Known::Is([format!("SMTP:{name}")].into());
        shared.employee_id = Known::Null;
        // How a shared mailbox looks depends on what may be read, and on who made it.
        match self.random() % 3 {
            0 => shared.traits_mut().mailbox_purpose = Known::Is("shared".into()),
            1 => shared.traits_mut().account_enabled = Known::Is(false),
            _ => {}
        }
        shared
    }

    fn shared_mailbox_as_mail(&mut self) {
        let shared = self.shared_mailbox();
        let (mut user, _) = self.pair();
        (user.mail, user.proxy_addresses) = (shared.mail.value().cloned(), Texts::default());
        self.add(user, None);
        self.add_account(shared);
    }

    fn shared_mailbox_under_another_suffix(&mut self) {
        let shared = self.shared_mailbox();
        let (mut user, _) = self.pair();
        user.upn = Some(format!("{}@corp.local", user.sam.as_deref().unwrap()).into());
        (user.mail, user.proxy_addresses) = (shared.mail.value().cloned(), Texts::default());
        self.add(user, None);
        self.add_account(shared);
    }

    /// Two users with the alias of a shared mailbox; only one of them has an account.
    fn shared_alias(&mut self) {
        let shared = self.shared_mailbox();
        let alias = format!("smtp:{}", shared.upn);
        let ((mut left, mine), (mut right, _)) = (self.pair(), self.pair());
        for user in [&mut left, &mut right] {
            user.proxy_addresses = user.proxy_addresses.iter().chain([&*alias]).collect();
        }
        self.add_pair(left, mine);
        self.add(right, None);
        self.add_account(shared);
    }

    fn guest(&mut self) {
        let (user, mut guest) = self.pair();
        guest.traits_mut().user_type = Known::Is(UserKind::Guest);
        guest.upn = format!("person{}_x.example#EXT#@x.onmicrosoft.com", self.next).into();
        self.add(user, None);
        self.add_account(guest);
    }

    /// The account of somebody of the same name, whose AD user is gone.
    fn name_of_one_who_left(&mut self) {
        let ((mut user, mut account), (gone, _)) = (self.pair(), self.pair());
        link(&gone, &mut account);
        account.sync_enabled = Known::Is(false);
        (user.employee_id, account.employee_id) = (None, Known::Null);
        self.add(user, None);
        self.add_account(account);
    }

    /// Each account has the ID of the other person.
    fn swapped_ids(&mut self) {
        let ((left, mut mine), (right, mut theirs)) = (self.pair(), self.pair());
        mine.immutable_id = Some(right.guid.immutable_id());
        theirs.immutable_id = Some(left.guid.immutable_id());
        self.add_pair(left, mine);
        self.add_pair(right, theirs);
    }

    /// Sync made a second account; the right one is that with the names.
    fn duplicate(&mut self) {
        let ((user, account), (_, mut wrong)) = (self.pair(), self.pair());
        link(&user, &mut wrong);
        wrong.upn = format!("person{}4711@x.onmicrosoft.com", self.next).into();
        (wrong.mail, wrong.proxy_addresses) = (Known::Null, Known::Is(Texts::default()));
        self.add_account(wrong);
        self.add_pair(user, account);
    }

    fn number_of_somebody_else(&mut self) {
        let ((mut user, mine), (other, mut theirs)) = (self.pair(), self.pair());
        let number = format!("N{}", self.next);
        user.employee_id = Some(number.clone().into());
        theirs.employee_id = Known::Is(number.into());
        self.add_pair(user, mine);
        self.add_pair(AdUser { employee_id: None, ..other }, theirs);
    }

    /// The sign-in name of a new AD user is an alias of an account that somebody else has.
    fn alias_of_somebody_else(&mut self) {
        let ((user, mut account), (mut newcomer, _)) = (self.pair(), self.pair());
        let alias = format!("smtp:{}", newcomer.upn.as_deref().unwrap());
        account.proxy_addresses = Known::Is(account.addresses().chain([&*alias]).collect());
        (newcomer.mail, newcomer.proxy_addresses, newcomer.employee_id) = (None, Texts::default(), None);
        self.add_pair(user, account);
        self.add(newcomer, None);
    }
}

/// As sync leaves a linked account.
fn link(user: &AdUser, account: &mut CloudUser) {
    account.immutable_id = Some(user.guid.immutable_id());
    account.sync_enabled = Known::Is(true);
    account.sid = user.sid.clone().map_or(Known::Null, Known::Is);
    account.object_identifier = Known::Is(user.guid);
}
