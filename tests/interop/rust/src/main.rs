//! The Rust SDK told on the command line what to do: the steps of
//! tests/interop/client_process.ts. Knows nothing of a gate.
//!
//! Usage: client REVISION URL KEY STEP...

use std::{error::Error, time::Instant};

use rmcp::{
    ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient,
    model::{CallToolRequestParams, ProgressNotificationParam, ProtocolVersion},
    service::{ClientInitializeError, NotificationContext, RunningService, ServiceError},
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

struct Teller;

impl ClientHandler for Teller {
    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        println!("{}", json!({ "progress": params.progress }));
    }
}

type Session = RunningService<RoleClient, Teller>;

/// What went wrong, in all its words, and the JSON-RPC code where there is one.
struct Failure {
    words: String,
    code: Option<i32>,
}

impl Failure {
    fn of(error: &dyn Error, code: Option<i32>) -> Self {
        let mut words = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        Failure { words, code }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let code = match &error {
            ServiceError::McpError(error) => Some(error.code.0),
            _ => None,
        };
        Failure::of(&error, code)
    }
}

impl From<ClientInitializeError> for Failure {
    fn from(error: ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::JsonRpcError(ref reply) => {
                Failure::of(&error, Some(reply.code.0))
            }
            // Says by itself only that both failed.
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => (*fallback).into(),
            _ => Failure::of(&error, None),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::of(&error, None)
    }
}

fn tell(step: &str, started: Instant, outcome: Result<String, Failure>) {
    let ms = started.elapsed().as_millis() as u64;
    let line = match outcome {
        Ok(ok) => json!({ "step": step, "ms": ms, "ok": ok }),
        Err(failure) => {
            json!({ "step": step, "ms": ms, "error": failure.words, "code": failure.code })
        }
    };
    println!("{line}");
}

async fn connect(revision: &str, url: &str, key: &str) -> Result<Session, ClientInitializeError> {
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(key);
    let lifecycle = if revision >= ProtocolVersion::V_2026_07_28.as_str() {
        ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        }
    } else {
        ClientLifecycleMode::Initialize
    };
    Teller
        .serve_with_lifecycle(
            StreamableHttpClientTransport::from_config(config),
            lifecycle,
        )
        .await
}

async fn list(session: &Session) -> Result<String, Failure> {
    let tools = session.list_all_tools().await?;
    Ok(tools
        .iter()
        .map(|tool| tool.name.as_ref())
        .collect::<Vec<_>>()
        .join(" "))
}

async fn call(session: &Session, tool: &str, arguments: &str) -> Result<String, Failure> {
    let arguments = serde_json::from_str(arguments)?;
    let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    let result = session.call_tool(params).await?;
    let text = result.content.first().and_then(|content| content.as_text());
    Ok(text.map(|text| text.text.clone()).unwrap_or_default())
}

async fn take(session: &Session, step: &str) {
    let started = Instant::now();
    let mut words = step.splitn(3, ' ');
    let outcome = match (words.next(), words.next(), words.next()) {
        (Some("call"), Some(tool), Some(arguments)) => call(session, tool, arguments).await,
        _ => list(session).await,
    };
    tell(step, started, outcome);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, revision, url, key, steps @ ..] = args.as_slice() else {
        return Err("Usage: client REVISION URL KEY STEP...".into());
    };
    let started = Instant::now();
    let session = match connect(revision, url, key).await {
        Ok(session) => session,
        Err(error) => {
            tell("connect", started, Err(error.into()));
            return Ok(());
        }
    };
    let agreed = session
        .peer_info()
        .map(|info| info.protocol_version.to_string());
    tell("connect", started, Ok(agreed.unwrap_or_default()));
    let mut stdin = BufReader::new(tokio::io::stdin()).lines();
    for step in steps {
        if step == "pause" {
            tell(step, Instant::now(), Ok(String::new()));
            stdin.next_line().await?;
        } else {
            take(&session, step).await;
        }
    }
    session.cancel().await?;
    Ok(())
}
