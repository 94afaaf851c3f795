//! Text in columns.

use std::fmt::Write;

/// Lines of cells, each column as wide as its widest cell and a gap, and not less than `least`; the last cell of a
/// line is followed by nothing.
pub(crate) fn table(rows: &[Vec<String>], least: usize, gap: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max();
        (widest.unwrap_or_default() + gap).max(least)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let Some((last, cells)) = row.split_last() else {
            continue;
        };
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(out, "{cell:width$}");
        }
        let _ = writeln!(out, "{last}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_the_last_is_not() {
        let rows = [
            vec!["ID".to_owned(), "X".to_owned()],
            vec!["123456789012".to_owned(), "y".to_owned()],
        ];
        assert_eq!(table(&rows, 10, 3), "ID             X\n123456789012   y\n");
    }
}
