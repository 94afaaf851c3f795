//! Every link inside the built book leads somewhere: to a file that is there, to a heading that is there.
//!
//! Links to other sites are not followed: a build must not depend on somebody else's server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use scraper::{Html, Selector};

/// What one page offers and asks for.
#[derive(Debug, Default)]
struct Page {
    ids: BTreeSet<String>,
    links: BTreeSet<String>,
}

/// Checks the pages below `folder`; prints every broken link. True if there is none.
pub fn check(folder: &Path) -> Result<bool> {
    let mut pages = BTreeMap::new();
    collect(folder, folder, &mut pages)?;
    let broken = broken(folder, &pages);
    for (page, link) in &broken {
        anstream::println!("broken link: {}: {link}", page.display());
    }
    let links: usize = pages.values().map(|page| page.links.len()).sum();
    anstream::println!(
        "{} pages, {links} links, {} broken",
        pages.len(),
        broken.len()
    );
    Ok(broken.is_empty())
}

fn collect(root: &Path, folder: &Path, pages: &mut BTreeMap<PathBuf, Page>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, pages)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let name = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            // The print page is all pages in one; 404 is served from any depth.
            if name != Path::new("print.html") && name != Path::new("404.html") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                pages.insert(name, read(&text));
            }
        }
    }
    Ok(())
}

fn read(text: &str) -> Page {
    let html = Html::parse_document(text);
    let mut page = Page::default();
    let Ok(all) = Selector::parse("*") else {
        return page;
    };
    for element in html.select(&all).map(|element| element.value()) {
        page.ids.extend(
            ["id", "name"]
                .into_iter()
                .filter_map(|name| element.attr(name))
                .map(str::to_owned),
        );
        page.links.extend(
            ["href", "src"]
                .into_iter()
                .filter_map(|name| element.attr(name))
                .map(str::to_owned),
        );
    }
    page
}

fn broken<'a>(root: &Path, pages: &'a BTreeMap<PathBuf, Page>) -> Vec<(&'a Path, &'a str)> {
    let links = pages.iter().flat_map(|(name, page)| {
        page.links
            .iter()
            .map(move |link| (name.as_path(), link.as_str()))
    });
    links
        .filter(|(name, link)| !leads_somewhere(root, pages, name, link))
        .collect()
}

fn leads_somewhere(root: &Path, pages: &BTreeMap<PathBuf, Page>, from: &Path, link: &str) -> bool {
    if link.contains(":") || link.starts_with("//") {
        // Elsewhere, but not nowhere.
        return !link.ends_with("://") && !link.contains(' ');
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        from.to_path_buf()
    } else {
        resolve(from, path)
    };
    match pages.get(&target) {
        // An empty fragment is the top of the page.
        Some(page) => fragment.is_empty() || page.ids.contains(fragment),
        None => root.join(&target).is_file(),
    }
}

/// `path` as seen from the page `from`, both below the book's folder.
fn resolve(from: &Path, path: &str) -> PathBuf {
    let mut target = from.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(path.split('?').next().unwrap_or(path)).components() {
        match part {
            Component::ParentDir => {
                target.pop();
            }
            Component::Normal(name) => target.push(name),
            _ => {}
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_links_are_found_and_right_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let a = r##"<h1 id="top">A</h1><a href="#top">1</a><a href="#no">2</a><a href="sub/b.html#x">3</a>
            <a href="sub/b.html#y">4</a><a href="c.html">5</a><img src="sub/p.png"><a href="https://example.org/">6</a>"##;
        fs::write(folder.path().join("a.html"), a).unwrap();
        fs::write(
            folder.path().join("sub/b.html"),
            r#"<p id="x"></p><a href="../a.html#top">1</a>"#,
        )
        .unwrap();
        fs::write(folder.path().join("sub/p.png"), "").unwrap();
        let mut pages = BTreeMap::new();
        collect(folder.path(), folder.path(), &mut pages).unwrap();
        let links: Vec<&str> = broken(folder.path(), &pages)
            .into_iter()
            .map(|(_, link)| link)
            .collect();
        assert_eq!(links, ["#no", "c.html", "sub/b.html#y"]);
    }
}
