//! Whoever the policy protects is not written, whatever the configuration wants.

use hardmatch::model::Protected;
use hardmatch::plan::{Options, compute};
use proptest::prelude::*;

use crate::properties::{PEOPLE, case, entra};

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    /// As a target, as somebody who stands in the way, or as the target of another mapping.
    #[test]
    fn nobody_who_is_protected_is_written(mut case in case(), n in 0..PEOPLE) {
        case.desired.policy.protect = vec![Protected::Account(entra(n).to_string().into())];
        let body = compute(&case.desired, &mut case.observed.clone(), &Options::default()).unwrap();
        let written: Vec<_> = body.actions.iter().filter(|action| action.target.entra_id() == Some(entra(n))).collect();
        prop_assert!(written.is_empty(), "{written:#?}\n{case:?}");
    }
}
