//! What is examined, and how.

use std::time::Duration;

use crate::engine::command::Engine;
use crate::engine::container::Run;
use crate::engine::image::Config;
use crate::trace::set::Sig;

/// What is examined.
#[derive(Debug, Clone)]
pub struct Patient {
    /// Where it runs.
    pub engine: Engine,
    /// The image, and the user's options.
    pub run: Run,
    /// What the image says of itself.
    pub config: Config,
    /// The tracer's image; `None` when nothing is to be traced.
    pub helper: Option<String>,
    /// What `docker stop` sends.
    pub signal: Sig,
    /// How long `docker stop` waits.
    pub grace: Duration,
    /// What makes it ready.
    pub ready: Ready,
    /// Where requests go, if it is a server that is to be asked.
    pub http: Option<Target>,
}

/// When is a container ready to be stopped?
#[derive(Debug, Clone)]
pub enum Ready {
    /// When it has printed a line that this fits.
    Line(regex_lite::Regex),
    /// When somebody listens on one of these ports, or, without any, when everybody sleeps.
    Quiet(Vec<u16>),
}

/// A port and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The container's port.
    pub port: u16,
    /// With its slash.
    pub path: String,
}

impl std::str::FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Target, String> {
        let (port, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let port = port.parse().ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| format!("{text:?} is no PORT or PORT/PATH"))?;
        Ok(Target {
            port,
            path: if path.is_empty() {
                "/".into()
            } else {
                path.into()
            },
        })
    }
}

/// Signal and grace period of `docker stop`, as the user's options and the image have them.
pub fn stop_options(
    options: &[String],
    config: &Config,
) -> Result<(Sig, Option<Duration>), String> {
    let value = |name: &str| {
        let mut words = options.iter();
        let mut found = None;
        while let Some(word) = words.next() {
            match word.strip_prefix(name) {
                Some("") => found = words.next().cloned(),
                Some(rest) if rest.starts_with('=') => found = Some(rest[1..].to_owned()),
                _ => {}
            }
        }
        found
    };
    let signal = match value("--stop-signal") {
        Some(text) => {
            Sig::parse(&text).ok_or_else(|| format!("--stop-signal {text}: no such signal"))?
        }
        None => config.signal(),
    };
    let grace = match value("--stop-timeout") {
        Some(text) => Some(
            text.parse()
                .map_err(|_| format!("--stop-timeout {text}: not a number of seconds"))?,
        ),
        None => None,
    };
    Ok((signal, grace.map(Duration::from_secs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_port_and_a_path() {
        assert_eq!(
            "3000".parse(),
            Ok(Target {
                port: 3000,
                path: "/".into()
            })
        );
        assert_eq!(
            "80/a/b".parse(),
            Ok(Target {
                port: 80,
                path: "/a/b".into()
            })
        );
        for wrong in ["", "/", "0", "70000", "x/y", "3000x"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_users_options_win_over_the_image() {
        let config = Config {
            stop_signal: "SIGQUIT".into(),
            ..Config::default()
        };
        let options = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(stop_options(&[], &config), Ok((Sig::QUIT, None)));
        let both = options(&["-e", "X=y", "--stop-signal", "INT", "--stop-timeout=3"]);
        assert_eq!(
            stop_options(&both, &config),
            Ok((Sig::INT, Some(Duration::from_secs(3))))
        );
        assert!(stop_options(&options(&["--stop-signal=NO"]), &config).is_err());
        assert!(stop_options(&options(&["--stop-timeout", "x"]), &config).is_err());
    }
}
