//! The ImmutableID that a mapping wants: that of its AD user, or that of its cloud user where AD is written.

use crate::model::{AnchorForm, AnchorOrigin, AnchorProblem, ObjectGuid, SourceAnchor, WriteSide};

use super::describe::ad_user_line;
use super::finding::{Code, Severity};
use super::link::Link;
use super::world::{AdRef, World};

/// The wanted ImmutableID: of the AD user, or of the cloud user when AD is to be written.
pub(super) fn resolve_anchor(link: &mut Link<'_>, world: &World) {
    match (link.mapping.write, link.ad) {
        (WriteSide::OnPrem, _) => anchor_from_cloud(link, world),
        (WriteSide::Cloud, Some(user)) => anchor_from_ad(link, user, world),
        (WriteSide::Cloud, None) => {}
    }
    raise_zeros(link);
}

/// Sync and whoever is matched by it would take everybody with such a value for one person.
fn raise_zeros(link: &mut Link<'_>) {
    let Some(anchor) = link.anchor.as_ref().filter(|anchor| anchor.guid.is_some_and(|guid| guid.is_zero())) else { return };
    let place = match anchor.origin {
        AnchorOrigin::ConsistencyGuid => "mS-DS-ConsistencyGuid of the AD user",
        AnchorOrigin::ObjectGuid => "objectGUID of the AD user",
        AnchorOrigin::Attribute => "the anchor attribute of the AD user",
        AnchorOrigin::Given => "the mapping",
        AnchorOrigin::Cloud => "the ImmutableID of the account",
    };
    let message = format!("{place} has a GUID of zeros, which is nobody's: a tool or an export wrote it in place of a value");
    let finding = link.finding(Code::AnchorInvalid, message);
    link.raise(finding.hint("Correct it there, or export it again from a domain controller."));
}

fn anchor_from_ad(link: &mut Link<'_>, user: AdRef, world: &World) {
    match world.forests.anchor(user) {
        Some(Ok(anchor)) => link.anchor = Some(anchor),
        Some(Err(problem)) => {
            let code = match &problem {
                AnchorProblem::Missing(_) | AnchorProblem::Marked(..) | AnchorProblem::NotExported(_) => Code::AnchorMissing,
                AnchorProblem::WrongLength(_) | AnchorProblem::ManyValues(..) | AnchorProblem::Custom(..) => Code::AnchorInvalid,
            };
            let finding = link.finding(code, problem.to_string()).objects(ad_user_line(user, world)).hint(anchor_hint(&problem));
            link.raise(finding);
        }
        None => {}
    }
}

/// How to export what PowerShell cannot print.
pub(super) const NOT_EXPORTED_HINT: &str = "Export it as a GUID: Select-Object …,@{n='mS-DS-ConsistencyGuid';e={if ($_.'mS-DS-ConsistencyGuid') \
     {[guid]$_.'mS-DS-ConsistencyGuid'}}} | Export-Csv …";

fn anchor_hint(problem: &AnchorProblem) -> String {
    let hint = "Correct the attribute in Active Directory, or choose another `anchor` for the forest if sync uses another.";
    match problem {
        // What PowerShell one-liners do that forget to decode.
        AnchorProblem::WrongLength(24) => {
            format!("24 bytes are what base64 text of a GUID takes: most likely the text was written, not the 16 bytes. {hint}")
        }
        AnchorProblem::NotExported(_) => NOT_EXPORTED_HINT.to_owned(),
        AnchorProblem::Missing(_)
        | AnchorProblem::Marked(..)
        | AnchorProblem::WrongLength(_)
        | AnchorProblem::ManyValues(..)
        | AnchorProblem::Custom(..) => hint.to_owned(),
    }
}

/// A slip in the cloud that a stamp would copy into AD.
fn raise_swapped(link: &mut Link<'_>, guid: ObjectGuid, world: &World) {
    if link.ad_user(world).is_some_and(|user| user.guid.byte_swapped() == guid) {
        let message = "the account carries the objectGUID of this AD user with the first three groups swapped (text order)";
        let hint = "Leave out `write: onPrem`: the right ID is then set in the cloud.";
        let finding = link.finding(Code::AnchorWrongByteOrder, message).hint(hint);
        link.raise(finding);
    }
}

fn anchor_from_cloud(link: &mut Link<'_>, world: &World) {
    let Some(account) = link.target_user(world) else { return };
    let Some(id) = &account.immutable_id else {
        let message = format!("{} has no ImmutableID that could be stamped on the AD user", account.upn);
        let finding =
            link.finding(Code::AnchorMissing, message).hint("Leave out `write: onPrem` to set the ID in the cloud instead.");
        link.raise(finding);
        return;
    };
    match AnchorForm::of(id) {
        AnchorForm::Guid(guid) => {
            raise_swapped(link, guid, world);
            link.anchor = Some(SourceAnchor::of_guid(guid, AnchorOrigin::Cloud));
        }
        AnchorForm::NotCanonical(_)
        | AnchorForm::GuidText(_)
        | AnchorForm::EncodedGuidText(_)
        | AnchorForm::BareHex { .. }
        | AnchorForm::Opaque => {
            let message = format!(
                "the ImmutableID `{id}` of {} is not the base64 of 16 bytes, so mS-DS-ConsistencyGuid cannot hold it",
                account.upn
            );
            let hint = "Link by the attribute that the value came from, or leave out `write: onPrem` to set the ID in the cloud.";
            // Accepting does not help here: AD can only hold bytes.
            let finding = link.finding(Code::AnchorOpaque, message).hint(hint).with_severity(Severity::Blocker);
            link.raise(finding);
        }
    }
}
