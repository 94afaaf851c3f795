//! `ps`: the containers, a line each.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::cli::command::Command;
use crate::cli::flag::{Flag, read, switch, text};
use crate::cli::format::{self, Kind, Style};
use crate::commands::shared::filter::read_filter;
use crate::commands::shared::selection::Selection;
use crate::error::Result;
use crate::output::print;
use crate::store::config::{Config, Port};
use crate::store::container::{Container, State, Status};
use crate::store::disk::{Store, short_id};
use crate::store::image::Image;
use crate::time::{fixed, human, now};

/// `docker ps`.
#[derive(Debug, Default)]
pub(crate) struct Ps {
    all: bool,
    filters: Vec<(String, String)>,
    style: Style,
}

impl Command for Ps {
    const NAME: &'static str = "ps";
    const USAGE: &'static str = " [OPTIONS]";
    const ABOUT: &'static str = "List containers";
    const ARGUMENTS: RangeInclusive<usize> = 0..=0;
    const LACKS: &'static [&'static str] = &["last", "-n", "latest", "-l", "size", "-s"];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            switch(
                Some('a'),
                "all",
                "Show all containers (default shows just running)",
                |flags: &mut Self| &mut flags.all,
            ),
            read(
                Some('f'),
                "filter",
                "Filter output based on conditions provided",
                |flags: &mut Self, text| read_filter(&mut flags.filters, text),
            ),
            text(
                None,
                "format",
                "Format output using a template",
                |flags: &mut Self| &mut flags.style.format,
            ),
            switch(
                None,
                "no-trunc",
                "Don't truncate output",
                |flags: &mut Self| &mut flags.style.whole,
            ),
            switch(
                Some('q'),
                "quiet",
                "Only display container IDs",
                |flags: &mut Self| &mut flags.style.quiet,
            ),
        ]
    }

    fn run(self, _: &[String]) -> Result<u8> {
        let selection = Selection::parse(self.all, &self.filters)?;
        let store = Store::open()?;
        let rows: Vec<_> = Container::all(&store)
            .into_iter()
            .map(|container| (container.state(), container.config))
            .filter(|(state, config)| selection.fits(config, state))
            .map(|(state, config)| row(&store, &config, &state, self.style.whole))
            .collect();
        print(&format::rows(&self.style, &KIND, &rows)?);
        Ok(0)
    }
}

const KIND: Kind = Kind {
    columns: "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
    id: "CONTAINER ID",
    name: "*formatter.ContainerContext",
};

fn row(store: &Store, config: &Config, state: &State, whole: bool) -> Value {
    let now = now();
    let command = config.argv().join(" ");
    let quoted = if whole || command.chars().count() <= 20 {
        format!("\"{command}\"")
    } else {
        format!("\"{}…\"", command.chars().take(19).collect::<String>())
    };
    let id = if whole {
        &config.id
    } else {
        short_id(&config.id)
    };
    let ago = |time: u64| human(now.saturating_sub(time));
    let status = match state.status {
        Status::Created => "Created".to_owned(),
        Status::Running => format!("Up {}", ago(state.started)),
        Status::Restarting => format!(
            "Restarting ({}) {} ago",
            state.exit_code,
            ago(state.finished)
        ),
        Status::Exited => format!("Exited ({}) {} ago", state.exit_code, ago(state.finished)),
    };
    let labels: Vec<_> = config
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let ports: Vec<_> = state
        .ports
        .iter()
        .filter(|_| state.pid != 0)
        .map(port_text)
        .collect();
    let tagged = Image::find(store, &config.image).is_some_and(|image| image.id == config.image_id);
    json!({
        "ID": id,
        "Image": if tagged { config.image.clone() } else { short_id(&config.image_id).to_owned() },
        "Command": quoted,
        "CreatedAt": fixed(config.created),
        "RunningFor": format!("{} ago", ago(config.created)),
        "CreatedSince": format!("{} ago", ago(config.created)),
        "Status": status,
        "State": state.status.name(),
        "Ports": ports.join(", "),
        "Names": config.name,
        "Labels": labels.join(","),
    })
}

fn port_text(port: &Port) -> String {
    format!("{}:{}->{}/tcp", port.ip, port.host, port.container)
}
