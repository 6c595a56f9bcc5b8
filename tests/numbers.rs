//! No number that governs behaviour, and no store name, stands outside the settings' defaults.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test should stop"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where numbers are at home: each setting's default and limits.
const SETTINGS: &str = "src/policy/settings";

/// Where consent strings are decoded: where which field stands in the formats of the IAB, and how much of them is read.
const FORMATS: &str = "src/consent";

/// Where figures become a page: sizes, colours and how a number is written. Nothing of it is read back.
const SHOWN: &str = "src/simulate/report";

/// How days are counted: the numbers are the Gregorian calendar's.
const CALENDAR: &str = "src/policy/types/day.rs";

/// Numbers outside the settings, each for what it is: a fact of a platform or a format, or how something is shown.
/// None of them changes what becomes of a record, but `GRAIN_SECONDS`, which keeps a store from deciding that.
const FACTS: &[(&str, &str)] = &[
    (
        "GRAIN_SECONDS",
        "records keep whole seconds, and stores count from their own moment",
    ),
    (
        "MOST_NEW_IDS",
        "ids generated for one visitor: that several are taken in a row does not happen",
    ),
    (
        "GREATEST_SECTION",
        "the greatest number in GPP's registry of sections, of which each has its counter",
    ),
    ("ESCAPE", "the character that begins a colour of a terminal"),
    (
        "MAX_DEPTH",
        "the deepest key that is read; no setting has half as many names",
    ),
    (
        "MAX_FINDINGS",
        "findings that are kept and shown; more are counted",
    ),
    ("MAX_ANCESTORS", "profiles that one may inherit from"),
    (
        "LONGEST_WORD",
        "the longest text that is compared with known words",
    ),
    ("STEP", "how often the characters of a text are counted"),
    (
        "MAX_WEIGHT",
        "what a workload may ask for at most, so that every sum can be counted",
    ),
    (
        "MAX_LENGTH",
        "the longest time of a workload: a hundred years",
    ),
    ("MAX_VISITORS", "what a workload may ask for at most"),
    ("MAX_EDGES", "what a workload may ask for at most"),
    ("MAX_BATCH", "what a workload may ask for at most"),
    ("MAX_UID_BYTES", "what a workload may ask for at most"),
    ("MAX_WRITES", "what a workload may ask for at most"),
    ("MAX_FORGED", "what a workload may ask for at most"),
    ("MAX_PRICE", "what a workload may ask for at most"),
    (
        "MAX_DAYS",
        "the most days of a workload and of a log: ten years",
    ),
    ("MAX_SEEDS", "seeds that are simulated at most"),
    (
        "MAX_SCOPE",
        "actors, operations and faults that a proof takes at most",
    ),
    (
        "MAX_ENTRIES",
        "files of a folder of profiles, which links can make endless",
    ),
    (
        "MAX_FILE_BYTES",
        "the largest file that a policy is read from; more is refused in words",
    ),
    ("MILLIS_PER_SECOND", "what a second is"),
    (
        "LONGEST_IDLE",
        "how long a connection to the origin is kept; a request that meets a closed one is sent again",
    ),
    (
        "MOST_IDLE",
        "connections to the origin that are kept; one more is made where none is left",
    ),
    ("HTTP_PORT", "the scheme's port (RFC 9110)"),
    ("HTTPS_PORT", "the scheme's port (RFC 9110)"),
    ("MILLIS", "what the units of time are"),
    ("LABEL", "a column of a table of text"),
    ("NAME", "a column of a table of text"),
    ("OF_SIGNAL", "an indent of text"),
    ("OF_SECTION", "an indent of text"),
    ("NOT_GRANTED", "an exit code of `ec consent explain`"),
    ("WITHDRAWN", "an exit code of `ec consent explain`"),
    (
        "MAGIC_BYTES",
        "how compressed files begin (RFC 1952, RFC 8878)",
    ),
    (
        "LONGEST_LINE",
        "lines of a log that are no requests; no record is touched",
    ),
    (
        "REPORTED",
        "broken lines of a log that are shown; all are counted",
    ),
    ("MINUTES_PER_HOUR", "what an hour is"),
    ("NANOS_PER_SECOND", "what a second is"),
    ("MICROS_PER_MILLI", "what a millisecond is"),
    ("HEX", "how a generation is written"),
    ("MIN", "the shortest TTL that a store takes"),
    (
        "SCHEMA_VERSION",
        "the version of the stored record (`POLICY.md`)",
    ),
    ("HASH_HEX_DIGITS", "the format of an EC id (`POLICY.md`)"),
    ("SUFFIX_CHARACTERS", "the format of an EC id (`POLICY.md`)"),
    ("MAX_PARTNER_ID_BYTES", "the longest domain name (RFC 1035)"),
    (
        "DEFAULT_PULL_RATE_LIMIT",
        "requests where a partner's table states none; it may",
    ),
    (
        "DEFAULT_ATYPE",
        "what the trusted-server takes where a partner states none",
    ),
    ("DAYS", "limits of an age, as the trusted-server has them"),
    (
        "MAX_PARTNER_NAME_CHARS",
        "the longest name of a partner: for people, and no one's to set",
    ),
    (
        "MAX_STORE_NAME",
        "the longest store name that the platform takes",
    ),
    (
        "MARK_HEX_DIGITS",
        "the format of `p` in the metadata (`POLICY.md`)",
    ),
    (
        "COUNTRY_LETTERS",
        "the format of a country's code (ISO 3166-1)",
    ),
    ("MAX_REGION", "the format of a region's code (ISO 3166-2)"),
    ("SHA256_HEX_DIGITS", "what a SHA-256 is"),
    ("BYTES_PER_MIB", "what a MiB is"),
    (
        "LIKE_ENOUGH",
        "how near a suggestion must be, in messages only",
    ),
    (
        "FEW",
        "where sorting becomes cheaper; the outcomes are the same either way",
    ),
    ("PAGE", "keys listed at once"),
    ("TURNS", "how what is at hand grows old"),
    (
        "PARTS",
        "locks that threads share; what is at hand is the same",
    ),
    (
        "PROBE_INTERVAL",
        "how often health writes its own record at most; no user's record is touched",
    ),
    ("PROBE_TTL", "how long health's own record is kept"),
    (
        "FIRST_PAUSE",
        "when a disk that failed is tried again; what is refused meanwhile is refused in words",
    ),
    ("LONGEST_PAUSE", "how long room on a disk may go unnoticed"),
    ("ROOM_BYTES", "what health takes for a full disk"),
    ("SIGXFSZ", "the number of a signal"),
    ("MAX_PARTNERS", "partners that metrics count by name"),
    (
        "RESERVED_HANDLES",
        "file handles kept for what is no connection; no record is touched",
    ),
    (
        "HANDLES_OF_A_CLIENT",
        "its connection, and two to the origin",
    ),
    ("EXIT_BY_SIGINT", "the exit code that shells give SIGINT"),
    ("EXIT_BY_SIGTERM", "the exit code that shells give SIGTERM"),
    (
        "DEFAULT_CONNECTIONS",
        "connections where the policy states no number; it may",
    ),
    (
        "METRICS_CONNECTIONS",
        "connections for metrics; no record is touched",
    ),
    (
        "FIRST_ACCEPT_WAIT",
        "how soon a connection that cannot be taken is tried again",
    ),
    (
        "LONGEST_ACCEPT_WAIT",
        "how soon a connection that cannot be taken is tried again",
    ),
    (
        "UNSENT_BYTES",
        "how soon the progress of a slow client is noticed",
    ),
    (
        "RELOAD_LIMIT",
        "when a policy that cannot be read is a failed reload",
    ),
    (
        "LOG_QUEUE_BYTES",
        "log lines that wait to be written; no record is touched",
    ),
    (
        "LOG_FLUSH_LIMIT",
        "how long the end of a process waits for its log; no record is touched",
    ),
    (
        "DRAIN_PATIENCE",
        "when a client that is refused while it sends is hung up on; its answer is the same",
    ),
    ("MAX_DOMAIN_BYTES", "the longest domain name (RFC 1035)"),
    ("MAX_LABEL_BYTES", "the longest label of one (RFC 1035)"),
    ("TOKEN_BYTES", "as much randomness as a SHA-256 keeps"),
    ("TAIL_CHARACTERS", "the format of an EC id (`POLICY.md`)"),
    (
        "FAIR",
        "which random bytes choose every character equally often",
    ),
    (
        "WRONG_TOKEN_WINDOW",
        "the window in which wrong tokens are counted, the longest that the edge's rate counter knows",
    ),
    (
        "IPV6_NETWORK",
        "the half of an address that names a network (RFC 4291)",
    ),
    ("MAX_SENDERS", "the memory of who sends wrong tokens"),
    ("MAX_KNOWN", "the memory of which tokens were right"),
    (
        "OWNER_AND_GROUP",
        "what a bundle's mode may let others do; no record is touched",
    ),
    ("MOST_IDS", "ids listed in one answer to an operator"),
    ("VERSION", "the layout of a GPP header"),
    ("LATENCY_SECONDS", "the bounds of a histogram"),
    (
        "SLIPS",
        "how near a misspelled key is to a secret's, in what is masked only",
    ),
    (
        "MAX_OFFSET_SECONDS",
        "the largest offset from UTC (RFC 3339, section 5.6)",
    ),
    ("MOST_COOKIES", "more EC cookies than a browser sends"),
    (
        "MAX_BYTES",
        "the longest user agent that is searched for a robot's name",
    ),
    (
        "MAX_REQUEST_ID",
        "the longest request id that is taken over into a log",
    ),
    (
        "CONFIG_STORE_ITEM",
        "the longest item of a config store, which the platform sets",
    ),
    ("SPARE_THREADS", "threads beside those of store calls"),
    ("MAX_METADATA_BYTES", "what the platform cannot read back"),
    ("MAX_KEY_BYTES", "the longest key of the platform"),
    ("LIMIT_EXCEEDED", "a status of the platform"),
    ("PART", "how a body is read"),
    ("TEN", "a window of the platform"),
    ("SIXTY", "a window of the platform"),
    ("WHOLE", "how finely a share of the users is told"),
    ("HUNDREDTHS", "how finely a share of the users is told"),
    ("DECIMALS", "how finely a share of the users is told"),
    (
        "IDLE_READER",
        "when a thread that reads nothing ends; what is read is the same",
    ),
    (
        "NUDGE",
        "when a second thread is woken for reads that wait; what is read is the same",
    ),
    (
        "WRITE_INTERVAL",
        "how often the platform takes a write to a key, for a rule",
    ),
    (
        "LOOKUP_LAG",
        "how far the platform's lookups may lag behind, for rules",
    ),
    (
        "MORE_THAN_RETRIES",
        "what an operation may send (`POLICY.md`, promise 5)",
    ),
    ("SHARDS", "how a table is shared out among threads"),
    ("HOURS_UP_TO", "how a time is shown"),
    ("SECONDS_PER_MINUTE", "what a minute is"),
    ("SECONDS_PER_HOUR", "what an hour is"),
    ("SECONDS_PER_DAY", "what a day is"),
    ("LONG", "how far a proof goes"),
    ("REPORT", "how often progress is shown"),
    (
        "EDGE_EXECUTION",
        "how long the platform lets a request live, for rules",
    ),
    (
        "BROWSERS_KEEP_DAYS",
        "how long browsers keep a cookie (RFC 6265bis), for a rule",
    ),
    ("ABSURD_DAYS", "what a rule takes for a slip of the unit"),
    (
        "CALLS_OF_A_REQUEST",
        "how many store calls the platform wants of a request, for a rule",
    ),
    ("CALLS_OF_AN_ATTEMPT", "a read and a write"),
    (
        "SHORTEST_SECRET",
        "how long a secret is that is not guessed, for a rule",
    ),
    ("MINUTE", "what a minute is"),
    ("HASH_BYTES", "the format of an EC id, in examples"),
    ("SCREEN", "how wide a screen is"),
    ("GROUP", "a column on the screen"),
    ("LABEL", "a column on the screen"),
    ("VALUE", "a column on the screen"),
    ("SWEPT", "a column on the screen"),
    ("LINES_TOGETHER", "how the command line reads"),
    ("WAITING", "how the command line reads"),
    ("BUFFER_BYTES", "how the command line reads"),
    (
        "MAX_LINE_BYTES",
        "the longest line that the command line reads",
    ),
    (
        "LAST_TERM",
        "how exactly the simulation draws lengths of time",
    ),
    (
        "FRACTION_BITS",
        "what a floating-point number is (IEEE 754)",
    ),
    ("SLOT_BYTES", "the format of the outbox's file"),
    ("EMPTY", "the format of the outbox's file"),
    (
        "MAX_FILES",
        "the outboxes that one folder may hold: one a running server",
    ),
    (
        "RESERVED_AT_ONCE",
        "how much is written at once where the outbox's space is reserved",
    ),
    ("PRIVATE_FILE", "the permissions of a file (POSIX)"),
    ("PRIVATE_FOLDER", "the permissions of a folder (POSIX)"),
    (
        "AT_ONCE",
        "withdrawals of the outbox that are delivered together",
    ),
    ("PAUSE", "how the outbox is delivered beside other work"),
    ("BACKOFF", "how a store is tried that took no withdrawal"),
    (
        "LONGEST_BACKOFF",
        "how long the outbox may not notice that a store is back",
    ),
    ("ODD", "the terms of a series"),
    ("HOUR", "what the units of time are"),
    ("HOURS", "what the units of time are"),
    ("SECOND", "what the units of time are"),
    ("SECONDS_OF_A_DAY", "what the units of time are"),
    (
        "DAYS_OF_A_MONTH",
        "what a month is where storage has its price",
    ),
    ("MILLION", "what a price is for"),
    ("GIGABYTE", "what a price is for"),
    (
        "SLACK",
        "how far shares that people round may miss the whole, in a workload",
    ),
    (
        "PAGE_EVERY",
        "a workload that says nothing of it: its description, no behaviour",
    ),
    (
        "BATCH",
        "a workload that says nothing of it: its description, no behaviour",
    ),
    (
        "SENDS",
        "a workload that says nothing of it: its description, no behaviour",
    ),
    (
        "UID_BYTES",
        "a workload that says nothing of it: its description, no behaviour",
    ),
    ("REPEATS_MOST", "more pages than a visit can have"),
    (
        "REPEATED_WITHIN",
        "when a simulated visitor sends a withdrawal twice",
    ),
    ("VISIT_GAP", "what web analytics call a visit"),
    (
        "TOLD",
        "broken lines of a log that are reported; all are counted",
    ),
    ("OK", "a status (RFC 9110)"),
    ("REDIRECTS", "a status (RFC 9110)"),
    ("NOT_MODIFIED", "a status (RFC 9110)"),
    ("BITS", "how page views are packed"),
    ("CALLS", "what an attempt is: a read and a write"),
    (
        "VISITOR_BITS",
        "how the simulation tells one stream of chance from another",
    ),
    (
        "PARTNER_BITS",
        "how the simulation tells one stream of chance from another",
    ),
    (
        "UID_BITS",
        "how the simulation tells one stream of chance from another",
    ),
    ("WORD_DIGITS", "hex digits of a word of 64 bits"),
    ("WORDS", "words of a SHA-256"),
    ("TAIL", "the format of an EC id (`POLICY.md`)"),
    (
        "FORGED",
        "how the simulation tells one stream of chance from another",
    ),
    (
        "CHUNK",
        "visitors that a thread takes at once; the result is the same",
    ),
    ("STEPS", "points of a sweep"),
    ("MOST_WORDS", "batches that are counted apart"),
    (
        "WITHDRAWAL",
        "the number of a promise (`POLICY.md`), less one",
    ),
    (
        "LAST_SEEN",
        "the number of a promise (`POLICY.md`), less one",
    ),
    ("WORK", "the number of a promise (`POLICY.md`), less one"),
    (
        "NAMESPACE",
        "the number of a promise (`POLICY.md`), less one",
    ),
    (
        "RETENTION",
        "the number of a promise (`POLICY.md`), less one",
    ),
];

/// Numbers that stand in expressions, by file: what they are is told beside them.
const IN_EXPRESSIONS: &[(&str, &[&str])] = &[
    // Characters by their names (Unicode), and how many bytes of UTF-8 they take.
    (
        "src/printable.rs",
        &[
            "2", "3", "061c", "200e", "200f", "2028", "202e", "2066", "2069",
        ],
    ),
    // The numbers of the promises (`POLICY.md`).
    (
        "src/verify/violation.rs",
        &["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"],
    ),
    // How a percent-encoded byte is written (RFC 3986, section 2.1).
    ("src/service/path.rs", &["3", "16"]),
    // What the units of time are.
    (
        "src/policy/types/length.rs",
        &[
            "0_u128",
            "10_u128",
            "1_000",
            "1_000_000",
            "3_600",
            "60",
            "604_800",
            "86_400",
        ],
    ),
    (
        "src/policy/types/duration.rs",
        &[
            "3_600",
            "24",
            "1_000_000",
            "1_000",
            "60_000",
            "3_600_000",
            "86_400_000",
            "5",
            "8",
        ],
    ),
    // Zero and one with their types, and lists of percents.
    ("src/simulate/rng.rs", &["1_u64"]),
    ("src/simulate/log/reader.rs", &["0_u64"]),
    ("src/simulate/log/page_times.rs", &["0_u64"]),
    // How many digits hours and minutes have.
    ("src/simulate/log/time.rs", &["2"]),
    ("src/simulate/diurnal_profile.rs", &["0_u64"]),
    ("src/simulate/sweep.rs", &["0_u32"]),
    (
        "src/simulate/summarize.rs",
        &[
            "0_i64", "0_u64", "10", "25", "50", "75", "90", "95", "99", "100",
        ],
    ),
    ("src/simulate/workload/lag.rs", &["50", "90", "99", "100"]),
    ("src/simulate/monitor.rs", &["1_u8"]),
    // The steps of the finaliser of SplitMix64.
    ("src/store/generation.rs", &["30", "27", "31"]),
    // Doubling.
    ("src/engine/transaction.rs", &["2_u32"]),
    ("src/store/memory.rs", &["2"]),
    // How many fields a reference to a secret has.
    ("src/policy/types/secret.rs", &["2"]),
    // The digits that an EC id may hold.
    ("src/record/id.rs", &["9"]),
    // Bytes to be filled, and the end of a list of bounds.
    ("src/server/handler.rs", &["0_u8"]),
    ("src/server/metrics.rs", &["5"]),
    // The parts of a line that describes a metric.
    ("src/server/exposition.rs", &["3"]),
    // The exit codes of a command that could not run and of a plan that has to wait, and digits in threes.
    ("src/bin/ec/main.rs", &["2", "3"]),
    (
        "src/bin/ec/command/apply/summary.rs",
        &["3", "20", "12", "2"],
    ),
    // What a name is shortened by.
    ("src/bin/ec/command/simulate/summary.rs", &["2"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: no tests, comments or strings.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let mut code = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '/' if characters.peek() == Some(&'/') => {
                characters.by_ref().find(|character| *character == '\n');
                code.push('\n');
            }
            '"' => {
                while let Some(inside) = characters.next() {
                    match inside {
                        '\\' => drop(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '\'' if characters.peek() == Some(&'"') => drop(characters.next()),
            other => code.push(other),
        }
    }
    code
}

/// The words of code that begin with a digit, but for those that name a place in a tuple or count by one.
fn numbers(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut before = ' ';
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let word = first.is_ascii_alphanumeric() || first == '_';
        let end = rest
            .find(|character: char| (character.is_ascii_alphanumeric() || character == '_') != word)
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if first.is_ascii_digit()
            && before != '.'
            && !["0", "1"].contains(&part)
            && !part.starts_with("0x")
        {
            found.insert(part.to_owned());
        }
        before = part.chars().next_back().unwrap();
        rest = after;
    }
    found
}

/// What follows a `;` without the length of an array, which the compiler holds against its elements.
fn without_array_length(statement: &str) -> &str {
    let rest = statement
        .trim_start()
        .trim_start_matches(|character: char| character.is_ascii_digit());
    if rest.starts_with(']') {
        rest
    } else {
        statement
    }
}

#[test]
fn every_number_outside_the_settings_is_a_known_fact() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let mut seen = BTreeSet::new();
    let mut unknown = Vec::new();
    for file in files
        .iter()
        .filter(|file| !file.starts_with(root.join(SETTINGS)))
        .filter(|file| !file.starts_with(root.join(SHOWN)))
        .filter(|file| !file.starts_with(root.join(FORMATS)))
        .filter(|file| **file != root.join(CALENDAR))
    {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap();
        let text = code(&std::fs::read_to_string(file).unwrap());
        let mut expressions = String::new();
        for statement in text.split_inclusive(';') {
            let statement = without_array_length(statement);
            let Some((_, constant)) = statement
                .split_once("const ")
                .filter(|(_, rest)| !rest.starts_with("fn "))
            else {
                expressions.push_str(statement);
                continue;
            };
            let (constant, value) = constant.split_once('=').unwrap_or((constant, ""));
            let constant = constant.split(':').next().unwrap().trim();
            if !numbers(value).is_empty() {
                assert!(
                    FACTS.iter().any(|(fact, _)| *fact == constant),
                    "`{constant}` in {name} is a number: make it a setting"
                );
                seen.insert(constant.to_owned());
            }
        }
        let allowed = IN_EXPRESSIONS
            .iter()
            .find(|(file, _)| *file == name)
            .map_or(&[] as &[&str], |(_, numbers)| numbers);
        for number in numbers(&expressions) {
            if !allowed.contains(&number.as_str()) {
                unknown.push(format!("`{number}` in {name}"));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "make these settings, or name them: {unknown:#?}"
    );
    assert!(
        seen.contains("MAX_PARTNER_ID_BYTES"),
        "the search finds constants"
    );
}

#[test]
fn no_store_name_stands_outside_its_setting() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let naming: Vec<_> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let text: String = text
                .split("#[cfg(test)]")
                .next()
                .unwrap()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            text.contains("_identity_store") || text.contains("_partner_store")
        })
        .collect();
    assert_eq!(naming, [&root.join(SETTINGS).join("top.rs")]);
}
