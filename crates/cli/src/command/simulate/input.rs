//! Opens the workload and its log, and prints their problems.

use std::path::Path;

use edge_cookie::diagnostic::Omitted;
use edge_cookie_simulate::log::{VisitLog, VisitLogFormat};
use edge_cookie_simulate::workload::Workload;

use crate::{CliError, render};

/// The workload and its log, if it has one.
pub(super) struct SimulationInput {
    pub(super) workload: Workload,
    pub(super) log: Option<VisitLog>,
}

impl SimulationInput {
    pub(super) fn open(
        workload: &Path,
        log: Option<&Path>,
        format: Option<&str>,
    ) -> Result<Self, CliError> {
        let format = format.map(|word| {
            VisitLogFormat::parse(word).ok_or_else(|| {
                let words = VisitLogFormat::WORDS.join("`, `");
                CliError::because(format!("unknown log format `{word}`: write `{words}`"))
            })
        });
        let format = format.transpose()?;
        let read = Workload::open(workload).map_err(CliError::because)?;
        render::findings(&read.findings, Omitted::default(), &read.sources);
        let Some(described) = read.workload else {
            return Err(CliError::because(
                "the workload is invalid: fix the errors above",
            ));
        };
        // A log that the workload names is relative to the workload's folder.
        let named = described
            .log_file()
            .map(|file| workload.parent().unwrap_or(Path::new("")).join(file));
        let path = log.map(Path::to_path_buf).or(named);
        let Some(path) = path else {
            if described.needs_log() {
                return Err(CliError::because(
                    "the workload takes its visits from a log: name the log with `--log FILE`",
                ));
            }
            return Ok(Self {
                workload: described,
                log: None,
            });
        };
        let log = described
            .open_log(&path, format)
            .map_err(CliError::because)?;
        print_problems(&log);
        Ok(Self {
            workload: described.of_log(&log),
            log: Some(log),
        })
    }
}

/// Prints the lines that could not be read.
fn print_problems(log: &VisitLog) {
    for problem in &log.problems {
        render::warning(problem);
    }
    let more = log.usage.broken.saturating_sub(log.problems.len() as u64);
    if more > 0 {
        render::warning(&format!(
            "{more} more lines of `{}` could not be read",
            log.usage.file
        ));
    }
}
