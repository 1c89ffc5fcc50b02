//! The user: <https://learn.microsoft.com/en-us/graph/api/resources/user> and
//! <https://learn.microsoft.com/en-us/graph/aad-advanced-queries>.

use super::{Entity, Kind, Need, Property, Write, property};

use Kind::{Bool, Date, Int, Object, Objects, Text, Texts};
use Need::{Advanced, AdvancedIfStrict, Plain};
use Write::{Always, Cloud, OnPremises};

/// A text that people edit, with the operators most of them have.
const fn text(name: &'static str) -> Property {
    property(name, Text).write(Cloud).eq(Plain).null(Advanced).range(Advanced).starts(Plain)
}

/// What people write about themselves: no filters, and mastered in the cloud.
const fn profile(name: &'static str, kind: Kind) -> Property {
    property(name, kind).write(Always)
}

/// The user.
pub(crate) static USER: Entity =
    Entity { type_name: "microsoft.graph.user", resource: "User", set: "users", properties: PROPERTIES };

const PROPERTIES: &[Property] = &[
    property("businessPhones", Texts).by_default().write(Cloud),
    text("displayName").by_default().sort(Plain),
    text("givenName").by_default(),
    text("jobTitle").by_default(),
    text("mail").by_default().range(Plain).ends(Advanced).sort(Advanced),
    property("mobilePhone", Text).by_default().write(Cloud).eq(Advanced).starts(Advanced),
    property("officeLocation", Text).by_default().write(Cloud).eq(Advanced).starts(Advanced),
    text("preferredLanguage").by_default(),
    text("surname").by_default(),
    property("userPrincipalName", Text).by_default().write(Cloud).eq(Plain).range(Plain).starts(Plain).ends(Advanced).sort(Plain),
    property("id", Text).by_default().eq(Plain),
    // what links an account to Active Directory
    property("onPremisesImmutableId", Text).write(Cloud).eq(AdvancedIfStrict).null(AdvancedIfStrict).range(Advanced),
    property("onPremisesSyncEnabled", Bool).eq(Plain).null(Plain).range(Advanced),
    property("onPremisesSecurityIdentifier", Text).write(OnPremises).eq(Plain).null(Advanced),
    property("onPremisesSamAccountName", Text).write(OnPremises).eq(Advanced).range(Advanced).starts(Advanced),
    property("onPremisesUserPrincipalName", Text).write(OnPremises).eq(Plain).range(Plain).starts(Plain),
    property("onPremisesDistinguishedName", Text).write(OnPremises),
    property("onPremisesDomainName", Text).write(OnPremises),
    property("onPremisesObjectIdentifier", Text).beta().write(OnPremises),
    property("onPremisesLastSyncDateTime", Date).eq(Advanced).range(Advanced),
    property("onPremisesExtensionAttributes", Object).write(Cloud).eq(Advanced).null(Advanced).starts(Advanced),
    property("onPremisesProvisioningErrors", Objects).eq(Plain),
    property("serviceProvisioningErrors", Objects).eq(Plain),
    // addresses
    property("proxyAddresses", Texts).eq(Plain).starts(Plain).ends(Advanced),
    property("otherMails", Texts).write(Always).eq(Plain).starts(Plain).ends(Advanced),
    text("mailNickname"),
    property("imAddresses", Texts).eq(Plain).starts(Plain),
    // state
    property("accountEnabled", Bool).write(Cloud).eq(Plain).range(Advanced),
    property("userType", Text).write(Always).eq(Plain).null(Advanced),
    text("employeeId"),
    text("employeeType"),
    property("employeeHireDate", Date).write(Cloud).eq(Advanced).range(Advanced),
    property("employeeLeaveDateTime", Date).write(Cloud).eq(Advanced).range(Advanced),
    property("employeeOrgData", Object).write(Cloud).eq(Advanced),
    property("createdDateTime", Date).eq(Plain).range(Plain).sort(Advanced),
    property("deletedDateTime", Date).eq(Plain).null(Plain).range(Plain).sort(Advanced),
    property("assignedLicenses", Objects).eq(Plain),
    property("assignedPlans", Objects).eq(Advanced),
    property("provisionedPlans", Objects).eq(Advanced),
    property("licenseAssignmentStates", Objects),
    property("signInActivity", Object).eq(Plain).range(Plain),
    property("signInSessionsValidFromDateTime", Date),
    property("lastPasswordChangeDateTime", Date),
    property("creationType", Text).eq(Plain),
    property("externalUserState", Text).eq(Advanced),
    property("externalUserStateChangeDateTime", Text),
    property("identities", Objects).write(Cloud).eq(Plain),
    property("identityParentId", Text),
    property("isManagementRestricted", Bool).eq(Advanced),
    property("isResourceAccount", Bool),
    property("securityIdentifier", Text),
    property("authorizationInfo", Object).write(Cloud),
    property("customSecurityAttributes", Object).write(Always),
    property("passwordPolicies", Text).write(Always),
    property("passwordProfile", Object).write(Always),
    property("showInAddressList", Bool).write(Always),
    property("mailboxSettings", Object),
    property("deviceEnrollmentLimit", Int).never_null(),
    property("print", Object),
    // where somebody works
    text("city"),
    text("companyName"),
    text("country"),
    text("department").sort(Advanced),
    text("faxNumber"),
    text("postalCode"),
    text("state"),
    text("streetAddress"),
    property("usageLocation", Text).write(Always).eq(Plain).null(Advanced).starts(Plain),
    property("preferredDataLocation", Text).write(Always),
    // age
    property("ageGroup", Text).write(Always).eq(Plain),
    property("consentProvidedForMinor", Text).write(Always).eq(Plain),
    property("legalAgeGroupClassification", Text),
    // profile
    profile("aboutMe", Text),
    profile("birthday", Date).never_null(),
    profile("hireDate", Date).never_null(),
    profile("interests", Texts),
    profile("mySite", Text),
    profile("pastProjects", Texts),
    profile("preferredName", Text),
    profile("responsibilities", Texts),
    profile("schools", Texts),
    profile("skills", Texts),
];
