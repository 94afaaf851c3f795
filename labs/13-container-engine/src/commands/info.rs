//! `info`.

use std::ops::RangeInclusive;

use serde_json::json;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, text};
use crate::cli::format;
use crate::commands::shared::machine::kernel;
use crate::commands::version::VERSION;
use crate::error::Result;
use crate::output::print;
use crate::store::container::{Container, Status};
use crate::store::disk::Store;
use crate::store::image::Image;

/// `docker info`.
#[derive(Debug, Default)]
pub(crate) struct Info {
    format: Option<String>,
}

impl Command for Info {
    const NAME: &'static str = "info";
    const USAGE: &'static str = " [OPTIONS]";
    const ABOUT: &'static str = "Display system-wide information";
    const ARGUMENTS: RangeInclusive<usize> = 0..=0;

    fn flags() -> Vec<Flag<Self>> {
        vec![text(
            Some('f'),
            "format",
            "Format output using a template",
            |flags: &mut Self| &mut flags.format,
        )]
    }

    fn run(self, _: &[String]) -> Result<u8> {
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
        print(&format::value(self.format.as_deref(), &value, &text)?);
        Ok(0)
    }
}
