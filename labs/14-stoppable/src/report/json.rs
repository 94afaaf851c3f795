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
