//! An explanation for people: what is said in which order, and names that try to become commands.

use super::hostile::HOSTILE;
use super::*;
use crate::model::questions::Questions;
use crate::model::*;
use crate::plan::explain::{Explanation, HeldValue, Holder, ValueKind, Wanted, explain};

const GUID: &str = "f5057fee-4c3e-4459-82dd-21250b729601";
const ANN: &str = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";
const TWIN: &str = "7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1";

/// Both directories with somebody of this name, and two accounts that compete.
fn observed(name: &str) -> Observed {
    let mut user = AdUser::new(GUID.parse().unwrap(), "CN=Ann,OU=Staff,DC=corp".parse().unwrap());
    (user.sam, user.upn) = (Some(name.into()), Some(format!("{name}@x.example").into()));
    user.mail = Some(format!("{name}@x.example").into());
    user.proxy_addresses = [format!("smtp:{name}.alias@x.example")].into();
    user.sid = Some("S-1-5-21-1-2-3-1104".parse().unwrap());
    let mut ann = CloudUser::new(ANN.parse().unwrap(), &format!("{name}@x.example"), ImmutableId::stored("stale value"));
    ann.display_name = Some(name.into());
    let guid: ObjectGuid = GUID.parse().unwrap();
    let mut twin = CloudUser::new(TWIN.parse().unwrap(), &format!("{name}4711@x.onmicrosoft.com"), Some(guid.immutable_id()));
    (twin.sync_enabled, twin.sid) = (Known::Is(true), Known::Is("S-1-5-21-1-2-3-1104".parse().unwrap()));
    twin.traits_mut().provisioning_errors = Known::Is(
        [ProvisioningError { property: Some("UserPrincipalName".into()), value: Some(name.into()), ..Default::default() }].into(),
    );
    let group = OtherObject {
        kind: OtherKind::Group,
        id: "8ea91a8d-e32e-41a1-b7bd-d2d185eed0e2".parse().unwrap(),
        display_name: Some(name.into()),
        mail: Some(format!("{name}.alias@x.example").into()),
        proxy_addresses: Texts::default(),
        members: None,
    };
    let domain = |name: &str| Domain { name: name.into(), verified: true, federated: Some(false), initial: false };
    let tenant = ObservedTenant {
        initial_domain: Some("x.onmicrosoft.com".into()),
        domains: Some(vec![domain("x.example"), domain("x.onmicrosoft.com")]),
        users: vec![ann, twin],
        others: vec![group],
        groups_read: true,
        contacts_read: true,
        roles: Some(Vec::new()),
        ..ObservedTenant::default()
    };
    let forest = ObservedForest { name: "corp".into(), users: vec![user], ..ObservedForest::default() };
    Observed { forests: vec![forest], tenant }
}

fn desired(name: &str) -> Desired {
    let key = OnPremKey::Guid(GuidInput::Guid(GUID.parse().unwrap()));
    let on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: name.into() });
    let cloud = CloudSelector { key: CloudKey::Id(ANN.parse().unwrap()), text: name.into() };
    let mapping = Mapping::new(Source { file: "hardmatch.yaml".into(), line: 7 }, on_prem, cloud);
    Desired { mappings: vec![mapping], ..Desired::default() }
}

fn explanation(name: &str, desired: &Desired, on_prem: bool) -> Explanation {
    let on_prem = on_prem.then(|| OnPremKey::Guid(GuidInput::Guid(GUID.parse().unwrap())));
    let wanted = Wanted { text: name.into(), on_prem, cloud: vec![CloudKey::Id(ANN.parse().unwrap())], forest: None };
    *explain(desired, observed(name), &wanted, &Questions::default()).0.unwrap()
}

fn shown(explanation: &Explanation, style: Style) -> String {
    let mut out = Vec::new();
    explanation_human(explanation, &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(name: &str, desired: &Desired, on_prem: bool) -> String {
    shown(&explanation(name, desired, on_prem), PLAIN)
}

#[test]
fn an_explanation_reads_from_the_ad_user_to_the_cure() {
    insta::assert_snapshot!(text("ann", &desired("ann"), true), @r#"
    hardmatch explain ann in x.onmicrosoft.com

    AD user
      DN              CN=Ann,OU=Staff,DC=corp
      forest          corp
      objectGUID      f5057fee-4c3e-4459-82dd-21250b729601
      sAMAccountName  ann
      sign-in name    ann@x.example
      mail            ann@x.example
      SID             S-1-5-21-1-2-3-1104
      state           not read whether it is enabled

    Source anchor
      ImmutableID     7n8F9T5MWUSC3SElC3KWAQ==
      GUID            f5057fee-4c3e-4459-82dd-21250b729601
      from            objectGUID
                      mS-DS-ConsistencyGuid is empty, so objectGUID counts
      LDAP filter     (objectGUID=\ee\7f\05\f5\3e\4c\59\44\82\dd\21\25\0b\72\96\01)

    Who in the cloud holds what
      ImmutableID 7n8F9T5MWUSC3SElC3KWAQ== (not read: the recycle bin)
        - ann4711@x.onmicrosoft.com (id 7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1,
          synced)
      the same in another spelling, case or byte order: nobody; not read: the
      recycle bin
      sign-in name ann@x.example (not read: the recycle bin)
        - ann@x.example (id 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0)
      address smtp:ann.alias@x.example (not read: the recycle bin)
        - group ann (id 8ea91a8d-e32e-41a1-b7bd-d2d185eed0e2)
      address ann@x.example (not read: the recycle bin)
        - ann@x.example (id 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0), as its sign-in
          name
      SID S-1-5-21-1-2-3-1104 (not read: the recycle bin)
        - ann4711@x.onmicrosoft.com (id 7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1,
          synced)

    What the next sync does, as things stand
      already linked ann4711@x.onmicrosoft.com: the account is synced under this
      very anchor: sync updates its attributes

    Why it is not linked
      Its anchor is on ann4711@x.onmicrosoft.com (id
      7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1, synced), a duplicate: its placeholder
      name says that sync made it while the right name was taken. Sync has linked
      the AD user to it, and not the account that has its name or address.
      ann@x.example (id 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0) has the sign-in name,
      but it carries another ImmutableID: `stale value`, no GUID and no anchor of
      these forests: perhaps of another identity provider. Soft match takes only
      accounts without one, so it is passed over.

    Accounts that take part
      ann@x.example
        object id       6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0
        sync            whether it is synced was not read
        ImmutableID     stale value
                        no GUID and no anchor of these forests: perhaps of another
                        identity provider
        SID             not read
        AD object       not read
      ann4711@x.onmicrosoft.com
        object id       7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1
        sync            synced
        ImmutableID     7n8F9T5MWUSC3SElC3KWAQ==
                        the source anchor of the AD user
        SID             S-1-5-21-1-2-3-1104, that of the AD user
        AD object       not read
        ! Entra withholds the sign-in name ann

    In your configuration
      x blocked  ann  hardmatch.yaml:7
        blocker anchor-opaque: ann@x.example carries the ImmutableID `stale value`,
                               which is no GUID; a federated identity provider may
                               sign the person in by it
          hint: Find out who set it. If nothing depends on it any more, write
                `accept: [anchor-opaque]` with `because`.
        blocker holder-synced: ann4711@x.onmicrosoft.com is synced and holds the
                               wanted ImmutableID; only sync can release it
          - ann4711@x.onmicrosoft.com (id 7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1,
            synced)
          hint: Take the AD user out of sync first, so that this account goes to the
                recycle bin; then it can be dealt with here.
          1. Move CN=Ann,OU=Staff,DC=corp of forest corp, which is linked to
             ann4711@x.onmicrosoft.com, out of the scope of sync (filter, group or
             OU).
          2. Once that is done for every mapping with such steps, run a sync cycle:
             the account goes to the recycle bin. Sometimes it takes a second one.
          3. Decide on it under `holders` of this mapping (account
             7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1).
          4. Run `hardmatch plan` again, on a new export where it reads one: it
             checks that the account is no longer synced.
          5. After `hardmatch apply` of a plan that asks for no more steps, bring
             the AD user of this mapping into the scope of sync (again) and run a
             cycle: `hardmatch verify` then says linked.

    Explain ann: its anchor is on the wrong account
    "#);
}

#[test]
fn a_cloud_user_is_shown_with_its_ad_user_in_short() {
    insta::assert_snapshot!(text("ann", &Desired::default(), false), @r#"
    hardmatch explain ann in x.onmicrosoft.com

    Cloud user
      sign-in name    ann@x.example
      object id       6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0
      sync            whether it is synced was not read
      ImmutableID     stale value
                      no GUID and no anchor of these forests: perhaps of another
                      identity provider
      SID             not read
      AD object       not read

    AD users with its values
      ImmutableID stale value: nobody
      the same in another spelling, case or byte order: nobody
      sign-in name ann@x.example
        - CN=Ann,OU=Staff,DC=corp (forest corp, objectGUID
          f5057fee-4c3e-4459-82dd-21250b729601)

    AD user
      DN              CN=Ann,OU=Staff,DC=corp
      forest          corp
      objectGUID      f5057fee-4c3e-4459-82dd-21250b729601
      sAMAccountName  ann
      sign-in name    ann@x.example
      mail            ann@x.example
      SID             S-1-5-21-1-2-3-1104
      state           not read whether it is enabled

    Source anchor
      ImmutableID     7n8F9T5MWUSC3SElC3KWAQ==
      GUID            f5057fee-4c3e-4459-82dd-21250b729601
      from            objectGUID
                      mS-DS-ConsistencyGuid is empty, so objectGUID counts
      LDAP filter     (objectGUID=\ee\7f\05\f5\3e\4c\59\44\82\dd\21\25\0b\72\96\01)

    What the next sync does, as things stand
      already linked ann4711@x.onmicrosoft.com: the account is synced under this
      very anchor: sync updates its attributes

    Why it is not linked
      Its anchor is on ann4711@x.onmicrosoft.com (id
      7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1, synced), a duplicate: its placeholder
      name says that sync made it while the right name was taken. Sync has linked
      the AD user to it, and not the account that has its name or address.
      ann@x.example (id 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0) has the sign-in name,
      but it carries another ImmutableID: `stale value`, no GUID and no anchor of
      these forests: perhaps of another identity provider. Soft match takes only
      accounts without one, so it is passed over.

    Accounts that take part
      ann4711@x.onmicrosoft.com
        object id       7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1
        sync            synced
        ImmutableID     7n8F9T5MWUSC3SElC3KWAQ==
                        the source anchor of the AD user
        SID             S-1-5-21-1-2-3-1104, that of the AD user
        AD object       not read
        ! Entra withholds the sign-in name ann

    Whose account it could be: somebody has to decide
      2 accounts have something of this AD user
      ann4711@x.onmicrosoft.com, synced: its ImmutableID is the source anchor, same
      SID
        - { onPrem: { guid: f5057fee-4c3e-4459-82dd-21250b729601, forest: corp }, cloud: 7ea91a8d-e32e-41a1-b7bd-d2d185eed0e1 }
      ann@x.example: same sign-in name
        - { onPrem: { guid: f5057fee-4c3e-4459-82dd-21250b729601, forest: corp }, cloud: 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0 }

    Explain ann: its anchor is on the wrong account
    "#);
}

#[test]
fn hostile_names_stay_values_in_an_explanation() {
    for (desired, on_prem) in [(desired(HOSTILE), true), (Desired::default(), true), (desired(HOSTILE), false)] {
        let text = text(HOSTILE, &desired, on_prem);
        harmless::no_commands(&text);
        assert!(text.contains("\\u{202e}"));
        assert_eq!(text.lines().filter(|line| line.starts_with("Explain ")).count(), 1);
    }
}

#[test]
fn of_everything_that_somebody_may_have_any_number_of_some_is_shown() {
    let mut explanation = explanation("ann", &desired("ann"), true);
    let many = || 0..500;
    let user = explanation.ad_user.as_mut().unwrap();
    user.anchor.shared_with = many().map(|n| format!("CN=twin{n}")).collect();
    user.overwrites = many().map(|n| format!("change {n}")).collect();
    user.values.clear();
    let holders: Vec<Holder> = many().map(|n| Holder { id: n.to_string(), line: format!("holder {n}") }).collect();
    for kind in [ValueKind::PrimaryAddress, ValueKind::Address] {
        let value = |n| HeldValue { holders: holders.clone(), kind, not_read: Vec::new(), value: format!("a{n}@x.example") };
        user.values.extend(many().map(value));
    }
    explanation.accounts = many().map(|_| explanation.accounts[0].clone()).collect();
    explanation.mappings = many().map(|_| explanation.mappings[0].clone()).collect();
    explanation.mappings[0].actions = (0..500).map(|_| crate::planfile::sample::sample().body.actions[0].clone()).collect();
    let (short, all) = (shown(&explanation, PLAIN), shown(&explanation, Style { all: true, ..PLAIN }));
    assert!(short.lines().count() < 800, "{}", short.lines().count());
    for what in [
        "AD users with this anchor",
        "changes",
        "who have it",
        "primary addresses",
        "addresses",
        "accounts",
        "mappings",
        "actions",
    ] {
        assert!(short.contains(&format!("and 490 more {what}\n")), "{what}");
    }
    assert!(all.lines().count() > 500_000 && !all.contains("490 more"));
}
