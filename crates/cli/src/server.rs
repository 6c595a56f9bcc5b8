//! A running server's admin API, for commands that look into its store.

use std::net::IpAddr;

use clap::Args;
use edge_cookie::policy::EcPolicy;
use edge_cookie_server::{Proxied, http_client, local_client};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;

use crate::{CliError, secret};

/// The running server that a command speaks to.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The running server to ask instead of a store, as `http://127.0.0.1:7676`; its admin token is that of
    /// `EC_ADMIN_TOKEN`, or of the policy.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Send the admin token over plain `http` to another machine, although anyone on the network path can read it.
    #[arg(long, requires = "server")]
    pub(crate) insecure: bool,
}

/// The admin API of a running server.
pub(crate) struct AdminApi {
    base: String,
    credentials: OperatorCredentials,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

/// What a server knows an operator by.
#[derive(Debug, Clone)]
pub(crate) enum OperatorCredentials {
    /// The admin token.
    Token(String),
    /// The user name and password of HTTP Basic.
    Basic { username: String, password: String },
}

impl OperatorCredentials {
    /// The admin token of the environment.
    pub(crate) fn of_environment() -> Option<Self> {
        std::env::var(TOKEN).ok().map(Self::Token)
    }

    /// The admin token of the policy, else its user name and password.
    pub(crate) fn of_policy(policy: &EcPolicy) -> Option<Self> {
        let token = policy.root.admin_token.as_ref().and_then(secret::reveal);
        let basic = || {
            let basic = &policy.admin_basic;
            Some(Self::Basic {
                username: basic.username.as_ref()?.to_string(),
                password: basic.password.as_ref().and_then(secret::reveal)?,
            })
        };
        token.map(Self::Token).or_else(basic)
    }

    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Token(token) => request.bearer_auth(token),
            Self::Basic { username, password } => request.basic_auth(username, Some(password)),
        }
    }
}

/// What a server answered: its status, and the JSON where there is any.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

/// The variable that holds the admin token of another machine's server.
const TOKEN: &str = "EC_ADMIN_TOKEN";

/// The path that every server with admin routes answers.
const POLICY: &str = "policy";

impl AdminApi {
    /// The API of the server at `base`, with the token of the environment, else of the policy.
    ///
    /// A server on this machine is never asked through a proxy, and one on another by `https` alone, unless `insecure`.
    pub(crate) fn new(base: &str, insecure: bool, policy: &EcPolicy) -> Result<Self, CliError> {
        let (_, client) = reach(base)?;
        if !may_send_token(base, insecure)? {
            return Err(CliError::because(format!(
                "the admin token would go to `{base}` in clear: write `https://`, or add `--insecure` where no one can listen on the way"
            )));
        }
        let of_policy = || OperatorCredentials::of_policy(policy);
        let credentials = OperatorCredentials::of_environment().or_else(of_policy);
        let credentials = credentials.ok_or_else(|| {
            CliError::because(format!(
                "there is no admin token: set `{TOKEN}`, or `admin_token` under `[ec]`"
            ))
        })?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            credentials,
            client,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
        })
    }

    /// Asks for a path below the admin prefix. A refused token is a reason to stop, and a server without such paths.
    pub(crate) fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Answered, CliError> {
        let answered = self.send(method, path, body)?;
        let missing = |answered: &Answered| answered.status == StatusCode::NOT_FOUND;
        // A server without an admin token answers so to every path, whatever its store holds.
        if missing(&answered)
            && (path == POLICY || missing(&self.send(Method::GET, POLICY, None)?))
        {
            return Err(CliError::because(format!(
                "`{}` has no admin routes: its policy sets neither `admin_token` nor `admin.basic`",
                self.base
            )));
        }
        Ok(answered)
    }

    fn send(&self, method: Method, path: &str, body: Option<String>) -> Result<Answered, CliError> {
        let url = format!("{}/_ts/admin/v1/{path}", self.base);
        let request = self.credentials.sign(self.client.request(method, &url));
        let request = match body {
            Some(body) => request.body(body),
            None => request,
        };
        let answered = self.runtime.block_on(async {
            let answer = request.send().await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
        });
        let (status, text) = answered.map_err(|error| no_answer(&self.base, &error))?;
        let read = serde_json::from_str::<Value>(&text);
        let is_answer = read.is_ok() || !status.is_success() || status == StatusCode::NO_CONTENT;
        let json = read.unwrap_or_default();
        if status == StatusCode::UNAUTHORIZED {
            return Err(CliError::because(format!(
                "`{}` refuses the admin token or password",
                self.base
            )));
        }
        let unknown = status == StatusCode::NOT_FOUND && json.get("error").is_none();
        if unknown || !is_answer {
            return Err(not_an_ec_server(&self.base));
        }
        Ok(Answered { status, json })
    }

    /// Asks, and stops where the server refuses.
    pub(crate) fn must(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Value, CliError> {
        let answered = self.ask(method, path, body)?;
        if answered.status.is_success() {
            return Ok(answered.json);
        }
        let word = |name: &str| answered.json.get(name).and_then(Value::as_str);
        let why = word("message").or_else(|| word("error"));
        Err(why.map_or_else(
            || {
                let (base, status) = (&self.base, answered.status);
                CliError::because(format!("`{base}` answered {status}: its log says why"))
            },
            CliError::because,
        ))
    }
}

/// A server's address, and the client for it: to one on this machine no way leads through a proxy.
fn reach(base: &str) -> Result<(Url, Client), CliError> {
    let url = Url::parse(base).ok().filter(Url::has_host);
    let url = url.ok_or_else(|| {
        CliError::because(format!(
            "`{base}` is not the address of a server: write it as `http://127.0.0.1:7676`"
        ))
    })?;
    let client = if is_this_machine(&url) {
        local_client(url.host_str().unwrap_or_default())
    } else {
        http_client(Proxied::ByEnvironment)
    };
    Ok((url, client.map_err(CliError::because)?))
}

/// What `GET /_ts/health` of the server at `base` answers; its details where it takes the `credentials`.
pub(crate) fn health(
    base: &str,
    credentials: Option<&OperatorCredentials>,
) -> Result<Value, CliError> {
    let (_, client) = reach(base)?;
    let base = base.trim_end_matches('/');
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut request = client.get(format!("{base}/_ts/health"));
    if let Some(credentials) = credentials {
        request = credentials.sign(request);
    }
    let answered = runtime.block_on(async {
        let answer = request.send().await?;
        answer.text().await
    });
    let text = answered.map_err(|error| no_answer(base, &error))?;
    let health: Option<Value> = serde_json::from_str(&text).ok();
    health
        .filter(|health| health.get("digest").is_some())
        .ok_or_else(|| not_an_ec_server(base))
}

fn no_answer(base: &str, error: &reqwest::Error) -> CliError {
    CliError::because(format!(
        "no answer from `{base}`: {}: is the server running?",
        plain(error)
    ))
}

fn not_an_ec_server(base: &str) -> CliError {
    CliError::because(format!(
        "`{base}` answered, and is not an EC server: check host and port"
    ))
}

/// Whether the admin token may go to this server: no one on the way can read it, or the user says so.
pub(crate) fn may_send_token(base: &str, insecure: bool) -> Result<bool, CliError> {
    let (url, _) = reach(base)?;
    Ok(insecure || url.scheme() == "https" || is_this_machine(&url))
}

/// Whether a URL's host is this machine: a loopback address, or a name that means one (RFC 6761, section 6.3).
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// The innermost cause, which says most.
fn plain(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
