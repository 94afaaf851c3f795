//! `version`, `info` and `--help`.

use serde_json::{Value, json};

use crate::cli::parse::Parsed;
use crate::cli::template::Template;
use crate::commands::table::COMMANDS;
use crate::error::{Result, client};
use crate::output::print;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::image::Image;

/// This program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `docker version`.
pub(crate) fn version(parsed: &Parsed) -> Result<u8> {
    let part = json!({ "Version": VERSION, "Os": "linux", "Arch": crate::commands::list::architecture(), "KernelVersion": kernel() });
    let text = format!(
        "pocket {VERSION}\n OS/Arch: linux/{}\n Kernel:  {}\n",
        crate::commands::list::architecture(),
        kernel(),
    );
    show(parsed, &json!({ "Client": part, "Server": part }), &text)
}

/// `docker info`.
pub(crate) fn info(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let all = Container::all(&store);
    let running = all
        .iter()
        .filter(|one| one.state().status == Status::Running)
        .count();
    let (total, images) = (all.len(), Image::all(&store).len());
    let rootless = !nix::unistd::geteuid().is_root();
    let value = json!({
        "ServerVersion": VERSION,
        "Driver": "overlay",
        "Containers": total,
        "ContainersRunning": running,
        "ContainersStopped": total - running,
        "Images": images,
        "KernelVersion": kernel(),
        "DockerRootDir": store.root(),
        "SecurityOptions": if rootless { vec!["name=rootless"] } else { vec![] },
    });
    let text = format!(
        "Containers: {total}\n Running: {running}\n Stopped: {}\nImages: {images}\nServer Version: pocket {VERSION}\nKernel Version: {}\nState: {}\nUser namespace: {}\n",
        total - running,
        kernel(),
        store.root().display(),
        if rootless { "yes" } else { "no (root)" },
    );
    show(parsed, &value, &text)
}

fn show(parsed: &Parsed, value: &Value, text: &str) -> Result<u8> {
    let Some(format) = parsed.get("format") else {
        print(text);
        return Ok(0);
    };
    let format = if format == "json" {
        "{{json .}}"
    } else {
        format
    };
    let wrong = |error: String| client!("template parsing error: {error}");
    let text = Template::parse(format)
        .and_then(|template| template.render(value))
        .map_err(wrong)?;
    print(&format!("{text}\n"));
    Ok(0)
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// What `--help` prints.
pub(crate) fn help() -> String {
    let mut out = String::from(
        "Usage:  docker COMMAND [OPTIONS]\n\npocket: a container engine in one small program, without a daemon\n\nCommands:\n",
    );
    for command in &COMMANDS {
        out.push_str(&format!("  {:16}{}\n", command.name, command.about));
    }
    out.push_str("\nOptions:\n      --help      Print this\n  -v, --version   Print version information and quit\n\n");
    out.push_str("Run 'docker COMMAND --help' for more information on a command.\n");
    out
}
