//! The files that a configuration is made of or names: whoever writes something does not write it there.

use std::path::PathBuf;

use super::{Config, ForestSource, GraphAuth, LdapBind, Secret, TenantSource};

impl Config {
    /// The configuration, its mapping files, and all files that it says are to be read.
    #[must_use]
    pub fn inputs(&self) -> Vec<PathBuf> {
        let own = self.sources.names().map(|name| self.base_dir.join(name));
        let forests = self.forests.iter().flat_map(|(_, source)| of_forest(source));
        own.chain(of_tenant(&self.tenant)).chain(forests).chain(self.signers.clone()).collect()
    }
}

fn of_tenant(tenant: &TenantSource) -> Option<PathBuf> {
    match tenant {
        TenantSource::Snapshot(path) => Some(path.clone()),
        TenantSource::Graph(graph) => match &graph.auth {
            GraphAuth::ClientCertificate { certificate, .. } => Some(certificate.clone()),
            GraphAuth::ClientSecret { secret, .. } | GraphAuth::Token(secret) => of_secret(secret),
            GraphAuth::WorkloadIdentity { .. }
            | GraphAuth::ManagedIdentity { .. }
            | GraphAuth::AzureCli {}
            | GraphAuth::DeviceCode { .. } => None,
        },
    }
}

fn of_forest(forest: &ForestSource) -> Vec<PathBuf> {
    match forest {
        ForestSource::Ldif(path) | ForestSource::Csv(path) => vec![path.clone()],
        ForestSource::Ldap(ldap) => {
            let password = match &ldap.bind {
                LdapBind::Simple { password, .. } => of_secret(password),
                LdapBind::Gssapi {} => None,
            };
            ldap.ca.iter().cloned().chain(password).collect()
        }
    }
}

fn of_secret(secret: &Secret) -> Option<PathBuf> {
    match secret {
        Secret::File(path) => Some(path.clone()),
        Secret::Env(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn names_every_file_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("w.csv"), "onPrem,cloud\n").unwrap();
        let yaml = "version: 1\n\
            tenant: { graph: { tenantId: x.example, auth: { clientSecret: { clientId: a, secret: { file: secret } } } } }\n\
            forests:\n  old: { csv: old.csv }\n  corp: { ldap: { url: 'ldaps://dc', baseDn: 'DC=x', ca: ca.pem, \
            bind: { simple: { user: a@x, password: { file: password } } } } }\n\
            mappingFiles: [w.csv]\npolicy: { approvals: { required: 1, signers: approvers } }\n";
        std::fs::write(at("hardmatch.yaml"), yaml).unwrap();
        let mut inputs = crate::config::load(&at("hardmatch.yaml")).unwrap().inputs();
        inputs.sort();
        let names: Vec<&Path> = inputs.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        let all = ["approvers", "ca.pem", "hardmatch.yaml", "old.csv", "password", "secret", "w.csv"];
        assert_eq!(names, all.map(Path::new));
    }
}
