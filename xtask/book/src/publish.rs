//! The book as a site for any static host: the same pages, with what search engines and link previews look for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Pages that hold others' text, or are no page of the book: a search engine is to find the chapters.
const NOT_LISTED: [&str; 3] = ["404.html", "print.html", "toc.html"];

/// What the preview of a link shows, 1200 by 630: chapter 3's picture below the book's title.
const PREVIEW: &str = "preview.png";

/// Copies the built `pages` into `to`, an empty folder, as they are to stand at the address `site`. Returns how many
/// pages a search engine is told of.
pub fn publish(pages: &Path, to: &Path, site: &str) -> Result<usize> {
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!(
            "{} is not empty: name a folder that may be filled",
            to.display()
        );
    }
    let site = format!("{}/", site.trim_end_matches('/'));
    if !site.starts_with("https://") && !site.starts_with("http://") {
        bail!("{site} is no address of a site: https://...");
    }
    let preview = pages
        .join(PREVIEW)
        .is_file()
        .then(|| format!("{site}{PREVIEW}"));
    let mut listed = Vec::new();
    for path in files(pages)? {
        let name = path.strip_prefix(pages)?.to_string_lossy().into_owned();
        let target = to.join(&name);
        let folder = target.parent().context("a file has a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let written = match page(&path, &name)? {
            Some(page) => {
                let url = format!("{site}{}", name.strip_suffix("index.html").unwrap_or(&name));
                let page = with_links(&page, &url, preview.as_deref());
                listed.push(url);
                fs::write(&target, page)
            }
            None => fs::copy(&path, &target).map(drop),
        };
        written.with_context(|| format!("cannot write {}", target.display()))?;
    }
    let map = sitemap(&listed);
    let robots = format!("User-agent: *\nAllow: /\nSitemap: {site}sitemap.xml\n");
    // GitHub's Pages would leave out what begins with an underscore.
    for (name, text) in [
        ("sitemap.xml", map.as_str()),
        ("robots.txt", &robots),
        (".nojekyll", ""),
    ] {
        let target = to.join(name);
        fs::write(&target, text).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(listed.len())
}

/// The text of a page that is to be found; a picture that pages show is a part of them, and none itself.
fn page(path: &Path, name: &str) -> Result<Option<String>> {
    if !name.ends_with(".html") || NOT_LISTED.contains(&name) {
        return Ok(None);
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.contains("</head>").then_some(text))
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

/// The page with its own address (RFC 6596), and what a preview of a link shows (<https://ogp.me>).
fn with_links(page: &str, url: &str, preview: Option<&str>) -> String {
    let between = |begin: &str, end: &str| {
        let (_, rest) = page.split_once(begin)?;
        Some(rest.split_once(end)?.0.trim().to_owned())
    };
    // The page has both escaped already.
    let title = between("<title>", "</title>").unwrap_or_default();
    let about = between("<meta name=\"description\" content=\"", "\"").unwrap_or_default();
    let image = preview.map_or_else(String::new, |image| {
        format!(
            "<meta property=\"og:image\" content=\"{image}\">\n<meta property=\"og:image:width\" content=\"1200\">\n\
             <meta property=\"og:image:height\" content=\"630\">\n<meta property=\"og:image:alt\" content=\"{ALT}\">\n"
        )
    });
    let card = preview.map_or("summary", |_| "summary_large_image");
    let links = format!(
        "<link rel=\"canonical\" href=\"{url}\">\n<meta property=\"og:type\" content=\"article\">\n\
         <meta property=\"og:url\" content=\"{url}\">\n<meta property=\"og:title\" content=\"{title}\">\n\
         <meta property=\"og:description\" content=\"{about}\">\n{image}\
         <meta name=\"twitter:card\" content=\"{card}\">\n"
    );
    page.replacen("</head>", &format!("{links}</head>"), 1)
}

/// The preview in words.
const ALT: &str = "Two containers are stopped. In one a shell drops SIGTERM, and SIGKILL comes when the grace period is over; \
    in the other a handler runs and the program ends with 0.";

/// <https://www.sitemaps.org/protocol.html>
fn sitemap(urls: &[String]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for url in urls {
        text += &format!("<url><loc>{}</loc></url>\n", url.replace('&', "&amp;"));
    }
    text + "</urlset>\n"
}

/// Where GitHub puts the pages of a repository, from the address that it was cloned from.
pub fn pages_of(origin: &str) -> Option<String> {
    let rest = origin
        .strip_prefix("https://github.com/")
        .or_else(|| origin.strip_prefix("git@github.com:"))?;
    let (owner, name) = rest.trim_end_matches(".git").split_once('/')?;
    Some(format!(
        "https://{}.github.io/{name}/",
        owner.to_lowercase()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<html><head><title>One &amp; two</title>\
        <meta name=\"description\" content=\"A book.\"></head><body>text</body></html>";

    #[test]
    fn a_site_has_addresses_a_map_and_every_file() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("css")).unwrap();
        for name in ["index.html", "02-pid1.html", "print.html", "css/book.css"] {
            fs::write(from.path().join(name), PAGE).unwrap();
        }
        let published = || publish(from.path(), to.path(), "https://example.org/book");
        fs::write(from.path().join("css/part.html"), "<div></div>").unwrap();
        fs::write(from.path().join(PREVIEW), "an image").unwrap();
        assert_eq!(published().unwrap(), 2);
        let read = |name: &str| fs::read_to_string(to.path().join(name)).unwrap();
        let page = read("02-pid1.html");
        assert!(
            page.contains(
                "<link rel=\"canonical\" href=\"https://example.org/book/02-pid1.html\">"
            ),
            "{page}"
        );
        assert!(
            page.contains("og:image\" content=\"https://example.org/book/preview.png\"")
                && page.contains("summary_large_image"),
            "{page}"
        );
        assert!(
            page.contains("og:title\" content=\"One &amp; two\""),
            "{page}"
        );
        assert!(
            read("index.html").contains("rel=\"canonical\" href=\"https://example.org/book/\"")
        );
        assert_eq!(
            (read("print.html").as_str(), read("css/book.css").as_str()),
            (PAGE, PAGE)
        );
        let map = read("sitemap.xml");
        assert_eq!(map.matches("<loc>").count(), 2, "{map}");
        assert!(
            map.contains("<loc>https://example.org/book/02-pid1.html</loc>"),
            "{map}"
        );
        assert!(read("robots.txt").contains("https://example.org/book/sitemap.xml"));
        // What is there is not overwritten.
        fs::write(to.path().join("02-pid1.html"), "mine").unwrap();
        assert!(
            published()
                .unwrap_err()
                .to_string()
                .contains("is not empty")
        );
        assert_eq!(
            fs::read_to_string(to.path().join("02-pid1.html")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn a_site_is_an_address() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let error = publish(from.path(), to.path(), "example.org").unwrap_err();
        assert!(error.to_string().contains("no address"), "{error}");
    }

    #[test]
    fn a_repository_on_github_has_pages() {
        let expected = Some("https://me.github.io/book/".to_owned());
        assert_eq!(pages_of("https://github.com/Me/book.git"), expected);
        assert_eq!(pages_of("git@github.com:me/book.git"), expected);
        assert_eq!(pages_of("https://forge.example/me/book"), None);
    }
}
