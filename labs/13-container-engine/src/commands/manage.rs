//! The commands that are about images: build, tag, rmi, and the prune that removes what has no name.

use std::path::Path;

use crate::build::dockerfile;
use crate::build::steps;
use crate::cli::parse::Parsed;
use crate::commands::create;
use crate::commands::table::need_force;
use crate::error::{Context, Error, Result, client, daemon};
use crate::output::{print, warn};
use crate::store::container::{Container, uses_image};
use crate::store::disk::{Store, new_id, short_id};
use crate::store::events;
use crate::store::image::{self, Image, full_id, with_tag};

pub(crate) fn build(parsed: &Parsed) -> Result<u8> {
    let context = Path::new(&parsed.args[0]);
    let quiet = parsed.is("quiet");
    if !context.is_dir() {
        return Err(client!(
            "unable to prepare context: path \"{}\" not found",
            context.display()
        ));
    }
    let file = parsed.get("file").map_or_else(
        || context.join("Dockerfile"),
        |file| Path::new(file).to_owned(),
    );
    let missing = |_| {
        let whole = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
        client!(
            "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat {}: no such file or directory",
            whole.display()
        )
    };
    let text = std::fs::read_to_string(&file).map_err(missing)?;
    for name in parsed.all("tag") {
        if !image::is_reference(name) {
            return Err(client!(
                "invalid argument \"{name}\" for \"-t, --tag\" flag: invalid reference format"
            ));
        }
    }
    let given = create::pairs(parsed.all("build-arg"));
    let store = Store::open()?;
    let base_env = |name: &str| {
        let env = Image::find(&store, name)
            .map(|image| image.config.env)
            .unwrap_or_default();
        Ok(env
            .iter()
            .filter_map(|text| text.split_once('='))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect())
    };
    let plan = dockerfile::parse(&text, &file.display().to_string(), &given, base_env)?;
    let id = new_id()?;
    let total = plan.steps.len() + 1;
    let say = |number: usize, text: &str| {
        if !quiet {
            print(&format!("Step {number}/{total} : {text}\n"));
        }
    };
    say(1, &format!("FROM {}", plan.base));
    let labels = create::pairs(parsed.all("label"));
    let image = steps::build(&store, &id, &plan, context, &labels, |number, text| {
        say(number + 1, text);
    })?;
    if quiet {
        print(&format!("{}\n", full_id(&id)));
    } else {
        print(&format!("Successfully built {}\n", short_id(&id)));
    }
    for name in parsed.all("tag") {
        image.tag(&store, name, |id| uses_image(&store, id))?;
        events::record_image(&store, &id, &with_tag(name), "tag");
        if !quiet {
            print(&format!("Successfully tagged {}\n", with_tag(name)));
        }
    }
    Ok(0)
}

pub(crate) fn tag(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let [source, target] = [&parsed.args[0], &parsed.args[1]];
    let image = Image::find(&store, source)
        .ok_or_else(|| daemon!("No such image: {}", with_tag(source)))?;
    if !image::is_reference(target) {
        return Err(client!(
            "Error parsing reference: \"{target}\" is not a valid repository/tag: invalid reference format"
        ));
    }
    image.tag(&store, target, |id| uses_image(&store, id))?;
    events::record_image(&store, &image.id, &with_tag(target), "tag");
    Ok(0)
}

pub(crate) fn rmi(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let mut failed = false;
    for name in &parsed.args {
        if let Err(error) = remove_image(&store, name, parsed.is("force")) {
            failed |= !(parsed.is("force") && error.to_string().contains("No such image"));
            warn(&format!("{error}\n"));
        }
    }
    if failed { Err(Error::Exit(1)) } else { Ok(0) }
}

fn remove_image(store: &Store, name: &str, force: bool) -> Result<()> {
    let _lock = store.lock_images(true)?;
    let image =
        Image::find(store, name).ok_or_else(|| daemon!("No such image: {}", with_tag(name)))?;
    let tags = image.tags(store);
    let by_name = tags.contains(&with_tag(name));
    let last = tags.len() <= 1 || !by_name;
    if last
        && let Some(user) = Container::all(store)
            .into_iter()
            .find(|one| one.config.image_id == image.id)
    {
        let running = user.running().is_ok();
        let (id, user) = (short_id(&image.id), short_id(&user.config.id));
        if by_name && !force {
            return Err(daemon!(
                "conflict: unable to remove repository reference \"{name}\" (must force) - container {user} is using its referenced image {id}"
            ));
        }
        // The files are still wanted: the name goes, the image stays.
        if !by_name || running {
            return Err(daemon!(
                "conflict: unable to delete {id} (cannot be forced) - image is being used by running container {user}"
            ));
        }
        untag(store, &image, &with_tag(name))?;
        return Ok(());
    }
    for tag in if by_name { vec![with_tag(name)] } else { tags } {
        untag(store, &image, &tag)?;
    }
    if last {
        image::delete(store, &image.id)?;
        events::record_image(store, &image.id, &full_id(&image.id), "delete");
        print(&format!("Deleted: {}\n", full_id(&image.id)));
    }
    Ok(())
}

fn untag(store: &Store, image: &Image, name: &str) -> Result<()> {
    image::untag(store, name)?;
    events::record_image(store, &image.id, &full_id(&image.id), "untag");
    print(&format!("Untagged: {name}\n"));
    Ok(())
}

pub(crate) fn prune_images(parsed: &Parsed) -> Result<u8> {
    need_force(parsed)?;
    let store = Store::open()?;
    let lock = store.lock_images(true)?;
    for (image, tags) in Image::all(&store) {
        if tags.is_empty() && !uses_image(&store, &image.id) {
            image::delete(&store, &image.id)?;
            print(&format!("Deleted: {}\n", full_id(&image.id)));
        }
    }
    lock.unlock().context("unlock the images")?;
    print("Total reclaimed space: 0B\n");
    Ok(0)
}
