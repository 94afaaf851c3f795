//! `cargo xtask doctor`: what this machine can run, and the remedy for what it cannot.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::commands::flags::Format;
use crate::engine::choice::{Engine, Kind};
use crate::engine::programs;
use crate::report::json;
use crate::report::verdict::Verdict;
use crate::system::machine;
use crate::system::print::print;
use crate::system::process::{self, which};

/// `cargo xtask doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// For people or for machines
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    /// What.
    what: String,
    /// Whether it is there.
    ok: bool,
    /// Whether nothing runs without it.
    required: bool,
    /// Its version, or the problem with its remedy.
    detail: String,
}

/// Looks at everything; cannot-run if something required is missing.
pub fn doctor(arguments: &DoctorArgs) -> Result<Verdict> {
    let mut findings = vec![
        kernel(),
        tool("bash", true),
        tool("cargo", true),
        static_linking(),
    ];
    findings.extend(["dash", "busybox", "curl"].map(|name| tool(name, false)));
    findings.push(finding(
        "user namespaces",
        false,
        machine::user_namespaces().map(|()| "allowed".into()),
    ));
    let engines = Kind::ALL.map(|kind| {
        let probed = Engine::probe(kind)
            .map(|engine| engine.version)
            .map_err(|error| format!("{error:#}"));
        finding(&format!("engine {}", kind.name()), false, probed)
    });
    let picked = Engine::choose(None);
    findings.extend(engines);
    findings.push(finding(
        "picked by --engine auto",
        true,
        picked
            .map(|engine| engine.describe())
            .map_err(|error| format!("{error:#}")),
    ));
    let verdict = match findings
        .iter()
        .any(|finding| finding.required && !finding.ok)
    {
        true => Verdict::CannotRun,
        false => Verdict::Passed,
    };
    match arguments.format {
        Format::Json => print(&json::render(&findings)?),
        Format::Jsonl => print(&json::lines(&findings)?),
        Format::Text => findings.iter().for_each(show),
    }
    Ok(verdict)
}

fn show(finding: &Finding) {
    let mark = match (finding.ok, finding.required) {
        (true, _) => "ok".green().to_string(),
        (false, true) => "missing".red().bold().to_string(),
        (false, false) => "no".yellow().to_string(),
    };
    let detail = finding.detail.replace('\n', "\n    ");
    print(&format!("{mark}  {}: {detail}\n", finding.what.bold()));
}

fn finding(what: &str, required: bool, result: Result<String, String>) -> Finding {
    let ok = result.is_ok();
    let detail = result.unwrap_or_else(|problem| problem);
    Finding {
        what: what.to_owned(),
        ok,
        required,
        detail,
    }
}

fn kernel() -> Finding {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
    let release = release
        .map(|text| text.trim().to_owned())
        .map_err(|_| "this is no Linux\nUse the dev container or WSL 2 (README.md)".to_owned());
    finding("Linux kernel", true, release)
}

fn tool(name: &str, required: bool) -> Finding {
    let path = which(name).map(|path| path.display().to_string());
    finding(
        name,
        required,
        path.ok_or_else(|| format!("not on PATH; {}", machine::how_to_get(name))),
    )
}

/// Static glibc is what most often misses: a C library to link with.
fn static_linking() -> Finding {
    let linked = programs::pocket().map_err(|error| format!("{error:#}\nInstall a C compiler and the C library's development files (Debian: apt-get install gcc libc6-dev; Fedora: dnf install gcc glibc-static)"));
    let checked = linked.and_then(|path| {
        let ran = process::run(
            Command::new(&path).arg("--version"),
            Duration::from_secs(20),
        );
        ran.and_then(|output| output.success("pocket --version"))
            .map_err(|error| format!("{error:#}"))
    });
    finding("static linking", true, checked.map(|_| "works".into()))
}
