//! From a run back to where it began: which run, in which tenant, and what is said when there is none.

use crate::common::{Hardmatch, Outcome};

const EXAMPLE: &str = "duplicate-account";

impl Hardmatch {
    /// Plans some of the mappings and carries that out.
    fn wave(&self, only: &str) {
        self.run(&["plan", "--only", only, "--out", "plan.json"]).expect(0);
        self.carry_out("plan.json");
    }

    fn carry_out(&self, plan: &str) {
        self.run(&["apply", plan, "--digest", &self.digest(plan)]).expect(0);
    }

    fn roll_back(&self, journal: &str, out: &str) -> Outcome {
        self.run(&["rollback", journal, "--out", out])
    }
}

#[test]
fn of_two_plans_under_one_name_the_earlier_is_undone_where_nothing_of_the_later_can_be() {
    let here = Hardmatch::example(EXAMPLE);
    here.wave("eve*");
    here.wave("james*");
    let both = here.roll_back("plan.journal.jsonl", "undo.json");
    both.expect(0).says(&["What 1 earlier plan in this journal did stands as well"]);
    here.edit("tenant.json", "5KfBsj9dikyeIX9tDEs6GQ==", "AAAAAAAAAEAAgAAAAAAAAA==");
    let earlier = here.roll_back("plan.journal.jsonl", "undo.json");
    earlier.expect(0).says(&["this goes back from the one before it", "AAAAAAAAAEAAgAAAAAAAAA=="]);
    here.carry_out("undo.json");
    let tenant: serde_json::Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    let users = tenant["users"].as_array().unwrap().iter();
    let holder = users.clone().find(|user| user["onPremisesImmutableId"] == "azydD6KBV060wC2ean8YNQ==");
    assert_eq!(holder.unwrap()["userPrincipalName"], "eve.trial@contoso.com");
}

#[test]
fn what_was_undone_and_done_again_is_undone_where_it_was_done_again() {
    let here = Hardmatch::example(EXAMPLE);
    here.wave("eve*");
    here.roll_back("plan.journal.jsonl", "undo.json").expect(0);
    here.carry_out("undo.json");
    here.roll_back("plan.journal.jsonl", "again.json").expect(0).shows(&["Nothing of what the run did is left to undo."]);
    here.roll_back("undo.journal.jsonl", "redo.json").expect(0);
    here.carry_out("redo.json");
    let done = here.read("tenant.json");
    here.roll_back("plan.journal.jsonl", "back.json").expect(3).says(&["hardmatch rollback redo.journal.jsonl"]);
    here.roll_back("redo.journal.jsonl", "back.json").expect(0);
    here.carry_out("back.json");
    assert_ne!(here.read("tenant.json"), done);
}

#[test]
fn a_copy_of_the_journal_is_told_too_that_the_run_is_undone() {
    let here = Hardmatch::example(EXAMPLE);
    here.wave("eve*");
    here.write("a-copy.journal.jsonl", here.read("plan.journal.jsonl"));
    here.roll_back("plan.journal.jsonl", "undo.json").expect(0);
    here.carry_out("undo.json");
    for journal in ["a-copy.journal.jsonl", "plan.journal.jsonl"] {
        assert!(here.read(journal).contains("rolledBack"), "{journal}");
    }
}

#[test]
fn a_run_in_another_tenant_is_refused_at_once() {
    let here = Hardmatch::example(EXAMPLE);
    here.wave("eve*");
    let tenant: serde_json::Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    let own = tenant["organization"]["id"].as_str().unwrap();
    let other = "99999999-2222-4333-8444-555555555555";
    here.edit("tenant.json", own, other);
    here.roll_back("plan.journal.jsonl", "undo.json").expect(6).says(&[own, other, "--config"]);
    assert!(!here.path().join("undo.json").exists());
}

#[test]
fn nothing_is_saved_under_the_name_of_a_journal() {
    let here = Hardmatch::example(EXAMPLE);
    here.wave("eve*");
    here.roll_back("plan.journal.jsonl", "undo.journal.jsonl").expect(3).says(&["has the name of a journal"]);
    here.run(&["plan", "--out", "wave.journal.jsonl"]).expect(3).says(&["has the name of a journal"]);
}

#[test]
fn a_plan_that_was_rolled_back_is_not_carried_out_again_in_another_folder() {
    let here = Hardmatch::example(EXAMPLE);
    here.wave("eve*");
    let plan = here.read("plan.json");
    here.roll_back("plan.journal.jsonl", "undo.json").expect(0);
    here.carry_out("undo.json");
    let undone = here.read("tenant.json");
    std::fs::create_dir(here.path().join("x")).unwrap();
    for copy in ["plan.json", "x/plan.json"] {
        here.write(copy, &plan);
        let again = here.run(&["apply", copy, "--digest", &here.digest("plan.json")]);
        again.expect(6).says(&["was undone at", "plan.journal.jsonl"]);
    }
    assert_eq!(here.read("tenant.json"), undone);
    here.wave("eve*");
    assert_ne!(here.read("tenant.json"), undone, "planned again, it is wanted again");
}
