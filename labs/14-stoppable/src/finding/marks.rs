//! The four questions to ask of every stop: did the handler run, did the work drain, which code, how long?

use serde::Serialize;

use crate::probe::observation::Observation;

/// The answers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Marks {
    /// Did who does the work hear the signal? Unknown without a trace.
    pub handler: Option<bool>,
    /// Did it end by itself, before PID 1 was gone?
    pub drained: Option<bool>,
    /// The container's exit code.
    pub code: Option<i32>,
    /// Seconds until the end.
    pub seconds: f64,
    /// Seconds that it was given.
    pub grace: f64,
}

impl Marks {
    /// In words: handler, drained, exit code, time.
    pub fn words(&self) -> [String; 4] {
        let yes = |mark: Option<bool>| match mark {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => "unknown".to_owned(),
        };
        [
            yes(self.handler),
            yes(self.drained),
            self.code.map_or("running".into(), |code| code.to_string()),
            format!("{:.1} of {:.0} s", self.seconds, self.grace),
        ]
    }
}

/// The answers of one stop.
pub fn marks(stop: &Observation) -> Marks {
    let (mut handler, mut drained) = (None, None);
    if stop.traced() {
        let workers: Vec<i32> = stop.workers().iter().map(|process| process.pid).collect();
        let heard = workers.iter().any(|pid| stop.heard(*pid));
        handler = Some(heard);
        let done = workers.iter().all(|pid| stop.drained(*pid));
        drained = Some(heard && done && !stop.killed());
    }
    Marks {
        handler,
        drained,
        code: stop.code,
        seconds: stop.seconds,
        grace: stop.grace,
    }
}
