//! `rmi`: an image, or one of its names.

use std::ops::RangeInclusive;

use crate::cli::command::Command;
use crate::cli::flag::{Flag, switch};
use crate::error::{Error, Result, daemon};
use crate::output::{print, warn};
use crate::store::container::Container;
use crate::store::disk::{Store, short_id};
use crate::store::events;
use crate::store::image::{self, Image, full_id, with_tag};

/// `docker rmi`.
#[derive(Debug, Default)]
pub(crate) struct Rmi {
    force: bool,
}

impl Command for Rmi {
    const NAME: &'static str = "rmi";
    const USAGE: &'static str = " [OPTIONS] IMAGE [IMAGE...]";
    const ABOUT: &'static str = "Remove one or more images";
    const ARGUMENTS: RangeInclusive<usize> = 1..=usize::MAX;
    const LACKS: &'static [&'static str] = &["no-prune", "platform"];

    fn flags() -> Vec<Flag<Self>> {
        vec![switch(
            Some('f'),
            "force",
            "Force removal of the image",
            |flags: &mut Self| &mut flags.force,
        )]
    }

    fn run(self, args: &[String]) -> Result<u8> {
        let store = Store::open()?;
        let mut failed = false;
        for name in args {
            if let Err(error) = remove_image(&store, name, self.force) {
                failed |= !(self.force && matches!(error, Error::Missing(..)));
                warn(&format!("{error}\n"));
            }
        }
        if failed { Err(Error::Exit(1)) } else { Ok(0) }
    }
}

fn remove_image(store: &Store, name: &str, force: bool) -> Result<()> {
    let _lock = store.lock_images(true)?;
    let image = Image::find(store, name).ok_or_else(|| Error::Missing("image", with_tag(name)))?;
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
