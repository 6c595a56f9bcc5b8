//! `ec serve`

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use edge_cookie::clock::SystemClock;
use edge_cookie::config::PolicyFiles;
use edge_cookie::diagnostic::Severity;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::types::StoreName;
use edge_cookie::printable::on_one_line;
use edge_cookie::store::MemoryStore;
use edge_cookie_server::{
    Listeners, LogFormat, Outbox, OutboxError, ReloadError, Server, Stopped, Stores,
    raise_handle_limit, serve, start_log, survive_file_limit, warn_of_no_place,
};
use edge_cookie_service::{SecretProblem, Setup, SetupError, redis_password};
use edge_cookie_stores::EmbeddedStore;
use tracing::warn;

use crate::output::output;
use crate::policy::PolicyArgs;
use crate::secret::reveal;
use crate::store::{StoreLocation, partners_beside, redis_server};
use crate::{CliError, ExitStatus, FileArgs};

/// Serves the EC API, and forwards pages to the publisher's origin.
///
/// On SIGHUP it reads the policy again, and applies it if it passes `ec check`. On SIGTERM or SIGINT it stops once the
/// requests under way are answered, within `local.shutdown_grace`; on a second signal it stops at once.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Serve under the bundle in this file, with its rollout, instead of the policy files.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "set", "geo"])]
    bundle: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7676")]
    addr: String,
    /// `memory`, the store's file or folder, or `redis://HOST`; the store of `[ec.local]` by default.
    #[arg(long, value_name = "memory|PATH|URL")]
    store: Option<String>,
    /// The place to assume for every client, as `DE` or `US-CA`; that of `[ec.local]` by default.
    #[arg(long, value_name = "PLACE")]
    geo: Option<String>,
    /// The address on which to answer `GET /metrics`; none by default.
    #[arg(long, value_name = "ADDRESS")]
    metrics_addr: Option<String>,
    /// The format of log lines; `EC_LOG` sets their level, as `warn` or `debug`.
    #[arg(long, value_enum, default_value_t = Log::Text)]
    log_format: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// Text.
    Text,
    /// One JSON object per line.
    Json,
}

impl ServeArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        raise_handle_limit();
        let source = self.source(files);
        if let PolicyInput::Files { policy, files } = &source {
            // Findings are shown with their lines.
            policy.load_whole(files)?;
        }
        let setup = source
            .read(self.store.as_deref())
            .map_err(CliError::because)?;
        let stores = self.open(setup.policy())?;
        let log = start_log(
            match self.log_format {
                Log::Text => LogFormat::Text,
                Log::Json => LogFormat::Json,
            },
            std::env::var("EC_LOG").ok().as_deref(),
        );
        let _log =
            log.map_err(|error| CliError::because(format!("cannot start the log: {error}")))?;
        warn_of_no_place(setup.policy());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(setup.policy().local.store_calls as usize + SPARE_THREADS)
            .build()?;
        let store = self.store.clone();
        let reload = move || {
            let read = source.read(store.as_deref());
            read.map_err(|why| ReloadError::Unusable(why.into()))
        };
        let ended = runtime.block_on(async {
            survive_file_limit()?;
            let listeners = Listeners::bind(&self.addr, self.metrics_addr.as_deref()).await;
            let listeners = listeners.map_err(CliError::because)?;
            let outbox = self.open_outbox(setup.policy())?;
            say_where(&listeners, &setup)?;
            let mut server = Server::new(setup, stores).map_err(CliError::because)?;
            if let Some(opened) = outbox {
                server = server.with_outbox(opened);
            }
            serve(server, listeners, reload)
                .await
                .map_err(CliError::because)
        });
        // A store call that hangs does not keep the process from ending.
        runtime.shutdown_background();
        ended.map(|stopped| match stopped {
            Stopped::InTime => ExitStatus::Well,
            Stopped::AtOnce(signal) => ExitStatus::Stopped(signal.exit_code()),
        })
    }

    fn source(&self, files: &FileArgs) -> PolicyInput {
        if let Some(bundle) = &self.bundle {
            return PolicyInput::Bundle(bundle.clone());
        }
        let mut policy = self.policy.clone();
        policy
            .set
            .extend(self.geo.iter().map(|geo| format!("ec.local.geo={geo}")));
        PolicyInput::Files {
            policy,
            files: files.clone(),
        }
    }

    /// Opens the outbox, if there is to be one: a store in memory takes every withdrawal, and ends with the server.
    fn open_outbox(
        &self,
        policy: &EcPolicy,
    ) -> Result<Option<Result<Outbox, OutboxError>>, CliError> {
        let bound = policy.local.outbox_withdrawals;
        let folder = match StoreLocation::of(self.store.as_deref(), policy)? {
            StoreLocation::Memory => return Ok(None),
            StoreLocation::File(graph) => graph.with_extension(OUTBOX),
            StoreLocation::Shared(_) => policy.local.data_dir.as_path().join(OUTBOX),
        };
        // What is in it is delivered, even where no more is to be kept.
        if bound == 0 && !folder.exists() {
            return Ok(None);
        }
        Ok(Some(Outbox::open(&folder, &policy.root.ec_store, bound)))
    }

    fn open(&self, policy: &EcPolicy) -> Result<Stores, CliError> {
        let names = &policy.root;
        Ok(match StoreLocation::of(self.store.as_deref(), policy)? {
            StoreLocation::Memory => Stores::Own {
                graph: Arc::new(MemoryStore::new(SystemClock)),
                partners: Arc::new(MemoryStore::new(SystemClock)),
            },
            StoreLocation::File(path) => Stores::Own {
                graph: Arc::new(open(&path, &names.ec_store, policy)?),
                partners: Arc::new(open(&partners_beside(&path), &names.partner_store, policy)?),
            },
            // One that is down now may be up when it is needed.
            StoreLocation::Shared(address) => Stores::Shared(redis_server(&address, policy)?),
        })
    }
}

/// What the name of the folder ends in that holds the outbox of a graph in a file.
const OUTBOX: &str = "outbox";

/// Threads beside those of store calls: for reading a policy again.
const SPARE_THREADS: usize = 4;

fn open(
    path: &Path,
    name: &StoreName,
    policy: &EcPolicy,
) -> Result<EmbeddedStore<SystemClock>, CliError> {
    EmbeddedStore::open(path, name, &policy.local, SystemClock).map_err(CliError::because)
}

/// Says on standard output where it listens. What reads that may be slow, full or gone: the server does not wait for it.
fn say_where(listeners: &Listeners, setup: &Setup) -> std::io::Result<()> {
    let address = listeners.requests.local_addr()?;
    let digest = setup.policy().digest.mark();
    let profile = on_one_line(setup.profile());
    let mut text = format!("serving on http://{address} (profile {profile}, policy {digest})\n");
    if let Some(metrics) = &listeners.metrics {
        let _ = writeln!(text, "metrics on http://{}/metrics", metrics.local_addr()?);
    }
    let thread = std::thread::Builder::new();
    thread.spawn(move || {
        let mut out = output();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            warn!(%error, "cannot write the server's address to standard output");
        }
    })?;
    Ok(())
}

/// Where the server's policy is read, and read again.
enum PolicyInput {
    Files { policy: PolicyArgs, files: FileArgs },
    Bundle(PathBuf),
}

impl PolicyInput {
    /// The policy as it is written now, where it can be used; else why not.
    fn read(&self, store: Option<&str>) -> Result<Setup, String> {
        match self {
            Self::Files { policy, files } => of_files(policy, files, store),
            Self::Bundle(path) => of_bundle(path, store),
        }
    }
}

fn of_files(policy: &PolicyArgs, files: &FileArgs, store: Option<&str>) -> Result<Setup, String> {
    let mut read: PolicyFiles = policy.open(files).map_err(|stop| stop.to_string())?;
    let profile = policy.choose(&read).map_err(|stop| stop.to_string())?;
    let loaded = read.load(&profile).map_err(|error| error.to_string())?;
    let wrong =
        (loaded.resolved.findings.iter()).find(|finding| finding.severity == Severity::Error);
    if let Some(finding) = wrong {
        let place = finding.places.first();
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        return Err(format!("{place}{} ({})", finding.message, finding.code));
    }
    let resolved = &loaded.resolved;
    let setup = Setup::new(&loaded.profile, resolved, &loaded.publisher, reveal);
    with_password(setup, resolved, store).map_err(|error| with_fix(&error))
}

/// The setup, unless the password of a store that servers share is missing or weak: then with that beside what else is.
fn with_password(
    setup: Result<Setup, SetupError>,
    resolved: &Resolved,
    store: Option<&str>,
) -> Result<Setup, SetupError> {
    let policy = &resolved.policy;
    let shared = matches!(
        StoreLocation::of(store, policy),
        Ok(StoreLocation::Shared(_))
    );
    let password = policy.redis.password.as_ref().filter(|_| shared);
    let password = password.map(|secret| redis_password(secret, resolved.deployed, reveal));
    match (setup, password) {
        (Err(error), Some(Err(problem))) => Err(error.and(problem)),
        (Ok(_), Some(Err(problem))) => Err(problem.into()),
        (setup, _) => setup,
    }
}

/// What is wrong, and what to do where a secret is in a secret store, which no native server has.
fn with_fix(error: &SetupError) -> String {
    let in_store = |problem: &SecretProblem| {
        matches!(
            problem,
            SecretProblem::Missing {
                in_secret_store: true,
                ..
            }
        )
    };
    if error.problems().iter().any(in_store) {
        return format!("{error}; `ec serve` has no secret stores: use `{{ env = \"NAME\" }}`");
    }
    error.to_string()
}

fn of_bundle(path: &Path, store: Option<&str>) -> Result<Setup, String> {
    let bundle = crate::policy_ref::bundle(path)?;
    let setup = Setup::of_bundle(&bundle, reveal);
    with_password(setup, &bundle.resolved, store).map_err(|error| with_fix(&error))
}
