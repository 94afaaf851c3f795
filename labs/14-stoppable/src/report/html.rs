//! The report as one page, with its picture, and nothing loaded from outside.

use std::fmt::Write as _;

use super::escape::escaped;
use super::picture;
use super::story::story;
use super::text::commands;
use super::verdict::Report;
use crate::finding::marks::Marks;

/// Light and dark, and a phone.
const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}pre{overflow-x:auto;padding:.75rem;border:1px solid #8886;border-radius:.4rem}\
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left}figure{margin:1.5rem 0;overflow-x:auto}\
figure svg{max-width:100%;height:auto}h2{margin-top:2rem;font-size:1.15rem}";

/// The whole page.
pub fn render(report: &Report) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n\
         <style>{STYLE}</style>\n<h1>{0}</h1>\n<p><strong>{1}</strong></p>\n",
        escaped(&report.image),
        escaped(&report.headline()),
    );
    if let Some(marks) = &report.marks {
        page += &table(&[("", marks)]);
    }
    if let Some(reason) = &report.untraced {
        let _ = writeln!(
            page,
            "<p>Not traced: {}. The evidence is weaker.</p>",
            escaped(reason)
        );
    }
    if let Some(stop) = report.stop.as_ref().filter(|stop| stop.traced()) {
        let _ = writeln!(page, "<figure>{}</figure>", picture::draw(&story(stop)));
    }
    for finding in &report.findings {
        let severity = finding.severity;
        let (name, title) = (finding.about.name, escaped(finding.about.title));
        let _ = writeln!(
            page,
            "<h2>{severity}: <code>{name}</code></h2>\n<p>{title}</p>\n<ul>"
        );
        for line in &finding.evidence {
            let _ = writeln!(page, "<li>{}</li>", escaped(line));
        }
        let _ = writeln!(page, "</ul>\n<p>{}</p>", escaped(finding.about.explanation));
        if let Some(fix) = &finding.fix {
            let code = escaped(&commands(fix).join("\n"));
            let _ = writeln!(
                page,
                "<p>Fix: {}</p>\n<pre>{code}</pre>",
                escaped(&fix.text)
            );
        }
        if let Some(proof) = &finding.proof {
            page += &table(&[("before", &proof.before), ("after", &proof.after)]);
        }
    }
    let _ = writeln!(
        page,
        "<p>By stoppable on {} {}.</p>\n</html>",
        escaped(&report.engine.0),
        escaped(&report.engine.1)
    );
    page
}

fn table(rows: &[(&str, &Marks)]) -> String {
    let mut text = String::from(
        "<table><tr><th></th><th>handler ran</th><th>drained</th><th>code</th><th>time</th></tr>\n",
    );
    for (name, marks) in rows {
        let cells = marks.words().join("</td><td>");
        let _ = writeln!(text, "<tr><th>{name}</th><td>{cells}</td></tr>");
    }
    text + "</table>\n"
}
