//! Bytes that come piece by piece, as text: a character that a read has cut in two is one character.

/// Keeps the start of a character until the rest of it comes.
#[derive(Debug, Default)]
pub struct Decoder {
    kept: Vec<u8>,
}

impl Decoder {
    /// The text of these bytes and of what was kept, but for a character that is not yet whole. What is no UTF-8
    /// becomes U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.kept.extend_from_slice(bytes);
        let whole = self.kept.len() - unfinished(&self.kept);
        let text = String::from_utf8_lossy(&self.kept[..whole]).into_owned();
        self.kept.drain(..whole);
        text
    }

    /// The rest: nothing comes any more.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }
}

/// How many bytes at the end are the start of a character: at most three, as none is longer than four.
fn unfinished(bytes: &[u8]) -> usize {
    let starts = |length: &usize| {
        let end = &bytes[bytes.len() - length..];
        std::str::from_utf8(end)
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).rev().find(starts).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_be_cut_anywhere() {
        for text in ["a€b", "ä", "€", "𝄞x", "", "plain"] {
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let bytes = text.as_bytes();
                    let mut decoder = Decoder::default();
                    let mut read = decoder.push(&bytes[..first]);
                    read += &decoder.push(&bytes[first..second]);
                    read += &decoder.push(&bytes[second..]);
                    assert_eq!(read + &decoder.finish(), text, "{first} {second}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_text_is_shown_at_once_or_at_the_end() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.push(b"\xff\xe2\x82"), "\u{fffd}");
        assert_eq!(decoder.push(b"x\xe2"), "\u{fffd}x");
        assert_eq!(decoder.finish(), "\u{fffd}");
    }
}
