//! `ec completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{Cli, End, Stop};

/// Prints completions for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<End, Stop> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ec", &mut script);
        std::io::Write::write_all(&mut std::io::stdout(), &script)?;
        Ok(End::Well)
    }
}
