//! Which containers `ps` lists.

use crate::error::{Result, daemon};
use crate::store::config::Config;
use crate::store::container::{State, Status};

/// Which containers `ps` lists.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    all: bool,
    names: Vec<String>,
    ids: Vec<String>,
    labels: Vec<String>,
    statuses: Vec<String>,
}

impl Selection {
    /// From the values of `--filter`.
    pub(crate) fn parse(all: bool, given: &[(String, String)]) -> Result<Self> {
        let mut filter = Self {
            all,
            ..Self::default()
        };
        for (key, value) in given {
            let list = match key.as_str() {
                "name" => &mut filter.names,
                "id" => &mut filter.ids,
                "label" => &mut filter.labels,
                "status" => {
                    if ![
                        "created",
                        "restarting",
                        "running",
                        "removing",
                        "paused",
                        "exited",
                        "dead",
                    ]
                    .contains(&value.as_str())
                    {
                        return Err(daemon!("Invalid filter 'status={value}'"));
                    }
                    &mut filter.statuses
                }
                _ => return Err(daemon!("Invalid filter '{key}'")),
            };
            list.push(value.clone());
        }
        Ok(filter)
    }

    pub(crate) fn fits(&self, config: &Config, state: &State) -> bool {
        let any = |list: &[String], test: &dyn Fn(&String) -> bool| {
            list.is_empty() || list.iter().any(test)
        };
        let running = matches!(state.status, Status::Running | Status::Restarting);
        let label = |text: &String| match text.split_once('=') {
            Some((key, value)) => config.labels.get(key).is_some_and(|found| found == value),
            None => config.labels.contains_key(text),
        };
        (self.all || running || !self.statuses.is_empty())
            && any(&self.names, &|text| name_fits(text, &config.name))
            && any(&self.ids, &|text| config.id.starts_with(text.as_str()))
            && self.labels.iter().all(label)
            && any(&self.statuses, &|text| state.status.name() == text)
    }
}

/// A filter by name is a regular expression; of those, people use `^/name$`.
fn name_fits(pattern: &str, name: &str) -> bool {
    let (start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest.strip_prefix('/').unwrap_or(rest)),
        None => (false, pattern.strip_prefix('/').unwrap_or(pattern)),
    };
    match (start, rest.strip_suffix('$')) {
        (true, Some(rest)) => name == rest,
        (true, None) => name.starts_with(rest),
        (false, Some(rest)) => name.ends_with(rest),
        (false, None) => name.contains(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_filters() {
        assert!(name_fits("eb", "web02"));
        assert!(name_fits("^/web02$", "web02"));
        assert!(!name_fits("^/web$", "web02"));
    }
}
