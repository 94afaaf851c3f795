//! `stoppable trace`: only watch. An image is started, and stopped at the end; a running container is left as it is.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::engine::command::Engine;
use crate::engine::container::Run;
use crate::engine::watch::Watch;
use crate::engine::{helper, image};
use crate::probe::observation::Observation;
use crate::probe::patient::{Patient, Ready, stop_options};
use crate::probe::session::{Failed, Session};
use crate::probe::stop;
use crate::report::text_event::line;

/// Watches a running container until it ends.
pub fn container(
    engine: &Engine,
    name: &str,
    tracer: Option<&str>,
    json: bool,
    mut output: impl Write,
) -> Result<()> {
    let watch = Watch::start(engine, &tracer_image(engine, tracer)?, name)?;
    let mut seen = 0;
    loop {
        let next = watch.wait_for(seen, |event| Some(event.clone()), Duration::from_secs(3600));
        let Some(event) = next else { return Ok(()) };
        seen += 1;
        let text = if json {
            serde_json::to_string(&event)?
        } else {
            line(&event)
        };
        match text.is_empty() {
            true => continue,
            false => writeln!(output, "{text}")
                .and_then(|()| output.flush())
                .context("cannot write")?,
        }
    }
}

/// Starts an image, stops it, and returns what was seen.
pub fn image(
    engine: &Engine,
    name: &str,
    tracer: Option<&str>,
    options: &[String],
) -> Result<Observation> {
    let config = image::inspect(engine, name)?;
    let (signal, grace) = stop_options(options, &config).map_err(anyhow::Error::msg)?;
    let patient = Patient {
        engine: engine.clone(),
        run: Run {
            image: name.into(),
            options: options.to_vec(),
            ..Run::default()
        },
        ready: Ready::Quiet(config.ports()),
        config,
        helper: Some(tracer_image(engine, tracer)?),
        signal,
        grace: grace.unwrap_or(Duration::from_secs(10)),
        http: None,
    };
    match Session::start(&patient, "traced", &patient.run)? {
        Ok(session) => stop::probe(session, "trace", signal, patient.grace),
        Err(Failed::Refused(output)) => bail!("{}", output.complaint()),
        Err(Failed::Ended { code, .. }) => bail!("{name} ended by itself with {code}"),
    }
}

fn tracer_image(engine: &Engine, wanted: Option<&str>) -> Result<String> {
    wanted.map_or_else(|| helper::image(engine), |image| Ok(image.to_owned()))
}
