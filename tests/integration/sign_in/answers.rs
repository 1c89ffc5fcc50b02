//! Answers that are not as they should be: what the user is told, and what nobody is told.

use hardmatch::directory::entra::graph::auth::{AccessToken, SignIn};
use hardmatch::directory::ports::DirectoryError;
use secrecy::ExposeSecret as _;

use super::certificates::{PEM, by_certificate};
use super::server::{Canned, Server, canned};
use super::{World, by_secret};

const GOOD: &str = r#"{"access_token":"good","expires_in":3599,"token_type":"Bearer"}"#;
const SECRET: &str = "Qx8~hunter2.+%/secret";

async fn refused(answer: Canned) -> (DirectoryError, World, Server) {
    let (world, server) = (World::default(), Server::start(vec![answer]));
    let error = world.token(&server.endpoint, by_secret(SECRET)).await.unwrap_err();
    (error, world, server)
}

#[tokio::test]
async fn a_busy_service_is_asked_a_few_times() {
    let (error, world, server) = refused(canned(503, "<html>busy</html>")).await;
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("HTTP 503")), "{error}");
    assert_eq!((world.slept(), server.requests().len()), (vec![1, 3, 9], 4));
    let throttled = |headers| Canned { status: 429, headers, body: "{}".to_owned(), missing: 0 };
    let answers = vec![throttled("Retry-After: 7\r\n"), throttled("Retry-After: 99999\r\n"), canned(200, GOOD)];
    let (world, server) = (World::default(), Server::start(answers));
    assert_eq!(world.token(&server.endpoint, by_secret(SECRET)).await.unwrap().expose_secret(), "good");
    assert_eq!(world.slept(), [7, 60]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let refusal = r#"{"error":"invalid_client","error_codes":[7000215],"error_desc"#;
    for (status, body) in [(200, &GOOD[..30]), (400, refusal), (401, refusal), (503, "<html>b")] {
        for missing in [0, 40] {
            let cut = Canned { status, headers: "Retry-After: 5\r\n", body: body.to_owned(), missing };
            let (world, server) = (World::default(), Server::start(vec![cut, canned(200, GOOD)]));
            let token = world.token(&server.endpoint, by_secret(SECRET)).await;
            assert_eq!(token.unwrap().expose_secret(), "good", "{status} {body}");
            assert_eq!(world.slept(), [5], "{status} {body}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let body = r#"{"error":"invalid_client","error_codes":[7000215],"error_description":"AADSTS7000215: x","trace_id":"0b0b0b0b-0000-4000-8000-000000000001"}"#;
    let (error, world, server) = refused(canned(401, body)).await;
    assert!(
        matches!(&error, DirectoryError::Denied(text) if text.contains("(AADSTS7000215, trace id 0b0b0b0b-0000-4000-8000-000000000001)")),
        "{error}"
    );
    assert_eq!((world.slept().len(), server.requests().len()), (0, 1));
}

#[tokio::test]
async fn whoever_is_no_sign_in_service_is_told_apart() {
    let long = format!(r#"{{"access_token":"{}","expires_in":1}}"#, "x".repeat(2_000_000));
    for answer in [
        canned(200, "<html>Welcome to the hotel</html>"),
        canned(200, "{}"),
        canned(200, r#"{"access_token":"","expires_in":3599}"#),
        canned(200, r#"{"access_token":"a\r\nb","expires_in":3599}"#),
        canned(200, r#"{"access_token":"a","expires_in":9223372036854775807}"#),
        canned(200, r#"{"access_token":"a","expires_in":-9223372036854775808}"#),
        canned(200, long),
        canned(403, "<html>"),
        canned(400, "[]"),
        canned(200, ""),
    ] {
        let start: String = answer.body.chars().take(60).collect();
        let (error, world, _server) = refused(answer).await;
        assert!(matches!(error, DirectoryError::Unreachable(_)), "{start}: {error}");
        assert!(world.slept().is_empty() && error.to_string().len() < 300, "{start}: {error}");
    }
}

#[tokio::test]
async fn lifetimes_may_be_texts_and_what_is_null_is_not_there() {
    let server = Server::start(vec![canned(200, GOOD.replace("3599", r#""3599","ext_expires_in":null"#))]);
    let token = World::default().token(&server.endpoint, by_secret(SECRET)).await;
    assert_eq!(token.unwrap().expose_secret(), "good");
    let code = r#"{"device_code":"d","user_code":"u","verification_uri":"v","expires_in":"900","interval":"2","message":null}"#;
    let pending = canned(400, r#"{"error":"authorization_pending","error_description":null,"error_codes":null}"#);
    let granted = r#"{"access_token":"good","expires_in":"3599","refresh_token":null}"#;
    let (world, server) = (World::default(), Server::start(vec![canned(200, code), pending, canned(200, granted)]));
    let token = world.token(&server.endpoint, SignIn::DeviceCode { client_id: None }).await;
    assert_eq!((token.unwrap().expose_secret(), world.slept()), ("good", vec![2, 2]));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let other = Server::start(vec![canned(200, GOOD)]);
    let headers: &'static str = Box::leak(format!("location: {}/elsewhere\r\n", other.endpoint).into_boxed_str());
    for status in [302, 307, 308] {
        let (error, ..) = refused(Canned { status, headers, body: String::new(), missing: 0 }).await;
        assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains(&status.to_string())), "{error}");
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn nobody_there() {
    let world = World::default();
    let error = world.token("http://127.0.0.1:1", by_secret(SECRET)).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("127.0.0.1:1 cannot be reached")), "{error}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_it() {
    let (world, server) = (World::default(), Server::untrusted());
    let error = world.token(&server.endpoint, by_secret(SECRET)).await.unwrap_err();
    let says = |text: &str| text.contains("is not trusted") && text.contains("SSL_CERT_FILE");
    assert!(matches!(&error, DirectoryError::Unreachable(text) if says(text)), "{error}");
    assert_eq!((world.slept().len(), server.requests().len()), (0, 1), "asked once");
}

#[tokio::test]
async fn secrets_that_come_back_are_not_shown() {
    for echo in [SECRET.to_owned(), url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect()] {
        for status in [400, 401, 403, 500] {
            let body = serde_json::json!({
                "error": format!("e {echo}"), "error_description": format!("AADSTS123: {echo} is wrong"), "trace_id": &echo,
            });
            let (error, ..) = refused(canned(status, body.to_string())).await;
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter"), "{text}");
        }
    }
}

#[test]
fn debug_shows_no_secret() {
    let secret = || SECRET.to_owned().into();
    let shown = [
        format!("{:?}", by_secret(SECRET)),
        format!("{:?}", by_certificate(PEM)),
        format!("{:?}", SignIn::Token(secret())),
        format!("{:?}", AccessToken { secret: secret() }),
        format!("{:?}", World::default().surroundings()),
    ];
    for text in shown {
        assert!(!text.contains("hunter") && !text.contains("BEGIN"), "{text}");
    }
}

#[test]
fn what_cannot_be_a_secret_is_not_sent() {
    for bad in ["", " ", "Bearer abc", "abc\n", "a\tb", "a\u{0}b", "a\u{a0}b"] {
        for settings in [by_secret(bad), SignIn::Token(bad.to_owned().into())] {
            let error = World::default().open("http://127.0.0.1:1", settings).err().unwrap();
            assert!(matches!(error, DirectoryError::Input(_)), "{bad:?}");
            assert!(bad.trim().is_empty() || !error.to_string().contains(bad), "{error}");
        }
    }
    for id in ["", "a b", "a&b=c", "a/b"] {
        let settings = SignIn::ClientSecret { client_id: id.to_owned(), secret: "x".to_owned().into() };
        assert!(World::default().open("http://127.0.0.1:1", settings).is_err(), "{id}");
    }
}
