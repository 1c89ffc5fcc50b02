//! The schema and the reader must agree: what one takes the other takes, and every key is in both.

use serde_json::{Value, json};

use super::*;
use crate::config::schema;

/// Documents that together set every key.
fn valid() -> Vec<Value> {
    let graph = |auth: Value| {
        let tenant = json!({ "tenantId": "contoso.onmicrosoft.com", "cloud": "usGov", "auth": auth,
            "endpoint": "http://127.0.0.1:8080", "authority": "https://login.example.com" });
        json!({ "version": 1, "tenant": { "graph": tenant } })
    };
    let secret = json!({ "env": "HARDMATCH_CLIENT_SECRET" });
    let mut documents: Vec<Value> = [
        json!({ "clientSecret": { "clientId": "00000000-0000-4000-8000-000000000001", "secret": secret } }),
        json!({ "clientCertificate": { "clientId": "a", "certificate": "app.pem" } }),
        json!({ "workloadIdentity": {} }),
        json!({ "managedIdentity": { "clientId": "a" } }),
        json!({ "deviceCode": { "clientId": "a" } }),
        json!({ "azureCli": {} }),
        json!("azureCli"),
        json!({ "token": { "file": "/run/secrets/token" } }),
    ]
    .map(graph)
    .into();
    documents.push(full());
    documents
}

fn full() -> Value {
    let id = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";
    json!({
        "version": 1,
        "tenant": { "snapshot": "tenant.json" },
        "forests": {
            "corp": { "ldif": "corp.ldif", "anchor": "consistencyGuid" },
            "old": { "csv": "old.csv", "anchor": { "attribute": "employeeID" } },
            "live": { "ldap": { "url": "ldap://dc1.example.com", "baseDn": "DC=x", "ca": "ca.pem", "startTls": true,
                "bind": { "simple": { "user": "svc", "password": { "file": "pw" } } } } },
            "kerberos": { "ldap": { "url": "ldaps://dc1", "baseDn": "DC=x", "bind": "gssapi" } },
            "other": { "ldap": { "url": "ldaps://dc1:636", "baseDn": "DC=x", "bind": { "gssapi": {} } } },
        },
        "mappings": [
            { "onPrem": "james.bond", "cloud": "james.bond@contoso.com" },
            { "onPrem": 4711, "cloud": { "id": id }, "write": "onPrem", "restore": true },
            { "onPrem": { "dn": "CN=Eve,DC=x", "forest": "corp" }, "cloud": { "mail": "e@x.example" }, "because": "x",
              "accept": ["anchor-opaque", "federated-domain", "holder-in-use", "object-identifier-differs",
                         "privilege-unknown", "target-guest", "target-privileged"],
              "holders": [{ "account": "h@x.example", "resolve": "purge", "because": "y" },
                          { "account": { "id": id }, "resolve": "clear" }, { "account": { "upn": "i@x.example" }, "resolve": "clear" }] },
            { "onPrem": { "guid": id }, "cloud": { "employeeId": 7 } },
            { "onPrem": { "sid": "S-1-5-21-1-2-3-4" }, "cloud": { "upn": "a@x.example" } },
            { "onPrem": { "sam": "CORP\\a" }, "cloud": "b@x.example", "write": "cloud" },
            { "onPrem": { "upn": "a@x.example" }, "cloud": "c@x.example" },
            { "onPrem": { "mail": "a@x.example" }, "cloud": "d@x.example" },
            { "onPrem": { "employeeId": "0042" }, "cloud": "e@x.example" },
            { "onPrem": { "immutableId": "7n8F9T5MWUSC3SElC3KWAQ==" }, "cloud": "f@x.example" },
            { "onPrem": "none", "cloud": "g@x.example" },
        ],
        "mappingFiles": [],
        "rules": [
            { "name": "staff", "where": { "forest": "corp", "under": "OU=Staff,DC=x" },
              "pair": { "onPrem": "userPrincipalName", "cloud": "userPrincipalName", "replaceSuffix": { "corp.local": "x.example" } } },
            { "name": "numbers", "pair": { "onPrem": "sAMAccountName", "cloud": "employeeId" } },
        ],
        "policy": {
            "protect": ["a@x.example", { "role": "Global *" }],
            "limits": { "changes": 1, "percent": 100, "purges": 0, "shrink": 50 },
            "approvals": { "required": 2, "signers": "approvers" },
            "backups": "backups/",
        },
    })
}

/// JSON is YAML, so both can look at the same text.
fn reader_takes(document: &Value) -> bool {
    read(document.to_string()).is_ok()
}

#[test]
fn both_take_what_is_right() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for document in valid() {
        assert!(validator.is_valid(&document), "{:?}", validator.iter_errors(&document).next());
        read(document.to_string()).unwrap_or_else(|errors| panic!("{document:#}\n{errors}"));
    }
}

/// All places of a document where an object or anything else stands.
fn places(value: &Value, path: &str, out: &mut Vec<String>) {
    out.push(path.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| places(inner, &format!("{path}/{key}"), out)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{path}/{index}"), out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn both_refuse_unknown_keys_nulls_and_wrong_types_everywhere() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for document in valid() {
        let mut paths = Vec::new();
        places(&document, "", &mut paths);
        for path in paths {
            let mut damaged = vec![json!(null), json!(true)];
            if let Some(object) = document.pointer(&path).and_then(Value::as_object) {
                let mut with_key = object.clone();
                with_key.insert("zzz".to_owned(), json!("zzz"));
                damaged.push(with_key.into());
            }
            for damage in damaged {
                let free = ["/forests", "/rules/0/pair/replaceSuffix"].contains(&path.as_str()) && damage.get("zzz").is_some();
                let mut broken = document.clone();
                *broken.pointer_mut(&path).unwrap() = damage.clone();
                let same = damage == json!(true) && document.pointer(&path) == Some(&json!(true));
                // Names of forests and suffixes are free.
                if !(free || same) {
                    assert!(!reader_takes(&broken), "the reader takes {damage} at {path}");
                    assert!(!validator.is_valid(&broken), "the schema takes {damage} at {path}");
                }
            }
        }
    }
}

#[test]
fn every_key_of_the_schema_is_read() {
    fn keys(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Object(properties)) = fields.get("properties") {
                    out.extend(properties.keys().cloned());
                }
                fields.values().for_each(|inner| keys(inner, out));
            }
            Value::Array(items) => items.iter().for_each(|inner| keys(inner, out)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut names = Vec::new();
    keys(&schema(), &mut names);
    let documents = serde_json::to_string(&valid()).unwrap();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        assert!(documents.contains(&format!("\"{name}\":")), "no document sets {name}");
    }
}

/// The keys that the reader lists in its help must be those of the schema.
#[test]
fn every_key_that_the_reader_names_is_in_the_schema() {
    let schema = schema().to_string();
    for document in valid() {
        let mut paths = Vec::new();
        places(&document, "", &mut paths);
        for path in paths {
            let mut broken = document.clone();
            let Some(Value::Object(object)) = broken.pointer_mut(&path) else { continue };
            object.insert("zzz".to_owned(), json!("zzz"));
            let Err(errors) = read(broken.to_string()) else { continue };
            for help in errors.diagnostics.sorted().into_iter().filter_map(|entry| entry.help) {
                let Some((_, list)) = help.split_once("the keys here are ") else { continue };
                for key in list.split(", ") {
                    assert!(schema.contains(&format!("\"{key}\":")), "{key} at {path}");
                }
            }
        }
    }
}
