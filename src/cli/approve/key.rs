//! The key that signs: a file, or one that ssh-agent holds.

use std::path::Path;

use rsa::pkcs1v15::SigningKey;
use rsa::sha2::Sha512;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey};
use ssh_agent_client_rs::{Client, Identity};
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::{Algorithm, HashAlg, PrivateKey, PublicKey, Signature, SshSig};

use crate::approval::NAMESPACE;

use super::super::failure::Failure;
use super::super::files;
use super::super::surroundings;
use super::super::terminal::Terminal;

/// Bytes of the smallest RSA key whose signatures count.
const SMALLEST_RSA: usize = 256;

/// A key that can sign.
pub(super) enum Key {
    File(Box<PrivateKey>),
    Agent(PublicKey),
}

impl Key {
    /// Reads the key. A private key with a passphrase is looked for in the agent first.
    pub(super) fn read(path: &Path, terminal: Terminal) -> Result<Self, Failure> {
        let bytes = files::read_small(path)?;
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(public) = PublicKey::from_openssh(text.trim()) {
            return Ok(Self::Agent(public));
        }
        let private = PrivateKey::from_openssh(&bytes).map_err(|why| {
            Failure::input(format!("`{}` is no OpenSSH key: {why}", path.display()))
                .hint("Name a private key such as ~/.ssh/id_ed25519, or the .pub file of a key that ssh-agent holds.")
        })?;
        if !private.is_encrypted() {
            return Ok(Self::File(Box::new(private)));
        }
        match agent_with(private.public_key()) {
            Ok(Some(_)) => Ok(Self::Agent(private.public_key().clone())),
            Ok(None) | Err(_) => decrypted(path, &private, terminal),
        }
    }

    pub(super) fn public(&self) -> PublicKey {
        match self {
            Self::File(key) => key.public_key().clone(),
            Self::Agent(key) => key.clone(),
        }
    }

    /// Signs as `ssh-keygen -Y sign` does.
    pub(super) fn sign(&self, message: &[u8]) -> Result<SshSig, Failure> {
        match self {
            Self::File(key) => by_file(key, message),
            Self::Agent(key) => by_agent(key, message),
        }
    }
}

fn by_file(key: &PrivateKey, message: &[u8]) -> Result<SshSig, Failure> {
    let failed = |why: ssh_key::Error| unsigned(&why.to_string());
    let KeypairData::Rsa(pair) = key.key_data() else {
        return key.sign(NAMESPACE, HashAlg::Sha512, message).map_err(failed);
    };
    let data = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, message).map_err(failed)?;
    let signature = by_rsa(pair, &data).map_err(|why| {
        unsigned(&why.to_string()).hint("An RSA key needs 2048 bits or more; `ssh-keygen -t ed25519` makes a better one.")
    })?;
    SshSig::new(key.public_key().key_data().clone(), NAMESPACE, HashAlg::Sha512, signature).map_err(failed)
}

/// ssh-key itself takes the first prime of an RSA key twice and can sign with none.
fn by_rsa(pair: &RsaKeypair, data: &[u8]) -> ssh_key::Result<Signature> {
    let (public, private) = (&pair.public, &pair.private);
    let primes = vec![BigUint::try_from(&private.p)?, BigUint::try_from(&private.q)?];
    let (modulus, exponent) = (BigUint::try_from(&public.n)?, BigUint::try_from(&public.e)?);
    let key = RsaPrivateKey::from_components(modulus, exponent, BigUint::try_from(&private.d)?, primes)?;
    if key.size() < SMALLEST_RSA {
        return Err(ssh_key::Error::Crypto);
    }
    let signed = SigningKey::<Sha512>::new(key).try_sign(data)?;
    Signature::new(Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, signed.to_vec())
}

fn unsigned(why: &str) -> Failure {
    Failure::input(format!("the key cannot sign: {why}"))
}

fn decrypted(path: &Path, key: &PrivateKey, terminal: Terminal) -> Result<Key, Failure> {
    if !terminal.can_ask() {
        return Err(Failure::input(format!("`{}` has a passphrase, and there is nobody to ask for it", path.display()))
            .hint("Add the key to ssh-agent (ssh-add) and try again."));
    }
    let passphrase = rpassword::prompt_password(format!("Passphrase of {}: ", path.display()))?;
    let key = key.decrypt(passphrase).map_err(|_| Failure::input("that is not the passphrase of the key"))?;
    Ok(Key::File(Box::new(key)))
}

fn agent() -> Result<Client, Failure> {
    let no_agent = || {
        Failure::input("there is no ssh-agent to ask")
            .hint("Start one (SSH_AUTH_SOCK names it), or name the private key with `--key`.")
    };
    let path = surroundings::agent_socket().ok_or_else(no_agent)?;
    Client::connect(&path).map_err(|_| no_agent())
}

/// The agent, if it holds this key.
fn agent_with(key: &PublicKey) -> Result<Option<Client>, Failure> {
    let mut agent = agent()?;
    let held = agent.list_all_identities().map_err(|why| Failure::input(format!("ssh-agent does not answer: {why}")))?;
    let is_it = |identity: &Identity<'_>| matches!(identity, Identity::PublicKey(held) if held.key_data() == key.key_data());
    Ok(held.iter().any(is_it).then_some(agent))
}

fn by_agent(key: &PublicKey, message: &[u8]) -> Result<SshSig, Failure> {
    let mut agent = agent_with(key)?.ok_or_else(|| {
        Failure::input(format!("ssh-agent does not hold the key {}", key.fingerprint(HashAlg::Sha256)))
            .hint("Add it with ssh-add, or name the private key with `--key`.")
    })?;
    let failed = |why: &dyn std::fmt::Display| unsigned(&format!("ssh-agent: {why}"));
    let data = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, message).map_err(|why| failed(&why))?;
    let signature = agent.sign(key.clone(), &data).map_err(|why| failed(&why))?;
    SshSig::new(key.key_data().clone(), NAMESPACE, HashAlg::Sha512, signature).map_err(|why| failed(&why))
}
