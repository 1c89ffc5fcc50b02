//! The types beside the user, with what clients of the directory ask of them.

use super::{Entity, Kind, Need, Property, property};

use Kind::{Bool, Date, Int, Object, Objects, Text, Texts};
use Need::{Advanced, Plain};

const fn key(name: &'static str) -> Property {
    property(name, Text).by_default().eq(Plain)
}

const fn text(name: &'static str) -> Property {
    property(name, Text).by_default().eq(Plain).null(Advanced).starts(Plain)
}

const fn other(name: &'static str, kind: Kind) -> Property {
    property(name, kind).by_default()
}

/// Something that sync may own: groups and contacts share these.
const fn synced(name: &'static str, kind: Kind) -> Property {
    property(name, kind).by_default().eq(Plain).null(Plain)
}

const ADDRESSES: Property = property("proxyAddresses", Texts).by_default().eq(Plain).starts(Plain).ends(Advanced);

/// A group.
pub(crate) static GROUP: Entity =
    Entity { type_name: "microsoft.graph.group", resource: "Group", set: "groups", properties: GROUP_PROPERTIES };

const GROUP_PROPERTIES: &[Property] = &[
    key("id"),
    other("deletedDateTime", Date),
    other("classification", Text),
    other("createdDateTime", Date),
    text("description"),
    text("displayName").sort(Plain),
    property("groupTypes", Texts).by_default().eq(Plain),
    property("isAssignableToRole", Bool).by_default().eq(Plain),
    text("mail"),
    property("mailEnabled", Bool).by_default().eq(Plain),
    text("mailNickname"),
    synced("onPremisesDomainName", Text),
    synced("onPremisesLastSyncDateTime", Date),
    synced("onPremisesNetBiosName", Text),
    synced("onPremisesSamAccountName", Text),
    synced("onPremisesSecurityIdentifier", Text),
    synced("onPremisesSyncEnabled", Bool),
    ADDRESSES,
    property("securityEnabled", Bool).by_default().eq(Plain),
    other("securityIdentifier", Text),
    other("visibility", Text),
    other("onPremisesProvisioningErrors", Objects),
];

/// A mail contact.
pub(crate) static CONTACT: Entity =
    Entity { type_name: "microsoft.graph.orgContact", resource: "Contact", set: "contacts", properties: CONTACT_PROPERTIES };

const CONTACT_PROPERTIES: &[Property] = &[
    key("id"),
    other("deletedDateTime", Date),
    text("companyName"),
    text("department"),
    text("displayName").sort(Plain),
    text("givenName"),
    text("jobTitle"),
    text("mail"),
    text("mailNickname"),
    ADDRESSES,
    text("surname"),
    synced("onPremisesLastSyncDateTime", Date),
    synced("onPremisesSyncEnabled", Bool),
    other("onPremisesProvisioningErrors", Objects),
    other("addresses", Objects),
    other("phones", Objects),
];

/// A domain.
pub(crate) static DOMAIN: Entity =
    Entity { type_name: "microsoft.graph.domain", resource: "Domain", set: "domains", properties: DOMAIN_PROPERTIES };

const DOMAIN_PROPERTIES: &[Property] = &[
    key("authenticationType"),
    other("availabilityStatus", Text),
    key("id"),
    property("isAdminManaged", Bool).by_default().eq(Plain),
    property("isDefault", Bool).by_default().eq(Plain),
    property("isInitial", Bool).by_default().eq(Plain),
    property("isRoot", Bool).by_default().eq(Plain),
    property("isVerified", Bool).by_default().eq(Plain),
    other("manufacturer", Text),
    other("model", Text),
    other("passwordNotificationWindowInDays", Int),
    other("passwordValidityPeriodInDays", Int),
    other("supportedServices", Texts),
    other("state", Object),
];

/// How a domain is federated.
pub(crate) static FEDERATION: Entity = Entity {
    type_name: "microsoft.graph.internalDomainFederation",
    resource: "InternalDomainFederation",
    set: "internalDomainFederations",
    properties: &[
        key("id"),
        other("displayName", Text),
        other("issuerUri", Text),
        other("passiveSignInUri", Text),
        other("preferredAuthenticationProtocol", Text).never_null(),
        other("signOutUri", Text),
    ],
};

/// The tenant.
pub(crate) static ORGANIZATION: Entity = Entity {
    type_name: "microsoft.graph.organization",
    resource: "Organization",
    set: "organization",
    properties: &[
        key("id"),
        other("deletedDateTime", Date),
        other("assignedPlans", Objects),
        other("businessPhones", Texts),
        other("city", Text),
        other("country", Text),
        other("countryLetterCode", Text),
        other("createdDateTime", Date),
        other("defaultUsageLocation", Text),
        text("displayName"),
        other("marketingNotificationEmails", Texts),
        other("mobileDeviceManagementAuthority", Text).never_null(),
        other("onPremisesLastSyncDateTime", Date),
        other("onPremisesSyncEnabled", Bool),
        other("partnerTenantType", Text).never_null(),
        other("postalCode", Text),
        other("preferredLanguage", Text),
        other("privacyProfile", Object),
        other("provisionedPlans", Objects),
        other("securityComplianceNotificationMails", Texts),
        other("securityComplianceNotificationPhones", Texts),
        other("state", Text),
        other("street", Text),
        other("technicalNotificationMails", Texts),
        other("tenantType", Text),
        other("verifiedDomains", Objects),
    ],
};

/// Directory synchronisation.
pub(crate) static SYNCHRONIZATION: Entity = Entity {
    type_name: "microsoft.graph.onPremisesDirectorySynchronization",
    resource: "OnPremisesDirectorySynchronization",
    set: "directory/onPremisesSynchronization",
    properties: &[key("id"), other("configuration", Object), other("features", Object)],
};

/// A role that somebody holds.
pub(crate) static ROLE_ASSIGNMENT: Entity = Entity {
    type_name: "microsoft.graph.unifiedRoleAssignment",
    resource: "unifiedRoleAssignment",
    set: "roleManagement/directory/roleAssignments",
    properties: &[
        key("id"),
        key("principalId"),
        key("roleDefinitionId"),
        key("directoryScopeId"),
        other("appScopeId", Text),
        property("roleDefinition", Object).eq(Plain),
        property("principal", Object),
    ],
};

/// A role that somebody may activate.
pub(crate) static ELIGIBILITY: Entity = Entity {
    type_name: "microsoft.graph.unifiedRoleEligibilitySchedule",
    resource: "unifiedRoleEligibilitySchedule",
    set: "roleManagement/directory/roleEligibilitySchedules",
    properties: &[
        key("id"),
        key("principalId"),
        key("roleDefinitionId"),
        key("directoryScopeId"),
        other("appScopeId", Text),
        other("createdDateTime", Date),
        key("memberType"),
        key("status"),
        other("scheduleInfo", Object),
        other("startDateTime", Date),
        other("endDateTime", Date),
        other("roleEligibilityScheduleId", Text),
        property("roleDefinition", Object).eq(Plain),
        property("principal", Object),
    ],
};

/// A role.
pub(crate) static ROLE_DEFINITION: Entity = Entity {
    type_name: "microsoft.graph.unifiedRoleDefinition",
    resource: "unifiedRoleDefinition",
    set: "roleManagement/directory/roleDefinitions",
    properties: &[
        key("id"),
        other("description", Text),
        text("displayName"),
        property("isBuiltIn", Bool).by_default().eq(Plain),
        property("isEnabled", Bool).by_default().eq(Plain),
        property("isPrivileged", Bool).by_default().beta().eq(Plain),
        key("templateId"),
        other("version", Text),
        other("resourceScopes", Texts),
        other("rolePermissions", Objects),
    ],
};

/// Any object: what all kinds have in common.
pub(crate) static DIRECTORY_OBJECT: Entity = Entity {
    type_name: "microsoft.graph.directoryObject",
    resource: "DirectoryObject",
    set: "directoryObjects",
    properties: &[key("id"), other("deletedDateTime", Date)],
};

/// A role that was activated in the tenant.
pub(crate) static DIRECTORY_ROLE: Entity = Entity {
    type_name: "microsoft.graph.directoryRole",
    resource: "DirectoryRole",
    set: "directoryRoles",
    properties: &[
        key("id"),
        other("deletedDateTime", Date),
        other("description", Text),
        text("displayName"),
        key("roleTemplateId"),
    ],
};

/// The licences of a user.
pub(crate) static LICENSE: Entity = Entity {
    type_name: "microsoft.graph.licenseDetails",
    resource: "LicenseDetails",
    set: "users/licenseDetails",
    properties: &[key("id"), other("skuId", Text), other("skuPartNumber", Text), other("servicePlans", Objects)],
};

/// A licence that the tenant has.
pub(crate) static SUBSCRIBED_SKU: Entity = Entity {
    type_name: "microsoft.graph.subscribedSku",
    resource: "SubscribedSku",
    set: "subscribedSkus",
    properties: &[
        other("accountName", Text),
        other("accountId", Text),
        other("appliesTo", Text),
        other("capabilityStatus", Text),
        other("consumedUnits", Int),
        key("id"),
        other("skuId", Text),
        other("skuPartNumber", Text),
        other("subscriptionIds", Texts),
        other("prepaidUnits", Object),
        other("servicePlans", Objects),
    ],
};

/// A record of the audit log.
pub(crate) static AUDIT: Entity = Entity {
    type_name: "microsoft.graph.directoryAudit",
    resource: "DirectoryAudit",
    set: "auditLogs/directoryAudits",
    properties: &[
        key("id"),
        key("category"),
        key("correlationId"),
        other("result", Text),
        other("resultReason", Text),
        text("activityDisplayName"),
        property("activityDateTime", Date).by_default().eq(Plain).range(Plain).sort(Plain),
        key("loggedByService"),
        other("operationType", Text),
        property("initiatedBy", Object).by_default().eq(Plain),
        property("targetResources", Objects).by_default().eq(Plain),
        other("additionalDetails", Objects),
    ],
};
