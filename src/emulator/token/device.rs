//! Sign-in with a code on another device.

use serde_json::json;
use uuid::Uuid;

use super::super::call::Answer;
use super::super::script::DeviceOutcome;
use super::super::world::World;
use super::form::Form;
use super::{Refused, SignInCall, Tokens, grant};

/// Seconds that a code lasts.
const LIFETIME: i64 = 900;
/// Codes that can be open at the same time.
const MOST: usize = 1000;

/// A code that was handed out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    polls: u32,
    ends: i64,
    offline: bool,
}

/// POST /{tenant}/oauth2/v2.0/devicecode
pub(super) fn begin(tokens: &mut Tokens, world: &World, call: &SignInCall<'_>, tenant: &str) -> Result<Answer, Refused> {
    grant::check_tenant(world, tenant)?;
    let form = Form::read(call.body);
    form.get("client_id").ok_or_else(|| Refused::missing("client_id"))?;
    let scope = form.get("scope").ok_or_else(|| Refused::missing("scope"))?;
    let now = world.clock.now().as_second();
    tokens.devices.retain(|_, pending| pending.ends > now);
    if tokens.devices.len() >= MOST {
        return Err(Refused::new(400, "invalid_request", 90_055, "Too many device codes are open."));
    }
    let code = format!("D{}", Uuid::now_v7().simple());
    let user_code: String = code.chars().rev().take(9).collect::<String>().to_ascii_uppercase();
    let offline = scope.split(' ').any(|scope| scope == "offline_access");
    tokens.devices.insert(code.clone(), Pending { polls: 0, ends: now.saturating_add(LIFETIME), offline });
    let page = format!("{}/devicelogin", call.base);
    Ok(Answer::json(json!({
        "user_code": user_code,
        "device_code": code,
        "verification_uri": page,
        "expires_in": LIFETIME,
        "interval": world.script.sign_in.device_code.interval,
        "message": format!("To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."),
    })))
}

/// Asks for the token of a code; tells whether it can be refreshed.
pub(super) fn poll(tokens: &mut Tokens, world: &World, form: &Form) -> Result<bool, Refused> {
    let code = form.get("device_code").ok_or_else(|| Refused::missing("device_code"))?;
    let refused = |error, number, text: &str| Err(Refused::new(400, error, number, text));
    let Some(pending) = tokens.devices.get_mut(code) else {
        return refused(
            "bad_verification_code",
            70_018,
            "Bad verification code. User typed in wrong user code for device code flow.",
        );
    };
    let settings = &world.script.sign_in.device_code;
    let (polls, offline) = (pending.polls, pending.offline);
    pending.polls = pending.polls.saturating_add(1);
    if pending.ends <= world.clock.now().as_second() {
        return refused("expired_token", 70_020, "The code has expired.");
    }
    if polls < settings.pending {
        return refused(
            "authorization_pending",
            70_016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        );
    }
    if polls - settings.pending < settings.slow_down {
        return refused("slow_down", 70_015, "The client asks too often.");
    }
    tokens.devices.remove(code);
    match settings.outcome {
        DeviceOutcome::Authorized => Ok(offline),
        DeviceOutcome::Declined => refused("authorization_declined", 70_008, "The end user has declined the authorization."),
        DeviceOutcome::Expired => refused("expired_token", 70_020, "The code has expired."),
    }
}
