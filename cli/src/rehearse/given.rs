//! Options, and which of them somebody gave: where a file says what is rehearsed, most flags beside it
//! would be lost, and a default looks like what was given.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// Options, and the flags that they were given by.
#[derive(Debug, Clone)]
pub(crate) struct Given<T> {
    /// The options.
    pub(crate) options: T,
    /// The flags on the command line, without their dashes.
    pub(crate) flags: Vec<String>,
}

/// The flags of `T` that are on the command line.
fn flags<T: Args>(matches: &ArgMatches) -> Vec<String> {
    let command = T::augment_args(Command::new("given"));
    let given = command
        .get_arguments()
        .filter(|flag| matches.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine));
    given.filter_map(|flag| flag.get_long().map(str::to_owned)).collect()
}

impl<T: Args> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { flags: flags::<T>(matches), options: T::from_arg_matches(matches)? })
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        // Reading the options takes them out of the matches.
        Ok(Self { flags: flags::<T>(matches), options: T::from_arg_matches_mut(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.flags = flags::<T>(matches);
        self.options.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Given<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::rehearse::RehearseOptions;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        given: Given<RehearseOptions>,
    }

    #[test]
    fn options_are_read_as_ever() {
        let given = Line::try_parse_from(["rehearse", "cases.yaml", "--service", "hello"]).unwrap().given;
        assert_eq!(given.options.file, Some("cases.yaml".into()));
        assert_eq!(given.options.service.as_deref(), Some("hello"));
    }

    #[test]
    fn a_flag_with_the_value_of_its_default_was_given_all_the_same() {
        for (arguments, expected) in [
            (&["rehearse"][..], &[][..]),
            (&["rehearse", "service.json"], &[]),
            (&["rehearse", "--speed", "60x", "cases.yaml", "--tls"], &["tls", "speed"]),
            (&["rehearse", "--fault", "rules:drifted", "--fault", "rules:denied"], &["fault"]),
        ] {
            let given = Line::try_parse_from(arguments).unwrap().given;
            assert_eq!(given.flags, expected, "{arguments:?}");
        }
    }
}
