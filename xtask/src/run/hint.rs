//! Which hint of the chapter fits a wrong answer.

use crate::chapter::matching;
use crate::chapter::page::Hint;
use crate::system::interrupt::Interrupted;

/// The first hint whose key fits the wrong output, or a line of it that is not among the right ones. A key that begins with
/// `!` fits an output that lacks each line of the right one that looks like the rest of the key.
pub fn hint<'a>(
    hints: &'a [Hint],
    output: &str,
    expected: &str,
) -> Result<Option<&'a Hint>, Interrupted> {
    let right = |line: &str| {
        expected
            .lines()
            .any(|good| matching::line_matches(line, good))
    };
    let wrong: Vec<&str> = output.lines().filter(|line| !right(line)).collect();
    for hint in hints {
        let has = |lines: &[&str], key: &str| {
            let mut lines = lines.iter();
            lines.any(|line| matching::line_matches(line, key))
        };
        let fits = match hint.key.strip_prefix('!') {
            Some(absent) => {
                let lines = |text| -> Vec<&str> { str::lines(text).collect() };
                has(&lines(expected), absent) && !has(&lines(output), absent)
            }
            None => {
                hint.key == "otherwise"
                    || matching::matches(output, &hint.key)?
                    || has(&wrong, &hint.key)
            }
        };
        if fits {
            return Ok(Some(hint));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(keys: &[&str], output: &str, expected: &str) -> Option<String> {
        let hint = |key: &&str| Hint {
            key: (*key).to_owned(),
            text: String::new(),
        };
        let hints: Vec<Hint> = keys.iter().map(hint).collect();
        super::hint(&hints, output, expected)
            .unwrap()
            .map(|hint| hint.key.clone())
    }

    #[test]
    fn the_first_hint_that_fits_is_chosen() {
        for (keys, output, expected, wanted) in [
            (&["137", "143"][..], "143\n", "0\n", Some("143")),
            (&["1[..]", "137"], "137\n", "0\n", Some("1[..]")),
            // One wrong line among others is enough,
            (
                &["137"],
                "stopped\n137\nbye\n",
                "stopped\n0\nbye\n",
                Some("137"),
            ),
            // but a line that is right, by whatever wildcard, gives no hint.
            (&["stopped"], "stopped\n137\n", "stopped\n0\n", None),
            (&["id 7", "137"], "id 7\n137\n", "id [..]\n0\n", Some("137")),
            // The whole output is looked at, too: nothing at all is an answer.
            (&["x", ""], "", "0\n", Some("")),
            (&["137"], "1371\n", "0\n", None),
            (&["137", "otherwise", "2"], "2\n", "0\n", Some("otherwise")),
            (&[], "2\n", "0\n", None),
            // What should be there and is not.
            (&["!bye [..]"], "hi\n", "hi\nbye 1\n", Some("!bye [..]")),
            (&["!bye [..]"], "bye 2\n", "hi\nbye 1\n", None),
            (&["!bye [..]"], "ho\n", "hi\n", None),
        ] {
            let got = chosen(keys, output, expected);
            assert_eq!(got.as_deref(), wanted, "{keys:?} {output:?}");
        }
    }
}
