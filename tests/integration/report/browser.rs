//! A headless Chromium that is driven as a person would: clicks and keys through chromedriver.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A running browser; it ends when this is dropped, also when a test panics.
pub(super) struct Browser {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts one. Without a chromedriver, says that the test is skipped.
    pub(super) async fn start() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "tests/run says where the browser is")]
        let Ok(program) = std::env::var("HARDMATCH_TEST_CHROMEDRIVER") else {
            std::io::stderr().write_all(b"skipped: no Chromium (tests/run installs one)\n").unwrap();
            return None;
        };
        let mut driver = Command::new(program).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port = lines.find_map(|line| Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned()));
        let profile = tempfile::tempdir().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let session = format!("http://127.0.0.1:{}", port.unwrap());
        let mut browser = Self { driver, http, session, _profile: profile };
        let started = browser.call("POST", "/session", browser.wishes()).await;
        browser.session = format!("{}/session/{}", browser.session, started["sessionId"].as_str().unwrap());
        Some(browser)
    }

    fn wishes(&self) -> Value {
        let mut args: Vec<String> = ["headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync"]
            .map(|flag| format!("--{flag}"))
            .to_vec();
        args.extend([
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--window-size=1300,900".into(),
        ]);
        args.push(format!("--user-data-dir={}", self._profile.path().display()));
        json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } })
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.session));
        let request = if method == "POST" { request.json(&body) } else { request };
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{path} {body}: {answer}");
        answer["value"].clone()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", path, body).await
    }

    pub(super) async fn open(&self, page: &Path, fragment: &str) {
        let url = url::Url::from_file_path(page).unwrap();
        // A new fragment alone would not load the page again.
        self.post("/url", json!({ "url": "about:blank" })).await;
        self.post("/url", json!({ "url": format!("{url}{fragment}") })).await;
    }

    /// The value of an expression in the page.
    pub(super) async fn look(&self, expression: &str) -> Value {
        self.post("/execute/sync", json!({ "script": format!("return {expression};"), "args": [] })).await
    }

    /// Clicks an element, in the middle of the window, where nothing lies over it.
    pub(super) async fn click(&self, selector: &str) {
        let element = self.post("/element", json!({ "using": "css selector", "value": selector })).await;
        let id = element.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        let script = "arguments[0].scrollIntoView({ block: 'center' })";
        self.post("/execute/sync", json!({ "script": script, "args": [element] })).await;
        self.post(&format!("/element/{id}/click"), json!({})).await;
    }

    /// Presses keys where the focus is.
    pub(super) async fn press(&self, keys: &str) {
        let key = |key: char| {
            [json!({ "type": "keyDown", "value": key.to_string() }), json!({ "type": "keyUp", "value": key.to_string() })]
        };
        let actions: Vec<Value> = keys.chars().flat_map(key).collect();
        self.post("/actions", json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] })).await;
    }

    /// What the console said, and what was asked of the network.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let console = self.post("/se/log", json!({ "type": "browser" })).await;
        let network = self.post("/se/log", json!({ "type": "performance" })).await;
        let entries = network.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap());
        let messages = entries.map(|text| serde_json::from_str::<Value>(text).unwrap()["message"].take());
        let is_file = |url: &Value| url.as_str().is_some_and(|url| url.starts_with("file://"));
        let requests = messages.filter(|message| message["method"] == "Network.requestWillBeSent");
        let requests = requests.map(|message| message["params"].clone());
        let requests = requests.filter(|sent| is_file(&sent["documentURL"]) && !is_file(&sent["request"]["url"]));
        console.as_array().unwrap().iter().map(Value::to_string).chain(requests.map(|sent| sent.to_string())).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind, and here nothing can be awaited.
        let address = self.session.trim_start_matches("http://");
        if let Some((host, path)) = address.split_once('/')
            && let Ok(mut stream) = TcpStream::connect(host)
        {
            let farewell = format!("DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            stream.set_read_timeout(Some(Duration::from_secs(5))).ok();
            stream.write_all(farewell.as_bytes()).ok();
            // It answers when the browser has ended, and keeps the connection open.
            stream.read_exact(&mut [0]).ok();
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}
