//! `stoppable trace`: only watch. An image is started, and stopped at the end; a running container is left as it is.

use std::io::{IsTerminal, Write};
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
use crate::trace::event::{End, Event, What};
use crate::trace::request::Request;
use crate::trace::set::Sig;

/// Watches a running container until it ends.
pub fn container(
    engine: &Engine,
    name: &str,
    tracer: Option<&str>,
    json: bool,
    connections: bool,
    mut output: impl Write,
) -> Result<()> {
    let watch = Watch::start(engine, &tracer_image(engine, tracer)?, name)?;
    // Who is there: the first thing that whoever watches wants to know.
    watch.ask(Request::Processes);
    if connections {
        watch.ask(Request::Connections);
    }
    if json && !std::io::stdin().is_terminal() {
        follow_up(&watch);
    }
    let (mut seen, mut ended) = (0, false);
    loop {
        let next = watch.wait_for(seen, |event| Some(event.clone()), Duration::from_secs(3600));
        let event = match next {
            Some(event) => event,
            // A SIGKILL may leave the tracer no time to tell.
            None if !ended => match killed(engine, name, watch.now()) {
                Some(event) => event,
                None => return Ok(()),
            },
            None => return Ok(()),
        };
        seen += 1;
        ended |= event.pid == 1 && matches!(event.what, What::Exit { .. });
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

/// Each line of standard input asks who is there now. The answer comes when all that was before it has been told.
fn follow_up(watch: &Watch) {
    let requests = watch.requests();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines().map_while(Result::ok);
        // When the tracer is gone nobody answers any more.
        lines
            .map_while(|_| requests.upgrade())
            .map(|requests| writeln!(&*requests, "{}", Request::Processes))
            .find(Result::is_err);
    });
}

/// A container whose processes are gone ends within this.
const LAST: Duration = Duration::from_secs(10);

/// PID 1's end by SIGKILL, if that is how a container ended.
fn killed(engine: &Engine, name: &str, at: f64) -> Option<Event> {
    let code = engine.call(["wait", name], LAST).ok()?;
    (code.stdout.trim() == "137").then(|| Event {
        at,
        pid: 1,
        name: String::new(),
        what: What::Exit {
            end: End::Killed(Sig::KILL),
            left: Vec::new(),
        },
    })
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
