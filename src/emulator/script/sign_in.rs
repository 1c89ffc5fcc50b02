//! Who may sign in, and how that goes.

use serde::{Deserialize, Serialize};

/// Who may sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SignIn {
    /// The registered applications; any may sign in when empty.
    pub clients: Vec<Client>,
    /// Lifetime of tokens in seconds.
    pub token_seconds: u32,
    /// How a device code ends.
    pub device_code: DeviceCode,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { clients: Vec::new(), token_seconds: 3599, device_code: DeviceCode::default() }
    }
}

/// A registered application.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Client {
    /// Application id.
    pub client_id: String,
    /// Its secret.
    #[serde(skip_serializing)]
    pub secret: Option<String>,
    /// The secret has run out.
    pub secret_expired: bool,
    /// Thumbprints of its certificates: base64url of SHA-256 (x5t#S256) or SHA-1 (x5t).
    pub thumbprints: Vec<String>,
    /// Issuer of its federated credential.
    pub issuer: Option<String>,
    /// Subject of its federated credential.
    pub subject: Option<String>,
}

/// How a device code ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeviceCode {
    /// How often "pending" is answered first.
    pub pending: u32,
    /// How often "slow down" is answered after that.
    pub slow_down: u32,
    /// What the user does then.
    pub outcome: DeviceOutcome,
    /// Seconds between two questions.
    pub interval: u32,
}

impl Default for DeviceCode {
    fn default() -> Self {
        Self { pending: 1, slow_down: 0, outcome: DeviceOutcome::Authorized, interval: 1 }
    }
}

/// What a user does with a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviceOutcome {
    /// Signs in.
    Authorized,
    /// Refuses.
    Declined,
    /// Nothing.
    Expired,
}
