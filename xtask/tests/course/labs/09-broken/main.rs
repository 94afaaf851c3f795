//! Does not compile on purpose.

fn main() {
    let number: u8 = "text";
}
