//! The same in words, for who cannot see the picture.

use super::{Act, Of, Story, Who};
use crate::trace::event::{End, Outcome};

/// What came of a signal, in a word.
pub(in crate::report) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Handler => "handler",
        Outcome::Ends => "ends it",
        Outcome::Stops => "stops it",
        Outcome::Ignored => "ignored",
        Outcome::Continues => "continues",
        Outcome::Dropped => "dropped",
        Outcome::Blocked => "blocked",
        Outcome::SigWait => "sigwait",
        Outcome::SignalFd => "signalfd",
    }
}

/// An end, in a word.
pub(in crate::report) fn end_word(end: End) -> String {
    match end {
        End::Code(code) => format!("exit {code}"),
        End::Killed(signal) => signal.to_string(),
    }
}

/// The whole story, a sentence for each thing that happened.
pub fn words(story: &Story) -> String {
    let name = |who: Who| match who {
        Who::Client => "the client".to_owned(),
        Who::Kernel => "the kernel".to_owned(),
        Who::Lane(index) => {
            let lane = &story.lanes[index];
            let name = match lane.of {
                Of::Process(pid) => format!("PID {pid} ({})", lane.name),
                Of::Connection if lane.name.is_empty() => "the connection".to_owned(),
                Of::Connection => format!("connection {}", lane.name),
                Of::Container => lane.name.clone(),
            };
            match lane.container.as_str() {
                "" => name,
                container => format!("{name} of {container}"),
            }
        }
    };
    let mut sentences = Vec::new();
    for beat in &story.beats {
        let who = name(beat.who);
        sentences.push(match &beat.what {
            Act::Signal(signal, from, outcome) => {
                let outcome = outcome_word(*outcome);
                format!("{} sends {signal} to {who}: {outcome}.", name(*from))
            }
            Act::Told(signal) => format!("{who} is sent {signal}."),
            Act::Start => format!("{who} starts."),
            Act::Open => format!("{who} is made."),
            Act::Close => format!("{who} is closed."),
            Act::CutOff => format!("{who} is cut off."),
            Act::End(End::Code(code)) => format!("{who} ends with {code}."),
            Act::End(End::Killed(signal)) => format!("{who} is ended by {signal}."),
            Act::Killed => format!("The kernel kills {who}."),
            Act::Lost(count, _) => format!("{count} requests are lost."),
            Act::Note(note) => format!("{note}."),
        });
    }
    if let Some(grace) = story.grace {
        sentences.push(format!(
            "The whole grace period of {:.0} seconds is used up.",
            grace.seconds
        ));
    }
    sentences
        .iter()
        .map(|sentence| capital(sentence))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A sentence begins with a capital.
fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::story::tests::story;

    #[test]
    fn the_same_is_said_in_words() {
        let said = "The client sends SIGTERM to PID 1 (sh): dropped. PID 1 (sh) is ended by SIGKILL. The kernel kills \
                    PID 7 (<app> & co). The whole grace period of 2 seconds is used up.";
        assert_eq!(words(&story()), said);
    }
}
