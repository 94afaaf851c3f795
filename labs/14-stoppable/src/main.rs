//! Parses, dispatches, exits.

mod cli;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use cli::{Check, Cli, Command, Format, Trace};
use stoppable::command::check::{self, Wish};
use stoppable::command::{draw, explain, list, trace, write};
use stoppable::engine::cleanup;
use stoppable::engine::command::Engine;
use stoppable::probe::plan::Probe;
use stoppable::report::verdict::Report;
use stoppable::report::{html, json, markdown, picture, story, text, text_event};
use stoppable::trace::tracer::Tracer;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            anstream::eprintln!("stoppable: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Inside => {
            if std::fs::read_link("/proc/self/ns/pid").is_ok_and(|link| link.as_os_str() == FIRST) {
                bail!(
                    "this is the tracer of a helper container: here it would trace the whole machine"
                );
            }
            Tracer::new(std::io::stdout())
                .run(std::io::stdin())
                .map(|()| 0)
        }
        Command::Explain { finding } => print(&explain::run(&finding)?),
        Command::Check(flags) if flags.list => print(&list::run()),
        Command::Check(flags) => {
            let wish = wish(&flags)?;
            with(flags.engine.as_deref(), |engine| {
                checked(engine, &wish, flags.format, flags.write)
            })
        }
        Command::Draw(flags) => {
            let extra = flags.extra.as_deref();
            let difference = draw::run(&flags.panels, extra, &flags.out, flags.compare.as_deref())?;
            match difference {
                None => Ok(0),
                Some(difference) => print(&difference).map(|_| 1),
            }
        }
        Command::Trace(flags) => with(flags.engine.as_deref(), |engine| traced(engine, &flags)),
    }
}

/// The machine's own PID namespace has this number (PROC_PID_INIT_INO, include/linux/proc_ns.h).
const FIRST: &str = "pid:[4026531836]";

/// Works with an engine, and leaves nothing there, whatever comes.
fn with(program: Option<&Path>, work: impl FnOnce(&Engine) -> Result<u8>) -> Result<u8> {
    let engine = Engine::find(program)?;
    cleanup::on_signals(engine.clone())?;
    let result = cleanup::sweep(&engine).and_then(|()| work(&engine));
    cleanup::everything(&engine);
    result
}

fn checked(engine: &Engine, wish: &Wish, format: Format, apply: bool) -> Result<u8> {
    let (report, sources) = check::run(engine, wish)?;
    print(&render(&report, format))?;
    if let (true, Some(sources)) = (apply, &sources) {
        for name in write::all(&report.findings, sources)? {
            anstream::eprintln!("changed: {name}");
        }
    }
    Ok(report.status())
}

fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Text => text::render(report),
        Format::Brief => text::brief(report),
        Format::Json => json::render(report),
        Format::Markdown => markdown::render(report),
        Format::Html => html::render(report),
    }
}

/// What the flags ask for.
fn wish(flags: &Check) -> Result<Wish> {
    let mut probes = BTreeSet::from([Probe::Stop]);
    for name in &flags.probes {
        let probe = Probe::named(name).with_context(|| {
            let names: Vec<&str> = Probe::ALL.iter().map(|probe| probe.name()).collect();
            format!(
                "no experiment is called {name:?}; there are: {}",
                names.join(", ")
            )
        })?;
        probes.insert(probe);
    }
    if flags.probes.is_empty() {
        probes.extend(Probe::ALL);
    }
    let target = flags.target.as_deref();
    let folder = target.map(Path::new).filter(|path| path.is_dir());
    let sources: Option<(PathBuf, Option<PathBuf>)> = match (&flags.file, folder) {
        (Some(file), Some(folder)) => Some((folder.to_owned(), Some(file.clone()))),
        (Some(file), None) if target.is_none() => {
            let parent = file
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            Some((
                parent.unwrap_or(Path::new(".")).to_owned(),
                Some(file.clone()),
            ))
        }
        (Some(_), None) => bail!(
            "{} is no folder; give a build context or only -f",
            target.unwrap_or_default()
        ),
        (None, Some(folder)) if folder.join("Dockerfile").is_file() => {
            Some((folder.to_owned(), None))
        }
        (None, Some(folder))
            if target.is_some_and(|target| target.contains('/') || target.starts_with('.')) =>
        {
            bail!(
                "there is no Dockerfile in {}; name one with -f",
                folder.display()
            )
        }
        (None, _) => None,
    };
    if flags.write && sources.is_none() {
        bail!(
            "--write changes the files of a folder; give the folder that the image is built from"
        );
    }
    Ok(Wish {
        shown: flags.file.as_ref().map_or_else(
            || flags.target.clone().unwrap_or_default(),
            |file| file.display().to_string(),
        ),
        image: if sources.is_some() {
            None
        } else {
            flags.target.clone()
        },
        sources,
        options: flags.options.clone(),
        ready: flags.ready.clone(),
        http: flags.http.clone(),
        grace: flags.grace.map(Duration::from_secs),
        probes,
        trace: !flags.no_trace,
        tracer: flags.tracer.clone(),
        prove: !flags.no_prove,
    })
}

fn traced(engine: &Engine, flags: &Trace) -> Result<u8> {
    let running = engine.call(
        ["inspect", "--format", "{{.State.Running}}", &flags.target],
        Duration::from_secs(60),
    )?;
    if running.code == Some(0) && running.stdout.trim() == "true" {
        if flags.svg.is_some() {
            bail!(
                "--svg draws the stop of an image; {} is a running container",
                flags.target
            );
        }
        trace::container(
            engine,
            &flags.target,
            flags.tracer.as_deref(),
            flags.json,
            flags.connections,
            std::io::stdout(),
        )?;
        return Ok(0);
    }
    if flags.connections {
        bail!(
            "--connections is for a running container; {} is none",
            flags.target
        );
    }
    let seen = trace::image(
        engine,
        &flags.target,
        flags.tracer.as_deref(),
        &flags.options,
    )?;
    if let Some(file) = &flags.svg {
        let drawn = picture::draw(&story::story(&seen));
        std::fs::write(file, drawn).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut lines = String::new();
    for event in &seen.events {
        let line = if flags.json {
            serde_json::to_string(event)?
        } else {
            text_event::line(event)
        };
        if !line.is_empty() {
            lines += &(line + "\n");
        }
    }
    print(&lines)
}

/// Prints; that nobody reads any more (`| head`) is no fault.
fn print(text: &str) -> Result<u8> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot print")
        }
        _ => Ok(0),
    }
}
