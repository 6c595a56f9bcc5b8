//! Recognizes robots by their user agents, with a public list that `scripts/robots.sh` updates.
//!
//! ```
//! use edge_cookie_service::robots::is_robot;
//!
//! assert!(is_robot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
//! // The name of this phone contains `bot`, but it is not a robot.
//! assert!(!is_robot("Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36"));
//! ```

/// The list: one case-sensitive pattern per line; `#` begins a comment.
///
/// `^` and `$` match the start and the end of a user agent, `*` matches any text.
const PATTERNS: &str = include_str!("patterns.txt");

/// The number of bytes of a user agent that are searched: more than any browser sends. It limits the cost of a hostile request.
const MAX_BYTES: usize = 2_048;

/// Whether a user agent names itself as a robot on the list.
///
/// The search goes through the whole list and takes some tens of microseconds: use it only before an id is created.
#[must_use]
pub fn is_robot(user_agent: &str) -> bool {
    let bounded = user_agent.as_bytes().get(..MAX_BYTES);
    let shown = bounded.map_or(user_agent.into(), String::from_utf8_lossy);
    let mut patterns = PATTERNS.lines().filter(|line| !line.starts_with('#'));
    patterns.any(|pattern| matches(pattern, &shown))
}

fn matches(pattern: &str, text: &str) -> bool {
    if let Some(start) = pattern.strip_prefix('^') {
        return text.starts_with(start);
    }
    if let Some(end) = pattern.strip_suffix('$') {
        return text.ends_with(end);
    }
    let mut rest = Some(text);
    for part in pattern.split('*') {
        rest = rest
            .and_then(|rest| rest.split_once(part))
            .map(|(_, after)| after);
    }
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robots_are_recognized() {
        for (agent, robot) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                true,
            ),
            (
                "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
                true,
            ),
            ("curl/8.5.0", true),
            ("Wget/1.21.4", true),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                true,
            ),
            (
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
                true,
            ),
            ("Current/1.0 (RSS Reader; https://current.example)", true),
            ("", false),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                false,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.4.1 like Chrome/120.0.0.0 Safari/537.36",
                false,
            ),
            ("not curl/8.5.0", false),
        ] {
            assert_eq!(is_robot(agent), robot, "{agent}");
        }
    }

    #[test]
    fn a_long_user_agent_is_searched_up_to_a_limit() {
        let padding = "é".repeat(MAX_BYTES);
        assert!(is_robot(&format!("Googlebot/2.1 {padding}")));
        assert!(!is_robot(&format!("{padding} Googlebot/2.1")));
    }

    #[test]
    fn every_pattern_is_in_the_small_form() {
        for pattern in PATTERNS.lines().filter(|line| !line.starts_with('#')) {
            let plain = pattern.trim_matches(['^', '$']).replace('*', "");
            assert!(plain.len() >= 3, "`{pattern}` is too short");
            assert!(!plain.contains(['^', '$']), "`{pattern}`");
            let anchored = pattern.starts_with('^') || pattern.ends_with('$');
            assert!(!(anchored && pattern.contains('*')), "`{pattern}`");
        }
    }
}
