//! A program that embeds the graph: the policy it reads or builds, and operations by name.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use edge_cookie::clock::SystemClock;
use edge_cookie::config::PolicyError;
use edge_cookie::diagnostic::Code;
use edge_cookie::graph::{
    CreateOrReviveOutcome, CreateOutcome, KvIdentityGraph, UpsertPartnerIdOutcome,
    WithdrawalOutcome,
};
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo};
use edge_cookie::store::{KvStore, MemoryStore};

type Outcome = Result<(), Box<dyn Error>>;

fn user() -> Result<EcId, Box<dyn Error>> {
    Ok(format!("{}.Ab3xY9", "0f".repeat(32)).parse()?)
}

#[test]
fn the_first_program_runs() -> Outcome {
    let id = user()?;
    let policy = EcPolicy::from_toml_str(
        "[ec]\nec_store = \"a\"\npartner_store = \"b\"\n[ec.tombstone]\nttl = \"48h\"\n",
    )?;
    let graph = KvIdentityGraph::new(Arc::new(MemoryStore::new(SystemClock)), SystemClock);
    let ec = graph.under(&policy);
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    assert_eq!(ec.create(&id, &consent, &geo)?, CreateOutcome::Created);
    assert_eq!(
        ec.write_withdrawal_tombstone(&id)?,
        WithdrawalOutcome::Withdrawn
    );
    let record = ec.get(&id)?.ok_or("the tombstone is readable")?;
    assert!(record.entry.is_tombstone());
    // The same second: consent does not undo a withdrawal that is not older.
    assert_eq!(
        ec.create_or_revive(&id, &consent, &geo)?,
        CreateOrReviveOutcome::ConsentWithdrawn
    );
    assert_eq!(
        ec.upsert_partner_ids(&id, &[])?,
        Vec::<UpsertPartnerIdOutcome>::new()
    );
    Ok(())
}

#[test]
fn a_store_behind_any_pointer_is_that_store() -> Outcome {
    let policy = EcPolicy::default();
    let store = Arc::new(MemoryStore::new(SystemClock));
    let boxed: Box<dyn KvStore> = Box::new(Arc::clone(&store));
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let first = KvIdentityGraph::new(boxed, SystemClock);
    let created = first.under(&policy).create(&user()?, &consent, &geo)?;
    assert_eq!(created, CreateOutcome::Created);
    let second = KvIdentityGraph::new(&*store, SystemClock);
    let again = second.under(&policy).create(&user()?, &consent, &geo)?;
    assert_eq!(again, CreateOutcome::AlreadyExists);
    Ok(())
}

#[test]
fn every_shipped_profile_is_read_and_built_again_as_itself() -> Outcome {
    for file in std::fs::read_dir("policies")? {
        let path = file?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let name = name.ok_or("a profile has a name")?;
        let read = EcPolicy::from_files("trusted-server.toml", Some(name))?;
        let built = EcPolicy::builder().with(|policy| *policy = read.clone());
        assert_eq!(built.build()?, read, "{name}");
    }
    Ok(())
}

#[test]
fn what_is_no_policy_is_refused_with_every_error_and_its_place() -> Outcome {
    let text = "[ec.tombstone]\nttl = \"1month\"\nrepeat = \"sometimes\"\n[ec.entri]\n";
    let error = EcPolicy::from_toml_str(text).err().ok_or("it is refused")?;
    for (code, place) in [
        (Code::CalendarUnit, "<text>:2:7"),
        (Code::UnknownChoice, "<text>:3:10"),
        (Code::UnknownKey, "<text>:4:5"),
    ] {
        assert!(
            error.has(code) && error.to_string().contains(place),
            "{error}"
        );
    }
    let folder = Path::new("no-such-folder");
    let absent = EcPolicy::from_files(folder.join("trusted-server.toml"), None);
    let absent = absent.err().ok_or("there is no file")?;
    assert!(matches!(absent, PolicyError::Load(_)), "{absent}");
    assert!(absent.source().is_some(), "the cause is kept");
    let unknown = EcPolicy::from_files("trusted-server.toml", Some("productoin"));
    let unknown = unknown.err().ok_or("there is no such profile")?;
    let cause = unknown.source().map(ToString::to_string);
    assert!(cause.is_some_and(|cause| cause.contains("did you mean `production`?")));
    Ok(())
}

/// The guide shows the packages in `examples/` that `scripts/embed.sh` builds and tests, to the letter.
#[test]
fn the_guide_shows_the_example_packages() {
    let root = Path::new(env!("REPOSITORY"));
    let guide = std::fs::read_to_string(root.join("docs/embedding.md")).unwrap();
    for (file, block) in [
        ("examples/first_program/src/main.rs", "```rust"),
        ("examples/own_store/src/lib.rs", "```rust"),
        ("examples/own_store/tests/conformance.rs", "```rust,ignore"),
    ] {
        let code = std::fs::read_to_string(root.join(file)).unwrap();
        let code: Vec<_> = code
            .lines()
            .skip_while(|line| line.starts_with("//!"))
            .collect();
        let shown = format!("{block}\n{}\n```\n", code.join("\n").trim());
        assert!(guide.contains(&shown), "copy `{file}` to docs/embedding.md");
    }
}
