//! The report for machines: one document, as `stoppable.schema.json` describes it.

use serde_json::{Value, json};

use super::verdict::Report;
use crate::finding::about::Finding;

/// The whole report.
pub fn render(report: &Report) -> String {
    let document = json!({
        "image": report.image,
        "engine": { "name": report.engine.0, "version": report.engine.1 },
        "verdict": report.verdict(),
        "headline": report.headline(),
        "marks": report.marks,
        "untraced": report.untraced,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "probes": report.probes,
        "events": report.events(),
    });
    format!("{document:#}\n")
}

fn finding(finding: &Finding) -> Value {
    let about = finding.about;
    json!({
        "name": about.name,
        "severity": finding.severity,
        "title": about.title,
        "evidence": finding.evidence,
        "chapter": about.link(),
        "fix": finding.fix,
        "proof": finding.proof,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::about::Proof;
    use crate::finding::fix::Fix;
    use crate::finding::marks::Marks;
    use crate::finding::{about, start};
    use crate::probe::observation::Observation;
    use crate::report::verdict::Probed;
    use crate::trace::event::{Arrival, Disposition, End, Event, Outcome, What};
    use crate::trace::sender::Sender;
    use crate::trace::set::{Set, Sig};

    /// What the schema says against a document; nothing if it is right.
    fn against(document: &str) -> Option<String> {
        let schema: Value =
            serde_json::from_str(include_str!("../../stoppable.schema.json")).unwrap();
        let document: Value = serde_json::from_str(document).unwrap();
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("stoppable.json", schema).unwrap();
        let index = compiler.compile("stoppable.json", &mut schemas).unwrap();
        schemas
            .validate(&document, index)
            .err()
            .map(|error| error.to_string())
    }

    fn empty() -> Report {
        Report {
            image: "x".into(),
            engine: ("docker".into(), "1".into()),
            marks: None,
            findings: Vec::new(),
            probes: Vec::new(),
            stop: None,
            untraced: None,
            could_not_run: Some("no".into()),
        }
    }

    fn full() -> Report {
        let marks = Marks {
            handler: Some(true),
            code: Some(137),
            ..Marks::default()
        };
        let arrival = Arrival {
            signal: Sig(37),
            sender: Some(Sender {
                code: 0,
                pid: 0,
                uid: 0,
            }),
            disposition: Disposition::Default,
            blocked: Set::of(Sig::INT),
            pending: Set::default(),
            outcome: Outcome::SignalFd,
        };
        let left = Vec::new();
        let whats = [
            What::Signal(arrival),
            What::Exit {
                end: End::Code(0),
                left,
            },
            What::Attached {
                threads: 2,
                clock: 0.0,
            },
        ];
        let event = |what| Event {
            at: 0.5,
            pid: 1,
            name: "app".into(),
            what,
        };
        let mut finding = start::ABOUT[0].found(vec!["seen".into()]);
        finding.fix = Some(Fix::option("so", &["--init"]));
        finding.proof = Some(Proof {
            before: marks,
            after: marks,
            remaining: vec!["zombies"],
        });
        Report {
            marks: Some(marks),
            findings: vec![finding, about("zombies").unwrap().found(Vec::new())],
            probes: vec![Probed {
                name: "stop",
                result: "ended".into(),
            }],
            stop: Some(Observation {
                events: whats.map(event).to_vec(),
                ..Observation::default()
            }),
            untraced: Some("because".into()),
            could_not_run: None,
            ..empty()
        }
    }

    #[test]
    fn every_report_is_as_the_schema_says() {
        for report in [empty(), full()] {
            assert_eq!(against(&render(&report)), None);
        }
    }

    #[test]
    fn the_schema_refuses_what_is_missing_unknown_or_misspelt() {
        let right = render(&full());
        for (from, to) in [
            ("\"verdict\": \"findings\"", "\"verdict\": \"fine\""),
            ("\"marks\"", "\"marcs\""),
            ("\"outcome\": \"signal-fd\"", "\"outcome\": \"lost\""),
            ("\"severity\": \"error\"", "\"severity\": \"fatal\""),
        ] {
            assert!(right.contains(from), "{from} is not in {right}");
            assert!(against(&right.replacen(from, to, 1)).is_some(), "{to}");
        }
    }
}
