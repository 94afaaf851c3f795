//! `build`: an image from a Dockerfile.

use std::ops::RangeInclusive;
use std::path::Path;

use crate::build::{dockerfile, steps};
use crate::cli::command::Command;
use crate::cli::flag::{Flag, list, read, switch, text};
use crate::commands::shared::environment::pairs;
use crate::error::{Result, client};
use crate::output::print;
use crate::store::container::uses_image;
use crate::store::disk::{Store, new_id, short_id};
use crate::store::events;
use crate::store::image::{Image, full_id, is_reference, with_tag};

/// `docker build`.
#[derive(Debug, Default)]
pub(crate) struct Build {
    build_args: Vec<String>,
    file: Option<String>,
    labels: Vec<String>,
    quiet: bool,
    tags: Vec<String>,
}

impl Command for Build {
    const NAME: &'static str = "build";
    const USAGE: &'static str = " [OPTIONS] PATH";
    const ABOUT: &'static str = "Build an image from a Dockerfile";
    const ARGUMENTS: RangeInclusive<usize> = 1..=1;
    const LACKS: &'static [&'static str] = &[
        "add-host",
        "cache-from",
        "cgroup-parent",
        "compress",
        "cpu-period",
        "cpu-quota",
        "cpu-shares",
        "-c",
        "cpuset-cpus",
        "cpuset-mems",
        "disable-content-trust",
        "force-rm",
        "iidfile",
        "isolation",
        "memory",
        "-m",
        "memory-swap",
        "network",
        "no-cache",
        "platform",
        "pull",
        "rm",
        "security-opt",
        "shm-size",
        "squash",
        "stream",
        "target",
        "ulimit",
    ];

    fn flags() -> Vec<Flag<Self>> {
        vec![
            list(
                None,
                "build-arg",
                "Set build-time variables",
                |flags: &mut Self| &mut flags.build_args,
            ),
            text(
                Some('f'),
                "file",
                "Name of the Dockerfile (default: \"PATH/Dockerfile\")",
                |flags: &mut Self| &mut flags.file,
            ),
            list(
                None,
                "label",
                "Set metadata for an image",
                |flags: &mut Self| &mut flags.labels,
            ),
            switch(
                Some('q'),
                "quiet",
                "Suppress the build output and print image ID on success",
                |flags: &mut Self| &mut flags.quiet,
            ),
            read(
                Some('t'),
                "tag",
                "Name and optionally a tag (format: \"name:tag\")",
                Self::read_tag,
            ),
        ]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let context = Path::new(&args[0]);
        let quiet = self.quiet;
        if !context.is_dir() {
            return Err(client!(
                "unable to prepare context: path \"{}\" not found",
                context.display()
            ));
        }
        let file = self.file.as_deref().map_or_else(
            || context.join("Dockerfile"),
            |file| Path::new(file).to_owned(),
        );
        let missing = |_| {
            let whole = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
            client!(
                "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat {}: no such file or directory",
                whole.display()
            )
        };
        let text = std::fs::read_to_string(&file).map_err(missing)?;
        let given = pairs(&self.build_args);
        let store = Store::open()?;
        let base_env = |name: &str| {
            let env = Image::find(&store, name)
                .map(|image| image.config.env)
                .unwrap_or_default();
            Ok(env
                .iter()
                .filter_map(|text| text.split_once('='))
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect())
        };
        let plan = dockerfile::parse(&text, &file.display().to_string(), &given, base_env)?;
        let id = new_id()?;
        let total = plan.steps.len();
        let say = |number: usize, text: &str| {
            if !quiet {
                print(&format!("Step {number}/{total} : {text}\n"));
            }
        };
        let labels = pairs(&self.labels);
        let image = steps::build(&store, &id, &plan, context, &labels, |number, text| {
            say(number, text);
        })?;
        if !quiet && !plan.unused.is_empty() {
            let names = plan.unused.join(" ");
            print(&format!(
                "[Warning] One or more build-args [{names}] were not consumed\n"
            ));
        }
        if quiet {
            print(&format!("{}\n", full_id(&id)));
        } else {
            print(&format!("Successfully built {}\n", short_id(&id)));
        }
        for name in &self.tags {
            image.tag(&store, name, |id| uses_image(&store, id))?;
            events::record_image(&store, &id, &with_tag(name), "tag");
            if !quiet {
                print(&format!("Successfully tagged {}\n", with_tag(name)));
            }
        }
        Ok(0)
    }
}

impl Build {
    fn read_tag(&mut self, name: &str) -> std::result::Result<(), String> {
        if !is_reference(name) {
            return Err("invalid reference format".to_owned());
        }
        self.tags.push(name.to_owned());
        Ok(())
    }
}
