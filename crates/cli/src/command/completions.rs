//! `ec completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{Cli, CliError, ExitStatus};

/// Prints completions for a shell.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(&self) -> Result<ExitStatus, CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ec", &mut script);
        std::io::Write::write_all(&mut std::io::stdout(), &script)?;
        Ok(ExitStatus::Well)
    }
}
