//! The text of the page.

use edge_cookie::clock::Timestamp;
use edge_cookie_simulate::report::{page, sentence};
use edge_cookie_simulate::result::SimulationResult;

use super::fixture::{compared, single};

fn written(simulation: &SimulationResult) -> String {
    page(simulation, Timestamp::from_unix(1_772_409_600))
}

/// What ends a line where a page is compared.
const LINE_ENDS: [&str; 22] = [
    "<main>",
    "<header>",
    "</h1>",
    "</header>",
    "</blockquote>",
    "<section>",
    "</h2>",
    "</p>",
    "</section>",
    "<div class=\"charts\">",
    "</div>",
    "<figure>",
    "</figcaption>",
    "<svg/>",
    "</summary>",
    "</details>",
    "</figure>",
    "</footer>",
    "<table>",
    "</thead>",
    "<tbody>",
    "</td></tr>",
];

/// The page without its style and its charts.
fn words(page: &str) -> String {
    let mut rest = page.split_once("<body>").unwrap().1;
    let mut words = String::new();
    while let Some((before, drawing)) = rest.split_once("<svg") {
        words.push_str(before);
        words.push_str("<svg/>");
        rest = drawing.split_once("</svg>").unwrap().1;
    }
    words.push_str(rest);
    LINE_ENDS
        .iter()
        .fold(words, |words, end| words.replace(end, &format!("{end}\n")))
}

#[test]
fn the_page_of_one_policy() {
    insta::assert_snapshot!(words(&written(&single())));
}

#[test]
fn the_page_of_two_policies() {
    insta::assert_snapshot!(words(&written(&compared())));
}

#[test]
fn a_chart_draws_the_numbers_of_its_table() {
    let page = written(&compared());
    let chart = page.split_once("<b>Live entries</b>").unwrap().1;
    let svg = chart.split_once("</svg>").unwrap().0;
    // Two lines of three days, and the second stays below the first.
    let heights: Vec<Vec<i32>> = svg
        .split("<polyline")
        .filter_map(|line| line.split_once("stroke-width=\"24\" points=\""))
        .map(|(_, points)| {
            let points = points.split_once('"').unwrap().0.split_whitespace();
            points
                .map(|point| point.split_once(',').unwrap().1.parse().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(heights.len(), 2, "two lines: {svg}");
    let (first, second) = (&heights[0], &heights[1]);
    assert_eq!((first.len(), second.len()), (3, 3));
    assert!(
        first[0] > first[1] && first[1] > first[2],
        "it grows: {first:?}"
    );
    assert!(second[2] > first[2], "smaller values are lower: {second:?}");
}

#[test]
fn input_never_becomes_markup() {
    let nasty = "<img src=x onerror=alert(1)>\"&'";
    let mut simulation = compared();
    simulation.workload.name = nasty.to_owned();
    simulation.workload.description = Some(nasty.to_owned());
    simulation.workload.prices.currency = nasty.to_owned();
    for policy in &mut simulation.profiles {
        policy.profile = nasty.to_owned();
        policy.price.currency = nasty.to_owned();
        for refused in &mut policy.refused {
            refused.partner = nasty.to_owned();
        }
        for met in &mut policy.contention.by {
            met.who = nasty.to_owned();
        }
    }
    simulation.settings[0].key = nasty.to_owned();
    assert!(!written(&simulation).contains("<img"));
}

#[test]
fn a_broken_promise_comes_first() {
    let mut simulation = single();
    assert!(sentence(&simulation).ends_with("no promise was broken."));
    simulation.profiles[0].promises[0].broken = 2;
    assert!(sentence(&simulation).ends_with("1 promise was broken."));
    let page = written(&simulation);
    let (before, _) = page.split_once("<table>").unwrap();
    assert!(before.contains("<code>production</code> broke a promise in 2 of 90 checks"));
}
