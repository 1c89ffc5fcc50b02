//! What `graph-emulator --help` says about the fault script and the calls beside the API.

/// A header that Graph sends with every answer.
pub(crate) const DIAGNOSTIC: &str =
    r#"{"ServerInfo":{"DataCenter":"Loopback","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EMULATOR"}}"#;

/// The long help.
pub const SCRIPT: &str = r#"The fault script (--faults FILE, or POST /__emulator/faults to replace it) is a JSON object.
Every key is optional; the values shown are the defaults.

{
  "faults": [                         rules; the first that answers wins, side effects of all count
    { "method": "PATCH",              which requests: method,
      "path": "/users/*",             path without version and query, with * and ?,
      "batch": true,                  only items of a batch (false: only requests of their own),
      "after": 0, "nth": 2,           let some pass first; only the n-th after that,
      "every": 3, "times": 5,         every third; five times at most
      "answer": { "status": 429, "retryAfter": 2 },
                                      also: "retryAfterDate" (HTTP date so many seconds ahead), "code", "message",
                                      "html": true (a gateway's page), "afterWrite": true (carried out all the same)
      "reset": "afterWrite",          reset the connection: beforeWrite, afterWrite or inAnswer
      "slowMs": 3000,                 wait before answering
      "truncate": true,               half of the body; these three happen to the whole batch, if to a part of it
      "expireTokens": true,           all tokens issued so far end
      "expirePageTokens": true,       all page tokens issued so far end
      "removePermissions": ["User.ReadWrite.All"], "removeRoles": ["Global Administrator"],
      "sync": true,                   a sync cycle comes in between
      "edit": { "user": "<object id>", "set": { "onPremisesImmutableId": null } } }   somebody else writes
  ],
  "lag": {                            how late something is: {"calls": n} readings, {"ms": n}, or both
    "reads": {},                      accounts by id, and plain lists
    "index": {},                      lists with ConsistencyLevel: eventual
    "bin": {},                        the recycle bin after a delete, restore or purge
    "release": {},                    a cleared or purged ImmutableID or SID being free (readings: attempts to take it)
    "audit": {} },                    the audit log
  "quota": null,                      {} throttles as Graph does: "writes": 3000, "writeSeconds": 150, "units": 8000, "unitSeconds": 10
  "pages": { "size": null, "empty": false,      entries of a page at most; an empty page before each full one
             "endless": null },                 pages without end: "same", "empty" or "again"
  "access": { "permissions": [everything needed], "roles": ["Global Administrator"], "delegated": false, "me": null },
  "signIn": {
    "clients": [],                    any may sign in; else { "clientId", "secret", "secretExpired", "thumbprints": [],
                                      "issuer", "subject" } each. Signatures of assertions are not verified.
    "tokenSeconds": 3599,
    "deviceCode": { "pending": 1, "slowDown": 0, "outcome": "authorized", "interval": 1 } },   or declined, expired
  "switches": {                       answers to what sources disagree about
    "immutableIdFilterNeedsAdvanced": false,    filters on onPremisesImmutableId need ConsistencyLevel and $count (--strict: true)
    "binFiltersImmutableId": true,    the recycle bin can be filtered by it
    "formerlySynced": "refuse",       on-premises values of formerly synced users: refuse, nullOnly, allow
    "formerlySyncedText": "mastered", the text of that refusal: mastered, external, invalid, required
    "federatedText": "invalid",       the text of refusals in federated domains
    "uniquenessIgnoresCase": false,   ImmutableIDs that differ in case only are in conflict
    "binReservesAddresses": false,    addresses of deleted users are taken
    "syncBehaviorOnV1": true,         onPremisesSyncBehavior is in v1.0, not only in beta
    "objectIdentifierOnV1": false,    onPremisesObjectIdentifier is in v1.0
    "appNeedsRoleForObjectIdentifier": true,    clearing it takes a directory role even for applications
    "takeoverRoles": "privileged",    roles that keep sync from taking an account over: privileged, any
    "refuseEmptyText": true,          "" for an ImmutableID is refused (false: nothing happens)
    "deleteSynced": true,             synced users can be deleted
    "pimLicence": true,               false: PIM endpoints answer AadPremiumLicenseRequired
    "looseRequests": true,            ids of a batch may be numbers, names in bodies of any case (--strict: false)
    "shuffleBatch": true }            responses of a batch come in another order
}

Beside the API, without a token:
  GET    /__emulator/tenant           the snapshot as it stands
  POST   /__emulator/sync             one sync cycle with the forests: deletes the accounts of AD users that left the
                                      scope since they were synced, exports the others; answers what it did with each
  GET    /__emulator/faults           the script in force; POST replaces it
  GET    /__emulator/requests         the log (?since=N); DELETE empties it. "status" is what the client saw, null when the
                                      connection was reset; "carriedOut" says whether it was done, where a fault came in
  POST   /__emulator/clock            {"advanceSeconds": n, "advanceDays": n}; users leave the recycle bin after 30 days
  POST   /__emulator/token            a fresh token
  POST   /__emulator/users/{id}       properties to set, as if somebody else had done it

Sign-in: /{tenant}/oauth2/v2.0/token (client secret, certificate or federated assertion, device code, refresh token),
/{tenant}/oauth2/v2.0/devicecode, /{tenant}/v2.0/.well-known/openid-configuration,
/metadata/identity/oauth2/token (managed identity).
"#;
