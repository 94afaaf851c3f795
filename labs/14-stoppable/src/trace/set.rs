//! Signals by number and by name, and sets of them as /proc shows them.

use serde::{Deserialize, Serialize};

/// A signal's number, 1 to 64, shown and stored by its name. nix's `Signal` knows no real-time signals, and a tracer
/// must hand on whatever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Sig(pub i32);

/// What the kernel does with a signal that nobody handles, signal(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// The process ends (with or without a core dump).
    End,
    /// Nothing.
    Ignore,
    /// The process stops.
    Stop,
    /// A stopped process goes on.
    Continue,
}

impl Sig {
    /// SIGHUP.
    pub const HUP: Sig = Sig(1);
    /// SIGINT.
    pub const INT: Sig = Sig(2);
    /// SIGQUIT.
    pub const QUIT: Sig = Sig(3);
    /// SIGKILL.
    pub const KILL: Sig = Sig(9);
    /// SIGTERM.
    pub const TERM: Sig = Sig(15);
    /// SIGCHLD.
    pub const CHLD: Sig = Sig(17);
    /// SIGWINCH.
    pub const WINCH: Sig = Sig(28);

    /// What happens without a handler.
    pub fn default(self) -> Default {
        use nix::sys::signal::Signal as S;
        match S::try_from(self.0) {
            Ok(S::SIGCHLD | S::SIGURG | S::SIGWINCH) => Default::Ignore,
            Ok(S::SIGCONT) => Default::Continue,
            Ok(S::SIGSTOP | S::SIGTSTP | S::SIGTTIN | S::SIGTTOU) => Default::Stop,
            // Real-time signals too.
            _ => Default::End,
        }
    }

    /// Reads `TERM`, `SIGTERM`, `15`, `SIGRTMIN+3` as Docker does.
    pub fn parse(text: &str) -> Option<Sig> {
        let upper = text.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        let number = match bare {
            "IOT" => Some(6),
            "CLD" => Some(17),
            "POLL" => Some(29),
            _ => match bare.strip_prefix("RTMIN") {
                Some("") => Some(34),
                Some(more) => more.strip_prefix('+')?.parse::<i32>().ok().map(|n| 34 + n),
                None => match bare.strip_prefix("RTMAX") {
                    Some("") => Some(64),
                    Some(less) => less.strip_prefix('-')?.parse::<i32>().ok().map(|n| 64 - n),
                    None => bare.parse().ok().or_else(|| named(bare)),
                },
            },
        };
        number.filter(|number| (1..=64).contains(number)).map(Sig)
    }
}

/// The number of a name without `SIG`.
fn named(bare: &str) -> Option<i32> {
    let signal: nix::sys::signal::Signal = format!("SIG{bare}").parse().ok()?;
    Some(signal as i32)
}

impl std::fmt::Display for Sig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match nix::sys::signal::Signal::try_from(self.0) {
            Ok(signal) => f.pad(signal.as_str()),
            // 32 and 33 are the C library's own.
            Err(_) if self.0 > 34 => f.pad(&format!("SIGRTMIN+{}", self.0 - 34)),
            Err(_) if self.0 == 34 => f.pad("SIGRTMIN"),
            Err(_) => f.pad(&format!("signal {}", self.0)),
        }
    }
}

impl From<Sig> for String {
    fn from(signal: Sig) -> String {
        signal.to_string()
    }
}

impl TryFrom<String> for Sig {
    type Error = String;
    fn try_from(text: String) -> Result<Sig, String> {
        let bare = text.strip_prefix("signal ").unwrap_or(&text);
        Sig::parse(bare).ok_or_else(|| format!("no signal is called {text:?}"))
    }
}

/// A set of signals: bit N-1 is signal N, as in the `Sig...` lines of /proc/PID/status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set(pub u64);

impl Set {
    /// Is it in?
    pub fn has(self, signal: Sig) -> bool {
        self.0 & Set::of(signal).0 != 0
    }

    /// The set of one.
    pub fn of(signal: Sig) -> Set {
        Set(1 << (signal.0 - 1))
    }

    /// Both together.
    pub fn with(self, other: Set) -> Set {
        Set(self.0 | other.0)
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = Sig> {
        (1..=64).map(Sig).filter(move |signal| self.has(*signal))
    }
}

impl Serialize for Set {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Set {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Set, D::Error> {
        let signals = Vec::<Sig>::deserialize(deserializer)?;
        Ok(signals
            .into_iter()
            .fold(Set::default(), |set, signal| set.with(Set::of(signal))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_read_back_from_its_name() {
        for number in 1..=64 {
            let name = Sig(number).to_string();
            assert_eq!(Sig::try_from(name.clone()), Ok(Sig(number)), "{name}");
        }
    }

    #[test]
    fn signals_are_read_as_docker_reads_them() {
        for (text, number) in [
            ("term", 15),
            ("SIGTERM", 15),
            ("9", 9),
            ("RTMIN+3", 37),
            ("SIGRTMAX-1", 63),
            ("IOT", 6),
        ] {
            assert_eq!(Sig::parse(text), Some(Sig(number)), "{text}");
        }
        for text in ["", "0", "65", "NOSUCH", "RTMIN+31", "RTMIN3", "SIG"] {
            assert_eq!(Sig::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_set_goes_through_json_and_back() {
        let set = Set::of(Sig::TERM).with(Set::of(Sig(64)));
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, r#"["SIGTERM","SIGRTMIN+30"]"#);
        assert_eq!(serde_json::from_str::<Set>(&text).unwrap(), set);
    }
}
