//! A live tenant: Microsoft Graph over HTTPS.

pub mod auth;
