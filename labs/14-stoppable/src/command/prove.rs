//! A fix is tried before it is shown: the same experiment on a mended copy.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use crate::engine::{cleanup, image};
use crate::finding::about::{Finding, Proof, Severity};
use crate::finding::case::Case;
use crate::finding::dockerfile::Sources;
use crate::finding::fix::{Edit, Fix};
use crate::finding::marks::{Marks, marks};
use crate::finding::{self};
use crate::probe::patient::{Patient, stop_options};
use crate::probe::plan::{self, Probe, Progress, Results};

/// Tries each finding's candidates, the best first, and keeps the first that helps.
pub fn all(
    findings: &mut [Finding],
    patient: &Patient,
    sources: Option<&Sources>,
    before: &Results,
    progress: &impl Progress,
) -> Result<()> {
    let names: BTreeSet<&str> = findings.iter().map(|finding| finding.about.name).collect();
    for finding in findings {
        for fix in std::mem::take(&mut finding.candidates) {
            let Some(mended) = mend(patient, sources, &fix)? else {
                continue;
            };
            let wanted = BTreeSet::from([finding.about.probe]);
            let after = plan::run(&mended, &wanted, progress)?;
            if after.failed.is_some() {
                continue;
            }
            let case = Case {
                patient: &mended,
                results: &after,
                sources: None,
            };
            let found = finding::all(&case);
            let gone = found
                .iter()
                .all(|other| other.about.name != finding.about.name);
            // One trouble for another is no fix.
            let new = found.iter().any(|other| {
                other.severity == Severity::Error && !names.contains(other.about.name)
            });
            if gone && !new {
                let remaining = found
                    .iter()
                    .filter(|other| other.severity != Severity::Note);
                finding.proof = Some(Proof {
                    before: of(before, finding.about.probe),
                    after: of(&after, finding.about.probe),
                    remaining: remaining.map(|other| other.about.name).collect(),
                });
                finding.fix = Some(fix);
                break;
            }
        }
    }
    Ok(())
}

/// The marks of the experiment that a finding is about.
fn of(results: &Results, probe: Probe) -> Marks {
    let observation = match probe {
        Probe::Interrupt => results.interrupt.as_ref(),
        Probe::Crash => results
            .crash
            .as_ref()
            .and_then(|crash| crash.observation.as_ref())
            .or(results.stop.as_ref()),
        Probe::Requests => results
            .requests
            .as_ref()
            .map(|requests| &requests.observation),
        _ => results.stop.as_ref(),
    };
    observation.map(marks).unwrap_or_default()
}

/// The patient with a fix; `None` where that cannot be built.
fn mend(patient: &Patient, sources: Option<&Sources>, fix: &Fix) -> Result<Option<Patient>> {
    let mut mended = patient.clone();
    mended.run.more.extend(fix.options.iter().cloned());
    if !fix.arguments.is_empty() || fix.options.iter().any(|option| option == "--entrypoint") {
        mended.run.arguments.clone_from(&fix.arguments);
    }
    for edit in &fix.edits {
        let Some(sources) = sources else {
            return Ok(None);
        };
        let Ok(built) = build(&mended, sources, edit) else {
            return Ok(None);
        };
        mended.config = image::inspect(&mended.engine, &built)?;
        mended.run.image = built;
    }
    let options = [&mended.run.options[..], &mended.run.more[..]].concat();
    let (signal, grace) = stop_options(&options, &mended.config).map_err(anyhow::Error::msg)?;
    mended.signal = signal;
    if fix.options.iter().any(|option| option == "--stop-timeout") {
        mended.grace = grace.unwrap_or(mended.grace);
    }
    Ok(Some(mended))
}

/// An image with one file changed. The folder itself is not touched: a changed Dockerfile lies in a folder of ours, a
/// changed script is laid over the image that was built before.
fn build(patient: &Patient, sources: &Sources, edit: &Edit) -> Result<String> {
    let folder = cleanup::folder("mended")?;
    let built = (|| {
        let dockerfile = folder.join("Dockerfile");
        let Some(in_image) = &edit.in_image else {
            fs::write(&dockerfile, &edit.new).context("cannot write a Dockerfile")?;
            return image::build(&patient.engine, &sources.folder, Some(&dockerfile));
        };
        let script = folder.join("script");
        fs::write(&script, &edit.new).context("cannot write a script")?;
        let permissions = fs::metadata(&edit.path)
            .context("cannot read a script")?
            .permissions();
        fs::set_permissions(&script, permissions).context("cannot write a script")?;
        let text = format!("FROM {}\nCOPY script {in_image}\n", patient.run.image);
        fs::write(&dockerfile, text).context("cannot write a Dockerfile")?;
        image::build(&patient.engine, &folder, None)
    })();
    cleanup::remove_folder(&folder);
    built
}
