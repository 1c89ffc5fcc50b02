//! The copy of an account that is made before it is deleted: the whole user, or none.

use serde_json::{Value, json};

use crate::directory::ports::DirectoryError;
use crate::model::EntraId;
use crate::model::text::{counted, some_of};

use super::call::{Call, Version};
use super::client::Client;
use super::rights::READ_USERS;
use super::{cost, list};

/// What a backup holds of a user beside groups and roles.
const EXPORTED: &str = "id,userPrincipalName,displayName,givenName,surname,mail,mailNickname,proxyAddresses,otherMails,imAddresses,\
accountEnabled,userType,creationType,createdDateTime,deletedDateTime,employeeId,employeeType,department,companyName,jobTitle,officeLocation,\
city,country,state,streetAddress,postalCode,usageLocation,preferredLanguage,businessPhones,mobilePhone,faxNumber,ageGroup,\
assignedLicenses,assignedPlans,licenseAssignmentStates,identities,passwordPolicies,showInAddressList,onPremisesImmutableId,\
onPremisesSyncEnabled,onPremisesSecurityIdentifier,onPremisesDistinguishedName,onPremisesDomainName,onPremisesSamAccountName,\
onPremisesUserPrincipalName,onPremisesLastSyncDateTime,onPremisesExtensionAttributes,onPremisesProvisioningErrors";

/// The whole user, live or deleted, with its groups; roles are added by the caller.
pub(super) async fn export(client: &Client, id: &EntraId) -> Result<Value, DirectoryError> {
    let text = id.to_string();
    let live = Call::get(Version::V1, &["users", &text]).select(EXPORTED).about(*id);
    match client.send(&live).await {
        Ok(reply) => {
            let user = user(&live, &reply.body)?;
            Ok(json!({ "user": user, "memberOf": groups(client, &text).await? }))
        }
        Err(error) if error.is_missing() => {
            let bin = ["directory", "deletedItems", &text, "microsoft.graph.user"];
            let bin = Call::get(Version::V1, &bin).select(EXPORTED).about(*id);
            let reply = client.send(&bin).await.map_err(|error| error.of_read(READ_USERS))?;
            // Of a deleted account Graph shows no groups.
            Ok(json!({ "user": user(&bin, &reply.body)?, "memberOf": null }))
        }
        Err(error) => Err(error.of_read(READ_USERS)),
    }
}

fn user(call: &Call, body: &[u8]) -> Result<Value, DirectoryError> {
    let user: Value = list::parse(call, body).map_err(|error| error.of_read(READ_USERS))?;
    whole(&user).map_err(DirectoryError::Unusable)?;
    Ok(user)
}

/// Whether an answer tells all that was asked for: what is empty is told as null, and the copy is all that will be left.
fn whole(user: &Value) -> Result<(), String> {
    let missing: Vec<&str> = EXPORTED.split(',').filter(|name| user.get(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(format!("Microsoft Graph left out {} of it: {}", counted(missing.len(), "property"), some_of(&missing)));
    }
    let is_named = user.get("userPrincipalName").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    if is_named { Ok(()) } else { Err("Microsoft Graph told no `userPrincipalName` of it".to_owned()) }
}

async fn groups(client: &Client, user: &str) -> Result<Vec<Value>, DirectoryError> {
    let groups = Call::get(Version::V1, &["users", user, "memberOf"]).select("id,displayName").top(cost::PAGE);
    let groups: Vec<Value> = client.list(&groups).await.map_err(|error| error.of_read(READ_USERS))?;
    if groups.iter().all(|group| group.get("id").is_some_and(Value::is_string)) {
        return Ok(groups);
    }
    Err(DirectoryError::Unusable("Microsoft Graph told of a group or role that it is in, but not which".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_a_property_is_not_the_whole_user() {
        let told: serde_json::Map<String, Value> = EXPORTED.split(',').map(|name| (name.to_owned(), Value::Null)).collect();
        let named = |name: Value| {
            let mut user = told.clone();
            user.insert("userPrincipalName".into(), name);
            user
        };
        let all = named("eve@x.example".into());
        whole(&all.clone().into()).unwrap();
        for name in EXPORTED.split(',') {
            let mut user = all.clone();
            user.remove(name);
            let said = whole(&user.into()).unwrap_err();
            assert_eq!(said, format!("Microsoft Graph left out 1 property of it: {name}"));
        }
        for name in [Value::Null, "".into(), 7.into()] {
            assert!(whole(&named(name).into()).unwrap_err().contains("`userPrincipalName`"));
        }
        let most = whole(&json!({ "id": "7", "displayName": "Eve" })).unwrap_err();
        assert!(most.contains("left out 46 properties of it: userPrincipalName, givenName"), "{most}");
    }
}
