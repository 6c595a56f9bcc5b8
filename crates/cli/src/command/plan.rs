//! `ec plan`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use edge_cookie_review::{Change, Loss, Plan as Planned, PlanVerdict, Row};
use serde::Serialize;

use super::ReviewFormat;
use crate::markdown;
use crate::migrate::IdChange;
use crate::migration_plan::{Move, OtherMeaning};
use crate::output::output;
use crate::policy_ref::ComparedPolicy;
use crate::{CliError, ExitStatus, FileArgs};

/// Shows what happens to users and records when one policy replaces another.
///
/// Each is a profile, or a bundle as `file:PATH`. For every setting that differs: when it takes effect, on which records, what
/// happens while both versions are deployed, and whether it is safe, with a worked example where it is not. Exits with 0
/// if the change is safe, with 1 if it is not, with 3 if it is safe once some time has passed, with 2 if the policies
/// could not be compared.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The profile that is deployed, or the bundle as `file:PATH`.
    #[arg(long, value_name = "A", required_unless_present = "from")]
    deployed: Option<String>,
    /// The profile that is to replace it, or the bundle as `file:PATH`; with `--move` it is `production` by default.
    #[arg(long, value_name = "B", required_unless_present = "from")]
    candidate: Option<String>,
    /// Plan the move from the IAB Tech Lab's trusted-server: what is deployed is its behaviour under this configuration of
    /// it, which is migrated in memory. Before `ec migrate` has run, the candidate is read from that migration, too.
    #[arg(
        id = "from",
        long = "move",
        value_name = "OLD.toml",
        conflicts_with = "deployed"
    )]
    from: Option<PathBuf>,
    /// The output format.
    #[arg(long, value_enum, default_value_t = ReviewFormat::Human)]
    format: ReviewFormat,
}

impl PlanArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        if let Some(old) = &self.from {
            let candidate = self.candidate.as_deref().unwrap_or(MOVED_TO);
            let moving = Move::read(old, candidate, args)?;
            let mut plan =
                Planned::between(moving.deployed.deployment(), moving.candidate.deployment());
            plan.add_loss(moving.loss());
            return self.print(&moving.deployed, &moving.candidate, &plan, Some(&moving));
        }
        let side =
            |name: &Option<String>| ComparedPolicy::read(name.as_deref().unwrap_or_default(), args);
        let (deployed, candidate) = (side(&self.deployed)?, side(&self.candidate)?);
        let plan = Planned::between(deployed.deployment(), candidate.deployment());
        self.print(&deployed, &candidate, &plan, None)
    }

    fn print(
        &self,
        deployed: &ComparedPolicy,
        candidate: &ComparedPolicy,
        plan: &Planned,
        moving: Option<&Move>,
    ) -> Result<ExitStatus, CliError> {
        let mut out = output();
        match self.format {
            ReviewFormat::Human => human(deployed, candidate, plan, moving, &mut out)?,
            ReviewFormat::Json => {
                let moving = moving.map(MoveReport::of);
                let report = JsonReport { plan, moving };
                serde_json::to_writer(&mut out, &report).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
            ReviewFormat::Markdown => markdown(deployed, candidate, plan, moving, &mut out)?,
        }
        out.flush()?;
        Ok(match plan.verdict {
            PlanVerdict::Safe => ExitStatus::Well,
            PlanVerdict::Wait => ExitStatus::Wait,
            PlanVerdict::Unsafe => ExitStatus::Problems,
        })
    }
}

/// The profile that a move ends in.
const MOVED_TO: &str = "production";

/// A plan, and what else a move changes.
#[derive(Serialize)]
struct JsonReport<'r> {
    #[serde(flatten)]
    plan: &'r Planned,
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    moving: Option<MoveReport<'r>>,
}

#[derive(Serialize)]
struct MoveReport<'r> {
    /// The configuration of the trusted-server.
    from: &'r str,
    /// Whose ids change.
    ids: IdChange,
    /// Its keys that mean something else here and that no setting of the plan is.
    other_meanings: Vec<OtherMeaning<'r>>,
}

impl<'r> MoveReport<'r> {
    fn of(moving: &'r Move) -> Self {
        Self {
            from: &moving.deployed.name,
            ids: moving.ids,
            other_meanings: moving.other_meanings(),
        }
    }
}

/// From when a plan's time is counted.
const COUNTED: &str =
    "the time counts from when the last machine of the deployed policy has stopped";

/// A verdict, with the time until it is safe.
fn verdict(verdict: PlanVerdict, safe_after: Option<&str>) -> String {
    match safe_after {
        Some(after) => format!("{}, safe after {after}", verdict.as_str()),
        None => verdict.as_str().to_owned(),
    }
}

/// The whole plan in a line.
fn summary(plan: &Planned) -> String {
    if plan.changes.is_empty() {
        return format!("{}: no settings differ", plan.verdict.as_str());
    }
    let count = |verdict| {
        let those = plan
            .changes
            .iter()
            .filter(|change| change.verdict == verdict);
        those.count()
    };
    let all = [PlanVerdict::Unsafe, PlanVerdict::Wait, PlanVerdict::Safe];
    let counted = all
        .into_iter()
        .map(|verdict| (count(verdict), verdict.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"));
    let counted: Vec<String> = counted.collect();
    format!(
        "{}: {}",
        verdict(plan.verdict, plan.safe_after.as_deref()),
        counted.join(", ")
    )
}

/// The key below `ec`.
fn key(change: &Change) -> &str {
    below_ec(&change.key)
}

fn loss_key(loss: &Loss) -> &str {
    below_ec(&loss.key)
}

fn below_ec(key: &str) -> &str {
    key.strip_prefix("ec.").unwrap_or(key)
}

/// The laws that begin to apply later, in a line; none where there is none.
fn coming(plan: &Planned) -> Option<String> {
    let mut days: Vec<(&str, Vec<String>)> = Vec::new();
    for law in &plan.coming {
        let state = format!("`{}`", law.state);
        match days.last_mut() {
            Some((day, states)) if *day == law.from => states.push(state),
            _ => days.push((&law.from, vec![state])),
        }
    }
    let days: Vec<String> = days
        .into_iter()
        .map(|(day, states)| format!("{day} in {}", states.join(", ")))
        .collect();
    // Where nothing changes, no one asks.
    (!days.is_empty() && !plan.changes.is_empty()).then(|| {
        format!(
            "opt-out law begins to apply on {}: from then on users there who say nothing lose their grant, and opt-outs withdraw",
            days.join("; ")
        )
    })
}

/// The changes, the worst first.
fn worst_first(plan: &Planned) -> Vec<&Change> {
    let mut changes: Vec<&Change> = plan.changes.iter().collect();
    changes.sort_by_key(|change| std::cmp::Reverse(change.verdict));
    changes
}

fn human(
    deployed: &ComparedPolicy,
    candidate: &ComparedPolicy,
    plan: &Planned,
    moving: Option<&Move>,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let (from, to) = (&deployed.label, &candidate.label);
    writeln!(out, "{from} -> {to}: {}", summary(plan))?;
    if plan.verdict == PlanVerdict::Wait {
        writeln!(out, "{COUNTED}")?;
    }
    if let Some(moving) = moving {
        writeln!(out, "\nids: {}", moving.ids.words())?;
    }
    if !plan.loses.is_empty() {
        writeln!(out, "\nloses")?;
        for loss in &plan.loses {
            writeln!(out, "  {}: {}", loss.what.words(), loss.who)?;
            writeln!(out, "    by     {}", loss_key(loss))?;
            writeln!(out, "    avoid  {}", loss.avoid)?;
        }
    }
    let others = moving.map(Move::other_meanings).unwrap_or_default();
    if !others.is_empty() {
        writeln!(out, "\nmeans something else here")?;
        for other in others {
            writeln!(out, "  {}: {}", other.keys.join(", "), other.meaning)?;
        }
    }
    for change in worst_first(plan) {
        let verdict = verdict(change.verdict, change.safe_after.as_deref());
        let (from, to) = &change.shown;
        writeln!(out, "\n{}: {verdict}", key(change))?;
        writeln!(out, "  - {from}\n  + {to}")?;
        writeln!(out, "  means           {}", change.why)?;
        writeln!(out, "  effect          {}", change.effect)?;
        writeln!(out, "  during rollout  {}", change.mixed)?;
        if let Some(fix) = &change.fix {
            writeln!(out, "  how to fix      {fix}")?;
        }
        if !change.example.is_empty() {
            writeln!(out, "  example         the candidate takes over at 0s:")?;
            timeline(&change.example, out)?;
        }
    }
    if let Some(coming) = coming(plan) {
        writeln!(out, "\ncoming: {coming}")?;
    }
    Ok(())
}

fn timeline(rows: &[Row], out: &mut impl Write) -> std::io::Result<()> {
    let width = |cell: fn(&Row) -> &str, title: &str| {
        let cells = rows.iter().map(|row| cell(row).len());
        cells.max().unwrap_or_default().max(title.len())
    };
    let at = width(|row| &row.at, "");
    let deployed = width(|row| row.deployed, "deployed");
    let candidate = width(|row| row.candidate, "candidate");
    let mut line = |one: &str, two: &str, three: &str, four: &str| {
        writeln!(
            out,
            "    {one:>at$}  {two:deployed$}  {three:candidate$}  {four}"
        )
    };
    line("", "deployed", "candidate", "event")?;
    for row in rows {
        line(&row.at, row.deployed, row.candidate, &row.event)?;
    }
    Ok(())
}

fn markdown(
    deployed: &ComparedPolicy,
    candidate: &ComparedPolicy,
    plan: &Planned,
    moving: Option<&Move>,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let (from, to) = (
        markdown::code(&deployed.label),
        markdown::code(&candidate.label),
    );
    writeln!(out, "### Plan: {from} to {to}\n\n**{}**", summary(plan))?;
    if let Some(coming) = coming(plan) {
        writeln!(out, "\nComing: {coming}.")?;
    }
    if let Some(moving) = moving {
        writeln!(out, "\nIds: {}.", markdown::text(moving.ids.words()))?;
    }
    if plan.verdict == PlanVerdict::Wait {
        writeln!(out, "\n{COUNTED}")?;
    }
    if !plan.loses.is_empty() {
        writeln!(out, "\n#### Loses")?;
        markdown::table(&["what", "of whom", "by", "how to avoid it"], out)?;
        for loss in &plan.loses {
            markdown::row(
                &[
                    loss.what.words().to_owned(),
                    markdown::text(&loss.who),
                    markdown::code(loss_key(loss)),
                    markdown::text(&loss.avoid),
                ],
                out,
            )?;
        }
    }
    let others = moving.map(Move::other_meanings).unwrap_or_default();
    if !others.is_empty() {
        writeln!(out, "\n#### Means something else here")?;
        markdown::table(&["key of the trusted-server", "meaning"], out)?;
        for other in others {
            let keys: Vec<String> = other.keys.iter().map(|key| markdown::code(key)).collect();
            markdown::row(&[keys.join(", "), markdown::text(other.meaning)], out)?;
        }
        writeln!(out, "\n#### Settings")?;
    }
    if plan.changes.is_empty() {
        return Ok(());
    }
    markdown::table(
        &[
            "setting",
            "from",
            "to",
            "verdict",
            "what it means",
            "when it takes effect",
        ],
        out,
    )?;
    let changes = worst_first(plan);
    for change in &changes {
        markdown::row(
            &[
                markdown::code(key(change)),
                markdown::code(&change.shown.0),
                markdown::code(&change.shown.1),
                verdict(change.verdict, change.safe_after.as_deref()),
                markdown::text(&change.why),
                markdown::text(change.effect),
            ],
            out,
        )?;
    }
    for change in changes
        .iter()
        .filter(|change| change.verdict != PlanVerdict::Safe)
    {
        writeln!(out, "\n#### {}\n", markdown::code(key(change)))?;
        writeln!(
            out,
            "During the rollout: {}.",
            markdown::text(&change.mixed)
        )?;
        if let Some(fix) = &change.fix {
            writeln!(out, "\nHow to fix: {}.", markdown::text(fix))?;
        }
        if change.example.is_empty() {
            continue;
        }
        markdown::table(&["at", "event", "deployed", "candidate"], out)?;
        for row in &change.example {
            markdown::row(
                &[
                    row.at.clone(),
                    markdown::text(&row.event),
                    markdown::code(row.deployed),
                    markdown::code(row.candidate),
                ],
                out,
            )?;
        }
    }
    Ok(())
}
