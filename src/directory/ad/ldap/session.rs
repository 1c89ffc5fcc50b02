//! One signed-in connection that everybody shares, opened when it is needed and again when it broke.

use std::sync::Arc;
use std::time::Duration;

use ldap3::Ldap;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::bind::Credentials;
use super::connect::Route;
use super::contain::contained;
use super::errors::Fault;
use crate::directory::ports::DirectoryError;
use crate::directory::progress::Progress;

/// How long to wait before the second and third attempt at a read.
const PAUSES: [Duration; 2] =
    if cfg!(test) { [Duration::from_millis(1); 2] } else { [Duration::from_millis(500), Duration::from_secs(2)] };

pub(super) struct Session {
    pub(super) route: Route,
    pub(super) credentials: Arc<Credentials>,
    /// How long one answer may take.
    pub(super) patience: Duration,
    pub(super) progress: Arc<dyn Progress>,
    state: Mutex<State>,
}

enum State {
    Closed,
    Open(Ldap),
    /// What was refused once is not tried again: a few wrong passwords lock an account.
    Refused(DirectoryError),
}

impl Session {
    pub(super) fn new(route: Route, credentials: Credentials, patience: Duration, progress: Arc<dyn Progress>) -> Self {
        Self { route, credentials: Arc::new(credentials), patience, progress, state: Mutex::new(State::Closed) }
    }

    /// The connection, signed in.
    pub(super) async fn handle(&self) -> Result<Ldap, Fault> {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Open(ldap) => {
                if !ldap.is_closed() {
                    return Ok(ldap.clone());
                }
            }
            State::Refused(error) => return Err(Fault::Final(error.clone())),
            State::Closed => {}
        }
        *state = State::Closed;
        match self.sign_in().await {
            Ok(ldap) => {
                *state = State::Open(ldap.clone());
                Ok(ldap)
            }
            Err(Fault::Final(error)) => {
                *state = State::Refused(error.clone());
                Err(Fault::Final(error))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn sign_in(&self) -> Result<Ldap, Fault> {
        let mut ldap = contained(self.route.open(&self.credentials)).await?;
        let binding = contained(self.credentials.bind(&mut ldap, &self.route.endpoint));
        let outcome = timeout(self.patience, binding).await.unwrap_or(Err(Fault::Slow(self.patience)));
        outcome.map_err(|fault| no_sign_in(self.judged(fault)))?;
        Ok(ldap)
    }

    /// Why the connection ended before the answer, if it was cut here.
    pub(super) fn judged(&self, fault: Fault) -> Fault {
        let flaw = if matches!(fault, Fault::Lost { sent: true }) { self.route.verdict.take() } else { None };
        flaw.map_or(fault, |flaw| Fault::Garbled(flaw.to_string()))
    }

    /// Lets go of a connection that no longer answers.
    pub(super) async fn forget(&self) {
        let mut state = self.state.lock().await;
        if matches!(*state, State::Open(_)) {
            *state = State::Closed;
        }
    }

    /// Ends the session.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        if let State::Open(ldap) = &mut *state {
            drop(timeout(Duration::from_secs(1), ldap.unbind()).await);
            *state = State::Closed;
        }
    }
}

/// A server that does not get as far as an answer may be none of a directory.
#[cold]
fn no_sign_in(fault: Fault) -> Fault {
    let why = match fault {
        Fault::Lost { .. } => "the server hung up at the sign-in".to_owned(),
        Fault::Slow(time) => format!("no answer to the sign-in within {} s", time.as_secs()),
        Fault::Garbled(why) => format!("the server's answer to the sign-in cannot be used: {why}"),
        Fault::NoConnection(_) | Fault::Answer(_) | Fault::Final(_) => return fault,
    };
    Fault::NoConnection(format!("{why}; does a domain controller listen on this port?"))
}

/// Attempts at one read: each starts from the beginning, so that no list is put together from two halves.
pub(super) struct Attempts<'a> {
    session: &'a Session,
    doing: &'a str,
    pauses: std::slice::Iter<'static, Duration>,
    first: Option<DirectoryError>,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(session: &'a Session, doing: &'a str) -> Self {
        Self { session, doing, pauses: PAUSES.iter(), first: None }
    }

    /// A connection for the next attempt.
    pub(super) async fn connection(&mut self) -> Result<Ldap, DirectoryError> {
        loop {
            match self.session.handle().await {
                Ok(ldap) => return Ok(ldap),
                Err(fault) => self.again(fault).await?,
            }
        }
    }

    /// Waits for the next attempt, or says why there is none.
    pub(super) async fn again(&mut self, fault: Fault) -> Result<(), DirectoryError> {
        let fault = self.session.judged(fault);
        if matches!(fault, Fault::Slow(_) | Fault::Lost { .. } | Fault::Garbled(_)) {
            self.session.forget().await;
        }
        // A server that was never reached is reported at once; one that went away may come back.
        let retry = fault.is_passing() && (self.first.is_some() || !matches!(fault, Fault::NoConnection(_)));
        let error = fault.while_reading(&self.session.route.endpoint.label(), self.doing);
        let earlier = self.first.get_or_insert_with(|| error.clone()).clone();
        match self.pauses.next() {
            Some(pause) if retry => {
                tokio::time::sleep(*pause).await;
                Ok(())
            }
            Some(_) | None => Err(if retry { earlier } else { error }),
        }
    }
}
