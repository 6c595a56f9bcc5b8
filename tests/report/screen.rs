//! The summary fits a screen of 80 columns and 24 lines.

use super::simulate;

#[test]
fn a_policy_two_policies_and_a_sweep_each_fit_one_screen() {
    for (more, says) in [
        (&[] as &[&str], "price a day"),
        (&["--compare", "staging"], "instead of"),
        (
            &["--compare", "staging", "--seeds", "2"],
            "2 seeds: writes a day",
        ),
        (&["--sweep", "ec.last_seen.debounce=1m..1h"], "\n* 15m "),
    ] {
        let output = simulate(more);
        assert!(output.contains(says), "{output}");
        assert!(output.lines().count() <= 24, "{output}");
        for line in output.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
