//! The page in a real browser: at desktop and phone width, in light and dark, and on paper.
//!
//! Without Chromium the test is skipped with a message, and in CI it fails.

use std::path::Path;

use super::{chromium, page};

const WIDTHS: [u32; 2] = [1_280, 390];
const HEIGHT: u32 = 2_400;

/// Chromium's values for the preferred colour scheme.
const SCHEMES: [(&str, u8); 2] = [("light", 1), ("dark", 0)];

/// What Chromium writes on standard output about a page.
fn browse(chromium: &str, file: &Path, scheme: u8, more: &[String]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = chromium::command(chromium, profile.path())
        .arg("--hide-scrollbars")
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .args(more)
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Frames of each width with the page in them, and a script that measures its layout.
fn frames(page: &str) -> String {
    let inside = page.replace('&', "&amp;").replace('"', "&quot;");
    let frames = WIDTHS
        .map(|width| {
            format!("<iframe srcdoc=\"{inside}\" style=\"width:{width}px;height:900px;border:0\"></iframe>")
        })
        .concat();
    format!(
        "<!doctype html><meta name=\"color-scheme\" content=\"light dark\"><body>{frames}<pre></pre><script>
        onload = () => {{
            const layouts = [...document.querySelectorAll('iframe')].map(frame => {{
                const page = frame.contentDocument, view = frame.contentWindow;
                const svgs = [...page.querySelectorAll('svg')];
                const line = page.querySelector('svg polyline[stroke-width=\"24\"]');
                const letters = [...page.querySelectorAll('svg text')].map(text => {{
                    const drawn = text.getBoundingClientRect(), svg = text.ownerSVGElement.getBoundingClientRect();
                    return drawn.left >= svg.left - 1 && drawn.right <= svg.right + 1;
                }});
                const size = page.querySelector('svg text').getBoundingClientRect().height;
                return [
                    view.innerWidth,
                    page.documentElement.scrollWidth,
                    view.getComputedStyle(page.body).backgroundColor.replaceAll(' ', ''),
                    view.getComputedStyle(line).stroke.replaceAll(' ', ''),
                    svgs.length,
                    svgs.filter(svg => svg.closest('figure')?.querySelector('table tbody tr td')).length,
                    letters.filter(inside => !inside).length,
                    Math.round(size),
                ].join(' ');
            }});
            document.body.replaceChildren(document.createTextNode(layouts.join(';')));
        }};
        </script></body>"
    )
}

/// How the page lies in one frame.
#[derive(Debug, PartialEq)]
struct Lies {
    width: u32,
    needs: u32,
    ground: String,
    line: String,
    charts: usize,
    with_table: usize,
    cut_off: usize,
    letters: u32,
}

fn lies(dom: &str) -> Vec<Lies> {
    let layouts = dom.split_once("<body>").unwrap().1;
    let layouts = layouts.split_once("</body>").unwrap().0;
    layouts
        .split(';')
        .map(|frame| {
            let parts: Vec<&str> = frame.split_whitespace().collect();
            let number = |at: usize| parts[at].parse().unwrap();
            let count = |at: usize| parts[at].parse().unwrap();
            Lies {
                width: number(0),
                needs: number(1),
                ground: parts[2].to_owned(),
                line: parts[3].to_owned(),
                charts: count(4),
                with_table: count(5),
                cut_off: count(6),
                letters: number(7),
            }
        })
        .collect()
}

/// Width and height of a PNG, as its header says.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn the_page_looks_right_at_every_width_in_light_and_dark_and_on_paper() {
    let Some(chromium) = chromium::find("the page in a browser") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = page();
    // Keeps the screenshots for people to look at.
    let kept = std::env::var_os("EC_SCREENSHOTS");
    let seen = kept.as_deref().map_or(folder.path(), Path::new);
    let file = folder.path().join("report.html");
    let framed = folder.path().join("framed.html");
    std::fs::write(&file, page).unwrap();
    std::fs::write(&framed, frames(page)).unwrap();

    let mut grounds = Vec::new();
    for (name, scheme) in SCHEMES {
        let found = lies(&browse(
            chromium,
            &framed,
            scheme,
            &["--dump-dom".to_owned()],
        ));
        for (lies, width) in found.iter().zip(WIDTHS) {
            assert_eq!(lies.width, width, "{name}");
            assert!(
                lies.needs <= width,
                "{name}: it runs over the edge: {lies:?}"
            );
            assert!(lies.charts > 8, "{name}: {lies:?}");
            assert_eq!(lies.charts, lies.with_table, "{name}");
            assert_eq!(
                lies.cut_off, 0,
                "{name}: what is written in a chart is cut off"
            );
            assert!(lies.letters >= 10, "{name}: too small to read: {lies:?}");
        }
        assert_eq!(found.len(), WIDTHS.len());
        assert_eq!(found[0].ground, found[1].ground);
        grounds.push((found[0].ground.clone(), found[0].line.clone()));

        for width in WIDTHS {
            let shot = seen.join(format!("{name}-{width}.png"));
            let more = [
                format!("--window-size={width},{HEIGHT}"),
                format!("--screenshot={}", shot.display()),
            ];
            browse(chromium, &file, scheme, &more);
            assert_eq!(size(&std::fs::read(shot).unwrap()), (width, HEIGHT));
        }
    }
    assert_eq!(grounds[0].0, "rgb(255,255,255)");
    assert_ne!(grounds[0].0, grounds[1].0, "dark has its own ground");
    assert_ne!(grounds[0].1, grounds[1].1, "and its own lines");

    let paper = seen.join("report.pdf");
    let more = [
        "--no-pdf-header-footer".to_owned(),
        format!("--print-to-pdf={}", paper.display()),
    ];
    browse(chromium, &file, 0, &more);
    assert!(std::fs::read(paper).unwrap().starts_with(b"%PDF"));
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = page();
    for outside in [
        "<script", "<link", "src=", "href=", "url(", "@import", "http:", "https:",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(
        page.matches("<svg").count(),
        page.matches("<figure>").count()
    );
    assert_eq!(
        page.matches("<figure>").count(),
        page.matches("<details>").count()
    );
}
