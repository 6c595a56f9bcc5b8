//! `ec schema`

use std::io::Write;

use clap::{Args, ValueEnum};
use edge_cookie::policy::schema;

use crate::output::output;
use crate::{CliError, ExitStatus};

/// Prints the JSON Schema of a file, for editors.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The file that it describes.
    #[arg(long, value_enum, default_value_t = Of::Profile)]
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// A profile under `policies/`.
    Profile,
    /// The server's configuration, whose `[ec]` is described.
    Config,
}

impl SchemaArgs {
    pub(crate) fn run(&self) -> Result<ExitStatus, CliError> {
        let schema = match self.of {
            Of::Profile => schema::profile(),
            Of::Config => schema::config(),
        };
        let mut out = output();
        serde_json::to_writer_pretty(&mut out, &schema).map_err(std::io::Error::from)?;
        writeln!(out)?;
        Ok(ExitStatus::Well)
    }
}
