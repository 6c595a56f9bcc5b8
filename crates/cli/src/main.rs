//! The `ec` command line: check, explain and run Edge Cookie policies.

mod command;
mod edit;
mod laws;
mod markdown;
mod migrate;
mod migration_plan;
mod output;
mod policy;
mod policy_ref;
mod render;
mod sarif;
mod secret;
mod server;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use edge_cookie::printable::{on_lines, on_one_line};
use edge_cookie::redact::passwords;

/// Events are made in one thread and dropped in another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the Edge Cookie identity graph under a policy; checks, explains and compares policies.
#[derive(Debug, Parser)]
#[command(name = "ec", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    files: FileArgs,
    #[command(subcommand)]
    command: Command,
}

/// Where policies are written.
#[derive(Debug, Clone, Args)]
struct FileArgs {
    /// The server's configuration; its `[ec]` is read.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "trusted-server.toml"
    )]
    config: PathBuf,
    /// The folder of profiles.
    #[arg(long, global = true, value_name = "DIR", default_value = "policies")]
    policies: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(command::check::CheckArgs),
    Explain(command::explain::ExplainArgs),
    Consent(command::consent::ConsentArgs),
    Show(command::show::ShowArgs),
    Diff(command::diff::DiffArgs),
    Plan(command::plan::PlanArgs),
    Verify(command::verify::VerifyArgs),
    Simulate(command::simulate::SimulateArgs),
    Serve(command::serve::ServeArgs),
    Status(command::status::StatusArgs),
    Bundle(command::bundle::BundleArgs),
    Rollout(command::rollout::RolloutArgs),
    Partner(command::partner::PartnerArgs),
    Apply(command::apply::ApplyArgs),
    Get(command::get::GetArgs),
    List(command::list::ListArgs),
    Delete(command::delete::DeleteArgs),
    Set(command::set::SetArgs),
    Migrate(command::migrate::MigrateArgs),
    Init(command::init::InitArgs),
    Schema(command::schema::SchemaArgs),
    Completions(command::completions::CompletionsArgs),
}

/// The result of a command, apart from its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExitStatus {
    /// No problems.
    Well,
    /// There were problems, all of them reported.
    Problems,
    /// No problems once some time has passed.
    Wait,
    /// A decision, with its exit code.
    Decided(u8),
    /// A second signal stopped it at once; the signal's exit code.
    Stopped(u8),
}

/// Why a command could not run, in words for the user; empty where the problems were already reported.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Because(String),
    #[error("the policy is invalid: fix the errors above (`ec check` shows all of them)")]
    BadPolicy,
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl CliError {
    /// Why, without the passwords in addresses that a user wrote.
    fn because(why: impl std::fmt::Display) -> Self {
        Self::Because(passwords(&why.to_string()).into_owned())
    }
}

/// The arguments. Errors in them are reported without passwords, and without control characters that a terminal acts on.
fn arguments() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        // A line end of the user's own would look like one of the message.
        let plain = std::env::args_os().map(|argument| match argument.to_str() {
            Some(text) => on_one_line(text).into_owned().into(),
            None => argument,
        });
        let error = Cli::try_parse_from(plain).err().unwrap_or(error);
        let rendered = error.render().to_string();
        let masked = passwords(&rendered);
        let shown = on_lines(&masked, None);
        if shown == rendered {
            error.exit();
        }
        render::line(shown.trim_end());
        std::process::exit(error.exit_code());
    })
}

fn main() -> ExitCode {
    let cli = arguments();
    let files = &cli.files;
    let ended = match &cli.command {
        Command::Check(check) => check.run(files),
        Command::Explain(explain) => explain.run(),
        Command::Consent(consent) => consent.run(files),
        Command::Show(show) => show.run(files),
        Command::Diff(diff) => diff.run(files),
        Command::Plan(plan) => plan.run(files),
        Command::Verify(verify) => verify.run(files),
        Command::Simulate(simulate) => simulate.run(files),
        Command::Serve(serve) => serve.run(files),
        Command::Status(status) => status.run(files),
        Command::Bundle(bundle) => bundle.run(files),
        Command::Rollout(rollout) => rollout.run(files),
        Command::Partner(partner) => partner.run(files),
        Command::Apply(apply) => apply.run(files),
        Command::Get(get) => get.run(files),
        Command::List(list) => list.run(files),
        Command::Delete(delete) => delete.run(files),
        Command::Set(set) => set.run(files),
        Command::Migrate(migrate) => migrate.run(files),
        Command::Init(init) => init.run(),
        Command::Schema(schema) => schema.run(),
        Command::Completions(completions) => completions.run(),
    };
    match ended {
        Ok(ExitStatus::Well) => ExitCode::SUCCESS,
        Ok(ExitStatus::Problems) => ExitCode::from(1),
        Ok(ExitStatus::Wait) => ExitCode::from(3),
        Ok(ExitStatus::Decided(code) | ExitStatus::Stopped(code)) => ExitCode::from(code),
        // The reader of the output has closed it.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(stop) => {
            render::error(&stop);
            ExitCode::from(2)
        }
    }
}
