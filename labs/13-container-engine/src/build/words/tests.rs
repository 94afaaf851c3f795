//! Substitution, quotes, blanks.

use super::*;

fn filled(text: &str, escape: char) -> Result<String, BadWord> {
    let value = |name: &str| match name {
        "A" => Some("1".to_owned()),
        "B" => Some("two words".to_owned()),
        "EMPTY" => Some(String::new()),
        "A_1" => Some("long".to_owned()),
        _ => None,
    };
    Filler {
        escape,
        value: &value,
    }
    .fill(text)
}

#[test]
fn variables_are_filled_in() {
    for (text, want) in [
        ("${A:-9}", "1"),
        ("${C:-${B}}", "two words"),
        ("${C:-a}b}", "ab}"),
        ("${EMPTY:-x}${EMPTY}", "x"),
        ("${A:+y}${C:+n}${EMPTY:+n}", "y"),
        ("${A:?no}${EMPTY?no}", "1"),
        ("$A.$B", "1.two words"),
        ("$A_1 $A-1", "long 1-1"),
        ("100$ $", "100$ $"),
        ("\\$A \\${A}", "$A ${A}"),
        ("$C", ""),
        ("$1A", "A"),
    ] {
        assert_eq!(filled(text, '\\').as_deref(), Ok(want), "{text}");
    }
    assert_eq!(filled("`$A \\x", '`').as_deref(), Ok("$A \\x"));
}

#[test]
fn what_cannot_be_filled_in() {
    let no = |name: &str, why: &str| BadWord::Unset(name.into(), why.into());
    for (text, want) in [
        ("${A", BadWord::Brace),
        ("${A:-x", BadWord::Brace),
        ("${", BadWord::Brace),
        ("${}", BadWord::Substitution),
        ("${:-x}", BadWord::Substitution),
        ("${A#x}", BadWord::Modifier("#".into())),
        ("${A:=x}", BadWord::Modifier(":=".into())),
        ("${C:?}", no("C", "is not allowed to be unset")),
        ("${EMPTY:?}", no("EMPTY", "is not allowed to be empty")),
        ("${C?why}", no("C", "why")),
        ("a'b", BadWord::Quote('\'')),
        ("a\"b", BadWord::Quote('"')),
    ] {
        assert_eq!(filled(text, '\\'), Err(want), "{text}");
    }
}

#[test]
fn quotes_protect() {
    for (text, want) in [
        ("'$A'", "$A"),
        ("\"$A b\"", "1 b"),
        ("\"a\\b\\\"\\$A\"", "a\\b\"$A"),
        ("'a\\b'", "a\\b"),
        ("a\\ b\\c", "a bc"),
        ("a\\", "a"),
        ("\"'\"'\"'", "'\""),
    ] {
        assert_eq!(filled(text, '\\').as_deref(), Ok(want), "{text}");
    }
    assert_eq!(split("a 'b c' d\\ e", '\\'), ["a", "'b c'", "d\\ e"]);
    assert_eq!(
        split("a=\"b \\\" c\" d=` e\\", '`'),
        ["a=\"b \\\"", "c\" d=` e\\"]
    );
    assert_eq!(split("a=\"b \\\" c\" d", '\\'), ["a=\"b \\\" c\"", "d"]);
}
