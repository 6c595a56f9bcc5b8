//! Opens what is simulated, and tells what is wrong with it.

use std::path::Path;

use edge_cookie::diagnostic::Omitted;
use edge_cookie::simulate::log::{Log, LogFormat};
use edge_cookie::simulate::workload::Workload;

use crate::{Stop, render};

/// The workload, and the log that its visits come from.
pub(super) struct Input {
    pub(super) workload: Workload,
    pub(super) log: Option<Log>,
}

impl Input {
    pub(super) fn open(
        workload: &Path,
        log: Option<&Path>,
        format: Option<&str>,
    ) -> Result<Self, Stop> {
        let format = format.map(|word| {
            LogFormat::parse(word).ok_or_else(|| {
                let words = LogFormat::WORDS.join("`, `");
                Stop::because(format!("`{word}` is not a log's format: write `{words}`"))
            })
        });
        let format = format.transpose()?;
        let read = Workload::open(workload).map_err(Stop::because)?;
        render::findings(&read.findings, Omitted::default(), &read.sources);
        let Some(described) = read.workload else {
            return Err(Stop::because(
                "the workload cannot be used: mend what is told above",
            ));
        };
        // A log that the workload names stands beside it.
        let beside = described
            .log_file()
            .map(|file| workload.parent().unwrap_or(Path::new("")).join(file));
        let path = log.map(Path::to_path_buf).or(beside);
        let Some(path) = path else {
            if described.needs_log() {
                return Err(Stop::because(
                    "the workload's visits come from a log: name it with `--log FILE`",
                ));
            }
            return Ok(Self {
                workload: described,
                log: None,
            });
        };
        let log = described.open_log(&path, format).map_err(Stop::because)?;
        tell(&log);
        Ok(Self {
            workload: described.of_log(&log),
            log: Some(log),
        })
    }
}

/// Tells the lines that could not be read.
fn tell(log: &Log) {
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
