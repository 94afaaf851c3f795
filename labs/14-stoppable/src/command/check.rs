//! `stoppable check`: all experiments, a verdict, findings with fixes, and the proof that they help.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::progress::Line;
use super::prove;
use crate::engine::command::Engine;
use crate::engine::container::Run;
use crate::engine::{helper, image};
use crate::finding;
use crate::finding::about::{Finding, Severity};
use crate::finding::case::Case;
use crate::finding::dockerfile::Sources;
use crate::finding::marks::marks;
use crate::probe::observation::Observation;
use crate::probe::patient::{Patient, Ready, Target, stop_options};
use crate::probe::plan::{self, Probe, Results};
use crate::probe::session::Failed;
use crate::report::verdict::{Probed, Report};

/// What is to be checked, and how.
#[derive(Debug, Clone)]
pub struct Wish {
    /// An image.
    pub image: Option<String>,
    /// What the user calls it.
    pub shown: String,
    /// Or the folder that it is built from, and its Dockerfile.
    pub sources: Option<(PathBuf, Option<PathBuf>)>,
    /// The user's own options for `docker run`.
    pub options: Vec<String>,
    /// What makes it ready.
    pub ready: Option<regex_lite::Regex>,
    /// Where requests go.
    pub http: Option<Target>,
    /// How long `docker stop` waits, if not as long as the options and the engine say.
    pub grace: Option<Duration>,
    /// The experiments.
    pub probes: BTreeSet<Probe>,
    /// Trace?
    pub trace: bool,
    /// With this image.
    pub tracer: Option<String>,
    /// Try the fixes?
    pub prove: bool,
}

/// `docker stop` without another word.
const GRACE: Duration = Duration::from_secs(10);

/// The examination, and the folder that it was about.
pub fn run(engine: &Engine, wish: &Wish) -> Result<(Report, Option<Sources>)> {
    let line = Line::new();
    let result = examine(engine, wish, &line);
    line.done();
    result
}

fn examine(engine: &Engine, wish: &Wish, line: &Line) -> Result<(Report, Option<Sources>)> {
    let sources = match &wish.sources {
        Some((folder, dockerfile)) => Some(Sources::read(folder, dockerfile.as_deref())?),
        None => None,
    };
    let (shown, image) = match (&wish.image, &sources) {
        (Some(image), _) => (image.clone(), image.clone()),
        (None, Some(sources)) => {
            line.say("building the image");
            let built = image::build(engine, &sources.folder, Some(&sources.dockerfile))?;
            (wish.shown.clone(), built)
        }
        (None, None) => anyhow::bail!("nothing to check"),
    };
    let config = image::inspect(engine, &image)?;
    let (signal, grace) = stop_options(&wish.options, &config).map_err(anyhow::Error::msg)?;
    line.say("preparing the tracer");
    let helper = match (&wish.tracer, wish.trace) {
        (Some(image), true) => Some(image.clone()),
        (None, true) => Some(helper::image(engine)?),
        (_, false) => None,
    };
    let ports = wish
        .http
        .as_ref()
        .map_or_else(|| config.ports(), |target| vec![target.port]);
    let patient = Patient {
        engine: engine.clone(),
        run: Run {
            image,
            options: wish.options.clone(),
            ..Run::default()
        },
        config,
        helper,
        signal,
        grace: wish.grace.or(grace).unwrap_or(GRACE),
        ready: wish.ready.clone().map_or(Ready::Quiet(ports), Ready::Line),
        http: wish.http.clone(),
    };
    let results = plan::run(&patient, &wish.probes, line)?;
    let case = Case {
        patient: &patient,
        results: &results,
        sources: sources.as_ref(),
    };
    let mut findings = finding::all(&case);
    if wish.prove {
        prove::all(&mut findings, &patient, sources.as_ref(), &results, line)?;
    }
    Ok((report(engine, shown, results, findings), sources))
}

fn report(engine: &Engine, image: String, results: Results, mut findings: Vec<Finding>) -> Report {
    findings.sort_by_key(|finding| finding.severity);
    let could_not_run = match &results.failed {
        Some(failed) if findings.is_empty() => Some(reason(failed)),
        _ => None,
    };
    Report {
        image,
        engine: (engine.name.clone(), engine.version.clone()),
        marks: results.stop.as_ref().map(marks),
        probes: probed(&results, &findings),
        untraced: results.stop.as_ref().and_then(|stop| stop.untraced.clone()),
        stop: results.stop,
        findings,
        could_not_run,
    }
}

/// Why nothing could be examined, and what to do.
fn reason(failed: &Failed) -> String {
    match failed {
        Failed::Refused(output) => output.complaint().to_owned(),
        Failed::Ended { code, logs } => {
            let last = logs.iter().rev().find(|line| !line.trim().is_empty());
            let said = last.map_or_else(
                || "it printed nothing".into(),
                |line| format!("its last line: {}", line.trim()),
            );
            format!(
                "the container ended by itself with exit code {code} before a signal could be sent ({said}). \
                 Does it need variables, a volume, a terminal? Give them after --: stoppable check IMAGE -- -e NAME=value -i"
            )
        }
    }
}

/// When it was ready, and what that means where it is not plain.
fn started(results: &Results) -> String {
    let after = format!("ready after {:.1} s", results.ready);
    let ports: Vec<String> = results.unheard.iter().map(u16::to_string).collect();
    match ports.as_slice() {
        [] => after,
        ports => format!(
            "{after}: all sleep, and nobody listens on port {} of EXPOSE; --ready REGEX says what ready is",
            ports.join(" or ")
        ),
    }
}

/// Each experiment in a few words.
fn probed(results: &Results, findings: &[Finding]) -> Vec<Probed> {
    let ended = |seen: &Observation| match seen.code {
        Some(code) => format!("{}exit code {code} after {:.1} s", sent(seen), seen.seconds),
        None => format!("{}still running after {:.1} s", sent(seen), seen.seconds),
    };
    let mut probes = Vec::new();
    let mut add = |name, result: String| probes.push(Probed { name, result });
    if let Some(stop) = &results.stop {
        add("start", started(results));
        add("stop", ended(stop));
    }
    if let Some(longer) = &results.longer {
        add(
            "stop",
            format!("with {:.0} s of grace: {}", longer.grace, ended(longer)),
        );
    }
    for (name, seen) in [
        ("interrupt", &results.interrupt),
        ("init", &results.init),
        ("twice", &results.twice),
    ] {
        if let Some(seen) = seen {
            add(name, ended(seen));
        }
    }
    if let Some(crash) = &results.crash {
        let reaped = match crash.reaped {
            Some(true) => "PID 1 reaps orphans",
            Some(false) => "PID 1 does not reap orphans",
            None => "no orphan was made",
        };
        let killed = crash
            .observation
            .as_ref()
            .map(|seen| format!("the work killed: {}; ", ended(seen)));
        add("crash", format!("{}{reaped}", killed.unwrap_or_default()));
    }
    if !results.early.is_empty() {
        let lost = results
            .early
            .iter()
            .filter(|moment| moment.code.is_none())
            .count();
        let all = results.early.len();
        let words = match lost {
            0 => "no signal was lost".to_owned(),
            _ => format!("the signal was lost at {lost}"),
        };
        add("early", format!("{all} moments of the start: {words}"));
    }
    if let Some(requests) = &results.requests {
        let words = format!(
            "{} under way, {} of them lost; in all {} answered, {} refused, {} reset, {} cut",
            requests.in_flight,
            requests.lost,
            requests.answered,
            requests.refused,
            requests.reset,
            requests.cut
        );
        add("requests", words);
    }
    let proofs = findings
        .iter()
        .filter(|finding| finding.proof.is_some())
        .count();
    let open = findings
        .iter()
        .filter(|finding| finding.fix.is_none() && finding.severity != Severity::Note)
        .count();
    if proofs + open > 0 {
        add(
            "fixes",
            format!("{proofs} proved, {open} findings without one"),
        );
    }
    probes
}

fn sent(seen: &Observation) -> String {
    seen.signal
        .map_or_else(String::new, |signal| format!("{signal}: "))
}
